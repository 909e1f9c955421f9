import OctetModel

extension Graph {
  /// Folds each batch normalization into the convolution or fully connected node before it:
  /// `w'[o] = w[o] · g[o]`, `b'[o] = (b[o] − mean[o]) · g[o] + beta[o]` with
  /// `g = gamma / √(variance + epsilon)`.
  ///
  /// Outputs keep their values, but for the rounding of floats. A normalization stays whose operand
  /// another node reads, or has a grid or an activation.
  package mutating func foldBatchNormalizations() {
    var producers = producers()
    let consumers = consumers()
    let ends = Set(outputs)
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      let input = node.inputs[0]
      guard let producer = producers[input], consumers[input].count == 1, !ends.contains(input),
        isFree(input), takesNormalization(nodes[producer]), let line = normalizationLine(node),
        scaleWeights(of: producer, by: line.gain.map { Float($0) }, line.offset.map { Float($0) })
      else { continue }
      nodes[producer].outputs = node.outputs
      producers[node.outputs[0]] = producer
      removed.insert(index)
    }
    removeNodes(removed)
  }

  /// Whether a normalization of the node's result can be folded into its weights.
  package func takesNormalization(_ node: Node) -> Bool {
    node.operation.weightChannelAxis != nil && node.inputs.count > 1
      && node.inputs.dropFirst().allSatisfy { tensors[$0].floats != nil }
      && node.operation.activation == Activation.none
  }

  /// What a batch normalization makes of channel c: `y = x · gain[c] + offset[c]`; nil for other
  /// nodes, and where its statistics are computed.
  package func normalizationLine(_ node: Node) -> (gain: [Double], offset: [Double])? {
    guard case .batchNormalization(let epsilon) = node.operation else { return nil }
    let values = node.inputs.dropFirst().compactMap { tensors[$0].floats }
    guard values.count == 4 else { return nil }
    let gain = zip(values[0], values[3]).map { gamma, variance in
      Double(gamma) / (Double(variance) + Double(epsilon)).squareRoot()
    }
    let offset = gain.indices.map { Double(values[1][$0]) - Double(values[2][$0]) * gain[$0] }
    return (gain, offset)
  }

  /// Multiplies each output channel of a node with real weights, and adds an offset; false, and no
  /// change, where there are not as many channels. Weights and bias become new tensors: others may
  /// share the old ones.
  package mutating func scaleWeights(of index: Int, by gain: [Float], _ offset: [Float]) -> Bool {
    let node = nodes[index]
    let shape = tensors[node.inputs[1]].shape
    guard let axis = node.operation.weightChannelAxis, shape[axis] == gain.count,
      var weights = tensors[node.inputs[1]].floats
    else { return false }
    let inner = shape[(axis + 1)...].reduce(1, *)
    for position in weights.indices { weights[position] *= gain[position / inner % gain.count] }
    var bias = offset
    if node.inputs.count > 2 {
      guard let old = tensors[node.inputs[2]].floats else { return false }
      for channel in bias.indices { bias[channel] += old[channel] * gain[channel] }
    }
    let weightName = tensors[node.inputs[1]].name + "/folded"
    let weightIndex = add(Tensor(name: weightName, shape: shape, constant: .float(weights)))
    let biasIndex = add(
      Tensor(name: node.name + "/bias/folded", shape: [bias.count], constant: .float(bias)))
    nodes[index].inputs = [node.inputs[0], weightIndex, biasIndex]
    return true
  }
}
