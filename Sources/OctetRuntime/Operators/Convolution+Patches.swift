// The patches of a convolution as int8: what the kernels of ARM cores gather before they multiply.
//
//     patch[(ky · KW + kx) · C + c] = input[y + ky · DH, x + kx · DW, c]  or the zero point outside
//
// 1. Without dilation and groups a kernel row is one run of bytes in the input; otherwise each tap.
// 2. Runs are copied by words, the last of which overlaps the one before: nothing is read or
//    written beyond the run.

#if arch(arm) || arch(arm64)

  @safe struct Patches {
    // Safety: made for a validated convolution, so positions inside the image lie in the input.
    private let image: UnsafePointer<Int8>
    private let height: Int
    private let width: Int
    private let pixelByteCount: Int
    private let rowByteCount: Int
    private let strideHeight: Int
    private let strideWidth: Int
    private let paddingTop: Int
    private let paddingLeft: Int
    private let dilationHeight: Int
    private let dilationWidth: Int
    /// Rows of the kernel, runs of each, taps and bytes of a run.
    private let kernelHeight: Int
    private let runsPerRow: Int
    private let tapsPerRun: Int
    private let tapByteCount: Int
    private let runByteCount: Int
    private let zeroPoint: Int8
    /// Values of a whole patch when its rows are runs of four to eight bytes, otherwise −1.
    private let shortDepth: Int
    /// The last places whose patches end inside the image.
    private let lastInsideRow: Int
    private let lastInsideColumn: Int

    /// Those of image `batch`, for the input channels of `group`.
    init(_ layer: Convolution, _ context: OperatorContext, batch: Int, group: Int) {
      typealias Word = Convolution.Word
      let groups = layer.word(Word.groups)
      let kernelWidth = layer.word(Word.kernelWidth)
      height = layer.input.height
      width = layer.input.width
      pixelByteCount = layer.input.channels
      rowByteCount = width &* pixelByteCount
      strideHeight = layer.word(Word.strideHeight)
      strideWidth = layer.word(Word.strideWidth)
      paddingTop = layer.word(Word.paddingTop)
      paddingLeft = layer.word(Word.paddingLeft)
      dilationHeight = layer.word(Word.dilationHeight)
      dilationWidth = layer.word(Word.dilationWidth)
      kernelHeight = layer.word(Word.kernelHeight)
      zeroPoint = Int8(truncatingIfNeeded: layer.input.zeroPoint)
      tapByteCount = groups == 1 ? pixelByteCount : pixelByteCount / groups
      let isRowRun = groups == 1 && dilationWidth == 1
      runsPerRow = isRowRun ? 1 : kernelWidth
      tapsPerRun = isRowRun ? kernelWidth : 1
      runByteCount = tapsPerRun &* tapByteCount
      shortDepth =
        isRowRun && runByteCount >= 4 && runByteCount <= 8 ? kernelHeight &* runByteCount : -1
      lastInsideRow = height &- 1 &- (kernelHeight &- 1) &* dilationHeight
      lastInsideColumn = width &- kernelWidth
      let first = batch &* height &* rowByteCount &+ group &* tapByteCount
      unsafe image = context.input(0) + first
    }

    /// Where a part of a patch starts: `skip` bytes into run `run`.
    struct Start {
      var run = 0
      var skip = 0
    }

    /// Where value `index` of a patch is.
    func start(_ index: Int) -> Start {
      Start(run: index / runByteCount, skip: index % runByteCount)
    }

    /// Writes `count` values of the patch of convolution pixel (`row`, `column`).
    @inline(__always)
    func copy(
      to target: UnsafeMutablePointer<Int8>, row: Int, column: Int, from start: Start, count: Int
    ) {
      let y = row &* strideHeight &- paddingTop
      let x = column &* strideWidth &- paddingLeft
      if count == shortDepth, y >= 0, y <= lastInsideRow, x >= 0, x <= lastInsideColumn {
        unsafe copyShortRuns(to: target, y: y, x: x)
      } else {
        unsafe copyRuns(to: target, y: y, x: x, from: start, count: count)
      }
    }

    /// A whole patch inside the image, by runs of four to eight bytes.
    @inline(__always)
    private func copyShortRuns(to target: UnsafeMutablePointer<Int8>, y: Int, x: Int) {
      let last = runByteCount &- 4
      let step = dilationHeight &* rowByteCount
      let first = y &* rowByteCount &+ x &* pixelByteCount
      var from = unsafe UnsafeRawPointer(image + first)
      var to = UnsafeMutableRawPointer(target)
      let end = unsafe to + shortDepth
      repeat {
        unsafe copyWord(to, from)
        unsafe copyWord(to + last, from + last)
        unsafe from += step
        unsafe to += runByteCount
      } while unsafe to < end
    }

    @inline(never)
    private func copyRuns(
      to target: UnsafeMutablePointer<Int8>, y: Int, x: Int, from start: Start, count: Int
    ) {
      var row = start.run
      var tap = 0
      if runsPerRow > 1 {
        row = start.run / runsPerRow
        tap = start.run % runsPerRow
      }
      var skip = start.skip
      var done = 0
      while done < count {
        let y = y &+ row &* dilationHeight
        let x = x &+ tap &* dilationWidth
        let length = min(runByteCount &- skip, count &- done)
        let to = unsafe target + done
        if y < 0 || y >= height {
          unsafe fill(to, length)
        } else {
          // The run's bytes before the image's first pixel, and those up to its last.
          let offset = y &* rowByteCount &+ x &* pixelByteCount &+ skip
          let from = unsafe image + offset
          if x >= 0, x &+ tapsPerRun <= width {
            unsafe copyBytes(to, from, length)
          } else {
            let first = min(max((0 &- x) &* tapByteCount &- skip, 0), length)
            let end = min(max((width &- x) &* tapByteCount &- skip, first), length)
            unsafe fill(to, first)
            unsafe copyBytes(to + first, from + first, end &- first)
            unsafe fill(to + end, length &- end)
          }
        }
        done &+= length
        skip = 0
        tap &+= 1
        if tap == runsPerRow {
          tap = 0
          row &+= 1
        }
      }
    }

    @inline(__always)
    private func fill(_ target: UnsafeMutablePointer<Int8>, _ count: Int) {
      for index in 0..<count { unsafe target[index] = zeroPoint }
    }
  }

  @inline(__always)
  private func copyWord(_ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer) {
    unsafe target.storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self)
  }

  /// Copies `count` bytes by the widest words that fit.
  @inline(__always)
  private func copyBytes(
    _ target: UnsafeMutablePointer<Int8>, _ source: UnsafePointer<Int8>, _ count: Int
  ) {
    if count >= 4 {
      let to = UnsafeMutableRawPointer(target)
      let from = unsafe UnsafeRawPointer(source)
      let last = count &- 4
      var index = 0
      while index < last {
        unsafe copyWord(to + index, from + index)
        index &+= 4
      }
      unsafe copyWord(to + last, from + last)
    } else {
      for index in 0..<count { unsafe target[index] = source[index] }
    }
  }
#endif
