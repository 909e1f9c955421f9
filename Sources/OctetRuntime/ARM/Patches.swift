// How patches are gathered from the input on ARM cores.
//
//     patch[(ky · KW + kx) · C + c] = origin[y + ky · DH, x + kx · DW, c]
//
// 1. The origin is the image itself, or where windows reach beyond it a band of its rows with zero
//    points around, copied once for each output row: so no patch needs a check.
// 2. Without dilation and groups a kernel row is one run of bytes; otherwise each tap is one.
// 3. Runs are copied by words, the last of which overlaps the one before: nothing is read or
//    written beyond a run. Cores that fault on unaligned words copy bytes.
// 4. The patch below another is the same one run later, so in a pool window of two rows one gather,
//    a run longer, serves two pixels.

#if arch(arm) || arch(arm64) || canImport(COctetKernels.RVV)
  internal import COctetKernels

  /// Where patches come from: the input channels of one group. A *run* is contiguous: a row of the
  /// kernel, or with dilation or groups one tap. Steps and counts are bytes.
  @safe struct Patches {
    // Safety: the operator was validated, so every patch lies in the input or the band.
    /// The patch of the first pixel of an output row.
    var origin: UnsafePointer<Int8>
    /// Bytes from a pixel of the convolution to the ones below and beside it.
    let rowStep: Int
    let columnStep: Int
    let kernelRowStep: Int
    let runByteCount: Int
    let runStep: Int
    let runsPerRow: Int
    let kernelRowCount: Int
    /// Eight bytes may be read from the start of each run.
    let canOverread: Bool
    let rowByteCount: Int

    /// Values `skip`… of run `run`, and those after them, `count` in all.
    struct Part {
      var run: Int
      var skip: Int
      var count: Int
    }

    /// Patches from `origin` on, in rows of `rowByteCount` bytes.
    init(
      _ layer: Convolution, origin: UnsafePointer<Int8>, rowByteCount: Int, hasBand: Bool
    ) {
      typealias Word = Convolution.Word
      let pixelByteCount = layer.input.channels
      let tapByteCount = pixelByteCount / layer.word(Word.groups)
      let kernelWidth = layer.word(Word.kernelWidth)
      let isRowRun = tapByteCount == pixelByteCount && layer.word(Word.dilationWidth) == 1
      // A pool of 1 × 1 with strides is a stride of the convolution.
      let pixelStep =
        layer.word(Word.strideWidth)
        &* (layer.windowCount == 1 ? layer.word(Word.poolStrideWidth) : 1)
      unsafe self.origin = origin
      rowStep = layer.word(Word.strideHeight) &* rowByteCount
      columnStep = pixelStep &* pixelByteCount
      kernelRowStep = layer.word(Word.dilationHeight) &* rowByteCount
      runByteCount = isRowRun ? kernelWidth &* tapByteCount : tapByteCount
      runStep = layer.word(Word.dilationWidth) &* pixelByteCount
      runsPerRow = isRowRun ? 1 : kernelWidth
      kernelRowCount = layer.word(Word.kernelHeight)
      canOverread = hasBand
      self.rowByteCount = rowByteCount
    }

    /// Where the patch of a pixel starts.
    @inline(__always)
    func place(_ row: Int, _ column: Int) -> UnsafePointer<Int8> {
      unsafe origin + (row &* rowStep &+ column &* columnStep)
    }

    /// Whether the lower patches of a window of two by two pixels are the upper ones a run later.
    @inline(__always)
    func hasSharedRuns(_ tile: Tile) -> Bool {
      tile.width == 2 && tile.count == 4 && rowStep == kernelRowStep && runsPerRow == 1
    }

    /// Writes a part of the patch that starts at `from`, or more than it has: then it goes on with
    /// the runs below it. With NEON, up to seven bytes more.
    @inline(__always)
    func gather(_ part: Part, _ from: UnsafePointer<Int8>, _ to: UnsafeMutablePointer<Int8>) {
      #if !OCTET_SELECT || OCTET_TAPRUNS
        if runsPerRow > 1 { return unsafe gatherTaps(part, from, to) }
      #endif
      var from = unsafe from + part.run &* kernelRowStep
      var to = unsafe to
      let end = unsafe to + part.count
      let step = kernelRowStep
      let run = runByteCount
      // First layers: part of nothing, one or two words a run.
      if wordByteCount > 1, run >= 4, run <= 8, part.skip == 0 {
        if wordByteCount == 16, canOverread {
          // What is written beyond a run is overwritten by the next, and scratch has room after the
          // last.
          while unsafe to < end {
            unsafe copyWord(to, from, byteCount: 8)
            unsafe to += run
            unsafe from += step
          }
          return
        }
        while unsafe to + run <= end {
          unsafe copyWord(to, from, byteCount: 4)
          unsafe copyWord(to + (run &- 4), from + (run &- 4), byteCount: 4)
          unsafe to += run
          unsafe from += step
        }
      }
      var skip = part.skip
      while unsafe to < end {
        let count = unsafe min(run &- skip, end - to)
        unsafe copyBytes(to, from + skip, count: count)
        unsafe to += count
        unsafe from += step
        skip = 0
      }
    }

    /// The same where each tap is a run.
    @inline(__always)
    private func gatherTaps(
      _ part: Part, _ from: UnsafePointer<Int8>, _ to: UnsafeMutablePointer<Int8>
    ) {
      var from = unsafe from
      var to = unsafe to
      var tap = part.run
      while tap >= runsPerRow {
        tap &-= runsPerRow
        unsafe from += kernelRowStep
      }
      var skip = part.skip
      var left = part.count
      while left > 0 {
        let count = min(runByteCount &- skip, left)
        unsafe copyBytes(to, from + (tap &* runStep &+ skip), count: count)
        unsafe to += count
        left &-= count
        skip = 0
        tap &+= 1
        if tap == runsPerRow {
          tap = 0
          unsafe from += kernelRowStep
        }
      }
    }
  }

  /// The widest word that the core loads and stores at any address.
  private var wordByteCount: Int {
    @inline(__always) get { Int(OCTET_WORD_BYTE_COUNT) }
  }

  /// Copies between places that do not overlap, by words as wide as the core can at any address.
  @inline(__always)
  func copyBytes(_ to: UnsafeMutablePointer<Int8>, _ from: UnsafePointer<Int8>, count: Int) {
    #if canImport(COctetKernels.MVE)
      return unsafe octet_copy_bytes(to, from, Int32(truncatingIfNeeded: count))
    #endif
    if wordByteCount >= 16, count >= 16 {
      return unsafe copyWords(to, from, count: count, byteCount: 16)
    }
    if wordByteCount >= 4, count >= 4 {
      return unsafe copyWords(to, from, count: count, byteCount: 4)
    }
    var index = 0
    while index < count {
      unsafe to[index] = from[index]
      index &+= 1
    }
  }

  /// Copies at least a word; the last overlaps the one before.
  @inline(__always)
  private func copyWords(
    _ to: UnsafeMutablePointer<Int8>, _ from: UnsafePointer<Int8>, count: Int, byteCount: Int
  ) {
    let last = count &- byteCount
    var index = 0
    while index < last {
      unsafe copyWord(to + index, from + index, byteCount: byteCount)
      index &+= byteCount
    }
    unsafe copyWord(to + last, from + last, byteCount: byteCount)
  }

  /// One load and one store.
  @inline(__always)
  private func copyWord(
    _ to: UnsafeMutablePointer<Int8>, _ from: UnsafePointer<Int8>, byteCount: Int
  ) {
    unsafe UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: byteCount)
  }
#endif
