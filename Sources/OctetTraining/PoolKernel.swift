import COctetFloatKernels
import OctetModel

/// Max and average pools over x `[H][W][C]` giving y `[OH][OW][C]`, every element
/// that of sixteen images.
struct PoolKernel: Sendable {
  var height, width, channelCount: Int
  var outputHeight, outputWidth: Int
  var kernel, stride, dilation: Extent
  var padding: Padding
  /// Average: the divisor is the whole window rather than its part inside the image.
  var countsPadding: Bool

  /// The part of a window that lies inside the image.
  struct Window {
    /// The output pixel's first element.
    var outputIndex: Int
    /// The first input pixel's.
    var inputIndex: Int
    var rowCount, columnCount: Int
    /// What an average divides by.
    var divisor: Float
  }

  /// Which of the kernel's indices lie in `0 ..< extent`, from `start` on.
  private static func inside(
    _ start: Int, kernel: Int, dilation: Int, extent: Int
  ) -> Range<Int> {
    let first = start < 0 ? (dilation - 1 - start) / dilation : 0
    let end = start >= extent ? 0 : min((extent - 1 - start) / dilation + 1, kernel)
    return min(first, end)..<end
  }

  @inline(__always)
  func forEachWindow(_ body: (Window) -> Void) {
    for oy in 0..<outputHeight {
      let top = oy * stride.height - padding.top
      let rows = Self.inside(
        top, kernel: kernel.height, dilation: dilation.height, extent: height)
      let paddedRows = Self.inside(
        top + padding.top, kernel: kernel.height, dilation: dilation.height,
        extent: padding.top + height + padding.bottom)
      for ox in 0..<outputWidth {
        let left = ox * stride.width - padding.left
        let columns = Self.inside(
          left, kernel: kernel.width, dilation: dilation.width, extent: width)
        var area = rows.count * columns.count
        if countsPadding {
          area =
            paddedRows.count
            * Self.inside(
              left + padding.left, kernel: kernel.width, dilation: dilation.width,
              extent: padding.left + width + padding.right
            ).count
        }
        let y = top + rows.lowerBound * dilation.height
        let x = left + columns.lowerBound * dilation.width
        body(
          Window(
            outputIndex: (oy * outputWidth + ox) * channelCount,
            inputIndex: (y * width + x) * channelCount, rowCount: rows.count,
            columnCount: columns.count, divisor: Float(Swift.max(area, 1))))
      }
    }
  }

  /// Whether every element lies in just one window.
  var coversOnce: Bool {
    kernel == stride && dilation == Extent(1) && padding == Padding()
      && height == outputHeight * stride.height && width == outputWidth * stride.width
  }

  /// Indices of one channel's elements in the window.
  @inline(__always)
  func forEachPosition(_ window: Window, _ channel: Int, _ body: (Int) -> Void) {
    var row = window.inputIndex + channel
    for _ in 0..<window.rowCount {
      var index = row
      for _ in 0..<window.columnCount {
        body(index)
        index += dilation.width * channelCount
      }
      row += dilation.height * width * channelCount
    }
  }

  /// Hands the part of each window inside the image to `body`, with its first elements in x and y
  /// and what a mean divides by.
  @inline(__always)
  func forEachPart(
    accumulates: Bool, _ body: (octet_window, _ x: Int, _ y: Int, _ divisor: Float) -> Void
  ) {
    var part = octet_window()
    part.channels = channelCount
    part.xColumn = dilation.width * channelCount * TrainingNetwork.blockSize
    part.xRow = dilation.height * width * channelCount * TrainingNetwork.blockSize
    part.accumulates = accumulates ? 1 : 0
    forEachWindow { window in
      (part.rows, part.columns) = (window.rowCount, window.columnCount)
      body(part, window.inputIndex, window.outputIndex, window.divisor)
    }
  }
}
