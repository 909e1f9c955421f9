/// Something that a verb takes on its command line: a `Flag`, an `Option`, a `Positional` or the
/// remaining `Positionals`.
package protocol Parameter: Sendable {
  var specification: ParameterSpecification { get }
}

/// A parameter without its type: what the parser and the help need.
package struct ParameterSpecification: Sendable {
  package enum Form: Sendable, Equatable {
    case flag
    case option
    /// Takes from `minimum` to `maximum` arguments.
    case positional(minimum: Int, maximum: Int)
  }

  package var form: Form
  /// The name with its dashes for flags and options, `--epochs`; the placeholder for positionals.
  package var name: String
  /// One letter, used with one dash: `o`.
  package var short: Character?
  /// What stands for the value in the help: `FILE`.
  package var placeholder: String
  package var help: String
  /// Range and choices, for the help: `1 to 1000`.
  package var expectation: String?
  /// The values, where they can be listed.
  var choices: [String] = []
  package var defaultText: String?
  package var isRequired: Bool
  /// An option that may be given several times.
  var isRepeatable = false
  /// What is done with the file that the value names; nil where it names none.
  var fileUse: FileUse?
  /// Throws when the text is not a value of the parameter's type.
  var check: @Sendable (String) throws(ValueError) -> Void
}

/// A switch: present or not.
package struct Flag: Parameter {
  package let specification: ParameterSpecification

  /// - Parameter name: with its dashes, `--quiet`.
  package init(_ name: String, short: Character? = nil, help: String) {
    specification = ParameterSpecification(
      form: .flag, name: name, short: short, placeholder: "", help: help,
      isRequired: false, check: { _ throws(ValueError) in })
  }
}

/// A named value: `--epochs 10`, `--epochs=10` or `-o FILE`; at most once.
package struct Option<Value: Sendable>: Parameter {
  package let specification: ParameterSpecification
  let parse: @Sendable (String) throws(ValueError) -> Value
  let absent: Value?

  private init<Parsed: Sendable>(
    _ name: String, _ short: Character?, _ kind: ValueKind<Parsed>, _ help: String,
    absent: Value?, defaultText: String?, convert: @escaping @Sendable (Parsed) -> Value
  ) {
    specification = ParameterSpecification(
      form: .option, name: name, short: short, placeholder: kind.placeholder, help: help,
      expectation: kind.expectation, choices: kind.choices, defaultText: defaultText,
      isRequired: absent == nil,
      fileUse: kind.fileUse, check: { text throws(ValueError) in _ = try kind.parse(text) })
    parse = { text throws(ValueError) in convert(try kind.parse(text)) }
    self.absent = absent
  }

  /// An option that may be left out: `arguments[option]` is the default then.
  package init(
    _ name: String, short: Character? = nil, _ kind: ValueKind<Value>, default value: Value,
    help: String
  ) {
    self.init(
      name, short, kind, help, absent: value, defaultText: kind.describe(value),
      convert: { $0 })
  }

  /// An option that must be given.
  package init(
    required name: String, short: Character? = nil, _ kind: ValueKind<Value>, help: String
  ) {
    self.init(name, short, kind, help, absent: nil, defaultText: nil, convert: { $0 })
  }

  /// An option that may be left out: `arguments[option]` is nil then.
  package init<Wrapped>(
    _ name: String, short: Character? = nil, _ kind: ValueKind<Wrapped>, help: String
  ) where Value == Wrapped? {
    self.init(
      name, short, kind, help, absent: .some(nil), defaultText: nil,
      convert: { Swift.Optional($0) })
  }
}

/// A named value that may be given several times, or not at all.
package struct Options<Value: Sendable>: Parameter {
  package let specification: ParameterSpecification
  let parse: @Sendable (String) throws(ValueError) -> Value

  package init(_ name: String, _ kind: ValueKind<Value>, help: String) {
    specification = ParameterSpecification(
      form: .option, name: name, placeholder: kind.placeholder, help: help,
      expectation: kind.expectation, choices: kind.choices, isRequired: false, isRepeatable: true,
      fileUse: kind.fileUse, check: { text throws(ValueError) in _ = try kind.parse(text) })
    parse = kind.parse
  }
}

/// One unnamed value. Optional ones (of type `T?`) come last.
package struct Positional<Value: Sendable>: Parameter {
  package let specification: ParameterSpecification
  let parse: @Sendable (String) throws(ValueError) -> Value
  let absent: Value?

  /// - Parameter name: the placeholder in the help, `M.oct`.
  package init(_ name: String, _ kind: ValueKind<Value>, help: String) {
    specification = ParameterSpecification(
      form: .positional(minimum: 1, maximum: 1), name: name, placeholder: name, help: help,
      expectation: kind.expectation, choices: kind.choices, isRequired: true, fileUse: kind.fileUse,
      check: { text throws(ValueError) in _ = try kind.parse(text) })
    parse = kind.parse
    absent = nil
  }

  package init<Wrapped>(optional name: String, _ kind: ValueKind<Wrapped>, help: String)
  where Value == Wrapped? {
    specification = ParameterSpecification(
      form: .positional(minimum: 0, maximum: 1), name: name, placeholder: name, help: help,
      expectation: kind.expectation, choices: kind.choices, isRequired: false,
      fileUse: kind.fileUse,
      check: { text throws(ValueError) in _ = try kind.parse(text) })
    parse = { text throws(ValueError) in try kind.parse(text) }
    absent = .some(nil)
  }
}

/// All remaining unnamed values; comes last.
package struct Positionals<Value: Sendable>: Parameter {
  package let specification: ParameterSpecification
  let parse: @Sendable (String) throws(ValueError) -> Value

  package init(_ name: String, _ kind: ValueKind<Value>, atLeast minimum: Int, help: String) {
    specification = ParameterSpecification(
      form: .positional(minimum: minimum, maximum: .max), name: name, placeholder: name,
      help: help, expectation: kind.expectation, choices: kind.choices, isRequired: minimum > 0,
      fileUse: kind.fileUse,
      check: { text throws(ValueError) in _ = try kind.parse(text) })
    parse = kind.parse
  }
}
