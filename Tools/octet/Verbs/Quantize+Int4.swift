import OctetCommand
import OctetQuantization

/// How many bits weights have.
enum WeightWidth: String, CaseIterable {
  case int8, int4

  var bits: Int { self == .int4 ? 4 : 8 }
}

extension Quantize {
  /// The widths of weights that were asked for.
  func takeWeightWidths(_ arguments: Arguments, _ options: inout Quantizer.Options) {
    options.commonWeightBits = arguments[weights].bits
    for layer in arguments[int4] ?? [] { options.weightBits[layer] = 4 }
  }
}

extension ValueKind<[String]> {
  /// Names of layers, separated by commas.
  static var layers: ValueKind {
    ValueKind(placeholder: "LAYER[,LAYER…]", expectation: nil) { text throws(ValueError) in
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard !names.contains("") else {
        throw ValueError("names of layers separated by commas, such as conv1,conv2")
      }
      return names
    }
  }
}
