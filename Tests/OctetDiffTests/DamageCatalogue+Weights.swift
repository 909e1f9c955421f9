import OctetModel
import OctetReport
import TestComparisons
import TestNetworks

extension CatalogueKind {
  static let orders: [Self] = [
    Self(
      name: "channels rotated", kinds: [.weightsWrong], causes: [.channelsPermuted],
      layers: weighted
    ) { try DiffDamage.rotateChannels(of: $1, in: &$0) },
    Self(
      name: "channels reversed", kinds: [.weightsWrong], causes: [.channelsPermuted],
      layers: weighted
    ) { graph, layer in
      let channels = try DiffDamage.channels(of: layer, in: graph)
      let count = (channels.max() ?? 0) + 1
      for channel in 0..<count / 2 {
        try DiffDamage.exchangeChannels(
          channel, count - 1 - channel, of: layer, channels, in: &graph)
      }
    },
    Self(
      name: "two channels exchanged", kinds: [.weightsWrong], causes: [.channelsPermuted],
      layers: weighted
    ) { graph, layer in
      let channels = try DiffDamage.channels(of: layer, in: graph)
      try DiffDamage.exchangeChannels(0, 1, of: layer, channels, in: &graph)
    },
    Self(
      name: "filters turned", kinds: [.weightsWrong], causes: [.filtersFlipped], layers: filtered,
      spoil: reorder { [$1[0], $0[1] - 1 - $1[1], $0[2] - 1 - $1[2], $1[3]] }),
    Self(
      name: "filters mirrored", kinds: [.weightsWrong], causes: [.filtersFlipped],
      layers: filtered, spoil: reorder { [$1[0], $1[1], $0[2] - 1 - $1[2], $1[3]] }),
    Self(
      name: "filters upside down", kinds: [.weightsWrong], causes: [.filtersFlipped],
      layers: filtered, spoil: reorder { [$1[0], $0[1] - 1 - $1[1], $1[2], $1[3]] }),
    Self(
      name: "filters turned by 90°", kinds: [.weightsWrong], causes: [.filtersFlipped],
      layers: filtered, spoil: reorder { [$1[0], $0[2] - 1 - $1[2], $1[1], $1[3]] }),
    Self(
      name: "filters transposed", kinds: [.weightsWrong], causes: [.weightsTransposed],
      layers: filtered, spoil: reorder { [$1[0], $1[2], $1[1], $1[3]] }),
    Self(
      name: "input channels reversed", kinds: [.weightsWrong], causes: [.inputChannelsPermuted],
      layers: mixing, spoil: reorder { [$1[0], $1[1], $1[2], $0[3] - 1 - $1[3]] }),
    Self(
      name: "input channels rotated", kinds: [.weightsWrong], causes: [.inputChannelsPermuted],
      layers: mixing, spoil: reorder { [$1[0], $1[1], $1[2], ($1[3] + 1) % $0[3]] }),
    Self(
      name: "O, I, H, W read as O, H, W, I", kinds: [.weightsWrong], causes: [.weightsTransposed],
      layers: mixing
    ) { try DiffDamage.misread($1, [0, 3, 1, 2], in: &$0) },
    Self(
      name: "H, W, I, O read as O, H, W, I", kinds: [.weightsWrong], causes: [.weightsTransposed],
      layers: mixing
    ) { try DiffDamage.misread($1, [1, 2, 3, 0], in: &$0) },
    Self(
      name: "dense weights transposed", kinds: [.weightsWrong], causes: [.weightsTransposed],
      layers: dense
    ) { try DiffDamage.misread($1, [1, 0], in: &$0) },
    Self(
      name: "flattened as C, H, W", kinds: [.weightsWrong], causes: [.flattenOrder],
      layers: only([.lenet: ["fc1"], .mobile: ["hidden"], .keywords: ["scores"]])
    ) { graph, layer in
      let image: [String: [Int]] = [
        "fc1": [4, 4, 8], "hidden": [6, 6, 12], "scores": [6, 2, 12],
      ]
      let (shape, columns) = (image[layer] ?? [], (image[layer] ?? []).elementCount)
      try DiffDamage.reorder(layer, in: &graph) { _, index in
        let column = index[1] % columns
        let (c, h, w) = (
          column / (shape[0] * shape[1]), column / shape[1] % shape[0], column % shape[1]
        )
        return [index[0], (h * shape[1] + w) * shape[2] + c]
      }
    },
    Self(
      name: "two layers exchanged", kinds: [.weightsWrong], causes: [.otherLayersWeights],
      layers: only([.resnet: ["conv1b"], .keywords: ["deep1", "point1"]]),
      blamed: [
        "conv1b": ["conv1a", "conv1b"], "deep1": ["deep1", "deep2"],
        "point1": ["point1", "point2"],
      ]
    ) { graph, layer in
      let other = ["conv1b": "conv1a", "deep1": "deep2", "point1": "point2"][layer] ?? ""
      try DiffDamage.exchange(layer, other, in: &graph)
    },
  ]

