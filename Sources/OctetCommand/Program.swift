/// The tool: finds the verb, reads its arguments, runs it, prints what it hands back.
package struct Program: Sendable {
  package var name: String
  package var version: String
  package var summary: String
  /// Command lines that work when pasted, at the end of the global help.
  package var example: String
  /// The verbs in the order of the help.
  package var verbs: [any Verb]

  package init(
    name: String, version: String, summary: String, example: String, verbs: [any Verb]
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.example = example
    self.verbs = verbs
  }

  static let json = Flag("--json", help: "Print one JSON object on standard output.")
  static let quiet = Flag("--quiet", short: "q", help: "Only the result and errors.")
  static let help = Flag("--help", short: "h", help: "Print this help.")
  static let showVersion = Flag("--version", help: "Print the version.")

  /// The flags of every verb; verbs do not declare them.
  static var commonFlags: [Flag] { [json, quiet, help, showVersion] }

  /// Does what the arguments say. Never throws: a failure is one line on standard error and the
  /// status.
  ///
  /// - Parameter arguments: without the name of the tool.
  package func run(
    _ arguments: [String], streams: Console.Streams = .standard
  ) -> ExitStatus {
    let request = Request(arguments)
    let console = Console(
      isQuiet: request.has(Self.quiet), isJSON: request.has(Self.json), streams: streams)
    let subject = request.verb.map { "\(name) \($0)" } ?? name
    do {
      return try serve(request, console: console, subject: subject)
    } catch {
      let error = CommandError(error)
      let hint =
        error.status == .usage ? " (see '\(helpCommand(for: request.verb))')" : ""
      console.fail("\(subject): \(error.message)\(hint)")
      return error.status
    }
  }

  private func serve(
    _ request: Request, console: Console, subject: String
  ) throws -> ExitStatus {
    if request.has(Self.showVersion) {
      try console.emit(Outcome(["version": version], text: "\(name) \(version)"))
      return .done
    }
    if request.verb == "help" || (request.verb == nil && request.has(Self.help)) {
      return try help(about: request.verb == nil ? [] : request.rest, console: console)
    }
    if let flag = request.misplaced {
      let hint = Suggestion.sentence(for: flag, among: Self.commonFlags.map(\.specification.name))
      throw CommandError(.usage, "unknown flag '\(flag)' before the verb\(hint)")
    }
    guard let verbName = request.verb else {
      throw CommandError(.usage, "a verb is missing")
    }
    let verb = try named(verbName)
    if request.has(Self.help) { return try help(about: [verbName], console: console) }
    let arguments = try Arguments(request.rest, parameters: verb.allParameters + Self.commonFlags)
    let claims = try FileClaims.of(arguments, isJSON: console.isJSON)
    let outcome = try FileClaims.$current.withValue(claims) {
      let outcome = try verb.run(arguments, console: console)
      try console.emit(outcome)
      return outcome
    }
    switch outcome.ending {
    case .done:
      return .done
    case .gateMissed(let sentence):
      console.fail("\(subject): \(sentence)")
      return .gateMissed
    case .interrupted(let sentence):
      console.fail("\(subject): \(sentence)")
      return Interruption.status
    }
  }

  private func help(about verbs: [String], console: Console) throws -> ExitStatus {
    let names = verbs.filter { !ArgumentParser.looksLikeFlag($0) }
    guard let first = names.first, first != "help" else {
      let report = HelpReport(
        version: version, verbs: self.verbs.map { .init(name: $0.name, summary: $0.summary) })
      try console.emit(Outcome(report, text: Help.global(self)))
      return .done
    }
    let verb = try named(first)
    try console.emit(Outcome(VerbHelpReport(verb), text: Help.text(of: verb, in: self)))
    return .done
  }

  private func named(_ name: String) throws(CommandError) -> any Verb {
    if let verb = verbs.first(where: { $0.name == name }) { return verb }
    let hint = Suggestion.sentence(for: name, among: verbs.map(\.name) + ["help"])
    throw CommandError(.usage, "there is no verb '\(name)'\(hint)")
  }

  private func helpCommand(for verb: String?) -> String {
    let known = verbs.contains { $0.name == verb }
    return known ? "\(name) \(verb ?? "") --help" : "\(name) --help"
  }
}

/// A command line cut into the verb and the rest, before the verb's parameters are known.
private struct Request {
  var verb: String?
  /// Everything but the verb.
  var rest: [String]
  /// The first flag before the verb that is not one of every verb's.
  var misplaced: String?

  init(_ arguments: [String]) {
    rest = arguments
    let index = arguments.firstIndex { !ArgumentParser.looksLikeFlag($0) }
    misplaced = arguments[..<(index ?? arguments.count)].first { !Self.isCommon($0) }
    // What follows a misplaced flag may be its value.
    if let index, misplaced == nil { verb = rest.remove(at: index) }
  }

  func has(_ flag: Flag) -> Bool {
    rest.prefix { $0 != "--" }.contains { Self.matches($0, flag) }
  }

  private static func isCommon(_ argument: String) -> Bool {
    Program.commonFlags.contains { matches(argument, $0) }
  }

  private static func matches(_ argument: String, _ flag: Flag) -> Bool {
    argument == flag.specification.name
      || argument == flag.specification.short.map { "-\($0)" }
  }
}

private struct HelpReport: Encodable {
  struct Entry: Encodable {
    var name: String
    var summary: String
  }

  var version: String
  var verbs: [Entry]
}

/// `octet VERB --help --json`: for shell completion and for documentation.
private struct VerbHelpReport: Encodable {
  struct Entry: Encodable {
    var name: String
    var short: String?
    var placeholder: String
    var help: String
    var expectation: String?
    var defaultValue: String?
    var isRequired: Bool
    /// What it names: `input`, `inputFolder`, `output`, `outputFolder` or `folderOfOutputs`.
    var fileUse: String?
  }

  var name: String
  var summary: String
  var usages: [String]
  var example: String
  var parameters: [Entry]

  init(_ verb: any Verb) {
    name = verb.name
    summary = verb.summary
    usages = verb.usages.map { $0.replacing("\u{A0}", with: " ") }
    example = verb.example
    let all = verb.allParameters.map(\.specification) + Program.commonFlags.map(\.specification)
    parameters = all.map {
      Entry(
        name: $0.name, short: $0.short.map { "-\($0)" }, placeholder: $0.placeholder,
        help: $0.help, expectation: $0.expectation, defaultValue: $0.defaultText,
        isRequired: $0.isRequired, fileUse: $0.fileUse?.name)
    }
  }
}
