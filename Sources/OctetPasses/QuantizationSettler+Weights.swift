import OctetModel

// Weights of the file on the runtime's law: int8 with zero point 0, int32 biases.
//
// Those with a zero point are as WideWeights.swift has it.

extension QuantizationSettler: WeightWidener {
  /// Gives a node with weights integers; false, and no change, when they do not lie on a grid.
  mutating func convertWeights(_ node: inout Node, axis: Int) -> Bool {
    let tensor = graph.tensors[node.inputs[1]]
    guard let grid = constantGrids[node.inputs[1]],
      let steps = steps(tensor, grid.scales, axis: axis)
    else { return false }
    var bias: Tensor?
    // Without an input scale the bias stays real.
    if node.inputs.count == 3,
      let inputScale = graph.tensors[node.inputs[0]].quantization?.scales.first
    {
      bias = integerBias(graph.tensors[node.inputs[2]], inputScale, grid.scales)
      if bias == nil { return false }
    }
    let zeroPoint = zeroPoint(of: node, grid, steps)
    let parts = wideParts(of: steps.map { $0 + zeroPoint })
    guard parts.count <= 3 else { return false }
    var weights = tensor
    weights.elementType = .int8
    weights.quantization = Quantization(
      scales: grid.scales, zeroPoints: grid.scales.map { _ in Int32(zeroPoint) },
      axis: grid.scales.count == 1 ? nil : axis)
    if parts.count == 1 {
      weights.constant = .int8(parts[0])
    } else {
      widen(&node, &weights, parts)
      widenedNodes.append(node.name)
    }
    if let bias { node.inputs[2] = addConstant(bias) }
    node.inputs[1] = addConstant(weights)
    return true
  }

  /// The weights in steps of their scales, less their zero points.
  private func steps(_ tensor: Tensor, _ scales: [Float], axis: Int) -> [Int]? {
    guard case .float(let values) = tensor.constant,
      scales.count == 1 || tensor.shape[axis] == scales.count
    else { return nil }
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    var result: [Int] = []
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let steps = value / scales[index / inner % scales.count]
      guard abs(steps - steps.rounded()) < 0.01, abs(steps) < 256 else { return nil }
      result.append(Int(steps.rounded()))
    }
    return result
  }

  /// The zero point that the kernel takes off the weights: 0 but for a fully connected node with
  /// one scale whose weights do not fit without.
  private func zeroPoint(of node: Node, _ grid: Quantization, _ steps: [Int]) -> Int {
    guard case .fullyConnected = node.operation, grid.scales.count == 1,
      !steps.allSatisfy({ Int8(exactly: $0) != nil })
    else { return 0 }
    return Int(grid.zeroPoints[0])
  }

  /// A node that moves elements of `tensor`, and its result on the same grid.
  package mutating func moved(
    _ tensor: TensorIndex, _ operation: Operation, _ inputs: [TensorIndex], _ name: String,
    _ shape: [Int]
  ) -> TensorIndex {
    var result = graph.tensors[tensor]
    result.name = names.take("\(result.name)/\(name)")
    result.shape = shape
    let index = graph.add(result)
    nodes.append(
      Node(
        name: nodeNames.take(result.name), operation: operation, inputs: inputs, outputs: [index]))
    return index
  }

  /// int32 at the input's scale times the weights'.
  private func integerBias(
    _ tensor: Tensor, _ inputScale: Float, _ weightScales: [Float]
  ) -> Tensor? {
    guard case .float(let values) = tensor.constant,
      weightScales.count == 1 || weightScales.count == values.count
    else { return nil }
    let scales = weightScales.map { $0 * inputScale }
    var integers: [Int32] = []
    for (index, value) in values.enumerated() {
      let steps = Double(value) / Double(scales[scales.count == 1 ? 0 : index])
      guard let integer = Int32(exactly: steps.rounded(.toNearestOrEven)) else { return nil }
      integers.append(integer)
    }
    guard scales.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
    var result = tensor
    result.elementType = .int32
    result.constant = .int32(integers)
    result.quantization = Quantization(
      scales: scales, zeroPoints: scales.map { _ in 0 }, axis: scales.count == 1 ? nil : 0)
    return result
  }
}
