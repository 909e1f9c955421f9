import Foundation
import OctetModel

// A normalization of each channel by its own mean and deviation gives the same whatever the channel
// is multiplied with before, but for epsilon. So the weights that make the image bring all channels
// to one deviation: with one scale for all of them, channels that vary little would have few codes,
// and their variances fewer.

/// An image whose channels are normalized one by one.
package struct ChannelNorm: Sendable {
  /// The image less its channels' means, whose variances are asked for.
  package var centred: TensorIndex
  /// The node with the weights.
  fileprivate var source: Int
  /// The node that adds epsilon, and where that stands.
  fileprivate var bounded: Int
  fileprivate var epsilon: (position: Int, value: Float)
  /// Between the source and the factor, that included.
  fileprivate var scaled: [TensorIndex]
}

extension Graph {
  /// Epsilon's share of the variance up to which a channel is brought to the deviation of the
  /// others: what taking one epsilon for all may change.
  private static let epsilonShare = 0x1p-6

  /// Every `x − mean(x)` over images, times `(variance + epsilon)^−½`, where weights make x for
  /// nobody else.
  package func channelNorms() -> [ChannelNorm] {
    let (producers, consumers) = (producers(), consumers())
    return nodes.indices.compactMap { index -> ChannelNorm? in
      let node = nodes[index]
      guard case .subtract(.none) = node.operation, tensors[node.outputs[0]].shape.count == 4 else {
        return nil
      }
      let (x, centred) = (node.inputs[0], node.outputs[0])
      guard let mean = producers[node.inputs[1]], case .mean([1, 2], true) = nodes[mean].operation,
        nodes[mean].inputs[0] == x, Set(consumers[x]) == [mean, index],
        consumers[node.inputs[1]] == [index], let source = producers[x],
        takesNormalization(nodes[source])
      else { return nil }
      var scaled = [x, node.inputs[1], centred]
      guard let end = varianceChain(centred, consumers, &scaled),
        consumers[centred].contains(end.product), consumers[centred].count == 2,
        scaled.allSatisfy({ isFree($0) && !outputs.contains($0) })
      else { return nil }
      return ChannelNorm(
        centred: centred, source: source, bounded: end.bounded, epsilon: end.epsilon,
        scaled: scaled)
    }
  }

  /// The nodes from the centred image to its product with the factor: the transposed rows, the
  /// product of these with themselves, its share, epsilon and the inverse root.
  private func varianceChain(
    _ centred: TensorIndex, _ consumers: [[Int]], _ scaled: inout [TensorIndex]
  ) -> (bounded: Int, epsilon: (position: Int, value: Float), product: Int)? {
    func reader(_ tensor: TensorIndex) -> Int? {
      consumers[tensor].count == 1 ? consumers[tensor][0] : nil
    }
    guard
      let transposed = consumers[centred].first(where: {
        if case .transpose([0, 3, 1, 2]) = nodes[$0].operation { true } else { false }
      })
    else { return nil }
    let rows = consumers[nodes[transposed].outputs[0]]
    let views = rows.map { nodes[$0].outputs[0] }
    let products = Set(views.compactMap { reader($0) })
    guard views.count == 2, products.count == 1, let product = products.first,
      case .matrixMultiply = nodes[product].operation
    else { return nil }
    scaled += [nodes[transposed].outputs[0]] + views
    var tensor = nodes[product].outputs[0]
    var bounded: (Int, (Int, Float))?
    while let next = reader(tensor) {
      scaled.append(tensor)
      let node = nodes[next]
      let constant = node.inputs.indices.first { tensors[node.inputs[$0]].floats?.count == 1 }
      var isStep = node.operation.keepsElementOrder
      if node.operation == .scalar(.power(exponent: -0.5)) { isStep = true }
      if node.operation == .multiply(.none), constant != nil, bounded == nil { isStep = true }
      if node.operation == .add(.none), bounded == nil, let constant,
        let value = tensors[node.inputs[constant]].floats?[0], value > 0
      {
        bounded = (next, (constant, value))
        isStep = true
      }
      guard isStep else {
        guard case .multiply = node.operation, let bounded, node.inputs.contains(centred),
          node.inputs.contains(tensor)
        else { return nil }
        return (bounded.0, bounded.1, next)
      }
      tensor = node.outputs[0]
    }
    return nil
  }

  /// Brings the channels of an image that are normalized one by one to one deviation.
  ///
  /// The normalized image, and all after it, keeps its values, but that epsilon becomes the mean of
  /// what the channels then have. Tensors whose values change are renamed.
  ///
  /// - Parameters:
  ///   - norm: as `channelNorms()` found it in this graph.
  ///   - variances: of each channel of `norm.centred`.
  package mutating func equalizeChannels(of norm: ChannelNorm, variances: [Double]) {
    let epsilon = Double(norm.epsilon.value)
    // Channels that hardly vary are left near what epsilon makes of them.
    let bounded = variances.map { max($0, epsilon / Self.epsilonShare) }
    let middle = bounded.reduce(0) { $0 + log($1) } / Double(max(bounded.count, 1))
    let squares = bounded.map { exp(middle) / $0 }
    guard squares.allSatisfy({ $0.isFinite && $0 > 0 }), squares.count > 1,
      scaleWeights(
        of: norm.source, by: squares.map { Float($0.squareRoot()) }, squares.map { _ in 0 })
    else { return }
    let own = epsilon * squares.reduce(0, +) / Double(squares.count)
    nodes[norm.bounded].inputs[norm.epsilon.position] = add(
      Tensor(
        name: "\(nodes[norm.bounded].name)/epsilon", shape: [1], constant: .float([Float(own)])))
    for tensor in norm.scaled { tensors[tensor].name += "/equalized" }
  }
}
