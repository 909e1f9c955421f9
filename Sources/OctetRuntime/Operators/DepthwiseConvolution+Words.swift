// What differs in DepthwiseConvolution+Rows.swift on ARM cores without SMLAD: Cortex-M0 and M3.
//
//     for each input channel, for each four output rows, for each strip of their columns:
//       band = the input under their windows, a word each, zero points around it
//       for each column: four sums = bias + Σ over taps w[tap] · x[tap]; requantize and store
//
// 1. In the band rows are neighbours, so that LDM loads what a tap meets in four output rows.
// 2. A tap's weight is widened once for the four.
// 3. A window's sums take the place of its first column, which no other window needs.

#if arch(arm)
  internal import COctetKernels

  extension RowsDepthwise {
    /// The weights of one channel, by columns.
    @inline(never)
    func prepareBytes(_ channel: Int) {
      var to = unsafe UnsafeMutableRawPointer(records).assumingMemoryBound(to: Int8.self)
      var column = unsafe channels.weights + channel
      for _ in 0..<columns.kernel {
        for row in 0..<rows.kernel {
          unsafe to[0] = column[row &* columns.kernel &* channels.count]
          unsafe to += 1
        }
        unsafe column += channels.count
      }
    }

    /// The rows under four output rows from input row `top` on, of one channel. The zero points
    /// behind them are the same for all of a strip's rows, where no window starts at one.
    @inline(never)
    func fillWords(
      _ image: UnsafePointer<Int8>, _ top: Int, _ strip: inout DepthwiseStrip, setsPadding: Bool
    ) {
      let height = band.columnWordCount
      let zero = zeros &>> 16
      for row in 0..<height {
        let y = top &+ row &* rows.dilation
        let line = unsafe values + row
        for column in 0..<strip.before { unsafe line[column &* height] = zero }
        if setsPadding || strip.before &+ strip.inside < strip.count {
          for column in 0..<strip.after {
            unsafe line[(strip.before &+ strip.inside &+ column) &* height] = zero
          }
        }
        var to = unsafe line + strip.before &* height
        let end = unsafe to + strip.inside &* height
        let step = isRow(y) ? columns.dilation &* inputCount : 0
        var from = unsafe self.row(image, y, strip.offset).assumingMemoryBound(to: Int8.self)
        while unsafe to < end {
          unsafe to[0] = Int32(from[0])
          unsafe from += step
          unsafe to += height
        }
      }
    }

    /// `count` columns of four rows, or of as many as there are, of one channel.
    @inline(never)
    func addWords(
      _ count: Int, _ lanes: inout Lanes, _ result: UnsafeMutablePointer<Int8>
    ) {
      let weights = unsafe UnsafeMutableRawPointer(records).assumingMemoryBound(to: Int8.self)
      var window = unsafe values
      for _ in 0..<count {
        var sums = octet_sums()
        unsafe addWindow(window, weights, &sums)
        unsafe window[0] = sums.a
        unsafe window[1] = sums.b
        unsafe window[2] = sums.c
        unsafe window[3] = sums.d
        unsafe window += band.columnWordCount
      }
      var groups = unsafe SumGroups(
        values, result, index: lanes.channel, count: count, sumStep: band.columnWordCount,
        targetStep: band.columnPhaseCount &* channels.count, indexStep: 0, stride: lanes.rowStep)
      channels.finish(&groups, count: lanes.rowCount)
    }

    @inline(__always)
    private func addWindow(
      _ window: UnsafePointer<Int32>, _ weights: UnsafePointer<Int8>, _ sums: inout octet_sums
    ) {
      if rows.kernel == 3 {
        return unsafe octet_add_taps_of_three_rows(
          &sums, weights, weights + 3 &* columns.kernel, window,
          Int32(truncatingIfNeeded: band.columnWordCount))
      }
      var column = unsafe window
      var weight = unsafe weights
      var left = columns.kernel
      repeat {
        let end = unsafe weight + rows.kernel
        unsafe octet_add_taps_of_rows(&sums, weight, end, column)
        unsafe weight = end
        unsafe column += band.columnWordCount
        left &-= 1
      } while left > 0
    }
  }
#endif
