// Convolution without a pool on ARM cores with SMLAD: Cortex-M4, M7 and ARMv6.
//
//     for 16 output channels at a time, or more:
//       for each two pixels of a tile:
//         sums = bias
//         for each block of their patches:
//           widened = the block as int16
//           for each two channels: four sums += weights · widened
//         for each channel: requantize, clamp
//
// 1. Patches are widened once and then meet every channel. Weights are widened in the loop, each
//    for two pixels; each widened value serves two channels.
// 2. SXTB16 widens bytes 0 and 2 of a word, and by rotation bytes 1 and 3. Patches stand in the
//    same order, so that no halves need be put together: four taps are the words (0, 2) of both
//    pixels and (1, 3) of both, which one LDM loads.
// 3. Blocks bound the widened patches, and sums are kept of 16 channels, or of as many as the
//    scratch has room for where a patch is one block; so it does not grow with the layer.
// 4. Long runs are widened straight from the input or the band; short ones are gathered before.
// 5. Up to three weights after the last are read, which zeros in the patches take out.
//
// The accumulators wrap nowhere: the exporter bounds every partial sum.

#if arch(arm)
  internal import COctetKernels

  extension Convolution {
    /// Whether kernel rows are contiguous in the input, and words.
    fileprivate var hasWordRuns: Bool {
      word(Word.groups) == 1 && word(Word.dilationWidth) == 1
        && word(Word.kernelWidth) &* input.channels & 3 == 0
    }
  }

  @safe struct HalvesConvolution: TileKernel {
    // Safety: the operator was validated and the plan has room for its scratch, so every pointer
    // has what is read and written behind it.
    /// `[blockCount / 4, 4]` words, four taps of two patches, and `stateCount` behind.
    let widened: UnsafeMutablePointer<Int32>
    /// `[chunkCount, 2]`.
    let sums: UnsafeMutablePointer<Int32>
    /// `[2, blockCount]`, where runs are gathered.
    let values: UnsafeMutablePointer<Int8>
    /// Taps of a block, a multiple of 4.
    let blockCount: Int
    /// Channels that a widened block meets.
    let chunkCount: Int
    let takesRuns: Bool
    /// Running maxima of pool windows: none, as the kernel takes no windows.
    var maxima: UnsafeMutablePointer<Int32> { unsafe sums }
    /// Words behind the taps: see `octet_add_row_pairs`.
    private static let stateCount = 6

    init(_ layer: Convolution, _ context: OperatorContext, scratch start: UnsafeMutableRawPointer) {
      let count = layer.groupChannelCount
      takesRuns = layer.takesRuns || layer.hasWordRuns
      let few = min(count, Convolution.coreSumChannelCount)
      let sumCount = (few &+ 1) & ~1
      let tapByteCount = takesRuns ? 4 : 6
      let padded = (layer.patchCount &+ 3) & ~3
      var room = unsafe layer.kernelScratchByteCount &- (start - context.scratch)
      room &-= 4 &* Self.stateCount &+ 8 &* sumCount
      let spare = room &- tapByteCount &* padded
      if spare >= 0 {
        blockCount = padded
        chunkCount = min(count, sumCount &+ 2 &* (spare &>> 4))
      } else {
        blockCount = (room / tapByteCount) & ~3
        chunkCount = few
      }
      // One after the other.
      unsafe widened = start.assumingMemoryBound(to: Int32.self)
      unsafe sums = widened + (blockCount &+ Self.stateCount)
      unsafe values = UnsafeMutableRawPointer(sums + 2 &* ((chunkCount &+ 1) & ~1))
        .assumingMemoryBound(to: Int8.self)
    }

    /// For patches that are one block, of `count` taps: a multiple of 4, with `gap` words behind.
    init(_ layer: Convolution, _ scratch: UnsafeMutablePointer<Int32>, count: Int, gap: Int) {
      takesRuns = layer.takesRuns || layer.hasWordRuns
      blockCount = count
      chunkCount = 0
      unsafe widened = scratch
      unsafe sums = scratch + (count &+ gap)
      unsafe values = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Int8.self)
    }

    @inline(never)
    func compute(_ patches: inout Patches, _ channels: inout Channels, _ tile: inout Tile) {
      while tile.repeatCount > 0 {
        let places = unsafe patches.places(&tile)
        var first = 0
        while first < channels.count {
          let end = min(first &+ chunkCount, channels.count)
          var lane = 0
          repeat {
            unsafe addProducts(
              first, end, &patches, &channels, places[unchecked: lane],
              places[unchecked: lane &+ 1])
            unsafe channels.finishPairs(
              first, end, sums, tile.target + (lane &* tile.stride &+ first),
              stride: lane &+ 1 < tile.count ? tile.stride : 0)
            lane &+= 2
          } while lane < tile.count
          first = end
        }
        tile.repeatCount &-= 1
        tile.advance()
      }
    }

    // MARK: Products

    /// The sums of channels `first` to `end` of two pixels.
    @inline(__always)
    private func addProducts(
      _ first: Int, _ end: Int, _ patches: inout Patches, _ channels: inout Channels,
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>
    ) {
      var sum = unsafe sums
      var bias = unsafe channels.bias + first
      let end = unsafe channels.bias + end
      repeat {
        let value = unsafe bias[0]
        unsafe sum[0] = value
        unsafe sum[1] = value
        unsafe sum += 2
        unsafe bias += 1
      } while unsafe bias < end
      let channelCount = unsafe (sum - sums) &>> 1
      var part = Patches.Part(run: 0, skip: 0, count: 0)
      var weights = unsafe channels.weights + first &* channels.depth
      var left = channels.depth
      repeat {
        part.count = min(left, blockCount)
        unsafe widen(part, &patches, a, b)
        unsafe multiply(
          weights, depth: channels.depth, count: (part.count &+ 3) & ~3,
          channelCount: channelCount)
        unsafe weights += part.count
        left &-= part.count
        part.skip &+= part.count
        while part.skip >= patches.runByteCount {
          part.skip &-= patches.runByteCount
          part.run &+= 1
        }
      } while left > 0
    }

    /// Adds the block's products, of `count` taps, to the sums.
    @inline(never)
    private func multiply(
      _ weights: UnsafePointer<Int8>, depth: Int, count: Int, channelCount: Int
    ) {
      let state = unsafe widened + count
      unsafe state[0] = .min
      unsafe state[1] = Int32(truncatingIfNeeded: Int(bitPattern: widened))
      unsafe state[2] = Int32(truncatingIfNeeded: Int(bitPattern: weights))
      unsafe state[3] = Int32(truncatingIfNeeded: Int(bitPattern: sums))
      unsafe state[4] = Int32(truncatingIfNeeded: channelCount)
      unsafe state[5] = Int32(truncatingIfNeeded: 4 &* count)
      unsafe octet_add_row_pairs(
        widened, channelCount > 1 ? Int32(truncatingIfNeeded: depth) : 0,
        Int32(truncatingIfNeeded: 4 &* count))
    }

    // MARK: Widening

    /// Widens a part of two patches, and writes zeros up to a multiple of four taps.
    @inline(never)
    func widen(
      _ part: Patches.Part, _ patches: inout Patches, _ a: UnsafePointer<Int8>,
      _ b: UnsafePointer<Int8>
    ) {
      var to = unsafe widened
      var left = part.count
      var part = part
      var offset = part.run &* patches.kernelRowStep
      repeat {
        var (x, y) = unsafe (a + (offset &+ part.skip), b + (offset &+ part.skip))
        var count = left
        // The last bytes of a run go with the first of the next.
        let inside = patches.runByteCount &- part.skip
        if takesRuns, inside < left { count = inside & ~3 }
        if !takesRuns || count == 0 {
          let place = unsafe UnsafeMutableRawPointer(to).assumingMemoryBound(to: Int8.self)
          let bytes = unsafe takesRuns ? place : values
          count = takesRuns ? min(4, left) : left
          part.count = count
          unsafe x = gather(part, &patches, a, bytes)
          unsafe y = gather(part, &patches, b, bytes + (takesRuns ? 4 : blockCount))
        }
        unsafe widenRun(x, y, count: count, &to)
        left &-= count
        part.skip &+= count
        while part.skip >= patches.runByteCount {
          part.skip &-= patches.runByteCount
          part.run &+= 1
          offset &+= patches.kernelRowStep
        }
      } while left > 0
    }

    /// Where the bytes went.
    @inline(never)
    private func gather(
      _ part: Patches.Part, _ patches: inout Patches, _ from: UnsafePointer<Int8>,
      _ to: UnsafeMutablePointer<Int8>
    ) -> UnsafePointer<Int8> {
      unsafe patches.gather(part, from, to)
      return unsafe UnsafePointer(to)
    }

    /// Widens `count` neighbouring values of two patches, and zeros up to a multiple of four.
    @inline(__always)
    private func widenRun(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, count: Int,
      _ to: inout UnsafeMutablePointer<Int32>
    ) {
      var (a, b) = unsafe (a, b)
      let end = unsafe to + (count & ~3)
      while unsafe to < end {
        unsafe widenFour(a, b, .max, &to)
        unsafe a += 4
        unsafe b += 4
      }
      if count & 3 != 0 {
        unsafe widenFour(a, b, .max &>> UInt32(truncatingIfNeeded: 32 &- 8 &* (count & 3)), &to)
      }
    }

    /// Four values of two patches, of which `mask` leaves some.
    @inline(__always)
    private func widenFour(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ mask: UInt32,
      _ to: inout UnsafeMutablePointer<Int32>
    ) {
      let x = unsafe UnsafeRawPointer(a).loadUnaligned(as: UInt32.self) & mask
      let y = unsafe UnsafeRawPointer(b).loadUnaligned(as: UInt32.self) & mask
      unsafe to[0] = octet_widen_even(x)
      unsafe to[1] = octet_widen_even(y)
      unsafe to[2] = octet_widen_odd(x)
      unsafe to[3] = octet_widen_odd(y)
      unsafe to += 4
    }
  }
#endif
