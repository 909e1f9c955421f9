import Foundation
import OctetData

/// The values that one hyper-parameter of a search may have.
///
/// | Written | Means |
/// |---|---|
/// | `a,b,c` or `a\|b\|c` | one of these; `none` leaves the option out |
/// | `uniform(a,b)` | a number, all alike likely |
/// | `uniform(a,b,step)` | a, a + step, … up to b |
/// | `integer(a,b)` | a whole number, all alike likely |
/// | `log(a,b)` | a number whose logarithm is evenly spread |
///
/// Samplers see every value as a place in 0…1.
package enum SearchRange: Sendable, Equatable {
  case choices([String])
  case span(SearchSpan)

  /// The word that stands for an option that is not given.
  package static let absent = "none"

  /// The place of a value: for choices the middle of its equal share of 0…1; nil for a text that
  /// is no value of the range.
  package func place(of text: String) -> Double? {
    switch self {
    case .choices(let texts):
      texts.firstIndex(of: text).map { (Double($0) + 0.5) / Double(texts.count) }
    case .span(let span): Double(text).map { span.place(of: $0) }
    }
  }

  /// The value at a place, as an option takes it.
  package func text(at place: Double) -> String {
    switch self {
    case .choices(let texts): texts[Self.cell(place, texts.count)]
    case .span(let span): span.text(at: place)
    }
  }

  /// One of `valueCount` values.
  package func text(ofIndex index: Int) -> String {
    switch self {
    case .choices(let texts): texts[index]
    case .span(let span): span.text(of: span.lower + Double(index) * (span.step ?? 0))
    }
  }

  /// How many values there are; nil for numbers without steps.
  package var valueCount: Int? {
    switch self {
    case .choices(let texts): texts.count
    case .span(let span): span.valueCount
    }
  }

  /// Places of different values need not be different in order: those of choices are not.
  package var isOrdered: Bool {
    if case .span = self { true } else { false }
  }

  /// Which of `count` equal parts of 0…1 a place lies in.
  static func cell(_ place: Double, _ count: Int) -> Int {
    min(max(Int(place * Double(count)), 0), count - 1)
  }
}

/// Numbers from a lower to an upper end, both included.
package struct SearchSpan: Sendable, Equatable {
  package let lower, upper: Double
  package let isLogarithmic: Bool
  /// The distance of neighbouring values; nil where any number will do.
  package let step: Double?

  /// - Throws: the end of a sentence that begins with the text of the range.
  package init(
    _ lower: Double, _ upper: Double, isLogarithmic: Bool = false, step: Double? = nil
  ) throws(SearchRangeError) {
    guard lower.isFinite, upper.isFinite, lower < upper else {
      throw SearchRangeError("a range: it ends at \(upper.plain), not above its start")
    }
    if isLogarithmic, lower <= 0 {
      throw SearchRangeError("a range: the logarithm needs a start above 0")
    }
    if let step {
      guard step.isFinite, step > 0, step <= upper - lower, (upper - lower) / step < 1e6 else {
        throw SearchRangeError("a range: a step is above 0 and fits into it")
      }
    }
    self.lower = lower
    self.upper = upper
    self.isLogarithmic = isLogarithmic
    self.step = step
  }

  /// The same with whole numbers only.
  package func whole() throws(SearchRangeError) -> SearchSpan {
    guard lower == lower.rounded(), upper == upper.rounded(), abs(lower) < 1e15, abs(upper) < 1e15,
      step == nil || step == step?.rounded()
    else { throw SearchRangeError("a range of whole numbers, which this option takes") }
    return try SearchSpan(lower, upper, isLogarithmic: isLogarithmic, step: step ?? 1)
  }

  package var valueCount: Int? { step.map { Int((upper - lower) / $0 + 1e-9) + 1 } }

  func place(of value: Double) -> Double {
    let place: Double
    if isLogarithmic {
      let (start, end) = logarithms
      place = (log(max(value, .leastNormalMagnitude)) - start) / (end - start)
    } else if let step, let count = valueCount {
      place = (((value - lower) / step).rounded() + 0.5) / Double(count)
    } else {
      place = (value - lower) / (upper - lower)
    }
    return min(max(place, 0), 1)
  }

  func text(at place: Double) -> String {
    let place = min(max(place, 0), 1)
    var value: Double
    if isLogarithmic {
      let (start, end) = logarithms
      value = exp(start + place * (end - start))
      if let step { value = lower + ((value - lower) / step).rounded() * step }
    } else if let step, let count = valueCount {
      value = lower + Double(SearchRange.cell(place, count)) * step
    } else {
      value = lower + place * (upper - lower)
    }
    return text(of: value)
  }

  fileprivate func text(of value: Double) -> String {
    // Four digits may lie beyond an end.
    let rounded = Double(String(format: step == nil ? "%.4g" : "%.10g", value)) ?? value
    return min(max(rounded, lower), upper).plain
  }

  /// Whole numbers at the ends get the room that the others have.
  private var logarithms: (start: Double, end: Double) {
    guard let step else { return (log(lower), log(upper)) }
    return (log(max(lower - step / 2, lower / 2)), log(upper + step / 2))
  }
}

