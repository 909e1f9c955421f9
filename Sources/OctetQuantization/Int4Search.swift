import OctetModel
import OctetPasses

// Which layers get weights of 4 bits: those that cost the outputs least for what they save.

extension Quantizer {
  /// The layers, by name, whose weights of 4 bits harm the outputs least for the bytes that they
  /// save, as many as save `byteCount`; all where these are too few.
  ///
  /// Each layer is tried by itself on some of `samples`, its weights rounded to the nearest codes
  /// and everything else real.
  ///
  /// - Parameter byteCount: what is to be saved, two weights a byte.
  /// - Throws: what keeps the graph from int8.
  public static func int4Layers(
    _ graph: Graph, saving byteCount: Int, samples: CalibrationSamples, options: Options
  ) throws(QuantizationError) -> [String] {
    guard graph.tensors.allSatisfy({ $0.quantization == nil }) else { return [] }
    let plain = graph.simplified()
    try plain.requireInt8Forms()
    let simple = try plain.withEqualChannels(samples, threadCount: options.threadCount)
    let search = try RangeSearch(simple, samples, options)
    var costs: [(name: String, bytes: Int, cost: Double)] = []
    for node in simple.nodes where node.operation.takesNarrowWeights {
      guard let weights = simple.tensors[node.inputs[1]].floats, weights.count > 1 else { continue }
      var rounded = simple
      rounded.tensors[node.inputs[1]].constant = .float(simple.roundedToInt4(node))
      let bytes = weights.count / 2
      let error = try search.error(of: rounded).total
      costs.append((node.name, bytes, error / Double(bytes)))
    }
    var (saved, chosen) = (0, Set<String>())
    for layer in costs.sorted(by: { ($0.cost, $0.name) < ($1.cost, $1.name) })
    where saved < byteCount {
      chosen.insert(layer.name)
      saved += layer.bytes
    }
    return costs.map(\.name).filter { chosen.contains($0) }
  }
}

extension Graph {
  /// The weights of a node as 4 bits have them, each channel's largest being ±7.
  fileprivate func roundedToInt4(_ node: Node) -> [Float] {
    let weights = tensors[node.inputs[1]]
    guard let values = weights.floats, let axis = node.operation.weightChannelAxis else {
      return []
    }
    let inner = weights.shape[(axis + 1)...].reduce(1, *)
    let count = weights.shape[axis]
    var largest = [Float](repeating: 0, count: count)
    for (position, value) in values.enumerated() {
      largest[position / inner % count] = max(largest[position / inner % count], abs(value))
    }
    return values.enumerated().map { position, value in
      let step = largest[position / inner % count] / 7
      return step > 0 ? (value / step).rounded() * step : value
    }
  }
}
