/// Where in x `[N, H, W, C]` the maximum of each window lies.
struct MaxPoolIndicesDefinition: PoolDefinition {
  let attributes: PoolAttributes
  let isColumnMajor: Bool

  var name: String { "maxPoolIndices" }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    _ = try inputs.reals()
    return .int64
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.maxPoolIndices(attributes, isColumnMajor: isColumnMajor)
  }
}

extension StepContext {
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
              let value = unsafe x.base[(source + row * width + column) * channels + c]
              if value <= top { continue }
              top = value
              place = isColumnMajor ? column * height + row : row * width + column
            }
          }
          // `source` is the number of pixels in the images before.
          unsafe y.integers[target * channels + c] = Int64(
            source * channels + c * height * width + place)
        }
      }
    }
  }
}