  static let sizes: [Self] = [
    Self(
      name: "weights × 1.5", kinds: [.weightsWrong], causes: [.weightsScaled], layers: weighted
    ) { try DiffDamage.scaleWeights(of: $1, by: 1.5, in: &$0) },
    Self(
      name: "weights × 2", kinds: [.weightsWrong], causes: [.weightsScaled], layers: weighted
    ) { try DiffDamage.scaleWeights(of: $1, by: 2, in: &$0) },
    Self(
      name: "weights halved", kinds: [.weightsWrong], causes: [.weightsScaled], layers: weighted
    ) { try DiffDamage.scaleWeights(of: $1, by: 0.5, in: &$0) },
    Self(
      name: "all signs flipped", kinds: [.weightsWrong], causes: [.signFlipped], layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { -$1 } },
    Self(
      name: "a channel's sign flipped", kinds: [.weightsWrong], causes: [.signFlipped],
      layers: weighted
    ) { graph, layer in
      let channels = try DiffDamage.channels(of: layer, in: graph)
      try DiffDamage.mapCodes(of: layer, in: &graph) { channels[$0] == 1 ? -$1 : $1 }
    },
    Self(
      name: "a third of the channels zeroed", kinds: [.deadChannel], causes: [.channelsZeroed],
      layers: weighted
    ) { try DiffDamage.killThird(of: $1, in: &$0) },
    Self(
      name: "one filter zeroed", kinds: [.deadChannel], causes: [.channelsZeroed],
      layers: weighted
    ) { try DiffDamage.kill(1, of: $1, in: &$0) },
    Self(
      name: "outlier channel", kinds: [.outlierChannel], causes: [.channelScaled],
      layers: weighted
    ) { try DiffDamage.scaleChannel(2, of: $1, by: 100, in: &$0) },
    Self(
      name: "weight scales rotated", kinds: [.weightsWrong], causes: [.scalesPermuted],
      layers: weighted
    ) { try DiffDamage.rotateScales(of: $1, in: &$0) },
    Self(
      name: "weights clipped", kinds: [.clipped], causes: [.weightsClipped], layers: weighted
    ) { try DiffDamage.clipWeights(of: $1, by: 6, in: &$0) },
    Self(
      name: "weights of 3 bits", kinds: [.coarseSteps, .wastedRange], causes: [.fewBits],
      layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { Int((Float($1) / 42).rounded()) * 42 } },
    Self(
      name: "weights of 2 bits", kinds: [.coarseSteps, .wastedRange, .weightsWrong],
      causes: [.fewBits], layers: { weighted($0).filter { !$0.hasPrefix("deep") } }
    ) {
      try DiffDamage.mapCodes(of: $1, in: &$0) {
        $1 > 42 ? 85 : $1 < -42 ? -85 : 0
      }
    },
    Self(
      name: "all weights zeroed", kinds: [.deadChannel], causes: [.channelsZeroed], layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { _, _ in 0 } },
    Self(
      name: "other checkpoint", kinds: [.weightsWrong],
      causes: [.otherCheckpoint], layers: weighted
    ) { graph, layer in
      var random = TestRandom(seed: 3)
      try DiffDamage.mapCodes(of: layer, in: &graph) {
        Int(0.75 * Float($1)) + random.int(-45...45)
      }
    },
    Self(
      name: "random weights", kinds: [.weightsWrong], causes: [.foreignWeights], layers: weighted
    ) { graph, layer in
      var random = TestRandom(seed: 4)
      try DiffDamage.mapCodes(of: layer, in: &graph) { _, _ in random.int(-127...127) }
    },
  ]

