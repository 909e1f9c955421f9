import OctetModel

extension Graph {
  /// Takes the mean over output channels from the weights and biases of a layer of whose results
  /// the mean over channels is taken, as layer normalizations do: then the results are centred
  /// already, and neither the mean nor the difference has to be rounded.
  ///
  /// Only where nothing else reads the results, and nothing has a grid yet. Outputs keep their
  /// values, but for the rounding of floats.
  package mutating func centreWeights() {
    var producers = producers()
    let consumers = consumers()
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard node.operation == .subtract(.none), node.inputs.count == 2,
        let mean = producers[node.inputs[1]],
        let source = centredSource(index, mean, producers, consumers),
        centreWeights(of: source)
      else { continue }
      nodes[source].outputs = node.outputs
      producers[node.outputs[0]] = source
      removed.formUnion([mean, index])
    }
    removeNodes(removed)
  }

  /// The layer whose results the node lessens by their mean over channels, which `mean` takes.
  private func centredSource(
    _ index: Int, _ mean: Int, _ producers: [Int?], _ consumers: [[Int]]
  ) -> Int? {
    let x = nodes[index].inputs[0]
    guard nodes[mean].operation == .mean(axes: [tensors[x].shape.count - 1], keepsDimensions: true),
      nodes[mean].inputs[0] == x, Set(consumers[x]) == [mean, index],
      consumers[nodes[mean].outputs[0]] == [index], let source = producers[x],
      (nodes[mean].outputs + [x]).allSatisfy({ isFree($0) && !outputs.contains($0) }),
      takesNormalization(nodes[source]), nodes[source].operation.weightChannelAxis == 0
    else { return nil }
    // Groups, and transposed convolutions, have not all output channels for each input.
    if case .fullyConnected = nodes[source].operation { return source }
    if case .convolution(let attributes) = nodes[source].operation, attributes.groups == 1 {
      return source
    }
    return nil
  }

  private mutating func centreWeights(of index: Int) -> Bool {
    let node = nodes[index]
    var constants: [TensorIndex] = []
    for input in node.inputs.dropFirst() {
      guard let values = tensors[input].floats, let count = tensors[input].shape.first, count > 0
      else { return false }
      let size = values.count / count
      var means = [Double](repeating: 0, count: size)
      for (position, value) in values.enumerated() { means[position % size] += Double(value) }
      var centred = tensors[input]
      centred.name += "/centred"
      centred.constant = .float(
        values.enumerated().map { position, value in
          Float(Double(value) - means[position % size] / Double(count))
        })
      constants.append(add(centred))
    }
    nodes[index].inputs = [node.inputs[0]] + constants
    return true
  }
}
