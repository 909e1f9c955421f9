// Depthwise convolution on ARM cores without vectors: Cortex-M and ARMv6.
//
//     for each output row, for each four channels, for each output column:
//       sums = bias + Σ over taps w[tap] · x[tap]                (padding reads as the zero point)
//       requantize, clamp, store
//
// 1. Four channels are a word. With SMLABB and SMLATT, SXTB16 widens bytes 0 and 2 of it, and by
//    rotation 1 and 3, of values and of weights alike, so halves that belong together meet.
// 2. The last four overlap those before when C is no multiple of four: some are computed twice.
// 3. Rows are finished in order, because the output may take the place of rows that are done with.

#if arch(arm)
  internal import COctetKernels

  extension DepthwiseConvolution {
    /// False, with nothing done, where there is no kernel. Each is a call of its own, so that the
    /// stack holds one.
    @inline(__always)
    func runOnCore(_ context: OperatorContext) -> Bool {
      if WidenedTaps.areHalves, isColumn {
        // A row of one window is as much work as a long one.
        if runByRows(context, isTurned: true) { return true }
      } else if runByRows(context, isTurned: false) || runByBands(context) {
        return true
      }
      // Words of channels must lie in the input.
      guard output.channels >= 4, input.channels == output.channels else { return false }
      runByWords(context)
      return true
    }

    @inline(never)
    private func runByRows(_ context: OperatorContext, isTurned: Bool) -> Bool {
      guard let kernel = RowsDepthwise(self, context, isTurned: isTurned) else { return false }
      kernel.run(batch: input.batch)
      return true
    }

    @inline(never)
    private func runByBands(_ context: OperatorContext) -> Bool {
      // One window does not pay for weights that are widened for each row.
      guard WidenedTaps.areHalves, columns.output > 1,
        let kernel = HalvesDepthwise(self, context)
      else { return false }
      kernel.run(batch: input.batch)
      return true
    }

    @inline(never)
    private func runByWords(_ context: OperatorContext) {
      CoreDepthwise(self, context).run(batch: input.batch)
    }
  }

  @safe private struct CoreDepthwise {
    // Safety: the operator was validated, so every pointer has what is read and written behind it.
    private let source: UnsafePointer<Int8>
    private let target: UnsafeMutablePointer<Int8>
    private let channels: Channels
    private let rows: Window
    private let columns: Window
    /// Positions that a window covers along each axis.
    private let rowReach: Int
    private let columnReach: Int
    /// Bytes from a row of a window to the next.
    private let rowStep: Int
    /// Four zero points.
    private let padding: UInt32

    init(_ layer: DepthwiseConvolution, _ context: OperatorContext) {
      unsafe source = context.input(0)
      unsafe target = context.output(0)
      channels = Channels(layer)
      rows = layer.rows
      columns = layer.columns
      rowReach = (rows.kernel &- 1) &* rows.dilation &+ 1
      columnReach = (columns.kernel &- 1) &* columns.dilation &+ 1
      rowStep = rows.dilation &* columns.input &* channels.count
      padding = UInt32(truncatingIfNeeded: layer.input.zeroPoint & 0xFF) &* 0x0101_0101
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
      let count = channels.count
      let weights = unsafe channels.weights + first
      let top = rows.start(row)
      let isInside = top >= 0 && top &+ rowReach <= rows.input
      let step = columns.dilation &* count
      var target = unsafe result
      var left = 0 &- columns.padding
      for column in 0..<columns.output {
        var sums = octet_sums()
        if isInside, left >= 0, left &+ columnReach <= columns.input {
          let pixel = unsafe image + (top &* columns.input &+ left) &* count
          unsafe add(WindowTaps(pixel, weights, rows.kernel, columns.kernel, step, rowStep), &sums)
        } else {
          unsafe addEdge(image, weights, row, column, &sums)
        }
        unsafe finish(&sums, first, target)
        left &+= columns.stride
        unsafe target += count
      }
    }

    /// The sums of a window that reaches beyond the image: zero points above, below, left and right
    /// of what lies in it.
    @inline(never)
    private func addEdge(
      _ image: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>, _ row: Int, _ column: Int,
      _ sums: inout octet_sums
    ) {
      let count = channels.count
      let weightRow = columns.kernel &* count
      let (inRows, inColumns) = (rows.taps(row), columns.taps(column))
      let inner = unsafe weights + inRows.lowerBound &* weightRow
      unsafe addPadding(weights, inRows.lowerBound, columns.kernel, &sums)
      unsafe addPadding(
        weights + inRows.upperBound &* weightRow, rows.kernel &- inRows.upperBound,
        columns.kernel, &sums)
      unsafe addPadding(inner, inRows.count, inColumns.lowerBound, &sums)
      unsafe addPadding(
        inner + inColumns.upperBound &* count, inRows.count,
        columns.kernel &- inColumns.upperBound, &sums)
      guard !inRows.isEmpty, !inColumns.isEmpty else { return }
      let y = rows.start(row) &+ inRows.lowerBound &* rows.dilation
      let x = columns.start(column) &+ inColumns.lowerBound &* columns.dilation
      unsafe add(
        WindowTaps(
          image + (y &* columns.input &+ x) &* count, inner + inColumns.lowerBound &* count,
          inRows.count, inColumns.count, columns.dilation &* count, rowStep), &sums)
    }

    /// Taps on zero points, whose word stands still.
    @inline(never)
    private func addPadding(
      _ weights: UnsafePointer<Int8>, _ rowCount: Int, _ columnCount: Int,
      _ sums: inout octet_sums
    ) {
      guard rowCount > 0, columnCount > 0 else { return }
      unsafe withUnsafePointer(to: padding) { word in
        let values = unsafe UnsafeRawPointer(word).assumingMemoryBound(to: Int8.self)
        unsafe add(WindowTaps(values, weights, rowCount, columnCount, 0, 0), &sums)
      }
    }

    /// Some rows and columns of a window's taps, at least one, and where the first's four values
    /// and weights stand; steps to the next column's and row's values.
    @safe private struct WindowTaps {
      // Safety: as above.
      var values: UnsafePointer<Int8>
      var weights: UnsafePointer<Int8>
      var rowCount: Int
      var columnCount: Int
      let step: Int
      let rowStep: Int

      init(
        _ values: UnsafePointer<Int8>, _ weights: UnsafePointer<Int8>, _ rowCount: Int,
        _ columnCount: Int, _ step: Int, _ rowStep: Int
      ) {
        unsafe self.values = values
        unsafe self.weights = weights
        self.rowCount = rowCount
        self.columnCount = columnCount
        self.step = step
        self.rowStep = rowStep
      }
    }

    /// Few values at a time, so that all of them stay in registers.
    @inline(never)
    private func add(_ taps: WindowTaps, _ sums: inout octet_sums) {
      let count = channels.count
      let weightRow = columns.kernel &* count
      var taps = taps
      var (step, weightStep) = (taps.step, count)
      if WidenedTaps.areHalves, taps.columnCount == 1 {
        // One column is one row. Cores without SMLAD have no registers for another step.
        (step, weightStep) = (taps.rowStep, weightRow)
        (taps.rowCount, taps.columnCount) = (1, taps.rowCount)
      }
      var sum = sums
      repeat {
        var x = unsafe taps.values
        var w = unsafe taps.weights
        var column = taps.columnCount
        repeat {
          unsafe addTap(x, w, &sum)
          unsafe x += step
          unsafe w += weightStep
          column &-= 1
        } while column > 0
        unsafe taps.values += taps.rowStep
        unsafe taps.weights += weightRow
        taps.rowCount &-= 1
      } while taps.rowCount > 0
      sums = sum
    }

    @inline(__always)
    private func addTap(
      _ x: UnsafePointer<Int8>, _ w: UnsafePointer<Int8>, _ sums: inout octet_sums
    ) {
      if WidenedTaps.areHalves {
        let values = unsafe UnsafeRawPointer(x).loadUnaligned(as: UInt32.self)
        let weights = unsafe UnsafeRawPointer(w).loadUnaligned(as: UInt32.self)
        let (even, odd) = (octet_widen_even(values), octet_widen_odd(values))
        let (evenWeights, oddWeights) = (octet_widen_even(weights), octet_widen_odd(weights))
        sums.a &+= low(even) &* low(evenWeights)
        sums.b &+= low(odd) &* low(oddWeights)
        sums.c &+= (even &>> 16) &* (evenWeights &>> 16)
        sums.d &+= (odd &>> 16) &* (oddWeights &>> 16)
      } else {
        unsafe sums.a &+= Int32(x[0]) &* Int32(w[0])
        unsafe sums.b &+= Int32(x[1]) &* Int32(w[1])
        unsafe sums.c &+= Int32(x[2]) &* Int32(w[2])
        unsafe sums.d &+= Int32(x[3]) &* Int32(w[3])
      }
    }

    @inline(__always)
    private func low(_ halves: Int32) -> Int32 { Int32(Int16(truncatingIfNeeded: halves)) }

    /// Bias and requantization of the sums of four channels.
    @inline(__always)
    private func finish(
      _ sums: inout octet_sums, _ first: Int, _ target: UnsafeMutablePointer<Int8>
    ) {
      unsafe withUnsafePointer(to: sums) { start in
        let sum = unsafe UnsafeRawPointer(start).assumingMemoryBound(to: Int32.self)
        var lane = 0
        repeat {
          let index = first &+ lane
          unsafe target[lane] = channels.quantized(
            sum[lane] &+ channels.bias[index], channels.multiplier(index))
          lane &+= 1
        } while lane < 4
      }
    }
  }
#endif
