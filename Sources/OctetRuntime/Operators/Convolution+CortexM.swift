// Convolution on ARM cores, four pixels at a time: all without SMLAD, on Cortex-M0 and M3, and on
// Cortex-M4, M7 and ARMv6 those with a pool, where a window of 2 × 2 is one tile and of four sums
// one is requantized. Convolution+Halves.swift has the others.
//
//     for 16 output channels at a time:
//       for each block of taps:
//         for each patch p: widened[k][p] = patch p's tap k
//         for each channel c: for each tap k: for each patch p:
//           sums[c][p] += weights[c][k] · widened[k][p]
//       for each channel: bias, maximum of the window or each pixel, requantize, clamp
//
// 1. Patches are widened once and then meet every channel, so only the weights are widened in the
//    loop, and each serves four multiply-adds.
// 2. They lie in the order in which one instruction, LDM, loads four words.
// 3. With SMLAD, SXTB16 widens bytes 0 and 2, and by rotation bytes 1 and 3. Patches stand in
//    the same order, so that no halves need be put together: four taps of a patch are the words
//    (0, 2) and (1, 3).
// 4. Up to three weights after the last are read, which zeros in the patches take out.
// 5. Blocks bound the widened patches and 16 channels the sums, so that the scratch does not grow
//    with the layer; a further block only costs loading and storing the sums. Long runs are blocks
//    of their own, widened straight from the input.
//
// The accumulators wrap nowhere: the exporter bounds every partial sum.

