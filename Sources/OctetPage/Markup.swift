import OctetReport

/// A piece of XHTML that cannot be made from foreign text by mistake: literals are markup,
/// everything interpolated is escaped unless it is `Markup` itself.
///
///     let row: Markup = "<td class=\"\(name)\">\(name)</td>"
package struct Markup: ExpressibleByStringInterpolation, Sendable, Equatable {
  package private(set) var source: String

  package init(stringLiteral value: String) { source = value }

  package init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

  init(joining parts: some Sequence<Markup>) {
    source = ""
    for part in parts { source += part.source }
  }

  /// Text; nothing in it is markup.
  init(text: String) {
    source = ""
    Self.append(text, to: &source)
  }

  static let nothing = Markup(stringLiteral: "")

  var byteCount: Int { source.utf8.count }
  var isEmpty: Bool { source.isEmpty }

  static func += (left: inout Markup, right: Markup) { left.source += right.source }
  static func + (left: Markup, right: Markup) -> Markup { Markup(joining: [left, right]) }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate(set) var source: String

    package init(literalCapacity: Int, interpolationCount: Int) {
      source = ""
      source.reserveCapacity(literalCapacity + 8 * interpolationCount)
    }

    package mutating func appendLiteral(_ literal: String) { source += literal }
    package mutating func appendInterpolation(_ text: String) { Markup.append(text, to: &source) }
    package mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
    package mutating func appendInterpolation(_ parts: [Markup]) {
      for part in parts { source += part.source }
    }
    package mutating func appendInterpolation(_ number: Int) { source += String(number) }
    /// A coordinate in a drawing, to a tenth.
    package mutating func appendInterpolation(_ coordinate: Double) { source += coordinate.tenths }
  }

  /// Escapes what XML and HTML give a meaning, in text and in quoted attributes. Characters that
  /// XML forbids, and those that turn the direction of the text around them, become `U+FFFD`.
  private static func append(_ text: String, to source: inout String) {
    let isPlain = text.utf8.allSatisfy { byte in
      (0x20..<0x7f).contains(byte) && byte != 0x26 && byte != 0x3c && byte != 0x3e
        && byte != 0x22 && byte != 0x27
    }
    if isPlain {
      source += text
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": source += "&amp;"
      case "<": source += "&lt;"
      case ">": source += "&gt;"
      case "\"": source += "&quot;"
      case "'": source += "&#39;"
      default: source.unicodeScalars.append(isHarmless(scalar) ? scalar : "\u{fffd}")
      }
    }
  }

  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d: true
    case 0..<0x20, 0x7f..<0xa0, 0xfffe, 0xffff: false
    // Left-to-right and right-to-left marks, embeddings, overrides and isolates.
    case 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069: false
    default: scalar.value & 0xfffe != 0xfffe
    }
  }
}

extension Double {
  /// The number as a coordinate: `12`, `12.5`, `-0.3`; 0 for what is not finite.
  package var tenths: String {
    guard abs(self) < 1e9 else { return "0" }
    let value = Int((self * 10).rounded())
    let (whole, rest) = (abs(value) / 10, abs(value) % 10)
    return (value < 0 ? "-" : "") + (rest == 0 ? "\(whole)" : "\(whole).\(rest)")
  }
}
