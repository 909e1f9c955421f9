import OctetCommand
import OctetQuantization

extension ValueKind<Int16Activations> {
  /// `auto`, `all` or names of layers.
  static var int16Layers: ValueKind {
    ValueKind(
      placeholder: "LAYERS", expectation: "auto, all, or names of layers with commas between",
      describe: \.text
    ) { text throws(ValueError) in
      if text == "auto" { return .automatic(decibels: Int16Activations.decibels) }
      if text == "all" { return .all }
      let names = text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
      guard !names.contains("") else {
        throw ValueError("auto, all, or names of layers with commas between")
      }
      return .layers(names)
    }
  }
}

extension Int16Activations {
  /// As the option has it.
  var text: String {
    switch self {
    case .none: "none"
    case .automatic: "auto"
    case .all: "all"
    case .layers(let names): names.joined(separator: ",")
    }
  }
}
