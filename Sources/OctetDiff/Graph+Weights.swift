import OctetEvaluation
import OctetModel

/// A layer's weights as one multiplication has them.
struct LayerWeights {
  var values: [Float]
  var shape: [Int]
  /// The axis of the output channels.
  var axis: Int
  /// How many parts they were added up from; 1 for most.
  var partCount = 1
}

extension Graph {
  /// The weights of a node, nil where they are no constants.
  ///
  /// Weights of more than eight bits stand in a blob as parts that read one tensor as often: what
  /// they add up to are the weights.
  func layerWeights(of node: Node, producers: [Int?]) -> LayerWeights? {
    guard node.inputs.count > 1, let axis = node.operation.weightChannelAxis,
      let values = tensors[node.inputs[1]].reals
    else { return nil }
    let shape = tensors[node.inputs[1]].shape
    let count = partCount(of: node, producers)
    guard count > 1, let last = shape.last else {
      return LayerWeights(values: values, shape: shape, axis: axis)
    }
    let depth = last / count
    let rows = values.count / last
    var sums = [Float](repeating: 0, count: values.count / count)
    for row in 0..<rows {
      for part in 0..<count {
        for column in 0..<depth {
          sums[row * depth + column] += values[row * last + part * depth + column]
        }
      }
    }
    var result = LayerWeights(
      values: sums, shape: shape.dropLast() + [depth], axis: axis, partCount: count)
    // A depthwise convolution became one in groups.
    if depth == 1, shape.count == 4, isInGroups(node) {
      let taps = rows / shape[0]
      result.values = (0..<sums.count).map { sums[$0 % shape[0] * taps + $0 / shape[0]] }
      result.shape = [1, shape[1], shape[2], shape[0]]
      result.axis = 3
    }
    return result
  }

  /// How many parts of a node's weights are to be added up; 1 for most.
  func partCount(of node: Node, _ producers: [Int?]) -> Int {
    let count = repetitionCount(of: node.inputs[0], producers)
    guard node.inputs.count > 1, node.operation.weightChannelAxis == 0,
      let last = tensors[node.inputs[1]].shape.last, last % count == 0
    else { return 1 }
    return count
  }

  /// How often a tensor holds what another holds once, channel by channel.
  func repetitionCount(of tensor: TensorIndex, _ producers: [Int?]) -> Int {
    var current = tensor
    while let producer = producers[current] {
      let node = nodes[producer]
      if case .reshape = node.operation {
        current = node.inputs[0]
      } else if case .concatenation(let axis, _) = node.operation, node.inputs.count > 1,
        axis == tensors[current].shape.count - 1, Set(node.inputs).count == 1
      {
        return node.inputs.count
      } else {
        return 1
      }
    }
    return 1
  }

  private func isInGroups(_ node: Node) -> Bool {
    if case .convolution(let attributes) = node.operation { attributes.groups > 1 } else { false }
  }
}
