import Foundation
import OctetReport

/// Numbers as people read them. None of them depends on the machine's language.
package enum Figures {
  /// Does not let a unit slip to the next line.
  package static let gap = "\u{a0}"
  package static let minus = "\u{2212}"

  /// `10,000`
  package static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var text = value < 0 ? minus : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  /// `1 image`, `2 images`
  package static func count(_ value: Int, _ noun: String) -> String {
    count(value) + gap + noun + (value == 1 ? "" : "s")
  }

  /// `+3`, `−2`, `0`
  package static func change(_ value: Int) -> String { (value > 0 ? "+" : "") + count(value) }

  /// `98.90 %`
  package static func percent(_ share: Double, digits: Int = 2) -> String {
    decimal(100 * share, digits) + gap + "%"
  }

  /// `+0.12` points of a percentage
  package static func points(_ share: Double) -> String {
    let text = decimal(100 * share, 2)
    return (share > 0 && text != "0.00" ? "+" : "") + (text == minus + "0.00" ? "0.00" : text)
  }

  package static func decimal(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return notFinite(value) }
    guard abs(value) < 1e7 else { return String(format: "%.2e", value) }
    return String(format: "%.*f", digits, value).replacing("-", with: minus)
  }

  /// Three digits that count: `0.0123`, `12.3`, `1.2e−09`.
  package static func short(_ value: Double) -> String {
    guard value.isFinite else { return notFinite(value) }
    return String(format: "%.3g", value).replacing("-", with: minus)
  }

  package static func decibels(_ value: Double) -> String { decimal(value, 1) + gap + "dB" }

  /// `63.1 KiB`
  package static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1024: return Figures.count(count) + gap + "B"
    case ..<(1024 * 1024): return decimal(Double(count) / 1024, 1) + gap + "KiB"
    default: return decimal(Double(count) / (1024 * 1024), 1) + gap + "MiB"
    }
  }

  /// `12.3 µs`
  package static func time(nanoseconds: Double) -> String {
    switch nanoseconds {
    case ..<1e3: decimal(nanoseconds, 0) + gap + "ns"
    case ..<1e6: decimal(nanoseconds / 1e3, 1) + gap + "µs"
    case ..<1e9: decimal(nanoseconds / 1e6, 1) + gap + "ms"
    default: decimal(nanoseconds / 1e9, 1) + gap + "s"
    }
  }

  private static func notFinite(_ value: Double) -> String {
    value.isNaN ? "not a number" : value < 0 ? minus + "∞" : "∞"
  }
}

extension String {
  /// The text's beginning, at most `limit` characters; names in models can be of any length.
  package func shortened(to limit: Int = 80) -> String {
    // Foreign text may pile thousands of marks on one character.
    let scalars = unicodeScalars.prefix(limit + 1)
    guard scalars.count > limit else { return self }
    return String(String.UnicodeScalarView(scalars.prefix(limit - 1))) + "…"
  }
}

extension Int {
  /// The nearest integer; what an integer cannot hold becomes the nearest that it can, NaN 0.
  init(clamped value: Double) {
    self = value.isNaN ? 0 : Int(exactly: value.rounded()) ?? (value < 0 ? .min : .max)
  }
}
