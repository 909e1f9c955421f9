import OctetModel

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

extension Graph {
  /// The fewest int8 parts that add up to the integers.
  package static func wideParts(of integers: [Int]) -> [[Int8]] {
    var rest = integers
    var result: [[Int8]] = []
    repeat {
      let part = rest.map { Int8(clamping: $0) }
      for index in rest.indices { rest[index] -= Int(part[index]) }
      result.append(part)
    } while rest.contains { $0 != 0 }
    return result
  }

  /// Makes a node with weights read each input channel once for each part of the weights.
  ///
  /// Weights `[O, KH, KW, I / groups]` become `[O, KH, KW, parts · I / groups]`, those of a
  /// fully connected node `[O, parts · I]`; a depthwise convolution becomes one in groups. The sums
  /// stay the same to the last bit.
  ///
  /// - Parameters:
  ///   - node: not one of the graph's yet; its first operand is.
  ///   - weights: its constant, with the parts as `wideParts(of:)` has them.
  ///   - tensorNames, nodeNames: those that are taken.
  /// - Returns: the nodes that repeat the channels, to stand before the node.
  package mutating func widen(
    _ node: inout Node, _ weights: inout Tensor, _ parts: [[Int8]],
    tensorNames: inout UniqueNames, nodeNames: inout UniqueNames
  ) -> [Node] {
    var groups = 1
    var rows = parts
    if case .convolution(let attributes) = node.operation { groups = attributes.groups }
    if case .transposedConvolution(let attributes) = node.operation { groups = attributes.groups }
    if case .depthwiseConvolution(var attributes) = node.operation {
      groups = tensors[node.inputs[0]].shape[3]
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
    var made: [Node] = []
    for (name, operation, shape) in repetition(
      of: tensors[node.inputs[0]].shape, depth: depth, groups: groups, count: parts.count)
    {
      var result = tensors[node.inputs[0]]
      result.name = tensorNames.take("\(tensors[node.inputs[0]].name)/\(name)")
      (result.shape, result.constant) = (shape, nil)
      let source = made.last?.outputs[0] ?? node.inputs[0]
      let isCopying = !operation.isReshape
      made.append(
        Node(
          name: nodeNames.take(result.name), operation: operation,
          inputs: [TensorIndex](repeating: source, count: isCopying ? parts.count : 1),
          outputs: [add(result)]))
    }
    if let last = made.last { node.inputs[0] = last.outputs[0] }
    return made
  }

  /// How a tensor `[…, groups · depth]` gets the channels of each group `count` times,
  /// `[…, groups · count · depth]`: names, operations and shapes, one after the other.
  private func repetition(
    of shape: [Int], depth: Int, groups: Int, count: Int
  ) -> [(name: String, operation: Operation, shape: [Int])] {
    if groups == 1, shape.last == depth {
      let repeated: [Int] = shape.dropLast() + [count * depth]
      return [
        ("repeated", .concatenation(axis: shape.count - 1, activation: .none), repeated)
      ]
    }
    let pixels = shape.elementCount / max(groups * depth, 1)
    let grouped = [1, pixels, groups, depth]
    let wide: [Int] =
      shape.last == groups * depth
      ? shape.dropLast() + [groups * count * depth] : [pixels, groups * count * depth]
    return [
      ("grouped", .reshape(grouped), grouped),
      (
        "repeated", .concatenation(axis: 3, activation: .none), [1, pixels, groups, count * depth]
      ),
      ("wide", .reshape(wide), wide),
    ]
  }
}