/// The end of a sentence `'TEXT' is not …`.
package struct SearchRangeError: Error, Equatable {
  package let expectation: String

  init(_ expectation: String) { self.expectation = expectation }
}

extension SearchRange {
  /// Reads what stands behind the equals sign of `--over NAME=RANGE`.
  ///
  /// - Parameter takesLists: the option's own values hold commas, so that only `|` parts choices.
  package init(parsing text: String, takesLists: Bool = false) throws(SearchRangeError) {
    if text.hasSuffix(")"), let open = text.firstIndex(of: "(") {
      self = .span(try Self.span(text[..<open], text[text.index(after: open)...].dropLast()))
      return
    }
    if ["uniform(", "integer(", "log("].contains(where: text.hasPrefix) {
      throw SearchRangeError("a range: its bracket stays open")
    }
    let mark: Character = takesLists || text.contains("|") ? "|" : ","
    let choices = text.split(separator: mark, omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard choices.allSatisfy({ !$0.isEmpty }) else {
      throw SearchRangeError("a list: one of its values is empty ('\(Self.absent)' is for none)")
    }
    guard Set(choices).count == choices.count else {
      throw SearchRangeError("a list of different values")
    }
    guard choices.count > 1 else {
      throw SearchRangeError(
        "a choice: there is one value only; give that to the option itself, or several "
          + (takesLists ? "with | between them" : "with commas"))
    }
    self = .choices(choices)
  }

  private static func span(
    _ name: Substring, _ inner: Substring
  ) throws(SearchRangeError) -> SearchSpan {
    let parts = inner.split(separator: ",", omittingEmptySubsequences: false)
    var numbers: [Double] = []
    for part in parts {
      let text = part.trimmingCharacters(in: .whitespaces)
      guard text.utf8.allSatisfy({ "0123456789.+-eE".utf8.contains($0) }),
        let number = Double(text), number.isFinite
      else { throw SearchRangeError("a range of numbers: '\(text)' is none") }
      numbers.append(number)
    }
    switch (name, numbers.count) {
    case ("uniform", 2): return try SearchSpan(numbers[0], numbers[1])
    case ("uniform", 3): return try SearchSpan(numbers[0], numbers[1], step: numbers[2])
    case ("integer", 2): return try SearchSpan(numbers[0], numbers[1]).whole()
    case ("log", 2): return try SearchSpan(numbers[0], numbers[1], isLogarithmic: true)
    default:
      throw SearchRangeError(
        "a range: write a,b,c or uniform(a,b), uniform(a,b,step), integer(a,b) or log(a,b)")
    }
  }
}

extension Double {
  /// The shortest text that reads back as the number, `1` rather than `1.0`.
  package var plain: String {
    let text = "\(self)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Dataset {
  /// Whose images and labels these are, in few characters: FNV-1a of both.
  package var fingerprint: String {
    String(Checkpoint.hash(pixels), radix: 16) + "-" + String(Checkpoint.hash(labels), radix: 16)
  }
}

/// One hyper-parameter of a search.
package struct SearchDimension: Sendable, Equatable {
  /// The option without its dashes, `learning-rate`, or one change of images, `augment.rotate`.
  package var name: String
  package var range: SearchRange

  package init(name: String, range: SearchRange) {
    self.name = name
    self.range = range
  }
}
