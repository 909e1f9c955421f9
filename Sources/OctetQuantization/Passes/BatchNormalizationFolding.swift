import OctetModel

extension Graph {
  /// Folds each batch normalization into the convolution or fully connected node before it:
  /// `w'[o] = w[o] · g[o]`, `b'[o] = (b[o] − mean[o]) · g[o] + beta[o]` with
  /// `g = gamma / √(variance + epsilon)`.
  ///
  /// Left in place where another node reads the un-normalized result or an activation stands
  /// between.
  mutating func foldBatchNormalizations() {
    var producers = producers()
    let consumers = consumers()
    let ends = Set(outputs)
    var removed = Set<Int>()
    for index in nodes.indices {
      let input = nodes[index].inputs[0]
      guard let producer = producers[input], consumers[input].count == 1, !ends.contains(input),
        fold(batchNormalization: index, into: producer)
      else { continue }
      producers[nodes[index].outputs[0]] = producer
      removed.insert(index)
    }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }

  private mutating func fold(batchNormalization index: Int, into producer: Int) -> Bool {
    let node = nodes[index]
    guard case .batchNormalization(let epsilon) = node.operation,
      isFree(node.inputs[0]),
      takesNormalization(nodes[producer]),
      let (gain, offset) = gainAndOffset(node, epsilon: epsilon)
    else { return false }
    guard scaleWeights(of: producer, by: gain, offset: offset) else { return false }
    nodes[producer].outputs = node.outputs
    return true
  }

  /// `y = x · gain + offset` for each channel.
  func gainAndOffset(_ node: Node, epsilon: Float) -> (gain: [Float], offset: [Float])? {
    let values = node.inputs.dropFirst().compactMap { tensors[$0].floats }
    guard values.count == 4 else { return nil }
    let (gamma, beta, mean, variance) = (values[0], values[1], values[2], values[3])
    var gain: [Float] = []
    var offset: [Float] = []
    for channel in gamma.indices {
      let scale =
        Double(gamma[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
      gain.append(Float(scale))
      offset.append(Float(Double(beta[channel]) - Double(mean[channel]) * scale))
    }
    return (gain, offset)
  }

  mutating func scaleWeights(of index: Int, by gain: [Float], offset: [Float]) -> Bool {
    let node = nodes[index]
    guard let axis = node.operation.weightChannelAxis,
      var weights = tensors[node.inputs[1]].floats
    else { return false }
    let shape = tensors[node.inputs[1]].shape
    let inner = shape[(axis + 1)...].reduce(1, *)
    guard shape[axis] == gain.count else { return false }
    for position in weights.indices { weights[position] *= gain[position / inner % gain.count] }

    var bias = offset
    if node.inputs.count > 2 {
      guard let old = tensors[node.inputs[2]].floats else { return false }
      for channel in bias.indices { bias[channel] += old[channel] * gain[channel] }
    }
    // New tensors: others may share the old ones.
    let weightName = tensors[node.inputs[1]].name + "/folded"
    let weightIndex = add(Tensor(name: weightName, shape: shape, constant: .float(weights)))
    let biasIndex = add(
      Tensor(name: node.name + "/bias/folded", shape: [bias.count], constant: .float(bias)))
    nodes[index].inputs = [node.inputs[0], weightIndex, biasIndex]
    return true
  }
}

extension Tensor {
  /// The values of a float constant.
  var floats: [Float]? {
    if case .float(let values) = constant { values } else { nil }
  }
}
