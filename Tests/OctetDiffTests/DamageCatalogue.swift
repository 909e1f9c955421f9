import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetReport
import TestComparisons
import Testing

/// What is compared: a float model, an int8 one, and labelled images.
struct CataloguePair {
  var float: Graph
  var int8: LoadedModel
  var data: Dataset
}

/// Something wrong with an int8 model, and what a diff must say of it.
struct CatalogueDamage: Sendable, CustomTestStringConvertible {
  var name: String
  var network: CatalogueNetwork
  /// The layers that may be blamed; none for a healthy model.
  var layers: [String]
  var kinds: [DiffReport.Condition]
  var causes: [DiffReport.Cause]
  /// Whether all those layers must be listed.
  var namesAll = false
  var make: @Sendable () throws -> CataloguePair

  var testDescription: String { "\(network.rawValue): \(name): \(layers.first ?? "-")" }

  /// One kind of eighteen, each on a network by turns; with `OCTET_CATALOGUE=full` in every layer
  /// of every network, with `OCTET_CATALOGUE=wide` once in every network, with a network's name
  /// once in that one, and with kinds' names, `a/b`, those once in every network.
  static let chosen: [Self] = {
    let wanted = ProcessInfo.processInfo.environment["OCTET_CATALOGUE"] ?? ""
    if wanted == "full" { return all }
    var seen: Set<String> = []
    let wide = all.filter { seen.insert("\($0.network) \($0.name)").inserted }
    if wanted == "wide" { return wide }
    if let network = CatalogueNetwork(rawValue: wanted) {
      return wide.filter { $0.network == network }
    }
    if !wanted.isEmpty {
      let names = Set(wanted.split(separator: "/").map(String.init))
      return wide.filter { names.contains($0.name) }
    }
    let byName = Dictionary(grouping: wide, by: \.name).sorted { $0.key < $1.key }
    return byName.enumerated().filter { $0.offset % 18 == 0 }.map { turn, kind in
      kind.value[turn / 18 % kind.value.count]
    } + wide.filter(\.layers.isEmpty)
  }()

  static let all: [Self] =
    CatalogueNetwork.allCases.flatMap { network in
      [
        Self(name: "healthy", network: network, layers: [], kinds: [.healthy], causes: []) {
          try CataloguePair(
            float: network.float(), int8: LoadedModel(Compiler.compile(network.int8()).blob),
            data: network.images())
        }
      ] + CatalogueKind.all.flatMap { $0.damages(of: network) }
    }
}

/// A way to spoil a layer, in every network that has such a layer.
struct CatalogueKind: Sendable {
  typealias Spoil = @Sendable (_ graph: inout Graph, _ layer: String) throws -> Void

  var name: String
  var kinds: [DiffReport.Condition]
  var causes: [DiffReport.Cause]
  /// Whether it is the float model that is spoilt, and then quantized.
  var isBefore = false
  /// The layers that can be spoilt so.
  var layers: @Sendable (CatalogueNetwork) -> [String]
  /// The layer that stands for a spoilt one in the int8 model, where it is another.
  var blamed: [String: [String]] = [:]
  /// Whether all of the blamed must be listed.
  var namesAll = false
  var beside = Beside()
  var spoil: Spoil

  /// What else is spoilt than the layer of the candidate.
  struct Beside: Sendable {
    /// What the float model of the comparison has, too, before it is quantized.
    var float: Spoil?
    /// What is done to the images.
    var images: (@Sendable (_ data: inout Dataset) -> Void)?
  }

  func damages(of network: CatalogueNetwork) -> [CatalogueDamage] {
    layers(network).map { layer in
      CatalogueDamage(
        name: name, network: network, layers: blamed[layer] ?? [layer], kinds: kinds,
        causes: causes, namesAll: namesAll
      ) {
        try pair(of: network, layer)
      }
    }
  }

  private func pair(of network: CatalogueNetwork, _ layer: String) throws -> CataloguePair {
    var (float, data) = (try network.float(), try network.images())
    var int8 = try network.int8()
    if let spoilFloat = beside.float {
      try spoilFloat(&float, layer)
      // As many as show for certain that it is more than an accident.
      if beside.images != nil {
        data = try CatalogueNetwork.images(for: network, seed: 11, count: 96)
      }
      let found = try Evaluation.predict(float, data, threadCount: 1, normalization: nil)
      data.labels = found.labels.map { UInt8($0) }
      int8 = try network.quantized(float)
    }
    if isBefore {
      var graph = float
      try spoil(&graph, layer)
      try graph.inferShapes()
      int8 = try network.quantized(graph)
    } else {
      try spoil(&int8, layer)
    }
    beside.images?(&data)
    // With all channels, as 'octet diff' has them of a file that is no blob.
    return CataloguePair(
      float: float, int8: try LoadedModel(Compiler.compile(int8, shrinks: false).blob), data: data)
  }

  static let all: [Self] =
    orders + sizes + places + codes + biases + ranges + structure + functions
    + connections + strangers + integers

  // MARK: Layers by what they have

  /// Layers with weights, the most telling first.
  static let weighted: @Sendable (CatalogueNetwork) -> [String] = { network in
    switch network {
    case .lenet: ["conv2", "conv1", "fc1", "fc2", "fc3"]
    case .mobile: ["point", "stem", "deep", "hidden", "scores"]
    case .resnet: ["conv1b", "stem", "conv1a", "conv2a", "conv2b", "skip", "scores"]
    case .keywords: ["point1", "wide", "deep1", "deep2", "point2", "scores"]
    case .branches: ["left", "stem", "right", "last", "scores"]
    }
  }

  /// Layers with filters of several rows and columns.
  static let filtered: @Sendable (CatalogueNetwork) -> [String] = { network in
    switch network {
    case .lenet: ["conv1", "conv2"]
    case .mobile: ["stem", "deep"]
    case .resnet: ["conv1b", "stem", "conv1a", "conv2a", "conv2b"]
    case .keywords: ["deep1", "deep2"]
    case .branches: ["left", "stem", "last"]
    }
  }

  /// Convolutions over several input channels.
  static let mixing: @Sendable (CatalogueNetwork) -> [String] = { network in
    switch network {
    case .lenet: ["conv2"]
    case .mobile: ["stem"]
    case .resnet: ["conv2a", "stem", "conv1a", "conv1b", "conv2b"]
    case .keywords: []
    case .branches: ["stem", "left", "last"]
    }
  }

  static let dense: @Sendable (CatalogueNetwork) -> [String] = { network in
    switch network {
    case .lenet: ["fc1", "fc2", "fc3"]
    case .mobile: ["hidden", "scores"]
    case .resnet, .keywords, .branches: ["scores"]
    }
  }

  static let normalized: @Sendable (CatalogueNetwork) -> [String] = { network in
    switch network {
    case .resnet: ["conv1a", "stem", "conv1b", "conv2a", "conv2b"]
    case .keywords: ["wide", "deep1", "point1", "deep2", "point2"]
    default: []
    }
  }

  static func only(
    _ layers: [CatalogueNetwork: [String]]
  ) -> @Sendable (CatalogueNetwork) -> [String] {
    { layers[$0] ?? [] }
  }

  static func reorder(
    _ source: @escaping @Sendable (_ shape: [Int], _ index: [Int]) -> [Int]
  ) -> Spoil {
    { try DiffDamage.reorder($1, in: &$0, source) }
  }
}
