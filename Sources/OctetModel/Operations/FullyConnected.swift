/// Attributes of a fully connected layer.
public struct FullyConnectedAttributes: Sendable, Equatable {
  /// What is applied to the sums.
  public var activation = Activation.none
  /// Whether `[…, I]` gives `[…, O]`; otherwise it gives `[rows, O]`, with as many rows as vectors.
  public var keepsLeadingDimensions = false

  /// No activation, and a result `[rows, O]`.
  public init() {}
}

/// x `[…, I]`, weights `[O, I]`, bias `[O]`.
struct FullyConnectedDefinition: WeightedOperation, FusingOperation {
  let attributes: FullyConnectedAttributes

  var name: String { "fullyConnected" }
  var weightChannelAxis: Int { 0 }
  var activation: Activation { attributes.activation }

  func replacing(activation: Activation) -> Operation {
    var attributes = attributes
    attributes.activation = activation
    return .fullyConnected(attributes)
  }

  func multiplyAddCount(x: [Int], weights: [Int], output: [Int]) -> Int {
    output.elementCount * Array(weights.dropFirst()).elementCount
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    try inputs.requireRank(2, of: 1, "weights")
    let (x, weights) = (inputs[0], inputs[1])
    let count = try Graph.checkedElementCount(x, node: inputs.node)
    let depth = weights[1]
    if inputs.count == 3, inputs[2] != [weights[0]] {
      throw inputs.invalid("has a bias of shape \(inputs[2]), but \(weights[0]) outputs")
    }
    if attributes.keepsLeadingDimensions {
      guard x.last == depth else {
        throw inputs.invalid("cannot apply weights \(weights) to x \(x)")
      }
      return [x.dropLast() + [weights[0]]]
    }
    guard depth > 0, count % depth == 0 else {
      throw inputs.invalid("cannot apply weights \(weights) to x \(x)")
    }
    return [[count / depth, weights[0]]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.fullyConnected(attributes) }
}

extension StepContext {
  /// x `[rows, I]`, weights `[O, I]`, bias `[O]` → y `[rows, O]`.
  func fullyConnected(_ attributes: FullyConnectedAttributes) -> InterpreterStep {
    let (weights, x, y) = (inputs[1], self.x, self.y)
    let bias = unsafe inputs.count == 3 ? inputs[2].base : nil
    let (columns, depth) = (weights.shape[0], weights.shape[1])
    let size = ProductSize(
      rows: columns == 0 ? 0 : y.count / columns, columns: columns, depth: depth,
      rowStride: columns)
    return followed(by: attributes.activation) {
      unsafe multiplyByTransposed(a: x.base, b: weights.base, bias: bias, c: y.base, size: size)
    }
  }
}
