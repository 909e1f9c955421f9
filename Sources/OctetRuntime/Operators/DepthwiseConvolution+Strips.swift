// Depthwise convolution of few channels, or with several outputs of each, with NEON.
//
//     for each output row, for each block of channels, for each strip of columns:
//       buffer = the input under the strip's windows, one byte for each output channel, with zero
//                points around it; every stride-th column stands beside the next
//       for each group of pixels:
//         sixteen sums = bias + Σ over taps w[tap] · buffer[place of tap]; requantize, clamp, store
//
// 1. With 16 channels and more a block is 16 of them, the last of which overlaps the one before,
//    and a group is one pixel. With fewer all channels are one block, and a group is as many
//    pixels as fill a vector: weights and constants are copied as often. The last group overlaps
//    as well.
// 2. TBL repeats the input's channels on AArch64. Where a vector would reach beyond the input, its
//    last 16 bytes are looked up instead.
// 3. Rows are finished in order, because the output may take the place of rows that are done with.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension DepthwiseConvolution {
    /// False, with nothing done, for shapes and blobs without room for the kernel.
    @inline(never)
    func runInStrips(_ context: OperatorContext) -> Bool {
      let from = unsafe context.input(0)
      var chosen = DepthwiseStrips(self, turnsColumns: true)
      if let plan = chosen, !plan.isOrdered(self), !isApart(context) {
        chosen = DepthwiseStrips(self, turnsColumns: false)
      }
      guard let plan = chosen, plan.byteCount <= kernelScratchByteCount else { return false }
      var channels = Channels(self)
      let isUsual = channels.shiftsRight && !hasLowestWeight
      let scratch = unsafe UnsafeMutableRawPointer(context.scratch)
      if plan.groupCount > 1 { unsafe plan.copy(&channels, scratch + (16 &+ 4 &* plan.tapCount)) }
      unsafe plan.writePlaces((scratch + 16).assumingMemoryBound(to: Int32.self))
      let kernel = unsafe StripKernel(
        plan: plan, constants: NEONChannels(channels), scratch: scratch, source: from,
        inputEnd: from + input.elementCount, zero: Int8(truncatingIfNeeded: input.zeroPoint))
      // Constants, so that each becomes a kernel of its own.
      if isUsual {
        unsafe kernel.run(batch: input.batch, context.output(0), isUsual: true)
      } else {
        unsafe kernel.run(batch: input.batch, context.output(0), isUsual: false)
      }
      return true
    }
  }

  extension DepthwiseStrips {
    /// Where each tap of a strip's first window stands in the buffer.
    fileprivate func writePlaces(_ places: UnsafeMutablePointer<Int32>) {
      var next = unsafe places
      for row in 0..<rows.kernel {
        for column in 0..<columns.kernel {
          let x = column &* columns.dilation
          let place = x % columns.stride &* phaseCount &+ x / columns.stride
          unsafe next[0] = Int32(
            truncatingIfNeeded: row &* rowByteCount &+ place &* pixelByteCount)
          unsafe next += 1
        }
      }
    }

    /// Copies what belongs to all channels, for each pixel of a group.
    fileprivate func copy(_ channels: inout Channels, _ target: UnsafeMutableRawPointer) {
      let bias = unsafe target.assumingMemoryBound(to: Int32.self)
      let multipliers = unsafe bias + laneCount
      let shifts = unsafe UnsafeMutableRawPointer(multipliers + laneCount)
        .assumingMemoryBound(to: Int8.self)
      let weights = unsafe shifts + laneCount
      var channel = 0
      for lane in 0..<laneCount {
        unsafe bias[lane] = channels.bias[channel]
        unsafe multipliers[lane] = channels.multipliers[channel]
        unsafe shifts[lane] = channels.shifts[channel]
        var from = unsafe channels.weights + channel
        var to = unsafe weights + lane
        for _ in 0..<tapCount {
          unsafe to[0] = from[0]
          unsafe from += self.channels
          unsafe to += laneCount
        }
        channel = channel &+ 1 == self.channels ? 0 : channel &+ 1
      }
      unsafe channels.bias = UnsafePointer(bias)
      unsafe channels.multipliers = UnsafePointer(multipliers)
      unsafe channels.shifts = UnsafePointer(shifts)
      unsafe channels.weights = UnsafePointer(weights)
    }
  }

  @safe private struct StripKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private let plan: DepthwiseStrips
    private let constants: NEONChannels
    private let source: UnsafePointer<Int8>
    private let inputEnd: UnsafePointer<Int8>
    /// Which input channel of a pixel each lane is of.
    private let indices: UnsafeMutablePointer<Int8>
    private let places: UnsafePointer<Int32>
    private let buffer: UnsafeMutableRawPointer
    private let zeros: SIMD16<Int8>
    /// Bytes of weights from a tap to the next.
    private let weightStep: Int

    init(
      plan: DepthwiseStrips, constants: NEONChannels, scratch: UnsafeMutableRawPointer,
      source: UnsafePointer<Int8>, inputEnd: UnsafePointer<Int8>, zero: Int8
    ) {
      self.plan = plan
      self.constants = constants
      unsafe self.source = source
      unsafe self.inputEnd = inputEnd
      unsafe indices = scratch.assumingMemoryBound(to: Int8.self)
      unsafe places = UnsafePointer((scratch + 16).assumingMemoryBound(to: Int32.self))
      unsafe buffer = scratch + plan.tableByteCount
      zeros = SIMD16(repeating: zero)
      weightStep = plan.groupCount > 1 ? plan.laneCount : plan.channels
    }

    @inline(__always)
    func run(batch: Int, _ target: UnsafeMutablePointer<Int8>, isUsual: Bool) {
      let (rows, columns) = (plan.rows, plan.columns)
      let inputChannels = plan.channels / plan.multiplier
      var image = unsafe source
      var result = unsafe target
      for _ in 0..<batch {
        for row in 0..<rows.output {
          var first = 0
          while first < plan.channels {
            first = max(0, min(first, plan.channels &- 16))
            var column = 0
            while column < columns.output {
              column = min(column, columns.output &- plan.count)
              unsafe fill(image + first / plan.multiplier, first, row, column)
              unsafe compute(result + (column &* plan.channels &+ first), first, isUsual: isUsual)
              column &+= plan.count
            }
            first &+= 16
          }
          unsafe result += columns.output &* plan.channels
        }
        unsafe image += rows.input &* columns.input &* inputChannels
      }
    }
  }

  // MARK: The buffer

  extension StripKernel {
    /// The input under the windows of a strip. Rows, and the columns of a row, are written in
    /// order: the last vector of each reaches into the next.
    @inline(never)
    private func fill(_ image: UnsafePointer<Int8>, _ first: Int, _ row: Int, _ column: Int) {
      let (rows, columns) = (plan.rows, plan.columns)
      let inputChannels = plan.channels / plan.multiplier
      writeIndices(first)
      let left = columns.start(column)
      var to = unsafe buffer
      var y = rows.start(row)
      for _ in 0..<rows.kernel {
        let line = unsafe image + y &* columns.input &* inputChannels
        for phase in 0..<columns.stride {
          // Columns x, x + stride … of which those from `before` on and before `end` are inside.
          let x = left &+ phase
          var before = plan.phaseCount
          var end = before
          if y >= 0, y < rows.input, x < columns.input {
            before = x < 0 ? min((columns.stride &- 1 &- x) / columns.stride, end) : 0
            end = min((columns.input &- x &+ columns.stride &- 1) / columns.stride, end)
          }
          unsafe pad(to, before)
          let inside = unsafe to + before &* plan.pixelByteCount
          if before < end {
            unsafe copy(
              line + (x &+ before &* columns.stride) &* inputChannels, inside, end &- before)
          }
          unsafe pad(
            to + end &* plan.pixelByteCount, plan.phaseCount &- end)
          unsafe to += plan.phaseCount &* plan.pixelByteCount
        }
        y &+= rows.dilation
      }
    }

    /// For the output channels from `first` on.
    @inline(__always)
    private func writeIndices(_ first: Int) {
      var (channel, output) = (Int8(0), first % plan.multiplier)
      for lane in 0..<16 {
        unsafe indices[lane] = channel
        output &+= 1
        if output == plan.multiplier {
          output = 0
          channel &+= 1
        }
      }
    }

    /// Zero points for `count` pixels.
    @inline(__always)
    private func pad(_ target: UnsafeMutableRawPointer, _ count: Int) {
      var to = unsafe target
      let end = unsafe to + count &* plan.pixelByteCount
      while unsafe to < end {
        unsafe to.storeBytes(of: zeros, as: SIMD16<Int8>.self)
        unsafe to += 16
      }
    }

    /// `count` pixels, a stride apart.
    @inline(__always)
    private func copy(
      _ pixel: UnsafePointer<Int8>, _ target: UnsafeMutableRawPointer, _ count: Int
    ) {
      let step = plan.columns.stride &* (plan.channels / plan.multiplier)
      let toStep = plan.pixelByteCount
      var from = unsafe UnsafeRawPointer(pixel)
      var to = unsafe target
      let end = unsafe target + count &* toStep
      #if arch(arm64)
        // Pixels that follow each other are copied by whole vectors.
        let isWhole = plan.columns.stride == 1 && plan.multiplier == 1
        let (fromStep, nextStep) = isWhole ? (16, 16) : (step, toStep)
        let indices = unsafe UnsafeRawPointer(indices).load(as: SIMD16<Int8>.self)
        let last = unsafe UnsafeRawPointer(inputEnd - 16)
        while unsafe to < end {
          var (place, shifted) = unsafe (from, indices)
          if unsafe from > last {
            unsafe place = last
            shifted &+= SIMD16(repeating: Int8(truncatingIfNeeded: unsafe from - last))
          }
          let bytes = unsafe place.loadUnaligned(as: SIMD16<Int8>.self)
          unsafe to.storeBytes(of: octet_take(bytes, shifted), as: SIMD16<Int8>.self)
          unsafe from += fromStep
          unsafe to += nextStep
        }
      #else
        while unsafe to < end {
          for lane in 0..<toStep {
            let byte = unsafe from.load(fromByteOffset: Int(indices[lane]), as: Int8.self)
            unsafe to.storeBytes(of: byte, toByteOffset: lane, as: Int8.self)
          }
          unsafe from += step
          unsafe to += toStep
        }
      #endif
    }
  }

  // MARK: Sums

  extension StripKernel {
    private typealias Lanes = FourRows<LongProducts>

    /// The block's channels of a strip's pixels.
    @inline(__always)
    private func compute(
      _ result: UnsafeMutablePointer<Int8>, _ first: Int, isUsual: Bool
    ) {
      var lane = 0
      while lane < plan.laneCount {
        lane = min(lane, plan.laneCount &- 16)
        let channel = plan.groupCount > 1 ? lane : first
        unsafe computeLanes(result + lane, lane, channel, isUsual: isUsual)
        lane &+= 16
      }
    }

    @inline(__always)
    private func computeLanes(
      _ result: UnsafeMutablePointer<Int8>, _ lane: Int, _ channel: Int, isUsual: Bool
    ) {
      let a = RowConstants<Lanes>(constants, channel)
      let b = RowConstants<Lanes>(constants, channel &+ 4)
      let c = RowConstants<Lanes>(constants, channel &+ 8)
      let d = RowConstants<Lanes>(constants, channel &+ 12)
      let weights = unsafe constants.weights + channel
      let start = unsafe UnsafeRawPointer(buffer) + lane
      var pixel = 0
      while pixel < plan.count {
        pixel = min(pixel, plan.count &- plan.groupCount)
        var sums = Four(a: a.bias, b: b.bias, c: c.bias, d: d.bias)
        unsafe add(weights, start + pixel &* plan.pixelByteCount, &sums, isUsual: isUsual)
        let to = unsafe result + pixel &* plan.channels
        if isUsual {
          let results = constants.range(
            a.scaledRight(sums.a), b.scaledRight(sums.b), c.scaledRight(sums.c),
            d.scaledRight(sums.d))
          unsafe UnsafeMutableRawPointer(to).storeBytes(of: results, as: SIMD16<Int8>.self)
        } else {
          unsafe Lanes.store(bytes: a(biased: sums.a), to)
          unsafe Lanes.store(bytes: b(biased: sums.b), to + 4)
          unsafe Lanes.store(bytes: c(biased: sums.c), to + 8)
          unsafe Lanes.store(bytes: d(biased: sums.d), to + 12)
        }
        pixel &+= plan.groupCount
      }
    }

    /// Adds the products of all taps.
    @inline(__always)
    private func add(
      _ weights: UnsafePointer<Int8>, _ start: UnsafeRawPointer, _ sums: inout Four<SIMD4<Int32>>,
      isUsual: Bool
    ) {
      var place = unsafe places
      let end = unsafe places + plan.tapCount
      var weight = unsafe UnsafeRawPointer(weights)
      if isUsual {
        while unsafe place + 1 < end {
          let v = unsafe weight.loadUnaligned(as: SIMD16<Int8>.self)
          let w = unsafe (weight + weightStep).loadUnaligned(as: SIMD16<Int8>.self)
          let x = unsafe (start + Int(place[0])).loadUnaligned(as: SIMD16<Int8>.self)
          let y = unsafe (start + Int(place[1])).loadUnaligned(as: SIMD16<Int8>.self)
          sums.addTwo(v, x, w, y, 16)
          unsafe place += 2
          unsafe weight += 2 &* weightStep
        }
      }
      while unsafe place < end {
        let w = unsafe weight.loadUnaligned(as: SIMD16<Int8>.self)
        sums.add(w, unsafe (start + Int(place[0])).loadUnaligned(as: SIMD16<Int8>.self), 16)
        unsafe place += 1
        unsafe weight += weightStep
      }
    }
  }
#endif
