/// The maximum of each window of x `[N, H, W, C]`.
struct MaxPoolDefinition: PoolDefinition, FusingOperation {
  let attributes: PoolAttributes

  var name: String { "maxPool" }
  var traits: OperationTraits { .moving }
  var activation: Activation { attributes.activation }

  func replacing(activation: Activation) -> Operation {
    var attributes = attributes
    attributes.activation = activation
    return .maxPool(attributes)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    attributes.activation == .none ? try inputs.alike() : try inputs.reals()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.x.isInteger
      ? context.maxPool(attributes, lowest: Int64.min)
      : context.maxPool(attributes, lowest: -Float.infinity)
  }
}

extension StepContext {
  /// x `[N, H, W, C]` → y `[N, OH, OW, C]`; padding never wins.
  func maxPool<Element: Comparable>(
    _ attributes: PoolAttributes, lowest: Element
  ) -> InterpreterStep {
    let windows = PoolWindows(attributes, x: x.shape, y: y.shape)
    let (width, channels) = (x.shape[2], x.shape[3])
    let (x, y) = unsafe (self.x.elements(Element.self), self.y.elements(Element.self))
    return followed(by: attributes.activation) {
      windows.forEach { (target, source, rows, columns) in
        let result = unsafe y + target * channels
        for c in 0..<channels { unsafe result[c] = lowest }
        for row in rows {
          for column in columns {
            let pixel = unsafe x + (source + row * width + column) * channels
            for c in 0..<channels where unsafe !(pixel[c] <= result[c]) {
              unsafe result[c] = pixel[c]
            }
          }
        }
      }
    }
  }
}
