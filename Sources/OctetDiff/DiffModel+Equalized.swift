import Foundation
import OctetModel
import OctetPasses

extension DiffModel {
  /// A float model with its channels equalized across layers, where `other` was made of one that
  /// was; otherwise the model itself.
  ///
  /// Equalization follows from the weights alone, and so it is the weights that tell: most of those
  /// that are not the model's own are what equalization makes of them. What was absorbed besides
  /// stands in the biases. The layers can then be compared one by one.
  func equalized(like other: DiffModel) -> DiffModel {
    guard case .float(var graph) = form else { return self }
    let plain = WeightLikeness(graph, other.real)
    guard plain.isDoubtful else { return self }
    graph.equalizeLayers()
    let equal = WeightLikeness(graph, other.real)
    guard equal.explains(better: plain) else { return self }
    graph.absorbBiases(like: other.real, equal)
    return DiffModel(graph, file: file, statistics: statistics)
  }
}

/// How well the weights of each layer of a float model are found again in another model.
private struct WeightLikeness {
  /// The other model's node with the likest weights, by node, and how like they are in dB.
  private(set) var best: [Int: (node: Int, decibels: Double)] = [:]

  /// Rounding to eight bits leaves more.
  fileprivate static let roundedDecibels = 26.0
  /// What explains weights is so much better.
  private static let better = 6.0

  init(_ graph: Graph, _ other: Graph) {
    let candidates = other.nodes.indices.compactMap { index in
      other.weights(of: index).map { (index: index, weights: $0) }
    }
    for index in graph.nodes.indices {
      guard let weights = graph.weights(of: index) else { continue }
      for candidate in candidates where candidate.weights.count == weights.count {
        let decibels = Self.decibels(candidate.weights, weights)
        if decibels > best[index]?.decibels ?? -.infinity {
          best[index] = (candidate.index, decibels)
        }
        // Nothing is liker.
        if decibels > 2 * Self.roundedDecibels { break }
      }
    }
  }

  /// Whether the other model's weights are hardly a rounding of these: an equalized channel changes
  /// both the layer before it and the one after it.
  var isDoubtful: Bool { best.values.count { $0.decibels < Self.roundedDecibels } > 1 }

  /// Whether these explain most of what `plain` does not.
  func explains(better plain: Self) -> Bool {
    let doubtful = plain.best.filter { $0.value.decibels < Self.roundedDecibels }
    let explained = doubtful.count { index, found in
      (best[index]?.decibels ?? -.infinity) > found.decibels + Self.better
    }
    return 2 * explained > doubtful.count
  }

  private static func decibels(_ own: [Float], _ given: [Float]) -> Double {
    var (signal, noise) = (0.0, 0.0)
    for (a, b) in zip(own, given) {
      let (x, error) = (Double(a), Double(a) - Double(b))
      signal += x * x
      noise += error * error
    }
    return noise == 0 ? 200 : signal > 0 && noise.isFinite ? 10 * log10(signal / noise) : -.infinity
  }
}

extension Graph {
  fileprivate func weights(of index: Int) -> [Float]? {
    guard nodes[index].operation.weightChannelAxis != nil, nodes[index].inputs.count > 1 else {
      return nil
    }
    return tensors[nodes[index].inputs[1]].reals
  }

  /// Takes from channels what the biases of `other` say was taken from them.
  ///
  /// Only what exceeds zero always can be taken from a channel, so that some of a layer's biases
  /// are lower, and none is higher: other biases are a fault, which stays.
  fileprivate mutating func absorbBiases(like other: Graph, _ likeness: WeightLikeness) {
    absorbBiases { index, biases, channels in
      let none = channels.map { _ in Float(0) }
      // What makes good for weights of four bits cannot be told from what was absorbed.
      guard let found = likeness.best[index], found.decibels > WeightLikeness.roundedDecibels
      else { return none }
      let node = other.nodes[found.node]
      guard node.inputs.count > 2, let own = other.tensors[node.inputs[2]].reals,
        own.count == biases.count
      else { return none }
      let largest = biases.reduce(0) { max($0, abs($1)) }
      let lowered = biases.indices.map { biases[$0] - own[$0] }
      // Quantizers change biases a little to make good for rounded weights.
      let tolerance = 0.05 * largest
      guard lowered.allSatisfy({ $0 > -tolerance }) else { return none }
      return channels.map { lowered[$0] > tolerance ? lowered[$0] : 0 }
    }
  }
}
