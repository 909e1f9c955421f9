import Foundation
import OctetEvaluation
import OctetModel
import OctetReport

/// The statistics of a batch normalization that was folded into a layer's weights.
struct NormalizationStatistics: Sendable {
  var epsilon: Double
  /// The factor, by channel, as what follows.
  var gamma: [Double]
  var beta: [Double]
  var mean: [Double]
  var variance: [Double]

  /// What the weights of a channel were multiplied by.
  func factor(_ channel: Int) -> Double {
    gamma[channel] / (variance[channel] + epsilon).squareRoot()
  }

  /// The statistics of every normalization in a float graph as it was read, by the name of the
  /// weights that they are folded into.
  static func all(of graph: Graph) -> [String: NormalizationStatistics] {
    let producers = graph.producers()
    var result: [String: NormalizationStatistics] = [:]
    for node in graph.nodes {
      guard case .batchNormalization(let epsilon) = node.operation,
        let producer = producers[node.inputs[0]],
        graph.nodes[producer].operation.weightChannelAxis != nil,
        graph.nodes[producer].inputs.count > 1
      else { continue }
      let values = node.inputs.dropFirst().compactMap { graph.tensors[$0].floats }
      guard values.count == 4, Set(values.map(\.count)).count == 1 else { continue }
      let reals = values.map { $0.map { Double($0) } }
      result[graph.tensors[graph.nodes[producer].inputs[1]].name] = .init(
        epsilon: Double(epsilon), gamma: reals[0], beta: reals[1], mean: reals[2],
        variance: reals[3])
    }
    return result
  }
}

/// The weights and the bias of a layer in both models, in one layout.
struct WeightPair {
  let own: [Float]
  let given: [Float]
  let shape: [Int]
  let axis: Int
  /// The integers behind `own`, and their scales; empty of a float candidate.
  let codes: [Int8]
  let scales: [Float]
  /// The integers behind `ownBias`, as they are; empty of a float candidate.
  let biasCodes: [Int32]
  /// Whether the integers have four bits.
  let isNarrow: Bool
  let ownBias: [Float]
  let givenBias: [Float]
  /// The step of the codes that it reads; 0 of a float candidate.
  let inputScale: Double
  /// H, W, C of what it reads flattened; nil elsewhere.
  let image: [Int]?
  let statistics: NormalizationStatistics?
  /// Output channels that a shrunk blob has not, and that cannot be compared.
  let lost: Set<Int>
  /// The other layers of the reference.
  let others: [(name: String, weights: [Float], bias: [Float])]

  var channelCount: Int { shape[axis] }

  /// Whether the candidate has no integers, so that its weights are the reference's to many digits.
  var isFloat: Bool { codes.isEmpty && scales.isEmpty }

