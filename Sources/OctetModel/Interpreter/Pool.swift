extension StepContext {
  /// x `[N, H, W, C]` → y `[N, OH, OW, C]`; padding never wins.
  func maxPool<Element: Comparable>(
    _ attributes: PoolAttributes, lowest: Element
  ) -> InterpreterStep {
    let windows = PoolWindows(attributes, x: x.shape, y: y.shape)
    let (width, channels) = (x.shape[2], x.shape[3])
    let (x, y) = (self.x.elements(Element.self), self.y.elements(Element.self))
    return followed(by: attributes.activation) {
      windows.forEach { (target, source, rows, columns) in
        let result = y + target * channels
        for c in 0..<channels { result[c] = lowest }
        for row in rows {
          for column in columns {
            let pixel = x + (source + row * width + column) * channels
            for c in 0..<channels where !(pixel[c] <= result[c]) { result[c] = pixel[c] }
          }
        }
      }
    }
  }

  /// x `[N, H, W, C]` → y `[N, OH, OW, C]`: where in x the first of the maxima lies, counted
  /// through `[N, C, H, W]`, or `[N, C, W, H]` when `isColumnMajor`.
  func maxPoolIndices(_ attributes: PoolAttributes, isColumnMajor: Bool) -> InterpreterStep {
    let windows = PoolWindows(attributes, x: x.shape, y: y.shape)
    let (x, y, channels) = (self.x, self.y, self.x.shape[3])
    let (height, width) = (x.shape[1], x.shape[2])
    return {
      windows.forEach { (target, source, rows, columns) in
        for c in 0..<channels {
          var (top, place) = (-Float.infinity, 0)
          for row in rows {
            for column in columns {
              let value = x.base[(source + row * width + column) * channels + c]
              if value <= top { continue }
              top = value
              place = isColumnMajor ? column * height + row : row * width + column
            }
          }
          // `source` is the number of pixels in the images before.
          y.integers[target * channels + c] = Int64(source * channels + c * height * width + place)
        }
      }
    }
  }

  /// x `[N, H, W, C]` → y `[N, OH, OW, C]`; divides by the elements inside the image, or by all
  /// of the window when `countsPadding`.
  func averagePool(_ attributes: PoolAttributes) -> InterpreterStep {
    let windows = PoolWindows(attributes, x: x.shape, y: y.shape)
    let (x, y, channels) = (self.x, self.y, self.x.shape[3])
    let whole = attributes.kernel.height * attributes.kernel.width
    return followed(by: attributes.activation) {
      windows.forEach { (target, source, rows, columns) in
        let result = y.base + target * channels
        for c in 0..<channels { result[c] = 0 }
        for row in rows {
          for column in columns {
            let pixel = x.base + (source + row * x.shape[2] + column) * channels
            for c in 0..<channels { result[c] += pixel[c] }
          }
        }
        let count = attributes.countsPadding ? whole : max(rows.count * columns.count, 1)
        for c in 0..<channels { result[c] /= Float(count) }
      }
    }
  }
}

/// The windows of a pool, clipped to the image.
private struct PoolWindows {
  let attributes: PoolAttributes
  let images, height, width, outputHeight, outputWidth: Int

  init(_ attributes: PoolAttributes, x: [Int], y: [Int]) {
    self.attributes = attributes
    images = x[0]
    height = x[1]
    width = x[2]
    outputHeight = y[1]
    outputWidth = y[2]
  }

  /// Calls `body` with the output pixel, the image's first pixel, and the rows and columns inside.
  @inline(__always)
  func forEach(_ body: (Int, Int, StrideTo<Int>, StrideTo<Int>) -> Void) {
    for image in 0..<images {
      for top in 0..<outputHeight {
        let rows = inside(
          first: top * attributes.stride.height - attributes.padding.top,
          kernel: attributes.kernel.height, dilation: attributes.dilation.height, limit: height)
        for left in 0..<outputWidth {
          let columns = inside(
            first: left * attributes.stride.width - attributes.padding.left,
            kernel: attributes.kernel.width, dilation: attributes.dilation.width, limit: width)
          body(
            (image * outputHeight + top) * outputWidth + left, image * height * width, rows,
            columns)
        }
      }
    }
  }

  /// The positions of a window along one axis that lie in `0..<limit`.
  private func inside(first: Int, kernel: Int, dilation: Int, limit: Int) -> StrideTo<Int> {
    let skipped = first < 0 ? (-first + dilation - 1) / dilation : 0
    let end = min(limit, first + (kernel - 1) * dilation + 1)
    return stride(from: first + skipped * dilation, to: end, by: dilation)
  }
}

extension StrideTo<Int> {
  fileprivate var count: Int { underestimatedCount }
}
