import Foundation
import OctetEvaluation
import OctetModel
import OctetReport

/// The statistics of a batch normalization that was folded into a layer's weights.
struct NormalizationStatistics: Sendable {
  var epsilon: Double
  /// By channel.
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
  let ownBias: [Float]
  let givenBias: [Float]
  /// The step of the codes that it reads; 0 of a float candidate.
  let inputScale: Double
  /// H, W, C of what it reads flattened; nil elsewhere.
  let image: [Int]?
  let statistics: NormalizationStatistics?
  /// The other layers of the reference.
  let others: [(name: String, weights: [Float], bias: [Float])]

  var channelCount: Int { shape[axis] }

  init?(_ diff: Diff, _ place: Int) {
    let (candidate, reference) = (diff.candidate, diff.reference)
    let graph = candidate.real
    let other = reference.real
    guard candidate.places[place].maker.isWeighted, candidate.lostChannels.isEmpty,
      let twin = diff.twins[place],
      let node = graph.weightedNode(behind: candidate.places[place].tensor), node.inputs.count > 1,
      let axis = node.operation.weightChannelAxis,
      let own = graph.tensors[node.inputs[1]].reals,
      let twinNode = other.weightedNode(behind: reference.places[twin].tensor),
      twinNode.inputs.count > 1, let given = other.tensors[twinNode.inputs[1]].reals,
      own.count == given.count
    else { return nil }
    let shape = graph.tensors[node.inputs[1]].shape
    guard shape.filter({ $0 > 1 }) == other.tensors[twinNode.inputs[1]].shape.filter({ $0 > 1 }),
      own.allSatisfy(\.isFinite), given.allSatisfy(\.isFinite)
    else { return nil }
    (self.own, self.given, self.shape, self.axis) = (own, given, shape, axis)
    let count = shape[axis]
    let none = [Float](repeating: 0, count: count)
    func bias(_ graph: Graph, _ node: Node) -> [Float] {
      let values = node.inputs.count > 2 ? graph.tensors[node.inputs[2]].reals : nil
      return values?.count == count ? values ?? none : none
    }
    ownBias = bias(graph, node)
    givenBias = bias(other, twinNode)
    var (codes, scales) = ([Int8](), [Float]())
    if let coded = candidate.coded {
      if case .int8(let values) = coded.tensors[node.inputs[1]].constant { codes = values }
      scales = coded.tensors[node.inputs[1]].quantization?.scales ?? []
    }
    (self.codes, self.scales) = (codes, scales)
    let source = candidate.sources(of: place).first?.place
    inputScale = Double(source.flatMap { candidate.view($0)?.scale } ?? 0)
    image = other.flattenedImage(before: twinNode)
    let name = other.tensors[twinNode.inputs[1]].name
    statistics = reference.statistics.first { name.hasPrefix($0.key) && $0.value.gamma.count == count }?
      .value
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
  func decibels(_ values: [Float]) -> Double { Self.decibels(own, values) }

  static func decibels(_ own: [Float], _ values: [Float]) -> Double {
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
