import OctetModel
import OctetReport
import TestComparisons
import TestNetworks

extension CatalogueKind {
  /// What happens to a quantized file's integers while its scales stay.
  static let integers: [Self] = [
    Self(
      name: "integers in H, W, I, O read as O, I, H, W", kinds: [.weightsWrong],
      causes: [.weightsTransposed], layers: mixing
    ) { try DiffDamage.misreadCodes(of: $1, [1, 2, 3, 0], [0, 3, 1, 2], in: &$0) },
    Self(
      name: "integers in O, H, W, I read as O, I, H, W", kinds: [.weightsWrong],
      causes: [.weightsTransposed], layers: mixing
    ) { try DiffDamage.misreadCodes(of: $1, [0, 1, 2, 3], [0, 3, 1, 2], in: &$0) },
    Self(
      name: "dense integers transposed", kinds: [.weightsWrong], causes: [.weightsTransposed],
      layers: dense
    ) { try DiffDamage.misreadCodes(of: $1, [1, 0], [0, 1], in: &$0) },
    Self(
      name: "integers flattened as H, W, C read as C, H, W", kinds: [.weightsWrong],
      causes: [.flattenOrder],
      layers: only([.lenet: ["fc1"], .mobile: ["hidden"], .keywords: ["scores"]])
    ) { graph, layer in
      let image: [String: [Int]] = [
        "fc1": [4, 4, 8], "hidden": [6, 6, 12], "scores": [6, 2, 12],
      ]
      let outputs = graph.tensors[try graph.node(layer).inputs[1]].shape[0]
      try DiffDamage.misreadCodes(
        of: layer, as: [outputs] + (image[layer] ?? []), [0, 1, 2, 3], [0, 3, 1, 2], in: &graph)
    },
    Self(
      name: "halves of bytes exchanged", kinds: [.weightsWrong], causes: [.halvesExchanged],
      layers: weighted
    ) {
      try DiffDamage.mapCodes(of: $1, in: &$0) {
        let byte = UInt8(truncatingIfNeeded: $1)
        return Int(Int8(bitPattern: byte << 4 | byte >> 4))
      }
    },
    Self(
      name: "words of four bytes reversed", kinds: [.weightsWrong],
      // Of four input channels that is their reverse order.
      causes: [.weightByteOrder, .inputChannelsPermuted], layers: mixing
    ) {
      try DiffDamage.displaceCodes(of: $1, in: &$0) { position, shape in
        position < shape.elementCount / 4 * 4 ? position ^ 3 : position
      }
    },
    Self(name: "signs lost", kinds: [.weightsWrong], causes: [.signsLost], layers: weighted) {
      try DiffDamage.mapCodes(of: $1, in: &$0) { abs($1) }
    },
    Self(
      name: "weights wrapped around", kinds: [.weightsWrong], causes: [.weightsWrapped],
      layers: weighted
    ) {
      try DiffDamage.scaleWeights(of: $1, by: 0.5, in: &$0)
      try DiffDamage.mapCodes(of: $1, in: &$0) { Int(Int8(truncatingIfNeeded: 2 * $1)) }
    },
    Self(
      name: "weights cut off at code 40", kinds: [.clipped], causes: [.weightsClipped],
      layers: weighted
    ) { try DiffDamage.mapCodes(of: $1, in: &$0) { max(-40, min(40, $1)) } },
    Self(
      name: "one scale read for all channels", kinds: [.weightsWrong], causes: [.scalesLost],
      layers: weighted
    ) { try DiffDamage.loseScales(of: $1, in: &$0) },
    Self(
      name: "integers of biases rotated", kinds: [.biasWrong], causes: [.biasPermuted],
      layers: weighted
    ) { try DiffDamage.mapBiases(of: $1, in: &$0) { Array($0.dropFirst()) + $0.prefix(1) } },
    Self(
      name: "biases without the input's scale", kinds: [.biasWrong], causes: [.biasScaled],
      layers: weighted
    ) { try DiffDamage.mapBiases(of: $1, in: &$0) { $0.map { ($0 + 32) >> 6 } } },
  ]
}
