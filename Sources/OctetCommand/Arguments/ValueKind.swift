import Foundation

/// Why a text is not a value: completes the sentence `'TEXT' is not …`.
package struct ValueError: Error, Equatable {
  package var expectation: String

  package init(_ expectation: String) { self.expectation = expectation }
}

/// How the text of an argument becomes a typed value.
package struct ValueKind<Value: Sendable>: Sendable {
  package var placeholder: String
  /// The range for the help, when it says more than the placeholder: `1 to 1000`.
  package var expectation: String?
  /// The values, where they can be listed.
  var choices: [String] = []
  package var parse: @Sendable (String) throws(ValueError) -> Value
  /// What is done with the file that a value names; such kinds are made by `.input`, `.output` and
  /// their like only.
  var fileUse: FileUse?
  /// The text that `parse` would read back; shows defaults in the help.
  package var describe: @Sendable (Value) -> String

  package init(
    placeholder: String, expectation: String? = nil,
    describe: @escaping @Sendable (Value) -> String = { String(describing: $0) },
    parse: @escaping @Sendable (String) throws(ValueError) -> Value
  ) {
    self.placeholder = placeholder
    self.expectation = expectation
    self.describe = describe
    self.parse = parse
  }

  /// The same kind under another name in the help: `.path.named("M.oct")`.
  package func named(_ placeholder: String) -> ValueKind {
    var kind = self
    kind.placeholder = placeholder
    return kind
  }
}

extension ValueKind<String> {
  /// Any text that is not empty.
  package static var string: ValueKind {
    ValueKind(placeholder: "TEXT") { text throws(ValueError) in
      guard !text.isEmpty else { throw ValueError("a value: it is empty") }
      return text
    }
  }

  /// One of the names, spelled exactly.
  package static func choice(_ names: [String]) -> ValueKind {
    let list = names.joined(separator: ", ")
    var kind = ValueKind(placeholder: "NAME", expectation: list) { text throws(ValueError) in
      guard names.contains(text) else {
        let hint = Suggestion.sentence(for: text, among: names)
        throw ValueError("one of \(list)\(hint)")
      }
      return text
    }
    kind.choices = names
    return kind
  }
}

extension ValueKind<String> {
  /// One of the names, or a folder.
  package static func choiceOrFolder(_ names: [String]) -> ValueKind {
    let list = names.joined(separator: ", ")
    var kind = ValueKind(placeholder: "NAME|DIR", expectation: "\(list); or a folder") {
      text throws(ValueError) in
      guard
        names.contains(text) || text.contains("/")
          || FileManager.default.fileExists(atPath: text)
      else {
        let hint = Suggestion.sentence(for: text, among: names)
        throw ValueError("one of \(list), nor a folder\(hint)")
      }
      return text
    }
    kind.choices = names
    return kind
  }
}

extension ValueKind<String> {
  /// One of the names, or a file whose name ends in one of the suffixes.
  package static func choiceOrFile(_ names: [String], _ suffixes: [String]) -> ValueKind {
    let list = names.joined(separator: ", ")
    let files = "a file of \(suffixes.joined(separator: " or "))"
    var kind = ValueKind(placeholder: "NAME|FILE", expectation: "\(list); or \(files)") {
      text throws(ValueError) in
      guard names.contains(text) || suffixes.contains(where: { text.lowercased().hasSuffix($0) })
      else {
        let hint = Suggestion.sentence(for: text, among: names)
        throw ValueError("one of \(list), nor \(files)\(hint)")
      }
      return text
    }
    kind.choices = names
    return kind
  }
}

extension ValueKind<[String]> {
  /// Names with commas between them.
  package static var names: ValueKind {
    ValueKind(placeholder: "NAME,…", describe: { $0.joined(separator: ",") }) {
      text throws(ValueError) in
      let names = text.split(separator: ",").map { String($0) }
      guard !names.isEmpty else { throw ValueError("a list of names: it is empty") }
      return names
    }
  }
}

extension ValueKind<Int> {
  /// Bytes, as a number or with K or M for 2¹⁰ and 2²⁰.
  package static var byteCount: ValueKind {
    ValueKind(placeholder: "N", expectation: "bytes, or as 64K or 1M") { text throws(ValueError) in
      let digits = text.prefix { $0.isASCII && $0.isNumber }
      let units = ["": 1, "K": 1 << 10, "KIB": 1 << 10, "M": 1 << 20, "MIB": 1 << 20]
      guard let number = Int(digits), (1...1 << 31).contains(number),
        let unit = units[text.dropFirst(digits.count).uppercased()],
        case let count = number * unit, count <= 1 << 31
      else { throw ValueError("a number of bytes from 1 to 2048M, such as 20480 or 20K") }
      return count
    }
  }
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
  /// One of the cases, by its raw value.
  package static var choice: ValueKind {
    let names = ValueKind<String>.choice(Value.allCases.map(\.rawValue))
    var kind = ValueKind(
      placeholder: names.placeholder, expectation: names.expectation, describe: \.rawValue
    ) { text throws(ValueError) in
      guard let value = Value(rawValue: try names.parse(text)) else {
        throw ValueError(names.expectation ?? "")
      }
      return value
    }
    kind.choices = names.choices
    return kind
  }
}

extension ValueKind<Int> {
  /// A whole number in the range; a range that ends at `Int.max` is shown as `at least`.
  package static func integer(_ range: ClosedRange<Int>) -> ValueKind {
    let limits =
      range.upperBound == .max
      ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    return ValueKind(placeholder: "N", expectation: limits) { text throws(ValueError) in
      guard let value = Int(text), range.contains(value) else {
        throw ValueError("a whole number, \(limits)")
      }
      return value
    }
  }

  package static func integer(_ range: PartialRangeFrom<Int>) -> ValueKind {
    integer(range.lowerBound...Int.max)
  }
}

extension ValueKind<UInt64> {
  /// The seed of a random generator: any 64-bit number.
  package static var seed: ValueKind {
    ValueKind(placeholder: "N") { text throws(ValueError) in
      guard let value = UInt64(text) else {
        throw ValueError("a whole number, 0 to \(UInt64.max)")
      }
      return value
    }
  }
}

extension ValueKind<Double> {
  /// A finite decimal number in the range.
  package static func number(_ range: ClosedRange<Double>) -> ValueKind {
    number("\(plain(range.lowerBound)) to \(plain(range.upperBound))", where: range.contains)
  }

  /// A decimal number above 0, such as a learning rate.
  package static func positiveNumber(upTo limit: Double) -> ValueKind {
    number("above 0, at most \(plain(limit))") { $0 > 0 && $0 <= limit }
  }

  private static func number(
    _ limits: String, where accepts: @escaping @Sendable (Double) -> Bool
  ) -> ValueKind {
    ValueKind(placeholder: "X", expectation: limits, describe: plain) { text throws(ValueError) in
      // `Double` also reads hexadecimal, "inf" and "nan", which are typing mistakes here.
      let isDecimal = text.utf8.allSatisfy { "0123456789.+-eE".utf8.contains($0) }
      guard isDecimal, let value = Double(text), accepts(value) else {
        throw ValueError("a number, \(limits)")
      }
      return value
    }
  }

  /// `1` rather than `1.0`.
  private static func plain(_ value: Double) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
