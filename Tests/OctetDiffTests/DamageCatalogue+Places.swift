import OctetModel
import OctetReport
import TestComparisons
import TestNetworks

extension CatalogueKind {
  private static let padded: @Sendable (CatalogueNetwork) -> [String] = only([
    .mobile: ["stem", "deep"], .resnet: ["conv1a", "stem", "conv1b", "conv2b"],
    .keywords: ["deep1", "deep2"], .branches: ["stem", "left"],
  ])

  /// Bytes that stand elsewhere, or were changed where they stand.
  static let places: [Self] = [
    Self(
      name: "weights read an element late", kinds: [.weightsWrong], causes: [.weightsShifted],
      layers: weighted
    ) { try DiffDamage.displace($1, in: &$0) { ($0 + 1) % $1 } },
    Self(
      name: "weights read four elements early", kinds: [.weightsWrong], causes: [.weightsShifted],
      layers: weighted
    ) { try DiffDamage.displace($1, in: &$0) { ($0 + $1 - 4) % $1 } },
    Self(
      name: "halves of bytes exchanged", kinds: [.weightsWrong], causes: [.halvesExchanged],
      layers: weighted
    ) { try DiffDamage.displace($1, in: &$0) { $0 ^ 1 < $1 ? $0 ^ 1 : $0 } },
    Self(
      name: "flipped bits", kinds: [.weightsWrong], causes: [.weightsCorrupted], layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { $0 % 67 == 5 ? $1 ^ 0x40 : $1 } },
    Self(
      name: "a channel of another model", kinds: [.weightsWrong], causes: [.foreignWeights],
      layers: weighted
    ) { graph, layer in
      var random = TestRandom(seed: 6)
      let channels = try DiffDamage.channels(of: layer, in: graph)
      try DiffDamage.mapCodes(of: layer, in: &graph) {
        channels[$0] == 1 ? random.int(-127...127) : $1
      }
    },
    Self(
      name: "bytes of the biases reversed", kinds: [.biasWrong], causes: [.biasByteOrder],
      layers: weighted
    ) {
      // Larger ones are refused with their sums.
      try DiffDamage.mapBiases(of: $1, in: &$0) { codes in
        codes.map { max(-2_000_000_000, min(2_000_000_000, $0.byteSwapped)) }
      }
    },
    Self(
      name: "results' zero point off", kinds: [.zeroPointWrong], causes: [.outputOffset],
      layers: weighted
    ) { try DiffDamage.shiftOutput(of: $1, by: 24, in: &$0) },
    Self(
      name: "one scale for all channels", kinds: [.outlierChannel], causes: [.perTensorScale],
      layers: weighted,
      beside: Beside(float: { try DiffDamage.spreadChannels(of: $1, in: &$0) })
    ) { try DiffDamage.joinScales(of: $1, in: &$0) },
    Self(
      name: "a channel outgrows the others", kinds: [.outlierChannel], causes: [.outlierChannel],
      layers: only([
        .lenet: ["conv1", "conv2"], .mobile: ["point"], .resnet: ["conv1a", "conv2a"],
        .keywords: ["point1"], .branches: ["last"],
      ]),
      beside: Beside(float: { try DiffDamage.unbalance(1, of: $1, by: 500, in: &$0) })
    ) { _, _ in },
    Self(
      name: "padding holds code 0", kinds: [.differentStructure], causes: [.padValueOther],
      layers: padded
    ) { try DiffDamage.padWithCodeZero(before: $1, in: &$0) },
    Self(
      name: "pictures fed as BGR", kinds: [.inputNormalization], causes: [.inputChannelOrder],
      layers: only([.mobile: ["input"], .resnet: ["input"], .branches: ["input"]]),
      beside: Beside(
        float: { graph, _ in try CatalogueNetwork.balanceClasses(of: &graph) },
        images: { data in
          let pixels = data.pixels
          data.pixels = pixels.indices.map { pixels[$0 / 3 * 3 + 2 - $0 % 3] }
        })
    ) { _, _ in },
  ]

  /// Who reads whom.
  static let connections: [Self] = [
    before(
      "mean became maximum", [.poolOther], [.resnet: ["mean"]],
      blamed: ["mean": ["mean", "mean/pool"]]
    ) { try $0.change($1) { _ in .reduce(.maximum, axes: [1, 2], keepsDimensions: false) } },
    before(
      "layer left out", [.layerMissing], [.resnet: ["conv1b"], .keywords: ["deep2"]],
      blamed: ["conv1b": ["add1"], "deep2": ["point2"]]
    ) { graph, layer in
      let last = layer == "conv1b" ? layer + "/bn" : layer + "/relu"
      try graph.redirect(graph.node(last).outputs[0], to: graph.node(layer).inputs[0])
      graph.nodes.removeAll { $0.name == layer || $0.name.hasPrefix(layer + "/") }
    },
    before(
      "layer too much", [.layerAdded], [.resnet: ["conv1a/relu"], .keywords: ["point1/relu"]],
      blamed: ["conv1a/relu": ["conv1b"], "point1/relu": ["deep2"]]
    ) { graph, layer in
      let source = try graph.node(layer).outputs[0]
      let shape = graph.tensors[source].shape
      let result = graph.add(Tensor(name: "more", shape: shape))
      try graph.redirect(source, to: result)
      var random = TestRandom(seed: 8)
      let weights = graph.add(
        Tensor(
          name: "more.weights", shape: [1, 3, 3, shape[3]],
          constant: .float(
            (0..<9 * shape[3]).map { _ in Float.random(in: -0.5...0.5, using: &random) })))
      let bias = graph.add(
        Tensor(
          name: "more.bias", shape: [shape[3]],
          constant: .float([Float](repeating: 0.1, count: shape[3]))))
      var attributes = ConvolutionAttributes()
      attributes.padding = Padding(1)
      let index = graph.nodes.firstIndex { $0.name == layer } ?? 0
      graph.nodes.insert(
        Node(
          name: "more", operation: .depthwiseConvolution(attributes),
          inputs: [source, weights, bias], outputs: [result]), at: index + 1)
    },
    before(
      "branch reads another layer", [.operandOther], [.resnet: ["skip"]]
    ) { graph, layer in
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer }) else { return }
      graph.nodes[index].inputs[0] = try graph.node("stem/relu").outputs[0]
    },
    bordered("padding mirrors the image", .reflect),
    bordered("padding repeats the edge", .edge),
  ]

  /// Something else than zeros around an image.
  private static func bordered(_ name: String, _ mode: PadMode) -> Self {
    before(
      name, [.padValueOther],
      [.mobile: ["stem"], .resnet: ["conv1b"], .keywords: ["deep1"], .branches: ["stem"]]
    ) { graph, layer in
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer }) else { return }
      let source = graph.nodes[index].inputs[0]
      let padded = graph.add(Tensor(name: layer + "/padded", shape: []))
      try graph.change(layer) { operation in
        switch operation {
        case .convolution(var a):
          a.padding = Padding()
          return .convolution(a)
        case .depthwiseConvolution(var a):
          a.padding = Padding()
          return .depthwiseConvolution(a)
        default: return operation
        }
      }
      graph.nodes[index].inputs[0] = padded
      graph.nodes.insert(
        Node(
          name: layer + "/pad",
          operation: .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: mode),
          inputs: [source], outputs: [padded]), at: index)
    }
  }
}

extension Graph {
  /// Has all that reads a tensor read another.
  fileprivate mutating func redirect(_ tensor: TensorIndex, to other: TensorIndex) throws {
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { $0 == tensor ? other : $0 }
    }
  }
}