  static let codes: [Self] = [
    Self(
      name: "unsigned codes read as signed", kinds: [.zeroPointWrong],
      causes: [.weightCodesUnsigned], layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { Int(Int8(truncatingIfNeeded: $1) ^ -128) } },
    Self(
      name: "weights' zero point off by one", kinds: [.zeroPointWrong],
      causes: [.weightZeroPoint], layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { $1 + 1 } },
    Self(
      name: "input's zero point off by one", kinds: [.zeroPointWrong], causes: [.biasZeroPoint],
      layers: weighted
    ) { try DiffDamage.shiftInputZero(of: $1, by: 1, in: &$0) },
    Self(
      name: "input's zero point forgotten", kinds: [.zeroPointWrong], causes: [.biasZeroPoint],
      layers: weighted
    ) { try DiffDamage.shiftInputZero(of: $1, by: -128, in: &$0) },
  ]

  static let biases: [Self] = [
    Self(
      name: "biases dropped", kinds: [.biasWrong], causes: [.biasDropped], layers: weighted
    ) { try DiffDamage.dropBiases(of: $1, in: &$0) },
    Self(
      name: "biases × 4", kinds: [.biasWrong], causes: [.biasScaled], layers: weighted
    ) { try DiffDamage.mapBiases(of: $1, in: &$0) { $0.map { 4 * $0 } } },
    Self(
      name: "biases with the other sign", kinds: [.biasWrong], causes: [.biasSign],
      layers: weighted
    ) { try DiffDamage.mapBiases(of: $1, in: &$0) { $0.map { -$0 } } },
    Self(
      name: "biases rotated", kinds: [.biasWrong], causes: [.biasPermuted], layers: weighted
    ) { graph, layer in
      let tensor = try graph.node(layer).inputs[2]
      let scales = graph.tensors[tensor].quantization?.scales ?? []
      try DiffDamage.mapBiases(of: layer, in: &graph) { codes in
        codes.indices.map { channel in
          let next = (channel + 1) % codes.count
          return Int32((Float(codes[next]) * scales[next] / scales[channel]).rounded())
        }
      }
    },
    Self(
      name: "one bias wrong", kinds: [.biasWrong], causes: [.biasOther], layers: weighted
    ) { graph, layer in
      let node = try graph.node(layer)
      let step = graph.tensors[node.outputs[0]].quantization?.scales[0] ?? 1
      let scale = graph.tensors[node.inputs[2]].quantization?.scales[1] ?? 1
      try DiffDamage.mapBiases(of: layer, in: &graph) { codes in
        var codes = codes
        codes[1] += Int32(80 * step / scale)
        return codes
      }
    },
    Self(
      name: "biases doubled", kinds: [.biasWrong], causes: [.biasScaled], layers: weighted
    ) { try DiffDamage.mapBiases(of: $1, in: &$0) { $0.map { 2 * $0 } } },
    Self(
      name: "biases in 8 bits", kinds: [.biasWrong], causes: [.biasSaturated], layers: weighted
    ) { try DiffDamage.mapBiases(of: $1, in: &$0) { $0.map { max(-127, min(127, $0)) } } },
  ]
}
