/// The text of `--help`, and the pieces of it that error messages use.
enum Help {
  static let width = 80

  static func global(_ program: Program) -> String {
    let nameWidth = program.verbs.map(\.name.count).max() ?? 0
    let verbs = program.verbs.map { verb in
      hanging(
        "  " + verb.name.padding(toWidth: nameWidth) + "  ", verb.summary)
    }
    var text = hanging("", "\(program.name) \(program.version) – \(program.summary)")
    text += "\n\n"
    text += "Usage: \(program.name) VERB [options]\n\n"
    if !verbs.isEmpty { text += "Verbs:\n" + verbs.joined(separator: "\n") + "\n\n" }
    text += "Options of every verb:\n" + table(Program.commonFlags.map(\.specification))
    text += "\n\n\(program.name) VERB --help says more about a verb.\n\n"
    text += "Example:\n" + indented(program.example) + "\n"
    return text
  }

  static func text(of verb: any Verb, in program: Program) -> String {
    let specifications = verb.allParameters.map(\.specification)
    let positionals = specifications.filter(\.isPositional)
    let options = specifications.filter { !$0.isPositional }
    var text = hanging("", "\(program.name) \(verb.name) – \(verb.summary)") + "\n\n"
    for (index, usage) in verb.usages.enumerated() {
      let lead = (index == 0 ? "Usage: " : "       ") + "\(program.name) \(verb.name) "
      text += hanging(lead, usage) + "\n"
    }
    if !verb.discussion.isEmpty { text += "\n" + paragraphs(verb.discussion) + "\n" }
    if !positionals.isEmpty { text += "\nArguments:\n" + table(positionals) + "\n" }
    if !options.isEmpty { text += "\nOptions:\n" + table(options) + "\n" }
    text += "\nOptions of every verb:\n" + table(Program.commonFlags.map(\.specification))
    text += "\n\nExample:\n" + indented(verb.example) + "\n"
    return text
  }

  /// `M.onnx --data DIR -o FILE [--epochs N]`.
  static func usage(of specifications: [ParameterSpecification]) -> String {
    let ordered =
      specifications.filter(\.isPositional)
      + specifications.filter { !$0.isPositional && $0.isRequired }
      + specifications.filter { !$0.isPositional && !$0.isRequired }
    return ordered.map { $0.isRequired ? call(of: $0) : "[\(call(of: $0))]" }
      // A no-break space keeps an option and its placeholder on one line.
      .map { $0.replacing(" ", with: "\u{A0}") }
      .joined(separator: " ")
  }

  /// `-o` where there is one letter, `--output` else.
  static func flag(of specification: ParameterSpecification) -> String {
    specification.short.map { "-\($0)" } ?? specification.name
  }

  /// How the parameter is written: `--epochs N`, `-o FILE`, `IMAGE…`.
  static func call(of specification: ParameterSpecification) -> String {
    let name = flag(of: specification)
    return switch specification.form {
    case .flag: specification.name
    case .option: "\(name) \(specification.placeholder)\(specification.isRepeatable ? "…" : "")"
    case .positional(_, let maximum): maximum > 1 ? "\(specification.name)…" : specification.name
    }
  }

  private static func table(_ specifications: [ParameterSpecification]) -> String {
    let rows = specifications.map { specification in
      (left: leftColumn(of: specification), right: explanation(of: specification))
    }
    let leftWidth = min(28, rows.map(\.left.count).max() ?? 0)
    return rows.map { row in
      hanging(
        "  " + row.left.padding(toWidth: leftWidth) + "  ", row.right, indent: leftWidth + 4)
    }.joined(separator: "\n")
  }

  private static func leftColumn(of specification: ParameterSpecification) -> String {
    switch specification.form {
    case .positional: return call(of: specification)
    case .flag, .option:
      let short = specification.short.map { "-\($0), " } ?? "    "
      return "\(short)\(specification.name) \(specification.placeholder)"
        .trimmingSuffix(while: { $0 == " " })
    }
  }

  /// What a parameter is for, with its range and default.
  static func explanation(of specification: ParameterSpecification) -> String {
    var remarks: [String] = []
    if let expectation = specification.expectation { remarks.append(expectation) }
    if let text = specification.defaultText { remarks.append("default \(text)") }
    if specification.isRequired, !specification.isPositional { remarks.append("required") }
    return specification.help + (remarks.isEmpty ? "" : " (\(remarks.joined(separator: "; ")))")
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { "  " + $0 }.joined(separator: "\n")
  }

  private static func paragraphs(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { hanging("", String($0)) }.joined(separator: "\n")
  }

  /// Breaks `text` at spaces; the first line starts with `lead`, the others are as far in.
  static func hanging(_ lead: String, _ text: String, indent: Int? = nil) -> String {
    let indent = indent ?? lead.count
    let room = max(20, width - indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, line.count + 1 + word.count > room {
        lines.append(line)
        line = String(word)
      } else {
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    lines.append(line)
    let margin = String(repeating: " ", count: indent)
    // A lead too wide for its column gets a line of its own.
    let joined = lines.joined(separator: "\n" + margin)
    let text = lead.count > indent ? lead + "\n" + margin + joined : lead + joined
    return text.replacing("\u{A0}", with: " ").trimmingSuffix(while: { $0 == " " })
  }
}

extension ParameterSpecification {
  var isPositional: Bool {
    if case .positional = form { true } else { false }
  }
}

extension String {
  func padding(toWidth width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  func trimmingSuffix(while predicate: (Character) -> Bool) -> String {
    var text = self[...]
    while let last = text.last, predicate(last) { text = text.dropLast() }
    return String(text)
  }
}
