import OctetModel

// Weights of the file on the runtime's law: int8 with zero point 0, int32 biases.
//
// Weights of uint8 (and int8) with a zero point z stand for s · (q − z), and q − z is −255…255.
//
// | q − z | what the node becomes |
// |---|---|
// | all −128…127 | the same node: they are int8 with zero point 0 |
// | fully connected, one scale | the same node: its kernel knows a zero point of weights |
// | others | w = w₁ + w₂ (+ w₃), each int8, over an input that holds its channels as often |
//
// Every way adds up the same integers as the file, so results are the same to the last bit. The
// last costs two or three times the node's multiply-adds and weights.

extension QuantizationSettler {
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
    let parts = Self.parts(of: steps.map { $0 + zeroPoint })
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

  /// As few int8 parts as the integers are sums of.
  private static func parts(of integers: [Int]) -> [[Int8]] {
    var rest = integers
    var result: [[Int8]] = []
    repeat {
      let part = rest.map { Int8(clamping: $0) }
      for index in rest.indices { rest[index] -= Int(part[index]) }
      result.append(part)
    } while rest.contains { $0 != 0 }
    return result
  }

  /// Makes the node read each input channel once for each part of the weights.
  ///
  /// Weights `[O, KH, KW, I / groups]` become `[O, KH, KW, parts · I / groups]`, those of a
  /// fully connected node `[O, parts · I]`; a depthwise convolution becomes one in groups.
  private mutating func widen(_ node: inout Node, _ weights: inout Tensor, _ parts: [[Int8]]) {
    var groups = 1
    var rows = parts
    if case .convolution(let attributes) = node.operation { groups = attributes.groups }
    if case .transposedConvolution(let attributes) = node.operation { groups = attributes.groups }
    if case .depthwiseConvolution(var attributes) = node.operation {
      groups = graph.tensors[node.inputs[0]].shape[3]
      attributes.groups = groups
      node.operation = .convolution(attributes)
      let (taps, outputs) = (weights.shape[1] * weights.shape[2], weights.shape[3])
      rows = parts.map { part in
        (0..<outputs * taps).map { part[$0 % taps * outputs + $0 / taps] }
      }
      weights.shape = [outputs, weights.shape[1], weights.shape[2], 1]
      if weights.quantization?.axis != nil { weights.quantization?.axis = 0 }
    }
    let depth = weights.shape.last ?? 1
    weights.shape[weights.shape.count - 1] *= parts.count
    weights.constant = .int8(
      (0..<rows[0].count / depth).flatMap { row in
        rows.flatMap { $0[row * depth..<(row + 1) * depth] }
      })
    node.inputs[0] = copies(of: node.inputs[0], depth: depth, groups: groups, count: parts.count)
    widenedNodes.append(node.name)
  }

  /// The tensor `[…, groups · depth]` with the channels of each group `count` times,
  /// `[…, groups · count · depth]`.
  private mutating func copies(
    of tensor: TensorIndex, depth: Int, groups: Int, count: Int
  ) -> TensorIndex {
    let shape = graph.tensors[tensor].shape
    if groups == 1, shape.last == depth {
      let parts = [TensorIndex](repeating: tensor, count: count)
      return moved(
        tensor, .concatenation(axis: shape.count - 1, activation: .none), parts, "repeated",
        shape.dropLast() + [count * depth])
    }
    let pixels = graph.tensors[tensor].elementCount / max(groups * depth, 1)
    let grouped = [1, pixels, groups, depth]
    let repeated = [1, pixels, groups, count * depth]
    let wide =
      shape.last == groups * depth
      ? shape.dropLast() + [groups * count * depth] : [pixels, groups * count * depth]
    let source = moved(tensor, .reshape(grouped), [tensor], "grouped", grouped)
    let parts = [TensorIndex](repeating: source, count: count)
    let joined = moved(
      tensor, .concatenation(axis: 3, activation: .none), parts, "repeated", repeated)
    return moved(tensor, .reshape(wide), [joined], "wide", wide)
  }

  /// A node that moves elements of `tensor`, and its result on the same grid.
  private mutating func moved(
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
