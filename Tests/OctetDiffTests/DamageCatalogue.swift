import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport
import TestComparisons
import TestNetworks
import Testing

/// Something wrong with an int8 model, and what a diff must say of it.
struct CatalogueDamage: Sendable, CustomTestStringConvertible {
  var name: String
  var network: CatalogueNetwork
  /// Nil for a healthy model.
  var layer: String?
  var kinds: [DiffReport.Condition]
  /// The damaged int8 model, from the float model.
  var make: @Sendable (CatalogueNetwork) throws -> Graph

  var testDescription: String { "\(network.rawValue): \(name)" }

  /// Spoils the int8 model.
  static func after(
    _ name: String, _ network: CatalogueNetwork, _ layer: String,
    _ kinds: [DiffReport.Condition], _ spoil: @escaping @Sendable (inout Graph) throws -> Void
  ) -> Self {
    .init(name: name, network: network, layer: layer, kinds: kinds) { network in
      var graph = try network.int8()
      try spoil(&graph)
      return graph
    }
  }

  /// Spoils what is quantized.
  static func before(
    _ name: String, _ network: CatalogueNetwork, _ layer: String,
    _ kinds: [DiffReport.Condition], _ spoil: @escaping @Sendable (inout Graph) throws -> Void
  ) -> Self {
    .init(name: name, network: network, layer: layer, kinds: kinds) { network in
      var graph = try network.float()
      try spoil(&graph)
      try graph.inferShapes()
      return try network.quantized(graph)
    }
  }

  /// Each kind of damage once a network; with `OCTET_CATALOGUE=full` in every layer.
  static let chosen: [Self] = {
    if ProcessInfo.processInfo.environment["OCTET_CATALOGUE"] == "full" { return all }
    var seen: Set<String> = []
    return all.filter { seen.insert($0.testDescription).inserted }
  }()

  static let all: [Self] =
    CatalogueNetwork.allCases.map { network in
      Self(name: "healthy", network: network, layer: nil, kinds: [.healthy]) { try $0.int8() }
    } + weights + ranges + structure

  /// Layers with weights: where there are several kinds, one of each.
  private static let weighted: [(CatalogueNetwork, String)] = [
    (.lenet, "conv1"), (.lenet, "conv2"), (.lenet, "fc1"), (.lenet, "fc3"), (.mobile, "stem"),
    (.mobile, "deep"), (.mobile, "point"), (.mobile, "scores"),
  ]

  private static let weights: [Self] =
    weighted.flatMap { network, layer in
      [
        after("weights × 1.5", network, layer, [.weightsWrong]) {
          try DiffDamage.scaleWeights(of: layer, by: 1.5, in: &$0)
        },
        after("a third of the channels zeroed", network, layer, [.deadChannel]) {
          try DiffDamage.killThird(of: layer, in: &$0)
        },
        after("biases dropped", network, layer, [.biasWrong]) {
          try DiffDamage.dropBiases(of: layer, in: &$0)
        },
        after("outlier channel", network, layer, [.outlierChannel]) {
          try DiffDamage.scaleChannel(2, of: layer, by: 100, in: &$0)
        },
        after("channels exchanged", network, layer, [.weightsWrong]) {
          try DiffDamage.rotateChannels(of: layer, in: &$0)
        },
      ]
    }
    + [(.lenet, "conv1"), (.lenet, "conv2"), (.mobile, "stem"), (.mobile, "deep")].flatMap {
      (network: CatalogueNetwork, layer: String) in
      [
        after("filters turned", network, layer, [.weightsWrong]) {
          try DiffDamage.reorder(layer, in: &$0) { shape, i in
            [i[0], shape[1] - 1 - i[1], shape[2] - 1 - i[2], i[3]]
          }
        },
        after("filters mirrored", network, layer, [.weightsWrong]) {
          try DiffDamage.reorder(layer, in: &$0) { shape, i in
            [i[0], i[1], shape[2] - 1 - i[2], i[3]]
          }
        },
        after("filters transposed", network, layer, [.weightsWrong]) {
          try DiffDamage.reorder(layer, in: &$0) { _, i in [i[0], i[2], i[1], i[3]] }
        },
      ]
    }
    + [
      after("input channels reversed", .mobile, "stem", [.weightsWrong]) {
        try DiffDamage.reorder("stem", in: &$0) { shape, i in
          [i[0], i[1], i[2], shape[3] - 1 - i[3]]
        }
      }
    ]

