import OctetModel

/// What an operator's table was made of, which the table does not say: everything else that a graph
/// needs follows from the parameter words.
///
/// A blob made from a graph holds them behind its data, a line of text for each operator that has
/// one: its index, what it is, and numbers. No reader but ``BlobReader`` looks there, and it lowers
/// what it has read again: lines that say something else than the tables are refused.
enum Origin: Sendable, Equatable {
  case function(ScalarFunction)
  /// Nothing but another scale and zero point.
  case changeOfScale
  case prelu(slopes: [Int8], scale: Float, zeroPoint: Int32)
  /// `scales` are those of height and width.
  case resize(ResizeAttributes.Coordinates, ResizeAttributes.Rounding, scales: [Float])

  /// nil for operations whose operators say everything themselves.
  init?(_ operation: Operation) {
    if case .scalar(let function) = operation {
      self = .function(function)
    } else if operation == .quantize || operation == .identity {
      self = .changeOfScale
    } else if case .resize(let attributes) = operation {
      self = .resize(
        attributes.coordinates, attributes.rounding, scales: Array(attributes.scales[1...2]))
    } else {
      return nil
    }
  }

  // MARK: As text

  private static let changeOfScaleName = "quantize"
  private static let preluName = "prelu"
  private static let resizeName = "resize"

  /// Words between which a space stands.
  var text: String {
    func join(_ name: String, _ values: [any CustomStringConvertible]) -> String {
      ([name] + values.map(\.description)).joined(separator: " ")
    }
    return switch self {
    case .function(let function): join(function.name, function.parameters)
    case .changeOfScale: Self.changeOfScaleName
    case .prelu(let slopes, let scale, let zeroPoint):
      join(Self.preluName, [scale, zeroPoint] + slopes)
    case .resize(let coordinates, let rounding, let scales):
      join(Self.resizeName, [coordinates.rawValue, rounding.rawValue] + scales)
    }
  }

  /// nil for text that no origin has.
  init?(text: Substring) {
    let words = text.split(separator: " ")
    guard let name = words.first else { return nil }
    let rest = words.dropFirst()
    let numbers = rest.compactMap { Float($0) }.filter { !$0.isNaN }
    switch name {
    case Self.changeOfScaleName where rest.isEmpty: self = .changeOfScale
    case Self.preluName:
      let integers = rest.dropFirst().compactMap { Int8($0) }
      guard integers.count > 1, integers.count + 1 == rest.count, let scale = numbers.first,
        scale.isNormal, scale > 0
      else { return nil }
      self = .prelu(
        slopes: Array(integers[1...]), scale: scale, zeroPoint: Int32(integers[0]))
    case Self.resizeName:
      guard rest.count == 4, numbers.count == 2,
        let coordinates = ResizeAttributes.Coordinates(rawValue: String(words[1])),
        let rounding = ResizeAttributes.Rounding(rawValue: String(words[2]))
      else { return nil }
      self = .resize(coordinates, rounding, scales: numbers)
    default:
      guard let standard = ScalarFunction.all.first(where: { $0.name == name }),
        numbers.count == rest.count, numbers.count == standard.parameters.count
      else { return nil }
      self = .function(ScalarFunction(standard.kind, parameters: numbers))
    }
  }
}
