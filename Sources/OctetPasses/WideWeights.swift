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

/// An importer that can put nodes before the one that it makes.
package protocol WeightWidener {
  var graph: Graph { get }

  /// A node that moves elements of `tensor`, and its result on the same grid.
  mutating func moved(
    _ tensor: TensorIndex, _ operation: Operation, _ inputs: [TensorIndex], _ name: String,
    _ shape: [Int]
  ) -> TensorIndex
}

extension WeightWidener {
  /// As few int8 parts as the integers are sums of.
  package func wideParts(of integers: [Int]) -> [[Int8]] {
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
  package mutating func widen(_ node: inout Node, _ weights: inout Tensor, _ parts: [[Int8]]) {
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
}