  private static let ranges: [Self] =
    (weighted + [(.lenet, "input"), (.mobile, "input"), (.mobile, "gelu1")]).flatMap {
      network, layer in
      [
        after("range 16 times too wide", network, layer, [.wastedRange]) {
          try DiffDamage.scaleRange(of: layer, by: 16, in: &$0)
        },
        after("range 16 times too narrow", network, layer, [.clipped]) {
          try DiffDamage.scaleRange(of: layer, by: 1 / 16, in: &$0)
        },
      ]
    }
    + [CatalogueNetwork.lenet, .mobile].map { network in
      after("wrong mean and deviation", network, "input", [.inputNormalization]) {
        $0.metadata.normalization = Normalization(mean: [0.5], standardDeviation: [0.25])
      }
    }

  private static let structure: [Self] = [
    before("ReLU missing", .lenet, "conv2", [.differentStructure]) {
      try $0.change("conv2") { _ in .convolution(.init()) }
    },
    before("ReLU missing", .lenet, "fc1", [.differentStructure]) {
      try $0.change("fc1") { _ in .fullyConnected(.init()) }
    },
    before("ReLU missing", .mobile, "point", [.differentStructure]) {
      try $0.change("point") { _ in .convolution(.init()) }
    },
    // The codes then end where the activation does, so that it may be either.
    before("ReLU too much", .mobile, "stem", [.differentStructure, .clipped]) {
      var attributes = ConvolutionAttributes()
      attributes.padding = Padding(1)
      attributes.activation = .relu
      let changed = attributes
      try $0.change("stem") { _ in .convolution(changed) }
    },
    // Which the layer before takes in.
    before("GELU became ReLU", .mobile, "deep", [.differentStructure]) {
      try $0.change("gelu2") { _ in .scalar(.relu) }
    },
    before("GELU became sigmoid", .mobile, "gelu1", [.differentStructure]) {
      try $0.change("gelu1") { _ in .scalar(.logistic) }
    },
    before("padding shifted", .mobile, "stem", [.differentStructure]) {
      var attributes = ConvolutionAttributes()
      attributes.padding = Padding(top: 2, left: 1, bottom: 0, right: 1)
      let changed = attributes
      try $0.change("stem") { _ in .convolution(changed) }
    },
    before("padding shifted", .mobile, "deep", [.differentStructure]) {
      var attributes = ConvolutionAttributes()
      attributes.padding = Padding(top: 1, left: 0, bottom: 1, right: 2)
      let changed = attributes
      try $0.change("deep") { _ in .depthwiseConvolution(changed) }
    },
    before("pool averages", .lenet, "pool1", [.differentStructure]) {
      try $0.change("pool1") { $0.averaging }
    },
    before("pool averages", .lenet, "pool2", [.differentStructure]) {
      try $0.change("pool2") { $0.averaging }
    },
    before("pool averages", .mobile, "pool", [.differentStructure]) {
      try $0.change("pool") { $0.averaging }
    },
  ]
}

extension OctetModel.Operation {
  fileprivate var averaging: Self {
    if case .maxPool(let attributes) = self { .averagePool(attributes) } else { self }
  }
}

extension Graph {
  fileprivate mutating func change(
    _ name: String, _ body: (OctetModel.Operation) -> OctetModel.Operation
  ) throws {
    guard let index = nodes.firstIndex(where: { $0.name == name }) else { throw Missing() }
    nodes[index].operation = body(nodes[index].operation)
  }
}
