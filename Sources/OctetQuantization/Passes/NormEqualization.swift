import Foundation
import OctetModel

// A normalization of each channel by its own mean and deviation gives the same whatever the channel
// is multiplied with before, but for epsilon. So the weights that make the image bring all channels
// to one deviation: with one scale for all of them, channels that vary little would have few codes,
// and their variances fewer.

extension Graph {
  /// The graph with channels that are normalized one by one brought to one deviation on `samples`.
  ///
  /// Tensors whose values change are renamed. Epsilon becomes the mean of what the channels have.
  func withEqualNorms(
    _ samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) -> Graph {
    let norms = channelNorms()
    if norms.isEmpty || samples.count == 0 { return self }
    let picked = samples.picked(
      CalibrationSamples.spread(samples.count, atMost: Self.normSampleLimit))
    let counts = norms.map { tensors[$0.centred].shape.last ?? 1 }
    let squares = try Calibration.pass(self, picked, threadCount) {
      counts.map { [Double](repeating: 0, count: $0) }
    } visit: { _, interpreter, sums in
      for (position, norm) in norms.enumerated() {
        interpreter.withValue(of: norm.centred) { values in
          for (index, value) in values.enumerated() {
            sums[position][index % counts[position]] += Double(value) * Double(value)
          }
        }
      }
    } merge: { into, from in
      for position in into.indices {
        for channel in into[position].indices { into[position][channel] += from[position][channel] }
      }
    }
    var graph = self
    for (position, norm) in norms.enumerated() {
      let count = tensors[norm.centred].elementCount / counts[position] * picked.count
      graph.equalize(norm, variances: squares[position].map { $0 / Double(count) })
    }
    return graph.canonical()
  }

  private static let normSampleLimit = 64
  /// Epsilon's share of the variance up to which a channel is brought to the deviation of the
  /// others: what taking one epsilon for all may change.
  private static let epsilonShare = 0x1p-6

  private struct ChannelNorm {
    /// The node with the weights.
    var source: Int
    var centred: TensorIndex
    /// The node that adds epsilon, and where that stands.
    var bounded: Int
    var epsilon: (position: Int, value: Float)
    /// Between the source and the factor, that included.
    var scaled: [TensorIndex]
  }

  /// `x − mean(x)` over images, times `(variance + epsilon)^−½`, where weights make x for nobody
  /// else.
  private func channelNorms() -> [ChannelNorm] {
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
        source: source, centred: centred, bounded: end.bounded, epsilon: end.epsilon,
        scaled: scaled)
    }
  }

  /// From the centred image to its product with the factor: the transposed rows, the product of
  /// these with themselves, its share, epsilon and the inverse root.
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

  private mutating func equalize(_ norm: ChannelNorm, variances: [Double]) {
    let epsilon = Double(norm.epsilon.value)
    // Channels that hardly vary are left near what epsilon makes of them.
    let bounded = variances.map { max($0, epsilon / Self.epsilonShare) }
    let middle = bounded.reduce(0) { $0 + log($1) } / Double(max(bounded.count, 1))
    let squares = bounded.map { exp(middle) / $0 }
    guard squares.allSatisfy({ $0.isFinite && $0 > 0 }), squares.count > 1,
      scaleWeights(
        of: norm.source, by: squares.map { Float($0.squareRoot()) },
        offset: squares.map { _ in 0 })
    else { return }
    let own = epsilon * squares.reduce(0, +) / Double(squares.count)
    nodes[norm.bounded].inputs[norm.epsilon.position] = add(
      Tensor(
        name: "\(nodes[norm.bounded].name)/epsilon", shape: [1], constant: .float([Float(own)])))
    for tensor in norm.scaled { tensors[tensor].name += "/equalized" }
  }
}