#if arch(arm)
  internal import COctetKernels

  extension Convolution {
    func runOnCore(_ context: OperatorContext) {
      if !WidenedTaps.areHalves {
        runTiles(FoursConvolution<WordsWidening>.self, context)
      } else if isUnpooled {
        runTiles(HalvesConvolution.self, context)
      } else {
        runTiles(FoursConvolution<HalvesWidening>.self, context)
      }
    }
  }

  extension Patches {
    /// Where the patches of a tile start. As elsewhere here, what is not changed is `inout` too
    /// where it is large, so that calls hand over its address: copies cost stack and time.
    @inline(never)
    mutating func places(_ tile: inout Tile) -> InlineArray<4, UnsafePointer<Int8>> {
      var places = unsafe InlineArray<4, UnsafePointer<Int8>>(repeating: origin)
      var row = tile.row
      var column = tile.column
      for lane in 0..<4 {
        unsafe places[unchecked: lane] = place(row, column)
        tile.advance(&row, &column, after: lane)
      }
      return unsafe places
    }
  }

  /// How a block of four patches is widened.
  private protocol BlockWidening {
    /// - Parameter rest: of the scratch.
    init(_ layer: Convolution, _ context: OperatorContext, rest: UnsafeMutableRawPointer)
    /// Taps of a block that starts as `part` does and has at most as many.
    func count(_ part: Patches.Part, _ patches: inout Patches) -> Int
    /// Widens a block, and writes zeros up to a multiple of 4 taps.
    func widen(
      _ part: Patches.Part, _ patches: inout Patches,
      _ places: inout InlineArray<4, UnsafePointer<Int8>>, isShared: Bool, blockCount: Int,
      _ widened: UnsafeMutableRawPointer)
  }

  @safe private struct FoursConvolution<Widening: BlockWidening>: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    /// `[blockCount]` taps of four patches.
    let widened: UnsafeMutableRawPointer
    /// `[16 or all channels, 4]`.
    let sums: UnsafeMutablePointer<Int32>
    let maxima: UnsafeMutablePointer<Int32>
    /// Taps of a block, a multiple of 4.
    let blockCount: Int
    let widening: Widening

    init(_ layer: Convolution, _ context: OperatorContext, scratch start: UnsafeMutableRawPointer) {
      let count = layer.groupChannelCount
      // With the bytes that are gathered before.
      let tapByteCount = WidenedTaps.areHalves && !layer.takesRuns ? 12 : WidenedTaps.byteCount
      let room = layer.kernelScratchByteCount &- layer.coreFixedByteCount
      blockCount = min((room / tapByteCount) & ~3, (layer.patchCount &+ 3) & ~3)
      // One after the other: widened patches, sums, maxima, and bytes of patches.
      unsafe widened = start
      unsafe sums = (start + blockCount &* WidenedTaps.byteCount).assumingMemoryBound(
        to: Int32.self)
      unsafe maxima = sums + 4 &* min(count, Convolution.coreSumChannelCount)
      let rest = unsafe UnsafeMutableRawPointer(layer.hasLongWindows ? maxima + count : maxima)
      widening = unsafe Widening(layer, context, rest: rest)
    }

    @inline(never)
    func compute(
      _ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile
    ) {
      while tile.repeatCount > 0 {
        if !WidenedTaps.areHalves, !tile.hasWindows, tile.count == 1,
          channels.depth <= WidenedTaps.byteCount &* blockCount
        {
          computePixel(&patches, &channels, &tile)
          tile.repeatCount &-= 1
          tile.advance()
          continue
        }
        var places = unsafe patches.places(&tile)
        var first = 0
        while first < channels.count {
          let end = min(first &+ Convolution.coreSumChannelCount, channels.count)
          unsafe addSums(
            first, end, &patches, &channels, &places, isShared: patches.hasSharedRuns(tile))
          if WidenedTaps.areHalves || tile.hasWindows {
            finish(first, end, &channels, &tile)
          } else {
            finishPixels(first, end, &channels, &tile)
          }
          first = end
        }
        tile.repeatCount &-= 1
        tile.advance()
      }
    }

    /// A tile of one pixel, without SMLAD: its patch meets four channels at a time.
    @inline(never)
    private func computePixel(
      _ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile
    ) {
      let depth = channels.depth
      let values = unsafe widened.assumingMemoryBound(to: Int8.self)
      unsafe patches.gather(
        Patches.Part(run: 0, skip: 0, count: depth), patches.place(tile.row, tile.column), values)
      var first = 0
      while first < channels.count {
        let end = min(first &+ Convolution.coreSumChannelCount, channels.count)
        var index = first
        var sum = unsafe sums
        while index < end {
          // Single channels are computed four times.
          let isWhole = index &+ 4 <= end
          let four = unsafe WidenedTaps.multiplyRows(
            channels.weights + index &* depth, stride: isWhole ? depth : 0, values, count: depth)
          unsafe sum[0] = four.a
          if isWhole {
            unsafe sum[1] = four.b
            unsafe sum[2] = four.c
            unsafe sum[3] = four.d
          }
          unsafe sum += isWhole ? 4 : 1
          index &+= isWhole ? 4 : 1
        }
        var groups = unsafe SumGroups(
          sums, tile.target + first, index: first, count: end &- first, sumStep: 1, targetStep: 1,
          indexStep: 1, stride: 0)
        channels.finish(&groups, count: 1)
        first = end
      }
    }

    /// The sums of channels `first` to `end` of one tile.
    @inline(__always)
    private func addSums(
      _ first: Int, _ end: Int, _ patches: inout Patches, _ channels: inout Channels,
      _ places: inout InlineArray<4, UnsafePointer<Int8>>, isShared: Bool
    ) {
      let depth = channels.depth
      let sumsEnd = unsafe sums + 4 &* (end &- first)
      var weights = unsafe channels.weights + first &* depth
      var part = Patches.Part(run: 0, skip: 0, count: 0)
      var left = depth
      repeat {
        part.count = min(left, blockCount)
        part.count = widening.count(part, &patches)
        unsafe widening.widen(
          part, &patches, &places, isShared: isShared, blockCount: blockCount, widened)
        unsafe WidenedTaps.multiply(
          weights, stride: depth, widened, count: (part.count &+ 3) & ~3, sums, sumsEnd,
          isFirst: left == depth)
        unsafe weights += part.count
        left &-= part.count
        part.skip &+= part.count
        while part.skip >= patches.runByteCount {
          part.skip &-= patches.runByteCount
          part.run &+= 1
        }
      } while left > 0
    }

    /// Bias, maximum, requantization of the sums of one tile.
    @inline(never)
    private func finish(_ first: Int, _ end: Int, _ channels: inout Channels, _ tile: inout Tile) {
      var sum = unsafe sums
      var index = first
      repeat {
        let bias = unsafe channels.bias[index]
        var maximum = unsafe max(max(sum[0], sum[1]), max(sum[2], sum[3])) &+ bias
        if !tile.isFirst { maximum = unsafe max(maximum, tile.maxima[index]) }
        if tile.isLast {
          let multiplier = channels.multiplier(index)
          if let scale = HalvesMultiplier(multiplier) {
            unsafe tile.target[index] = clamp(
              scale(maximum) &+ channels.zeroPoint, channels.lower, channels.upper)
          } else if WidenedTaps.areHalves {
            unsafe tile.target[index] = channels.quantizedRarely(maximum, multiplier)
          } else {
            unsafe tile.target[index] = channels.quantized(maximum, multiplier)
          }
        } else {
          unsafe tile.maxima[index] = maximum
        }
        unsafe sum += 4
        index &+= 1
      } while index < end
    }

    /// The same for pixels of their own.
    @inline(never)
    private func finishPixels(
      _ first: Int, _ end: Int, _ channels: inout Channels, _ tile: inout Tile
    ) {
      var groups = unsafe SumGroups(
        sums, tile.target + first, index: first, count: end &- first, sumStep: 4, targetStep: 1,
        indexStep: 1, stride: tile.stride)
      channels.finish(&groups, count: tile.count)
    }
  }

  // MARK: Widening

  private struct WordsWidening: BlockWidening {
    init(_ layer: Convolution, _ context: OperatorContext, rest: UnsafeMutableRawPointer) {}

    @inline(__always)
    func count(_ part: Patches.Part, _ patches: inout Patches) -> Int { part.count }

    /// A tap of each patch is a word of its own, so values need not be gathered before.
    @inline(never)
    func widen(
      _ part: Patches.Part, _ patches: inout Patches,
      _ places: inout InlineArray<4, UnsafePointer<Int8>>, isShared: Bool, blockCount: Int,
      _ widened: UnsafeMutableRawPointer
    ) {
      var tap = part.run
      var offset = 0
      while tap >= patches.runsPerRow {
        tap &-= patches.runsPerRow
        offset &+= patches.kernelRowStep
      }
      var to = unsafe widened.assumingMemoryBound(to: Int32.self)
      var left = part.count
      var skip = part.skip
      repeat {
        let count = min(patches.runByteCount &- skip, left)
        let start = offset &+ tap &* patches.runStep &+ skip
        unsafe WidenedTaps.widen(
          places[unchecked: 0] + start, places[unchecked: 1] + start, places[unchecked: 2] + start,
          places[unchecked: 3] + start, count: count, &to)
        left &-= count
        skip = 0
        tap &+= 1
        if tap == patches.runsPerRow {
          tap = 0
          offset &+= patches.kernelRowStep
        }
      } while left > 0
      // Zeros up to a multiple of 4.
      left = (0 &- part.count) & 3
      while left > 0 {
        unsafe octet_store_four(&to, 0, 0, 0, 0)
        left &-= 1
      }
    }
  }

  @safe private struct HalvesWidening: BlockWidening {
    // Safety: as above.
    /// `[valueByteCount]`, at least 4 · `blockCount`.
    let values: UnsafeMutablePointer<Int8>
    let valueByteCount: Int
    /// Each run is a block of its own, or several, and read in place; without values.
    let takesRuns: Bool

    init(_ layer: Convolution, _ context: OperatorContext, rest: UnsafeMutableRawPointer) {
      unsafe values = rest.assumingMemoryBound(to: Int8.self)
      valueByteCount = unsafe layer.kernelScratchByteCount &- (rest - context.scratch)
      takesRuns = layer.takesRuns
    }

    @inline(__always)
    func count(_ part: Patches.Part, _ patches: inout Patches) -> Int {
      takesRuns ? min(part.count, patches.runByteCount &- part.skip) : part.count
    }

    @inline(__always)
    func widen(
      _ part: Patches.Part, _ patches: inout Patches,
      _ places: inout InlineArray<4, UnsafePointer<Int8>>, isShared: Bool, blockCount: Int,
      _ widened: UnsafeMutableRawPointer
    ) {
      var from = unsafe places
      let run = patches.runByteCount
      let longer = (part.count &+ run &+ 3) & ~3
      if takesRuns {
        let offset = part.run &* patches.kernelRowStep &+ part.skip
        for lane in 0..<4 { unsafe from[unchecked: lane] += offset }
      } else if isShared, 2 &* longer <= valueByteCount {
        let part = Patches.Part(run: part.run, skip: part.skip, count: part.count &+ run)
        for lane in 0..<2 {
          let to = unsafe values + lane &* longer
          unsafe gather(part, &patches, from[unchecked: lane], to)
          unsafe from[unchecked: lane] = UnsafePointer(to)
          unsafe from[unchecked: lane &+ 2] = UnsafePointer(to + run)
        }
      } else {
        for lane in 0..<4 {
          let to = unsafe values + lane &* blockCount
          unsafe gather(part, &patches, from[unchecked: lane], to)
          unsafe from[unchecked: lane] = UnsafePointer(to)
        }
      }
      unsafe WidenedTaps.widen(
        from[unchecked: 0], from[unchecked: 1], from[unchecked: 2], from[unchecked: 3],
        count: part.count, widened)
    }

    @inline(never)
    private func gather(
      _ part: Patches.Part, _ patches: inout Patches, _ from: UnsafePointer<Int8>,
      _ to: UnsafeMutablePointer<Int8>
    ) {
      unsafe patches.gather(part, from, to)
    }
  }
#endif
