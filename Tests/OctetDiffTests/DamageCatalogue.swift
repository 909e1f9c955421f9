import Foundation
import OctetCompiler
import OctetDiff
import OctetModel
import OctetReport
import TestComparisons
import Testing

/// Something wrong with an int8 model, and what a diff must say of it.
struct CatalogueDamage: Sendable, CustomTestStringConvertible {
  var name: String
  var network: CatalogueNetwork
  /// The layers that may be blamed; none for a healthy model.
  var layers: [String]
  var kinds: [DiffReport.Condition]
  var causes: [DiffReport.Cause]
  /// The damaged int8 model.
  var make: @Sendable () throws -> Graph

  var testDescription: String { "\(network.rawValue): \(name): \(layers.first ?? "-")" }

  /// One kind of eighteen, each on a network by turns; with `OCTET_CATALOGUE=full` in every layer
  /// of every network, with `OCTET_CATALOGUE=wide` once in every network, and with a network's name
  /// once in that one.
  static let chosen: [Self] = {
    let wanted = ProcessInfo.processInfo.environment["OCTET_CATALOGUE"] ?? ""
    if wanted == "full" { return all }
    var seen: Set<String> = []
    let wide = all.filter { seen.insert("\($0.network) \($0.name)").inserted }
    if wanted == "wide" { return wide }
    if let network = CatalogueNetwork(rawValue: wanted) {
      return wide.filter { $0.network == network }
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
          try network.int8()
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
  var spoil: Spoil

  func damages(of network: CatalogueNetwork) -> [CatalogueDamage] {
    layers(network).map { layer in
      CatalogueDamage(
        name: name, network: network, layers: blamed[layer] ?? [layer], kinds: kinds,
        causes: causes
      ) {
        if isBefore {
          var graph = try network.float()
          try spoil(&graph, layer)
          try graph.inferShapes()
          return try network.quantized(graph)
        }
        var graph = try network.int8()
        try spoil(&graph, layer)
        return graph
      }
    }
  }

  static let all: [Self] = orders + sizes + codes + biases + ranges + structure + functions

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
