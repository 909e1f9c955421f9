// The scratch memory of the convolution kernels. A blob runs on every core, so its plan has room
// for the one that needs most.
//
// On ARM cores windows that reach beyond the input read a band: the input's rows that an output row
// needs, with zero points around them.

extension Convolution {
  var scratchByteCount: Int {
    // In pairs: the function of three takes an array.
    let count = max(max(portableScratchByteCount, neonScratchByteCount), coreScratchByteCount)
    return view.hasNarrowWeights ? (count &+ 15) & ~15 &+ blocks.byteCount : count
  }

  /// Patches of two pixels, or of four small ones, widened to int16, and the running maximum of a
  /// pool window of more.
  private var portableScratchByteCount: Int {
    if hasSmallWindows { return 4 &* 2 &* patchStride }
    return 2 &* 2 &* patchStride &+ (windowCount > 2 ? 4 &* output.channels : 0)
  }

  // MARK: NEON: four patches, rounded up to a multiple of 16, and running maxima

  private var neonScratchByteCount: Int {
    bandByteCount &+ neonValueByteCount &+ (windowCount > 4 ? 4 &* groupChannelCount : 0)
  }

  /// Eight bytes are copied of a short run, so there is room behind the last; the indices of narrow
  /// patches take 128.
  var neonValueByteCount: Int { max(4 &* ((patchCount &+ 15) & ~15) &+ 16, 128) }

  // MARK: Cores without vectors: a block of four widened patches, its bytes, and the sums

  /// Room for a block that is worth its loop: int16 patches of four pixels and their bytes before,
  /// or int32 patches.
  private var coreScratchByteCount: Int {
    let padded = (patchCount &+ 3) & ~3
    let half = (takesRuns ? 8 : 12) &* min(padded, 48)
    return coreFixedByteCount &+ max(half, 16 &* min(padded, 20))
  }

  /// What does not depend on the block: the band, sums and running maxima.
  var coreFixedByteCount: Int {
    bandByteCount &+ 16 &* min(groupChannelCount, Self.coreSumChannelCount)
      &+ (windowCount > 4 ? 4 &* groupChannelCount : 0)
  }

  /// Channels whose sums are kept at a time.
  static let coreSumChannelCount = 16

  /// Whether kernel rows are contiguous in the input, and long enough to be read there.
  var takesRuns: Bool {
    let isContiguous = word(Word.groups) == 1 && word(Word.dilationWidth) == 1
    return isContiguous && word(Word.kernelWidth) &* input.channels >= 12
  }

  var windowCount: Int { word(Word.poolHeight) &* word(Word.poolWidth) }
  /// Output channels of a group.
  var groupChannelCount: Int { output.channels / word(Word.groups) }

  // MARK: The band

  /// Rows that the windows of an output row reach over, and bytes from the first to the last pixel
  /// of them. Validated: neither overflows.
  @inline(__always)
  var bandRowCount: Int {
    reach(Word.poolHeight, Word.strideHeight, Word.kernelHeight, Word.dilationHeight)
  }
  var bandWidth: Int {
    let last = (output.width &- 1) &* word(Word.poolStrideWidth) &* word(Word.strideWidth)
    return last &+ reach(Word.poolWidth, Word.strideWidth, Word.kernelWidth, Word.dilationWidth)
  }

  /// Nil past the limits; 0 when all windows lie inside the input.
  var checkedBandByteCount: Int? {
    let rows = bandRowCount
    let lastRow = (output.height &- 1) &* word(Word.poolStrideHeight) &* word(Word.strideHeight)
    if word(Word.paddingTop) == 0, word(Word.paddingLeft) == 0, lastRow &+ rows <= input.height,
      bandWidth <= input.width
    {
      return 0
    }
    guard let pixels = product(rows, bandWidth),
      let count = product(pixels, input.channels, limit: BlobLimits.elementCount)
    else { return nil }
    // Kernels may read eight bytes from the start of any run.
    return (count &+ 8 &+ 15) & ~15
  }

  /// Bytes of the band, a multiple of 16.
  var bandByteCount: Int { checkedBandByteCount ?? 0 }

  private func reach(_ pool: Word, _ stride: Word, _ kernel: Word, _ dilation: Word) -> Int {
    (word(pool) &- 1) &* word(stride) &+ (word(kernel) &- 1) &* word(dilation) &+ 1
  }
}
