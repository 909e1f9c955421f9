// Depthwise convolution on ARM cores with SMLAD, for kernels without dilation along rows and
// strides of 1 and 2: Cortex-M4, M7 and ARMv6.
//
//     for each output row, for each four channels, for each stretch of output columns:
//       band = the input under their windows, zero points around it
//       for each two columns: sums = bias + Σ over taps w[tap] · x[tap]; requantize and store
//
// 1. Four channels are a word. With SMLABB and SMLATT, SXTB16 widens bytes 0 and 2 of it, and by
//    rotation 1 and 3, of values and of weights alike, so halves that belong together meet.
// 2. In the band neighbours are neighbouring words, so steps to them are constants, and no window
//    needs a check. Weights are widened once for a row; each meets two columns.
// 3. Kernel rows are taken by three taps, and what is missing are zero weights.
// 4. The last four channels overlap those before when C is no multiple of four: some are computed
//    twice. So is a column without a neighbour.
// 5. Rows are finished in order, because the output may take the place of rows that are done with.

#if arch(arm)
  internal import COctetKernels

  @safe struct HalvesDepthwise {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    private let channels: Channels
    private let rows: Window
    private let columns: Window
    /// `[KH, ⌈KW / 3⌉, 7]` words: three taps, and the bytes from the band's word after theirs to
    /// that of the next, INT32_MIN at the end.
    private let weights: UnsafeMutablePointer<Int32>
    /// Twenty words behind them, see `octet_add_columns`.
    private let state: UnsafeMutablePointer<Int32>
    /// `[KH, bandWidth]` words.
    private let band: UnsafeMutablePointer<UInt32>
    private let bandWidth: Int
    /// Output columns of a stretch.
    private let stretch: Int
    /// Four zero points.
    private let padding: UInt32

    /// Nil where another kernel has to run.
    init?(_ layer: DepthwiseConvolution, _ context: OperatorContext) {
      rows = layer.rows
      columns = layer.columns
      channels = Channels(layer)
      guard layer.takesBand, layer.kernelScratchByteCount >= layer.bandByteCount,
        channels.areHalves
      else { return nil }
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      bandWidth = layer.bandWidth
      stretch = (((bandWidth &- layer.bandTapCount) / columns.stride) &+ 1) & ~1
      unsafe weights = context.scratch.assumingMemoryBound(to: Int32.self)
      unsafe state = weights + layer.bandWeightCount
      unsafe band = UnsafeMutableRawPointer(state + 20).assumingMemoryBound(to: UInt32.self)
      padding = UInt32(truncatingIfNeeded: layer.input.zeroPoint & 0xFF) &* 0x0101_0101
      unsafe state[4] = Int32(truncatingIfNeeded: 8 &* columns.stride)
      unsafe state[5] = Int32(truncatingIfNeeded: 2 &* channels.count)
      unsafe state[18] = 2 &* channels.zeroPoint &+ 1
      unsafe state[19] = address(weights)
      writeSteps()
    }

    /// What is the same for all channels: missing taps' zeros, and the steps behind each three.
    private func writeSteps() {
      // Of neighbouring columns the second's last value is the first's next.
      let back = columns.stride == 1 ? -4 : 0
      var to = unsafe weights
      for _ in 0..<rows.kernel {
        var taps = 0
        repeat {
          for index in 0..<6 { unsafe to[index] = 0 }
          unsafe to[6] = Int32(truncatingIfNeeded: back)
          unsafe to += 7
          taps &+= 3
        } while taps < columns.kernel
        unsafe to[-1] = Int32(truncatingIfNeeded: 4 &* (bandWidth &- taps) &+ back)
      }
      unsafe to[-1] = .min
    }

    func run(batch: Int) {
      var image = unsafe source
      var result = unsafe target
      for _ in 0..<batch {
        for row in 0..<rows.output {
          var first = 0
          while first < channels.count {
            first = min(first, channels.count &- 4)
            unsafe self.row(image + first, row, first, result + first)
            first &+= 4
          }
          unsafe result += columns.output &* channels.count
        }
        unsafe image += rows.input &* columns.input &* channels.count
      }
    }

    /// Four channels from `first` on of a row of the output.
    @inline(never)
    private func row(
      _ image: UnsafePointer<Int8>, _ row: Int, _ first: Int, _ result: UnsafeMutablePointer<Int8>
    ) {
      unsafe widen(channels.weights + first)
      let count = channels.count
      var to = unsafe state + 6
      var index = first
      repeat {
        unsafe to[0] = channels.bias[index]
        unsafe to[4] = channels.multipliers[index] &<< 1
        unsafe to[8] = ~Int32(channels.shifts[index])
        unsafe to += 1
        index &+= 1
      } while index < first &+ 4
      var column = 0
      while column < columns.output {
        let stretch = min(stretch, columns.output &- column)
        unsafe fill(
          image, row, from: columns.start(column), to: columns.start(column &+ stretch &- 1))
        let target = unsafe result + column &* count
        let pairs = stretch &>> 1
        if pairs > 0 { unsafe add(target, target + count, band, pairs) }
        if stretch & 1 != 0 {
          // The second column's results give way to the first's.
          let last = unsafe target + 2 &* pairs &* count
          unsafe add(last, last, band + 2 &* pairs &* columns.stride, 1)
        }
        column &+= stretch
      }
      if channels.lower == -128, channels.upper == 127 { return }
      var clamped = unsafe result
      for _ in 0..<columns.output {
        for lane in 0..<4 {
          unsafe clamped[lane] = clamp(Int32(clamped[lane]), channels.lower, channels.upper)
        }
        unsafe clamped += count
      }
    }

    /// Pairs of columns.
    @inline(never)
    private func add(
      _ first: UnsafeMutablePointer<Int8>, _ second: UnsafeMutablePointer<Int8>,
      _ values: UnsafeMutablePointer<UInt32>, _ pairs: Int
    ) {
      unsafe state[0] = address(first)
      unsafe state[1] = address(second)
      unsafe state[2] = address(values)
      unsafe state[3] = Int32(truncatingIfNeeded: pairs)
      if columns.stride == 1 {
        unsafe octet_add_columns(state)
      } else {
        unsafe octet_add_distant_columns(state)
      }
    }

    @inline(__always)
    private func address<T>(_ pointer: UnsafeMutablePointer<T>) -> Int32 {
      Int32(truncatingIfNeeded: Int(bitPattern: pointer))
    }

    /// Widens the weights of four channels.
    @inline(__always)
    private func widen(_ source: UnsafePointer<Int8>) {
      let step = channels.count
      var source = unsafe source
      var row = unsafe weights
      let end = unsafe state
      repeat {
        var left = columns.kernel
        repeat {
          var to = unsafe row
          let rowEnd = unsafe to + 2 &* min(left, 3)
          repeat {
            let word = unsafe UnsafeRawPointer(source).loadUnaligned(as: UInt32.self)
            unsafe to[0] = octet_widen_even(word)
            unsafe to[1] = octet_widen_odd(word)
            unsafe to += 2
            unsafe source += step
          } while unsafe to < rowEnd
          unsafe row += 7
          left &-= 3
        } while left > 0
      } while unsafe row < end
    }

    /// The input under the windows of a row that start at `left` to `lastLeft`.
    @inline(__always)
    private func fill(_ image: UnsafePointer<Int8>, _ row: Int, from left: Int, to lastLeft: Int) {
      let count = channels.count
      let right = lastLeft &+ columns.kernel
      let inside = max(left, 0)
      let insideEnd = max(min(right, columns.input), inside)
      let rowByteCount = columns.input &* count
      var y = rows.start(row)
      var line = unsafe band
      let end = unsafe band + rows.kernel &* bandWidth
      repeat {
        var to = unsafe line
        let lineEnd = unsafe to + (right &- left)
        if y >= 0, y < rows.input {
          while unsafe to < line + (inside &- left) {
            unsafe to[0] = padding
            unsafe to += 1
          }
          var from = unsafe UnsafeRawPointer(image + (y &* rowByteCount &+ inside &* count))
          let insideCount = insideEnd &- inside
          if insideCount & 1 != 0 {
            unsafe to[0] = from.loadUnaligned(as: UInt32.self)
            unsafe to += 1
            unsafe from += count
          }
          let last = unsafe to + (insideCount & ~1)
          while unsafe to < last {
            let first = unsafe from.loadUnaligned(as: UInt32.self)
            let second = unsafe (from + count).loadUnaligned(as: UInt32.self)
            unsafe to[0] = first
            unsafe to[1] = second
            unsafe to += 2
            unsafe from += 2 &* count
          }
        }
        while unsafe to < lineEnd {
          unsafe to[0] = padding
          unsafe to += 1
        }
        unsafe line += bandWidth
        y &+= rows.dilation
      } while unsafe line < end
    }
  }
#endif
