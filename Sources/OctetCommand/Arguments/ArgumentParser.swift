/// Sorts the arguments of one verb into its declared parameters.
///
/// | Written | Means |
/// |---|---|
/// | `--opt value`, `--opt=value`, `-o value`, `-o=value` | an option; once, or repeated |
/// | `--flag`, `-f` | a flag; once or more |
/// | `--` | what follows is positional |
/// | `-` | a positional |
/// | `-3`, `-0.5` | a value: numbers are never flags |
struct ArgumentParser {
  let specifications: [ParameterSpecification]

  /// The checked texts of every parameter that was given, by its name.
  func parse(_ arguments: [String]) throws(CommandError) -> [String: [String]] {
    var values: [String: [String]] = [:]
    var positionals: [String] = []
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if argument == "--" {
        positionals += arguments[index...]
        break
      }
      guard Self.looksLikeFlag(argument) else {
        positionals.append(argument)
        continue
      }
      let (name, attached) = Self.split(argument)
      let specification = try named(name)
      if specification.form == .flag {
        guard attached == nil else { throw usage("\(name) takes no value") }
        values[specification.name] = []
        continue
      }
      guard specification.isRepeatable || values[specification.name] == nil else {
        throw usage("\(name) is given twice")
      }
      let value: String
      if let attached {
        value = attached
      } else if index < arguments.count, !Self.looksLikeFlag(arguments[index]) {
        value = arguments[index]
        index += 1
      } else {
        throw usage("\(name) needs a value: \(name) \(specification.placeholder)")
      }
      try check(value, of: specification, shownAs: name)
      values[specification.name, default: []].append(value)
    }
    try distribute(positionals, into: &values)
    for specification in specifications
    where specification.isRequired && values[specification.name] == nil {
      throw usage("\(Help.call(of: specification)) is missing")
    }
    return values
  }

  /// Positionals take what is there, in order; the last one may take many.
  private func distribute(
    _ arguments: [String], into values: inout [String: [String]]
  ) throws(CommandError) {
    var rest = arguments[...]
    for specification in specifications {
      guard case .positional(let minimum, let maximum) = specification.form else { continue }
      let taken = rest.prefix(maximum)
      if taken.count < minimum {
        let more = minimum > 1 ? " (at least \(minimum) are needed)" : ""
        throw usage("\(specification.name) is missing\(more)")
      }
      for value in taken {
        try check(value, of: specification, shownAs: specification.name)
      }
      if !taken.isEmpty { values[specification.name] = Array(taken) }
      rest = rest.dropFirst(taken.count)
    }
    if let extra = rest.first { throw usage("'\(extra)' is one argument too many") }
  }

  private func check(
    _ text: String, of specification: ParameterSpecification, shownAs name: String
  ) throws(CommandError) {
    do {
      try specification.check(text)
    } catch {
      throw usage("\(name): '\(text)' is not \(error.expectation)")
    }
  }

  private func named(_ name: String) throws(CommandError) -> ParameterSpecification {
    for specification in specifications {
      if case .positional = specification.form { continue }
      if specification.name == name || specification.short.map({ "-\($0)" }) == name {
        return specification
      }
    }
    let known = specifications.filter { $0.name.hasPrefix("-") }
    let names = known.map(\.name) + known.compactMap { $0.short.map { "-\($0)" } }
    throw usage("unknown flag '\(name)'\(Suggestion.sentence(for: name, among: names))")
  }

  private func usage(_ message: String) -> CommandError { CommandError(.usage, message) }

  static func looksLikeFlag(_ argument: String) -> Bool {
    argument.count > 1 && argument.hasPrefix("-") && Double(argument) == nil
  }

  /// `--name=value` in two; the value is nil without an equals sign.
  static func split(_ argument: String) -> (name: String, value: String?) {
    guard let equals = argument.firstIndex(of: "=") else { return (argument, nil) }
    return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
  }
}
