import OctetModel
import OctetRuntime

/// Runs an int8 graph node by node with the oracles: weights, biases and scales are the graph's
/// own, so neither the lowering, nor the blob, nor the arena has a part in it.
struct OracleNetwork {
  let graph: Graph

  /// The int8 values of every activation.
  func run(_ inputs: [[Int8]]) throws -> [TensorIndex: [Int8]] {
    var values: [TensorIndex: [Int8]] = [:]
    for (tensor, input) in zip(graph.inputs, inputs) { values[tensor] = input }
    for node in graph.nodes {
      guard let input = values[node.inputs[0]] else { throw OracleError(node: node.name) }
      values[node.outputs[0]] = try result(of: node, input)
    }
    return values
  }

  struct OracleError: Error { var node: String }

  private func result(of node: Node, _ input: [Int8]) throws -> [Int8] {
    switch node.operation {
    case .convolution(let attributes):
      return Oracle.convolution(try convolution(node, attributes, kernelAxis: 1), input)
    case .depthwiseConvolution(let attributes):
      return Oracle.depthwiseConvolution(try convolution(node, attributes, kernelAxis: 1), input)
    case .fullyConnected(let attributes):
      return Oracle.fullyConnected(try fullyConnected(node, attributes), input)
    case .maxPool(let attributes): return Oracle.maxPool(pool(node, attributes), input)
    case .averagePool(let attributes): return Oracle.averagePool(pool(node, attributes), input)
    case .reshape: return input
    case .softmax(_, let beta): return Oracle.softmax(softmax(node, beta), input)
    default: throw OracleError(node: node.name)
    }
  }

  private func convolution(
    _ node: Node, _ attributes: ConvolutionAttributes, kernelAxis: Int
  ) throws -> ConvolutionParameters {
    let weights = graph.tensors[node.inputs[1]].shape
    let (lower, upper) = clampBounds(node, attributes.activation)
    return ConvolutionParameters(
      input: shape(node.inputs[0]), inputZeroPoint: zeroPoint(node.inputs[0]),
      weights: try int8(node, 1), bias: try int32(node, 2), multipliers: multipliers(node),
      output: shape(node.outputs[0]), outputZeroPoint: zeroPoint(node.outputs[0]), lower: lower,
      upper: upper,
      window: WindowParameters(
        kernelHeight: weights[kernelAxis], kernelWidth: weights[kernelAxis + 1],
        strideHeight: attributes.stride.height, strideWidth: attributes.stride.width,
        dilationHeight: attributes.dilation.height, dilationWidth: attributes.dilation.width,
        top: attributes.padding.top, left: attributes.padding.left),
      groups: attributes.groups)
  }

  private func fullyConnected(
    _ node: Node, _ attributes: FullyConnectedAttributes
  ) throws -> FullyConnectedParameters {
    let weights = graph.tensors[node.inputs[1]].shape
    let (lower, upper) = clampBounds(node, attributes.activation)
    return FullyConnectedParameters(
      rows: graph.tensors[node.inputs[0]].elementCount / weights[1], inputCount: weights[1],
      outputCount: weights[0], inputZeroPoint: zeroPoint(node.inputs[0]),
      weights: try int8(node, 1), bias: try int32(node, 2), multipliers: multipliers(node),
      outputZeroPoint: zeroPoint(node.outputs[0]), lower: lower, upper: upper)
  }

  private func pool(_ node: Node, _ attributes: PoolAttributes) -> PoolParameters {
    let (lower, upper) = clampBounds(node, attributes.activation)
    return PoolParameters(
      input: shape(node.inputs[0]), zeroPoint: zeroPoint(node.inputs[0]),
      output: shape(node.outputs[0]),
      window: WindowParameters(
        kernelHeight: attributes.kernel.height, kernelWidth: attributes.kernel.width,
        strideHeight: attributes.stride.height, strideWidth: attributes.stride.width,
        top: attributes.padding.top, left: attributes.padding.left),
      lower: lower, upper: upper)
  }

  /// The input's differences in Q5.26, and the radius in which they count.
  private func softmax(_ node: Node, _ beta: Float) -> SoftmaxParameters {
    let input = shape(node.inputs[0])
    let by = FixedPointMultiplier(min(Double(beta) * scale(node.inputs[0]) * 0x1p26, 0x1p31 - 1))
    let radius = 31 * Double(1 << 26) / Double(1 << Int(by.shift))
    return SoftmaxParameters(
      rows: input.count / input.c, channels: input.c, multiplier: by,
      differenceMinimum: -Int(radius))
  }

  // MARK: The graph's numbers

  private func multipliers(_ node: Node) -> [FixedPointMultiplier] {
    let weights = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    return weights.map {
      FixedPointMultiplier(scale(node.inputs[0]) * Double($0) / scale(node.outputs[0]))
    }
  }

  private func clampBounds(_ node: Node, _ activation: Activation) -> (lower: Int, upper: Int) {
    let output = node.outputs[0]
    func code(_ real: Float, _ limit: Int) -> Int {
      guard real.isFinite else { return limit }
      let steps = (real / Float(scale(output))).rounded(.toNearestOrAwayFromZero)
      return min(127, max(-128, Int(steps) + zeroPoint(output)))
    }
    let (lower, upper) = activation.bounds
    return (code(lower, -128), code(upper, 127))
  }

  private func shape(_ tensor: TensorIndex) -> Shape { Shape(graph.tensors[tensor].shape) }

  private func scale(_ tensor: TensorIndex) -> Double {
    Double(graph.tensors[tensor].quantization?.scales[0] ?? 0)
  }

  private func zeroPoint(_ tensor: TensorIndex) -> Int {
    Int(graph.tensors[tensor].quantization?.zeroPoints[0] ?? 0)
  }

  private func int8(_ node: Node, _ position: Int) throws -> [Int8] {
    guard case .int8(let values) = graph.tensors[node.inputs[position]].constant else {
      throw OracleError(node: node.name)
    }
    return values
  }

  private func int32(_ node: Node, _ position: Int) throws -> [Int32] {
    guard case .int32(let values) = graph.tensors[node.inputs[position]].constant else {
      throw OracleError(node: node.name)
    }
    return values
  }
}
