import Foundation

/// The JSON that every verb prints: sorted keys, indented, slashes as they are, and `null` for
/// numbers that JSON cannot say (an infinite signal-to-noise ratio).
public enum JSONText {
  /// Stands for a non-finite number until the text is made: a private-use character, so that no
  /// name in a model is mistaken for it by accident.
  private static let nonFinite = "\u{F8FF}octet-non-finite"

  /// - Throws: whatever the value's own `encode(to:)` throws.
  public static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: nonFinite, negativeInfinity: nonFinite, nan: nonFinite)
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    return text.replacing("\"\(nonFinite)\"", with: "null")
  }
}
