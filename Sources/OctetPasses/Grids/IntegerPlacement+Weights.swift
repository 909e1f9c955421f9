import OctetModel

// Weights of the file on the runtime's law: int8 with zero point 0, int32 biases.
//
// Those with a zero point are as WidenWeights.swift has it.

extension IntegerPlacement {
  /// Gives a node with weights integers; false, and no change, when they do not lie on a grid.
  mutating func convertWeights(_ node: inout Node, axis: Int) -> Bool {
    let tensor = graph.tensors[node.inputs[1]]
    guard let grid = constantGrids[node.inputs[1]],
      grid.scales.count == 1 || tensor.shape[axis] == grid.scales.count,
      let steps = tensor.steps(grid.scales, axis: axis)
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
    let parts = Graph.wideParts(of: steps.map { $0 + zeroPoint })
    guard parts.count <= 3 else { return false }
    var weights = tensor
    weights.elementType = .int8
    weights.quantization = Quantization(
      scales: grid.scales, zeroPoints: grid.scales.map { _ in Int32(zeroPoint) },
      axis: grid.scales.count == 1 ? nil : axis)
    if parts.count == 1 {
      weights.constant = .int8(parts[0])
      let isNarrow =
        narrow.contains(node.inputs[1]) && parts[0].allSatisfy { (-8...7).contains($0) }
      if isNarrow, node.operation.takesNarrowWeights { weights.elementType = .int4 }
    } else {
      nodes += graph.widen(
        &node, &weights, parts, tensorNames: &names, nodeNames: &nodeNames)
      widenedNodes.append(node.name)
    }
    if let bias { node.inputs[2] = addConstant(bias) }
    node.inputs[1] = addConstant(weights)
    return true
  }

  /// The zero point that the kernel takes off the weights: 0 but for a fully connected node with
  /// one scale whose weights do not fit without.
  private func zeroPoint(of node: Node, _ grid: Quantization, _ steps: [Int]) -> Int {
    guard case .fullyConnected = node.operation, grid.scales.count == 1,
      !steps.allSatisfy({ (-128...127).contains($0) })
    else { return 0 }
    return Int(grid.zeroPoints[0])
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
      guard let code = TieRule.toEven.exactCode(steps: steps) else { return nil }
      integers.append(code)
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

extension Tensor {
  /// A real constant in steps of its scales, less than 256 of them each; nil when a value lies
  /// between two.
  func steps(_ scales: [Float], axis: Int?) -> [Int]? {
    guard let values = floats else { return nil }
    let inner = axis.map { shape[($0 + 1)...].reduce(1, *) } ?? 1
    var result: [Int] = []
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      let steps = value / scales[index / inner % scales.count]
      guard abs(steps - steps.rounded()) < 0.01, abs(steps) < 256 else { return nil }
      result.append(Int(steps.rounded()))
    }
    return result
  }
}
