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

  /// 0 for a window without pixels.
  func max(_ x: UnsafePointer<Lanes>, into y: UnsafeMutablePointer<Lanes>) {
    forEachWindow { window in
      for channel in 0..<channelCount {
        var best =
          unsafe window.rowCount * window.columnCount > 0 ? x[window.inputIndex + channel] : Lanes()
        forEachPosition(window, channel) { unsafe best.replace(with: x[$0], where: x[$0] .> best) }
        unsafe y[window.outputIndex + channel] = best
      }
    }
  }

  /// dx += the gradient of each window's first largest element; with `takesReLUGradient`, x and y
  /// came from a ReLU whose gradient is taken along.
  func maxGradient(
    x: UnsafePointer<Lanes>, y: UnsafePointer<Lanes>, dy: UnsafePointer<Lanes>,
    dx: UnsafeMutablePointer<Lanes>, takesReLUGradient: Bool
  ) {
    forEachWindow { window in
      for channel in 0..<channelCount {
        let best = unsafe y[window.outputIndex + channel]
        // The gradient still to be given away, lane by lane.
        var rest = unsafe dy[window.outputIndex + channel]
        if takesReLUGradient { rest.replace(with: 0, where: best .<= 0) }
        forEachPosition(window, channel) { index in
          let isBest = unsafe x[index] .== best
          unsafe dx[index] += Lanes().replacing(with: rest, where: isBest)
          rest.replace(with: 0, where: isBest)
        }
      }
    }
  }

  func average(_ x: UnsafePointer<Lanes>, into y: UnsafeMutablePointer<Lanes>) {
    forEachWindow { window in
      for channel in 0..<channelCount {
        var sum = Lanes()
        forEachPosition(window, channel) { unsafe sum += x[$0] }
        unsafe y[window.outputIndex + channel] = sum / window.divisor
      }
    }
  }

  func averageGradient(dy: UnsafePointer<Lanes>, dx: UnsafeMutablePointer<Lanes>) {
    forEachWindow { window in
      for channel in 0..<channelCount {
        let share = unsafe dy[window.outputIndex + channel] / window.divisor
        forEachPosition(window, channel) { unsafe dx[$0] += share }
      }
    }
  }
}
