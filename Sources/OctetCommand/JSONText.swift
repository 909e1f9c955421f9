import Foundation
import OctetSystem

/// The JSON that every verb prints: sorted keys, indented, slashes as they are, and `null` for
/// numbers that JSON cannot say (an infinite signal-to-noise ratio).
package enum JSONText {
  /// Stands for a non-finite number until the text is made: a private-use character, so that no
  /// name in a model is mistaken for it by accident.
  private static let nonFinite = "\u{F8FF}octet-non-finite"

  /// The same value without characters that drive a terminal: JSON allows those above U+001F as
  /// they are, and such stand in strings only.
  private static func escapingControls(_ text: String) -> String {
    func isHarmful(_ scalar: Unicode.Scalar) -> Bool { scalar.isControl && scalar != "\n" }
    guard text.unicodeScalars.contains(where: isHarmful) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isHarmful(scalar) {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// - Throws: whatever the value's own `encode(to:)` throws.
  package static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: nonFinite, negativeInfinity: nonFinite, nan: nonFinite)
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    return escapingControls(text.replacing("\"\(nonFinite)\"", with: "null"))
  }
}
