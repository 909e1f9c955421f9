// Depthwise convolution on ARM cores with SMLAD, for kernels without dilation along rows and strides
// of 1 and 2: Cortex-M4, M7 and ARMv6.
//
//     for each output row, for each four channels, for each stretch of output columns:
//       band = the input under their windows, zero points around it
//       for each two columns: sums = bias + Σ over taps w[tap] · x[tap]; requantize, clamp, store
//
// 1. Four channels are a word. With SMLABB and SMLATT, SXTB16 widens bytes 0 and 2 of it, and by
//    rotation 1 and 3, of values and of weights alike, so halves that belong together meet.
// 2. In the band neighbours are neighbouring words, so steps to them are constants, and no window
//    needs a check. Weights are widened once for a row; each meets two columns.
// 3. Kernel rows are taken by three taps, and what is missing are zero weights.
// 4. The last four channels overlap those before when C is no multiple of four: some are computed
//    twice. So are columns without a neighbour.
// 5. Rows are finished in order, because the output may take the place of rows that are done with.

#if arch(arm)
  internal import COctetKernels

  @safe struct HalvesDepthwise {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    private var channels: Channels
    private let rows: Window
    private let columns: Window
    /// `[KH, ⌈KW / 3⌉, 7]` words: three taps, and the bytes from the band's word after theirs to that
    /// of the next, INT32_MIN at the end.
    private let weights: UnsafeMutablePointer<Int32>
    /// `[4, 2]`
    private let sums: UnsafeMutablePointer<Int32>
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
      guard layer.takesBand, layer.view.scratchByteCount >= layer.scratchByteCount else {
        return nil
      }
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      channels = Channels(layer)
      bandWidth = layer.bandWidth
      stretch = (((bandWidth &- layer.bandTapCount) / columns.stride) &+ 1) & ~1
      unsafe weights = context.scratch.assumingMemoryBound(to: Int32.self)
      unsafe sums = weights + layer.bandWeightCount
      unsafe band = UnsafeMutableRawPointer(sums + 8).assumingMemoryBound(to: UInt32.self)
      padding = UInt32(truncatingIfNeeded: layer.input.zeroPoint & 0xFF) &* 0x0101_0101
    }

    mutating func run(batch: Int) {
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
    private mutating func row(
      _ image: UnsafePointer<Int8>, _ row: Int, _ first: Int, _ result: UnsafeMutablePointer<Int8>
    ) {
      unsafe widen(channels.weights + first)
      let count = channels.count
      var target = unsafe result
      var column = 0
      while column < columns.output {
        let last = min(column &+ stretch, columns.output) &- 1
        unsafe fill(image, row, from: columns.start(column), to: columns.start(last))
        var at = unsafe UnsafePointer(band)
        while column <= last {
          let isPair = column < last
          if columns.stride == 1 {
            unsafe octet_add_columns(sums, channels.bias + first, at, weights)
          } else {
            unsafe octet_add_distant_columns(sums, channels.bias + first, at, weights)
          }
          unsafe channels.finishPairs(
            first, first &+ 4, sums, target, stride: isPair ? count : 0)
          column &+= isPair ? 2 : 1
          unsafe at += 2 &* columns.stride
          unsafe target += 2 &* count
        }
        // A single column went on by two.
        unsafe target = result + column &* count
      }
    }

    /// Widens the weights of four channels.
    @inline(__always)
    private func widen(_ source: UnsafePointer<Int8>) {
      var source = unsafe source
      var to = unsafe weights
      // Of neighbouring columns the second's last value is the first's next.
      let back = columns.stride == 1 ? -4 : 0
      for row in 0..<rows.kernel {
        var taps = 0
        repeat {
          for _ in 0..<3 {
            var word: UInt32 = 0
            if taps < columns.kernel {
              word = unsafe UnsafeRawPointer(source).loadUnaligned(as: UInt32.self)
              unsafe source += channels.count
            }
            unsafe to[0] = octet_widen_even(word)
            unsafe to[1] = octet_widen_odd(word)
            unsafe to += 2
            taps &+= 1
          }
          unsafe to[0] = Int32(truncatingIfNeeded: back)
          unsafe to += 1
        } while taps < columns.kernel
        unsafe to[-1] =
          row == rows.kernel &- 1
          ? .min : Int32(truncatingIfNeeded: 4 &* (bandWidth &- taps) &+ back)
      }
    }

    /// The input under the windows of a row that start at `left` to `lastLeft`.
    @inline(__always)
    private func fill(_ image: UnsafePointer<Int8>, _ row: Int, from left: Int, to lastLeft: Int) {
      let count = channels.count
      let right = lastLeft &+ columns.kernel
      let inside = max(left, 0)
      let insideEnd = min(right, columns.input)
      var y = rows.start(row)
      var line = unsafe band
      for _ in 0..<rows.kernel {
        var to = unsafe line
        var x = left
        if y >= 0, y < rows.input {
          while x < inside {
            unsafe to[0] = padding
            unsafe to += 1
            x &+= 1
          }
          var from = unsafe UnsafeRawPointer(image + (y &* columns.input &+ inside) &* count)
          while x < insideEnd {
            unsafe to[0] = from.loadUnaligned(as: UInt32.self)
            unsafe to += 1
            unsafe from += count
            x &+= 1
          }
        }
        while x < right {
          unsafe to[0] = padding
          unsafe to += 1
          x &+= 1
        }
        unsafe line += bandWidth
        y &+= rows.dilation
      }
    }
  }
#endif
