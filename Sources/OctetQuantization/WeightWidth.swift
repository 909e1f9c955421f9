import OctetModel

// How many bits the weights of each layer have.

extension Graph {
  /// Bits of the weights of node `index`. Layers that read or make int16 have weights of 8 bits,
  /// and so have transposed convolutions.
  func weightBits(ofNode index: Int, _ options: Quantizer.Options) -> Int {
    let node = nodes[index]
    guard node.operation.takesNarrowWeights, tensors[node.inputs[0]].elementType != .int16 else {
      return 8
    }
    return options.weightBits[node.name] ?? options.commonWeightBits
  }

  /// Throws unless each name is that of a layer that has weights of 4 bits and 8.
  func requireLayers(_ weightBits: [String: Int]) throws(QuantizationError) {
    let layers = nodes.filter(\.operation.takesNarrowWeights).map(\.name)
    for name in weightBits.keys.sorted() where !layers.contains(name) {
      throw .noSuchLayer(name, layers: layers)
    }
  }
}
