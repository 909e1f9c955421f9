/// The mean of each window of x `[N, H, W, C]`.
struct AveragePoolDefinition: PoolDefinition, FusingOperation {
  let attributes: PoolAttributes

  var name: String { "averagePool" }
  var traits: OperationTraits { OperationTraits(grid: .kept) }
  var activation: Activation { attributes.activation }

  func replacing(activation: Activation) -> Operation {
    var attributes = attributes
    attributes.activation = activation
    return .averagePool(attributes)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func step(_ context: StepContext) -> InterpreterStep { context.averagePool(attributes) }
}

extension StepContext {
  /// x `[N, H, W, C]` → y `[N, OH, OW, C]`; divides by the elements inside the image, or by all
  /// of the window when `countsPadding`.
  func averagePool(_ attributes: PoolAttributes) -> InterpreterStep {
    let windows = PoolWindows(attributes, x: x.shape, y: y.shape)
    let (x, y, channels) = (self.x, self.y, self.x.shape[3])
    let whole = attributes.kernel.height * attributes.kernel.width
    return followed(by: attributes.activation) {
      windows.forEach { (target, source, rows, columns) in
        let result = unsafe y.base + target * channels
        for c in 0..<channels { unsafe result[c] = 0 }
        for row in rows {
          for column in columns {
            let pixel = unsafe x.base + (source + row * x.shape[2] + column) * channels
            for c in 0..<channels { unsafe result[c] += pixel[c] }
          }
        }
        let count = attributes.countsPadding ? whole : max(rows.count * columns.count, 1)
        for c in 0..<channels { unsafe result[c] /= Float(count) }
      }
    }
  }
}
