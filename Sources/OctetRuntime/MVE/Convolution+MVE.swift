// Convolution with Helium (MVE): four pixels at a time.
//
//     for each tile:
//       copy its four patches
//       for each channel c: for each patch p:
//         sum = bias[c] + Σₖ weights[c][k] · patch[p][k]            (VMLADAVA, 16 taps)
//       maximum of the window or each pixel, requantize, clamp, store
//
// The row of weights is loaded once for four patches. The loop's predicate ends a row that is no
// multiple of 16, so nothing is rounded up and nothing read beyond.

#if canImport(COctetKernels.MVE)
  internal import COctetKernels

  extension Convolution {
    func runOnMVE(_ context: OperatorContext) { runTiles(MVEConvolution.self, context) }
  }

  extension octet_range {
    init(_ channels: Channels) {
      self.init(
        zero_point: channels.zeroPoint, lower: channels.lower, upper: channels.upper)
    }
  }

  @safe private struct MVEConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    /// Four patches.
    private let values: UnsafeMutablePointer<Int8>
    let maxima: UnsafeMutablePointer<Int32>

    init(_ layer: Convolution, _ context: OperatorContext, scratch: UnsafeMutableRawPointer) {
      // Laid out as for NEON, whose plan this takes.
      unsafe values = scratch.assumingMemoryBound(to: Int8.self)
      unsafe maxima = (scratch + layer.neonValueByteCount).assumingMemoryBound(to: Int32.self)
    }

    @inline(never)
    func compute(_ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile) {
      let range = octet_range(channels)
      let depth = Int32(truncatingIfNeeded: channels.depth)
      while tile.repeatCount > 0 {
        let rows = unsafe gather(&patches, tile, depth: channels.depth)
        var weights = unsafe channels.weights
        for index in 0..<channels.count {
          let sums = unsafe octet_dot_rows(weights, rows, depth)
          finish(sums, index, &channels, tile, range)
          unsafe weights += channels.depth
        }
        tile.repeatCount &-= 1
        tile.advance()
      }
    }

    @inline(__always)
    private func gather(_ patches: inout Patches, _ tile: Tile, depth: Int) -> octet_rows {
      var part = Patches.Part(run: 0, skip: 0, count: depth)
      if patches.hasSharedRuns(tile) {
        part.count &+= patches.runByteCount
        let right = unsafe values + part.count
        unsafe patches.gather(part, patches.place(tile.row, tile.column), values)
        unsafe patches.gather(part, patches.place(tile.row, tile.column &+ 1), right)
        return unsafe octet_rows(
          a: values, b: right, c: values + patches.runByteCount, d: right + patches.runByteCount)
      }
      var (row, column) = (tile.row, tile.column)
      for lane in 0..<4 {
        unsafe patches.gather(part, patches.place(row, column), values + lane &* depth)
        tile.advance(&row, &column, after: lane)
      }
      return unsafe octet_rows(
        a: values, b: values + depth, c: values + 2 &* depth, d: values + 3 &* depth)
    }

    /// Where the sums of a channel go.
    @inline(__always)
    private func finish(
      _ sums: SIMD4<Int32>, _ index: Int, _ channels: inout Channels, _ tile: Tile,
      _ range: octet_range
    ) {
      let by = channels.multiplier(index)
      let bias = unsafe channels.bias[index]
      let target = unsafe tile.target + index
      guard tile.hasWindows else {
        let values = octet_requantize_words(
          sums &+ bias, SIMD4(repeating: by.multiplier), SIMD4(repeating: by.shift), range)
        unsafe octet_store_lanes(
          target, Int32(truncatingIfNeeded: tile.stride), values,
          Int32(truncatingIfNeeded: tile.count))
        return
      }
      var maximum = max(max(sums[0], sums[1]), max(sums[2], sums[3]))
      if !tile.isFirst { maximum = max(maximum, unsafe maxima[index]) }
      if tile.isLast {
        unsafe target.pointee = channels.quantized(maximum &+ bias, by)
      } else {
        unsafe maxima[index] = maximum
      }
    }
  }

  extension Channels {
    /// target[c] = int8 of bias[c] − offset + Σₖ weights[c][k] · values[k], four channels at a time.
    @inline(__always)
    func connectOnMVE(
      _ values: UnsafePointer<Int8>, offset: Int32, _ target: UnsafeMutablePointer<Int8>
    ) {
      let range = octet_range(self)
      let length = Int32(truncatingIfNeeded: depth)
      var index = 0
      while index < count {
        // The last is computed again where there are fewer than four.
        let last = count &- index &- 1
        let first = unsafe weights + index &* depth
        let rows = unsafe octet_rows(
          a: first, b: first + min(last, 1) &* depth, c: first + min(last, 2) &* depth,
          d: first + min(last, 3) &* depth)
        let lanes = Int32(truncatingIfNeeded: min(last &+ 1, 4))
        let sums = unsafe octet_dot_rows(values, rows, length) &- offset
        let results = unsafe octet_requantize_words(
          sums &+ octet_load_words(bias + index, lanes),
          octet_load_words(multipliers + index, lanes), octet_load_widened(shifts + index, lanes),
          range)
        unsafe octet_store_lanes(target + index, 1, results, lanes)
        index &+= 4
      }
    }
  }
#endif
