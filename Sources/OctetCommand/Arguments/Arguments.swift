/// The arguments of one run of a verb, read by parameter: `arguments[epochs]` is an `Int`.
package struct Arguments: Sendable {
  private let values: [String: [String]]
  private let names: Set<String>
  private let specifications: [ParameterSpecification]

  /// Sorts and checks everything at once, so that the subscripts cannot fail.
  package init(
    _ arguments: [String], parameters: [any Parameter]
  ) throws(CommandError) {
    specifications = parameters.map(\.specification)
    values = try ArgumentParser(specifications: specifications).parse(arguments)
    names = Set(specifications.map(\.name))
  }

  package subscript(flag: Flag) -> Bool { texts(flag) != nil }

  package subscript<Value>(option: Option<Value>) -> Value {
    value(texts(option)?.first, parse: option.parse, absent: option.absent, of: option)
  }

  package subscript<Value>(positional: Positional<Value>) -> Value {
    value(
      texts(positional)?.first, parse: positional.parse, absent: positional.absent,
      of: positional)
  }

  package subscript<Value>(positionals: Positionals<Value>) -> [Value] {
    (texts(positionals) ?? []).map {
      value($0, parse: positionals.parse, absent: nil, of: positionals)
    }
  }

  package subscript<Value>(options: Options<Value>) -> [Value] {
    (texts(options) ?? []).map {
      value($0, parse: options.parse, absent: nil, of: options)
    }
  }

  /// What the user wrote for an option; nil where it is not given.
  package func text(of parameter: any Parameter) -> String? { texts(parameter)?.first }

  /// What the user wrote for an option that may be given several times.
  package func texts(of parameter: any Parameter) -> [String] { texts(parameter) ?? [] }

  /// Whether the user gave it, default or not.
  package func contains(_ parameter: some Parameter) -> Bool { texts(parameter) != nil }

  /// The text that the user gave for it; nil where it was left out.
  package func text(of parameter: some Parameter) -> String? { texts(parameter)?.first }

  /// The files that were named, each with the parameter as the help shows it.
  var fileUses: [(name: String, use: FileUse, path: String)] {
    specifications.flatMap { specification -> [(name: String, use: FileUse, path: String)] in
      guard let use = specification.fileUse else { return [] }
      let name = specification.isPositional ? specification.name : Help.flag(of: specification)
      return (values[specification.name] ?? []).map { (name, use, $0) }
    }
  }

  package var isForced: Bool { values[FileClaims.forceFlag.specification.name] != nil }

  private func texts(_ parameter: some Parameter) -> [String]? {
    let name = parameter.specification.name
    precondition(names.contains(name), "the verb reads \(name) but does not declare it")
    return values[name]
  }

  private func value<Value>(
    _ text: String?, parse: (String) throws(ValueError) -> Value, absent: Value?,
    of parameter: some Parameter
  ) -> Value {
    if let text, let value = try? parse(text) { return value }
    guard let absent else {
      preconditionFailure("\(parameter.specification.name) passed the parser without a value")
    }
    return absent
  }
}
