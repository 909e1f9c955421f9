// The band of DepthwiseConvolution+Rows.swift: the input under the windows of two output rows, two
// input rows to a word.

#if arch(arm)
  internal import COctetKernels

  /// Output columns, and where the columns of the input under their windows are.
  struct DepthwiseStrip {
    let count: Int
    /// Columns of zero points, of the input, and of zero points again.
    let before: Int
    let inside: Int
    let after: Int
    /// Bytes from a row's start to the first column inside.
    let offset: Int

    @inline(never)
    init(_ columns: Window, _ band: DepthwiseBand, column: Int, channels: Int) {
      var count = columns.output &- column
      if band.columnPhaseCount > 1 {
        count = (count &+ band.columnPhaseCount &- 1) / band.columnPhaseCount
      }
      self.count = min(count, band.stretch)
      let all = (self.count &- 1) &* band.columnStride &+ columns.kernel
      let left = columns.start(column)
      before = left < 0 ? min((columns.dilation &- 1 &- left) / columns.dilation, all) : 0
      var end = all
      if left &+ (all &- 1) &* columns.dilation >= columns.input {
        end = (columns.input &- left &+ columns.dilation &- 1) / columns.dilation
      }
      inside = max(end &- before, 0)
      after = all &- before &- inside
      offset = (left &+ before &* columns.dilation) &* channels
    }
  }

  extension RowsDepthwise {
    /// Puts together an input row and the one below, of four channels.
    @inline(never)
    func fill(
      _ line: UnsafeMutablePointer<Int32>, _ image: UnsafePointer<Int8>, _ y: Int,
      _ strip: inout DepthwiseStrip
    ) {
      var to = unsafe line
      let step = 4 &* band.pairCount &- 4
      unsafe pad(&to, strip.before, step)
      if strip.inside > 0 {
        let pixelStep = columns.dilation &* inputCount
        let (upperStep, lowerStep) = (isRow(y) ? pixelStep : 0, isRow(below(y)) ? pixelStep : 0)
        var x = unsafe row(image, y, strip.offset)
        var z = unsafe row(image, below(y), strip.offset)
        var left = strip.inside
        repeat {
          let (a, b) = unsafe (
            x.loadUnaligned(as: UInt32.self), z.loadUnaligned(as: UInt32.self)
          )
          unsafe store(a, b, &to)
          unsafe x += upperStep
          unsafe z += lowerStep
          unsafe to += step
          left &-= 1
        } while left > 0
      }
      unsafe pad(&to, strip.after, step)
    }

    /// The same for one to three channels, of which no more are read than there are.
    @inline(never)
    func fillNarrow(
      _ line: UnsafeMutablePointer<Int32>, _ image: UnsafePointer<Int8>, _ y: Int,
      _ strip: inout DepthwiseStrip
    ) {
      var to = unsafe line
      let step = 4 &* band.pairCount &- 4
      unsafe pad(&to, strip.before, step)
      for index in 0..<strip.inside {
        let offset = strip.offset &+ index &* columns.dilation &* inputCount
        var words: (UInt32, UInt32) = (0, 0)
        for channel in 0..<inputCount {
          let shift = UInt32(truncatingIfNeeded: 8 &* channel)
          let (a, b) = unsafe (row(image, y, offset), row(image, below(y), offset))
          unsafe words.0 |= UInt32(a.load(fromByteOffset: channel, as: UInt8.self)) &<< shift
          unsafe words.1 |= UInt32(b.load(fromByteOffset: channel, as: UInt8.self)) &<< shift
        }
        unsafe store(words.0, words.1, &to)
        unsafe to += step
      }
      unsafe pad(&to, strip.after, step)
    }

    /// Columns of zero points.
    @inline(__always)
    private func pad(_ to: inout UnsafeMutablePointer<Int32>, _ count: Int, _ step: Int) {
      var left = count
      while left > 0 {
        unsafe octet_store_four(&to, zeros, zeros, zeros, zeros)
        unsafe to += step
        left &-= 1
      }
    }

    @inline(__always)
    private func below(_ y: Int) -> Int { y &+ rows.dilation }

    @inline(__always)
    func isRow(_ y: Int) -> Bool { y >= 0 && y < rows.input }

    /// A place in an input row; in one outside, zero points.
    @inline(__always)
    func row(_ image: UnsafePointer<Int8>, _ y: Int, _ offset: Int) -> UnsafeRawPointer {
      guard isRow(y) else { return unsafe UnsafeRawPointer(padding) }
      return unsafe UnsafeRawPointer(image + (y &* columns.input &* inputCount &+ offset))
    }

    /// A word of each of four channels, of values in two rows.
    @inline(__always)
    private func store(_ a: UInt32, _ b: UInt32, _ to: inout UnsafeMutablePointer<Int32>) {
      let (evenA, oddA) = (octet_widen_even(a), octet_widen_odd(a))
      let (evenB, oddB) = (octet_widen_even(b), octet_widen_odd(b))
      unsafe octet_store_four(
        &to, WidenedTaps.lows(evenA, evenB), WidenedTaps.lows(oddA, oddB),
        WidenedTaps.highs(evenA, evenB), WidenedTaps.highs(oddA, oddB))
    }
  }
#endif