  init?(_ diff: Diff, _ place: Int) {
    let (candidate, reference) = (diff.candidate, diff.reference)
    let graph = candidate.real
    let other = reference.real
    guard candidate.places[place].maker.isWeighted,
      let twin = diff.twins[place],
      let node = graph.weightedNode(behind: candidate.places[place].tensor),
      let weights = graph.layerWeights(of: node, producers: graph.producers()),
      let twinNode = other.weightedNode(behind: reference.places[twin].tensor),
      let twinWeights = other.layerWeights(of: twinNode, producers: other.producers()),
      weights.shape.filter({ $0 > 1 }) == twinWeights.shape.filter({ $0 > 1 }),
      weights.values.allSatisfy(\.isFinite), twinWeights.values.allSatisfy(\.isFinite)
    else { return nil }
    var (own, given) = (weights.values, twinWeights.values)
    let (shape, axis) = (weights.shape, weights.axis)
    let count = shape[axis]
    let gone = LostWeights(candidate, place, shape: shape, axis: axis)
    let constants = gone.remove(from: &given)
    let lost = gone.outputs
    self.lost = lost
    let inner = shape[(axis + 1)...].reduce(1, *)
    if !lost.isEmpty {
      for position in own.indices where lost.contains(position / inner % count) {
        own[position] = given[position]
      }
    }
    (self.own, self.given, self.shape, self.axis) = (own, given, shape, axis)
    let none = [Float](repeating: 0, count: count)
    func bias(_ graph: Graph, _ node: Node) -> [Float] {
      let values = node.inputs.count > 2 ? graph.tensors[node.inputs[2]].reals : nil
      return values?.count == count ? values ?? none : none
    }
    var (ownBias, givenBias) = (bias(graph, node), bias(other, twinNode))
    for (channel, constant) in constants.enumerated() { givenBias[channel] += constant }
    for channel in lost where channel < count { ownBias[channel] = givenBias[channel] }
    (self.ownBias, self.givenBias) = (ownBias, givenBias)
    var (codes, scales, biasCodes) = ([Int8](), [Float](), [Int32]())
    if node.inputs.count > 2, let found = candidate.biasCodes[node.inputs[2]], found.count == count
    {
      biasCodes = found.map { Int32(clamping: $0) }
    }
    if let coded = candidate.coded {
      // Parts add up to integers of more than eight bits.
      if weights.partCount == 1, case .int8(let values) = coded.tensors[node.inputs[1]].constant {
        codes = values
      }
      scales = coded.tensors[node.inputs[1]].quantization?.scales ?? []
    }
    (self.codes, self.scales, self.biasCodes) = (codes, scales, biasCodes)
    isNarrow = candidate.coded?.tensors[node.inputs[1]].elementType == .int4
    let source = candidate.sources(of: place).first?.place
    inputScale = Double(source.flatMap { candidate.view($0)?.scale } ?? 0)
    image = other.flattenedImage(before: twinNode)
    let name = other.tensors[twinNode.inputs[1]].name
    statistics =
      reference.statistics.first {
        name.hasPrefix($0.key) && $0.value.gamma.count == count
      }?.value
    others = other.nodes.compactMap { node in
      guard node.name != twinNode.name, node.operation.weightChannelAxis != nil,
        node.inputs.count > 1, let weights = other.tensors[node.inputs[1]].reals
      else { return nil }
      let bias = node.inputs.count > 2 ? other.tensors[node.inputs[2]].reals : nil
      return (node.name, weights, bias ?? [])
    }
  }

  /// The output channel of each weight.
  func channel(of position: Int) -> Int {
    position / shape[(axis + 1)...].reduce(1, *) % shape[axis]
  }

  /// How well `values` explain the candidate's weights, in dB.
  func decibels(_ values: [Float]) -> Double { decibels(own, values) }

  /// How well the second explain the first, over the channels that are compared.
  func decibels(_ first: [Float], _ second: [Float]) -> Double {
    if lost.isEmpty { return Self.decibels(first, second) }
    let kept = first.indices.filter { !lost.contains(channel(of: $0)) }
    guard first.count == second.count else { return -.infinity }
    return Self.decibels(kept.map { first[$0] }, kept.map { second[$0] })
  }

  /// How well the second, each element from another place, explain the first: of many, a part.
  func decibels(_ own: [Float], _ given: [Float], from source: (Int) -> Int) -> Double {
    // Odd, so that no axis of the weights is passed over.
    let step = own.count / Self.judgedCount | 1
    let kept = stride(from: 0, to: own.count, by: step).filter { !lost.contains(channel(of: $0)) }
    return Self.decibels(kept.map { own[$0] }, kept.map { given[source($0)] })
  }

  /// Elements of which there are enough to tell orders apart.
  private static let judgedCount = 1 << 17

  private static func decibels(_ own: [Float], _ values: [Float]) -> Double {
    var (signal, noise) = (0.0, 0.0)
    for (a, b) in zip(own, values) {
      let error = Double(a) - Double(b)
      signal += Double(a) * Double(a)
      noise += error * error
    }
    guard own.count == values.count, signal > 0, noise.isFinite else { return -.infinity }
    return noise == 0 ? 200 : min(200, 10 * log10(signal / noise))
  }
}

extension Graph {
  /// H, W, C of the image that a node with weights of two dimensions reads flattened.
  fileprivate func flattenedImage(before node: Node) -> [Int]? {
    let producers = producers()
    var current = node.inputs[0]
    for _ in nodes.indices {
      let shape = tensors[current].shape
      if shape.count == 4, shape[1] * shape[2] > 1 { return Array(shape[1...]) }
      guard let producer = producers[current] else { return nil }
      guard case .reshape = nodes[producer].operation else { return nil }
      current = nodes[producer].inputs[0]
    }
    return nil
  }
}
