// The scratch memory of the convolution kernels. A blob runs on every core, so its plan has room for
// the one that needs most.

extension Convolution {
  var scratchByteCount: Int {
    // In pairs: the function of three takes an array.
    max(max(portableScratchByteCount, neonScratchByteCount), coreScratchByteCount)
  }

  /// Patches of two pixels, or of four small ones, widened to int16, and the running maximum of a
  /// pool window of more.
  private var portableScratchByteCount: Int {
    if hasSmallWindows { return 4 &* 2 &* patchStride }
    return 2 &* 2 &* patchStride &+ (windowCount > 2 ? 4 &* output.channels : 0)
  }

  // MARK: NEON: four patches, zero-filled to a multiple of 16, and running maxima

  private var neonScratchByteCount: Int {
    4 &* neonPatchByteCount &+ (windowCount > 4 ? 4 &* groupChannelCount : 0)
  }

  var neonPatchByteCount: Int { (patchCount &+ 15) & ~15 }

  // MARK: Cores without vectors: a block of four widened patches, its bytes, and the sums

  /// Room for the least block that is worth its loop.
  private var coreScratchByteCount: Int {
    let padded = (patchCount &+ 3) & ~3
    return coreFixedByteCount &+ max(9 &* min(padded, 56), 17 &* min(padded, 28))
  }

  /// What does not depend on the block: sums and running maxima.
  private var coreFixedByteCount: Int {
    16 &* min(groupChannelCount, Self.coreSumChannelCount)
      &+ (windowCount > 4 ? 4 &* groupChannelCount : 0)
  }

  /// Channels whose sums are kept at a time.
  static let coreSumChannelCount = 16

  /// Taps of a block, a multiple of 4: equal blocks, as few as the scratch has room for.
  func coreBlockCount(tapByteCount: Int) -> Int {
    let room = view.scratchByteCount &- coreFixedByteCount
    let limit = (room / (tapByteCount &+ 1)) & ~3
    let blocks = (patchCount &+ limit &- 1) / limit
    return ((patchCount &+ blocks &- 1) / blocks &+ 3) & ~3
  }

  var windowCount: Int { word(Word.poolHeight) &* word(Word.poolWidth) }
  /// Output channels of a group.
  var groupChannelCount: Int { output.channels / word(Word.groups) }
}
