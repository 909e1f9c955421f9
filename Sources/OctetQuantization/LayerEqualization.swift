import OctetModel
import OctetPasses

/// A network in the form that is quantized, and how it came about.
struct EqualizedGraph {
  var graph: Graph
  /// What was done: never `automatic`.
  var equalization = Equalization.none
  /// What became of channels, by the names that their tensors now have.
  var changes: [String: [ChannelChange]] = [:]
}

extension Graph {
  /// The graph with channels equalized across layers as the options ask for it.
  func withEqualLayers(
    _ samples: CalibrationSamples, _ options: Quantizer.Options
  ) throws(QuantizationError) -> EqualizedGraph {
    let plain = EqualizedGraph(graph: self)
    if options.equalization == .none { return plain }
    var equal = self
    let changes = equal.equalizeLayers()
    let isAutomatic = options.equalization == .automatic
    let isEager = options.equalizationGain < EqualizedGraph.leastGain
    if changes.isEmpty || (isAutomatic && !isEager && !changes.areLarge) { return plain }
    let scaled = EqualizedGraph(
      graph: equal.canonical(), equalization: .crossLayer,
      changes: Dictionary(uniqueKeysWithValues: changes.map { (equal.tensors[$0].name, $1) }))
    if options.equalization == .crossLayer { return scaled }
    let absorbed = try scaled.absorbingBiases(samples, options.threadCount)
    if !isAutomatic { return absorbed }
    var best = plain
    var least = try RangeSearch.error(ofRounded: self, samples, options)
    for candidate in [scaled, absorbed] where candidate.graph != best.graph {
      let error = try RangeSearch.error(ofRounded: candidate.graph, samples, options)
      if error.isBelow(least, by: options.equalizationGain) { (best, least) = (candidate, error) }
    }
    return best
  }

  fileprivate struct Extent: Sendable {
    var least = Float.infinity
    var greatest = -Float.infinity
  }

  /// What each channel of each activation spans on samples.
  fileprivate func channelExtents(
    _ samples: CalibrationSamples, _ threadCount: Int
  ) throws(QuantizationError) -> [TensorIndex: [Extent]] {
    let activations = tensors.indices.filter { isFree($0) && tensors[$0].elementType == .float32 }
    let counts = activations.map { tensors[$0].shape.last ?? 1 }
    let extents = try Calibration.pass(self, samples, threadCount) {
      counts.map { [Extent](repeating: Extent(), count: $0) }
    } visit: { _, interpreter, extents in
      for (position, tensor) in activations.enumerated() {
        unsafe interpreter.withValue(of: tensor) { values in
          let count = counts[position]
          for index in values.indices {
            let value = unsafe values[index]
            let own = extents[position][index % count]
            extents[position][index % count] = Extent(
              least: min(own.least, value), greatest: max(own.greatest, value))
          }
        }
      }
    } merge: { into, from in
      for position in into.indices {
        for (channel, other) in from[position].enumerated() {
          let own = into[position][channel]
          into[position][channel] = Extent(
            least: min(own.least, other.least), greatest: max(own.greatest, other.greatest))
        }
      }
    }
    return Dictionary(uniqueKeysWithValues: zip(activations, extents))
  }
}

extension EqualizedGraph {
  /// The same with what channels always exceed, on samples, in the biases of the layers after them.
  fileprivate func absorbingBiases(
    _ samples: CalibrationSamples, _ threadCount: Int
  ) throws(QuantizationError) -> EqualizedGraph {
    var result = self
    let extents = try graph.channelExtents(samples, threadCount)
    let shifts = result.graph.absorbBiases(minima: extents.mapValues { $0.map(\.least) })
    result.equalization = .absorbing
    for (tensor, shift) in shifts {
      var changes = self.changes[graph.tensors[tensor].name] ?? shift
      for channel in changes.indices { changes[channel].shift = shift[channel].shift }
      result.changes[graph.tensors[tensor].name] = nil
      result.changes[result.graph.tensors[tensor].name] = changes
    }
    result.graph = result.graph.canonical()
    return result
  }

  /// Means by tensor name, as they are after equalization.
  func means(_ promised: [String: [Double]]) -> [String: [Double]] {
    var means = promised
    for (name, changes) in changes {
      var original = name
      while original.hasSuffix("/equalized") { original.removeLast("/equalized".count) }
      guard let old = promised[original], old.count == changes.count else { continue }
      means[name] = zip(old, changes).map { $0 / Double($1.scale) - Double($1.shift) }
    }
    return means
  }

  /// Layers that are compared with the float model's keep their values unless equalization lowers
  /// the outputs' error by this share.
  static let leastGain = 0.3
}

extension [TensorIndex: [ChannelChange]] {
  /// Whether channels of one tensor were so far apart that one scale for all of them wastes codes.
  fileprivate var areLarge: Bool {
    values.contains { channels in
      let scales = channels.map(\.scale)
      return (scales.max() ?? 1) > 4 * (scales.min() ?? 1)
    }
  }
}
