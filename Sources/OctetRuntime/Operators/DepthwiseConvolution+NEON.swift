// Depthwise convolution with NEON: lanes are channels.
//
//     for each output row, for each 16 or 8 channels, for each output column:
//       sums = Σ over taps w[tap] · x[tap]                       (padding reads as the zero point)
//       add the bias, requantize, clamp, store
//
// 1. The last vector overlaps the one before when C is no multiple of it: some are computed twice.
// 2. Rows are finished in order, because the output may take the place of rows that are done with.
// 3. |w · x| fits int16; sums are int32.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  extension DepthwiseConvolution {
    /// False, with nothing done, where there is no kernel: vectors of channels must lie in the
    /// input, or one channel serve all.
    func runOnNEON(_ context: OperatorContext) -> Bool {
      let isSpread = input.channels == 1
      guard output.channels >= 8, isSpread || input.channels == output.channels else {
        return false
      }
      let kernel = NEONDepthwise(self, context)
      // Constants, so that each becomes a kernel of its own.
      if isSpread {
        kernel.run(laneCount: 8, isSpread: true, batch: input.batch)
      } else if output.channels < 16 {
        kernel.run(laneCount: 8, isSpread: false, batch: input.batch)
      } else {
        kernel.run(laneCount: 16, isSpread: false, batch: input.batch)
      }
      return true
    }
  }

  @safe private struct NEONDepthwise {
    /// Four channels of a vector.
    private typealias Lanes = FourRows<LongProducts>

    // Safety: the operator was validated, so every pointer has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    private let channels: NEONChannels
    private let rows: Window
    private let columns: Window
    private let padding: SIMD16<Int8>

    init(_ layer: DepthwiseConvolution, _ context: OperatorContext) {
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      channels = NEONChannels(Channels(layer))
      rows = layer.rows
      columns = layer.columns
      padding = SIMD16(repeating: Int8(truncatingIfNeeded: layer.input.zeroPoint))
    }

    /// - Parameters:
    ///   - laneCount: 8 or 16.
    ///   - isSpread: whether one input channel serves all.
    @inline(__always)
    func run(laneCount: Int, isSpread: Bool, batch: Int) {
      let inputChannels = isSpread ? 1 : channels.count
      var image = unsafe source
      var result = unsafe target
      for _ in 0..<batch {
        for row in 0..<rows.output {
          var first = 0
          while first < channels.count {
            first = min(first, channels.count &- laneCount)
            let constants = Four(
              a: RowConstants<Lanes>(channels, first),
              b: RowConstants<Lanes>(channels, first &+ 4),
              c: RowConstants<Lanes>(channels, first &+ (laneCount == 16 ? 8 : 0)),
              d: RowConstants<Lanes>(channels, first &+ (laneCount == 16 ? 12 : 0)))
            for column in 0..<columns.output {
              let sums = unsafe accumulate(
                image, first, row: row, column: column, laneCount: laneCount,
                isSpread: isSpread)
              unsafe finish(
                sums, constants, result + (column &* channels.count &+ first),
                laneCount: laneCount)
            }
            first &+= laneCount
          }
          unsafe result += columns.output &* channels.count
        }
        unsafe image += rows.input &* columns.input &* inputChannels
      }
    }

    /// The sums of channels `first` ..< `first` + `laneCount` of the window at (`row`, `column`).
    @inline(__always)
    private func accumulate(
      _ image: UnsafePointer<Int8>, _ first: Int, row: Int, column: Int, laneCount: Int,
      isSpread: Bool
    ) -> Four<SIMD4<Int32>> {
      let inputChannels = isSpread ? 1 : channels.count
      let zero = SIMD4<Int32>()
      var sums = Four(a: zero, b: zero, c: zero, d: zero)
      var weight = unsafe channels.weights + first
      let rowCount = columns.input &* inputChannels
      let start = unsafe image + (isSpread ? 0 : first)
      let isInside =
        rows.taps(row).count == rows.kernel && columns.taps(column).count == columns.kernel
      if isInside {
        let pixel = rows.start(row) &* columns.input &+ columns.start(column)
        var line = unsafe start + pixel &* inputChannels
        for _ in 0..<rows.kernel {
          var pixel = unsafe line
          for _ in 0..<columns.kernel {
            unsafe add(weight, values(pixel, laneCount, isSpread), to: &sums, laneCount)
            unsafe weight += channels.count
            unsafe pixel += columns.dilation &* inputChannels
          }
          unsafe line += rows.dilation &* rowCount
        }
        return sums
      }
      var y = rows.start(row)
      for _ in 0..<rows.kernel {
        // A row outside has no columns.
        let width = UInt(bitPattern: y >= 0 && y < rows.input ? columns.input : 0)
        var x = columns.start(column)
        for _ in 0..<columns.kernel {
          // Unsigned, what is left of the row is beyond it.
          let isPixel = UInt(bitPattern: x) < width
          let tap =
            unsafe isPixel
            ? values(start + (y &* rowCount &+ x &* inputChannels), laneCount, isSpread) : padding
          unsafe add(weight, tap, to: &sums, laneCount)
          unsafe weight += channels.count
          x &+= columns.dilation
        }
        y &+= rows.dilation
      }
      return sums
    }

    /// The values of a tap.
    @inline(__always)
    private func values(
      _ pixel: UnsafePointer<Int8>, _ laneCount: Int, _ isSpread: Bool
    ) -> SIMD16<Int8> {
      isSpread
        ? SIMD16(repeating: unsafe pixel.pointee) : unsafe load(pixel, laneCount: laneCount)
    }

    @inline(__always)
    private func add(
      _ weight: UnsafePointer<Int8>, _ values: SIMD16<Int8>, to sums: inout Four<SIMD4<Int32>>,
      _ laneCount: Int
    ) {
      let w = unsafe load(weight, laneCount: laneCount)
      let low = octet_multiply_low(w, values)
      sums.a = octet_add_low(sums.a, low)
      sums.b = octet_add_high(sums.b, low)
      if laneCount == 16 {
        let high = octet_multiply_high(w, values)
        sums.c = octet_add_low(sums.c, high)
        sums.d = octet_add_high(sums.d, high)
      }
    }

    @inline(__always)
    private func load(_ bytes: UnsafePointer<Int8>, laneCount: Int) -> SIMD16<Int8> {
      let raw = unsafe UnsafeRawPointer(bytes)
      if laneCount == 16 { return unsafe raw.loadUnaligned(as: SIMD16<Int8>.self) }
      let half = unsafe raw.loadUnaligned(as: SIMD8<Int8>.self)
      return SIMD16(lowHalf: half, highHalf: half)
    }

    @inline(__always)
    private func finish(
      _ sums: Four<SIMD4<Int32>>, _ constants: Four<RowConstants<Lanes>>,
      _ pixel: UnsafeMutablePointer<Int8>, laneCount: Int
    ) {
      unsafe Lanes.store(bytes: constants.a(sums.a), pixel)
      unsafe Lanes.store(bytes: constants.b(sums.b), pixel + 4)
      if laneCount == 16 {
        unsafe Lanes.store(bytes: constants.c(sums.c), pixel + 8)
        unsafe Lanes.store(bytes: constants.d(sums.d), pixel + 12)
      }
    }
  }
#endif
