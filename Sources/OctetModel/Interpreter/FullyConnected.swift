extension StepContext {
  /// x `[rows, I]`, weights `[O, I]`, bias `[O]` → y `[rows, O]`.
  func fullyConnected(_ attributes: FullyConnectedAttributes) -> InterpreterStep {
    let (weights, x, y) = (inputs[1], self.x, self.y)
    let bias = inputs.count == 3 ? inputs[2].base : nil
    let (columns, depth) = (weights.shape[0], weights.shape[1])
    let size = ProductSize(
      rows: columns == 0 ? 0 : y.count / columns, columns: columns, depth: depth,
      rowStride: columns)
    return followed(by: attributes.activation) {
      multiplyByTransposed(a: x.base, b: weights.base, bias: bias, c: y.base, size: size)
    }
  }
}
