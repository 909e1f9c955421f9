import Foundation
import OctetBoards
import OctetCommand
import OctetCompiler
import OctetDiff
import OctetModelFile
import OctetPage
import OctetReport

/// What `octet diff` takes to compare a model with what others make of it.
enum Peers {
  static let against = OctetCommand.Option(
    "--against", .string.named("COMMAND|DIR"),
    help: "Compare every tensor with another runtime's: a folder of tensors, or a command that is "
      + "given a folder of inputs and one to fill (Tools/dump-tensors).")
  static let maxSteps = OctetCommand.Option(
    "--max-steps", .number(0...256),
    help: "With --against: exit with status 1 when a tensor differs by more steps of its codes.")
  static let port = OctetCommand.Option(
    "--port", .string.named("TTY"),
    help: "Compare every operator with a board on this serial line, which calls octet_diff_open.")
  static let baud = OctetCommand.Option(
    "--baud", .integer(1200...4_000_000), default: 115_200, help: "With --port: the line's rate.")
  static let timeout = OctetCommand.Option(
    "--timeout", .integer(1...86_400).named("SECONDS"),
    help: "How long the command of --against, an emulator or ssh may run (without it "
      + "\(TimeLimit.defaultSeconds)), and a board on --port be silent (10).")

  static let all: [any Parameter] = [against, maxSteps, port, baud, timeout]

  /// Seconds that a line may be silent.
  static let silenceSeconds = 10
  /// Samples of --against without --samples.
  static let sampleCount = 4

  static func requireSense(_ arguments: Arguments, board: String?) throws(CommandError) {
    guard board == nil || arguments[port] == nil else {
      throw CommandError(.usage, "give either --board or --port, not both")
    }
    if arguments.contains(baud), arguments[port] == nil {
      throw CommandError(.usage, "--baud belongs to --port")
    }
    if arguments[maxSteps] != nil, arguments[against] == nil {
      throw CommandError(.usage, "--max-steps belongs to --against")
    }
  }
}

/// One model beside what other runtimes and boards make of it.
struct PeerReport: Encodable, Sendable {
  var against: AgainstReport?
  var board: DiffReport.BoardComparison?
}

extension DiffVerb {
  /// A model alone, without a reference to measure accuracy by.
  func runAlone(_ arguments: Arguments, _ console: Console) throws -> Outcome {
    guard arguments[Peers.against] != nil || arguments[board] != nil || arguments[Peers.port] != nil
    else {
      throw CommandError(
        .usage,
        "M.oct is missing: two models are compared; one alone needs --against, --board or --port")
    }
    let path = arguments[reference]
    try requireAlone(arguments)
    var report = PeerReport()
    report.against = try compareAgainst(path, arguments, console)
    report.board = try compareBoardAlone(path, arguments)
    var parts: [String] = []
    if let against = report.against {
      parts.append(
        against.text(for: console.output, hasAll: arguments[DiffOverlay.allLayers]))
    }
    if let board = report.board {
      parts.append(DiffReport.boardText(board).wrapped(for: console.output))
    }
    let text = parts.joined(separator: "\n")
    if let file = arguments[html] {
      let page = PeerPage(
        model: path, against: report.against, board: report.board, version: Program.octet.version)
      try AtomicFile.write(Array(page.text().utf8), to: file, as: .html)
      console.message("wrote \(file)")
    }
    if let missed = Self.missed(report.against, arguments) {
      return Outcome(report, text: text, ending: .gateMissed(missed))
    }
    if let board = report.board, !board.isGood {
      return Outcome(
        report, text: text, ending: .gateMissed("\(board.board) \(board.failure)"))
    }
    return Outcome(report, text: text)
  }

  /// Options that compare two models say nothing of one.
  private func requireAlone(_ arguments: Arguments) throws(CommandError) {
    let ofTwo: [any Parameter] = [
      maxDrop, minAgreement, minLayerSQNR, sensitivity, bisect, baseline, saveRepro, dump, shard,
      localSamples, DiffOverlay.file, DiffSamples.rawInput, DiffSamples.metric,
      DiffSamples.minOutputSQNR,
    ]
    if let option = ofTwo.first(where: { arguments.contains($0) }) {
      throw CommandError(
        .usage,
        "\(option.specification.name) compares two models; here is one, '\(arguments[reference])'")
    }
  }

  /// The sentence on --max-steps where it is missed.
  static func missed(_ report: AgainstReport?, _ arguments: Arguments) -> String? {
    guard let report, let limit = arguments[Peers.maxSteps], report.maxSteps > limit else {
      return nil
    }
    let steps = report.maxSteps.isFinite ? report.maxSteps.formatted(digits: 2) : "no number of"
    return "'\(report.first ?? "")' is the first tensor that differs; the largest difference is "
      + "\(steps) steps, more than --max-steps \(limit)"
  }

  /// The comparison of a model file with --against; nil without.
  func compareAgainst(
    _ path: String, _ arguments: Arguments, _ console: Console
  ) throws -> AgainstReport? {
    guard let text = arguments[Peers.against] else { return nil }
    let against = Against(try readModel(path, try Common.normalization(arguments)))
    let count = arguments[Self.samples] ?? Peers.sampleCount
    var isFolder: ObjCBool = false
    let exists = unsafe FileManager.default.fileExists(atPath: text, isDirectory: &isFolder)
    if exists, isFolder.boolValue {
      let dump = try DumpFolder(text)
      let inputs = try against.inputs(in: dump) ?? ownInputs(against, count, arguments)
      return try against.run(dump, inputs, against: text)
    }
    // What can only be a folder is none.
    if !exists, text.hasSuffix("/") { throw AgainstError.missing(text) }
    let inputs = try ownInputs(against, count, arguments)
    let command = AgainstCommand(
      text, timeLimitSeconds: arguments[Peers.timeout] ?? TimeLimit.defaultSeconds)
    let (dump, said) = try command.run(inputs, for: against)
    if !said.isEmpty { console.message(SafeText.escaped(said)) }
    return try against.run(dump, inputs, against: text)
  }

  private func ownInputs(
    _ against: Against, _ count: Int, _ arguments: Arguments
  ) throws -> AgainstInputs {
    guard arguments.contains(Common.data) else { return against.generatedInputs(count: count) }
    let source = try Steps.load(arguments[Common.data], labels: Common.labelPolicy(arguments))
    return try against.inputs(source.test, count: count)
  }

  /// A blob on --board or --port with inputs of its own; nil without either.
  private func compareBoardAlone(
    _ path: String, _ arguments: Arguments
  ) throws -> DiffReport.BoardComparison? {
    guard arguments[board] != nil || arguments[Peers.port] != nil else { return nil }
    let blob = try ModelFile.readBlob(path).blob
    let against = Against(try readModel(path, nil))
    let inputs = against.codes(try ownInputs(against, arguments[boardSamples], arguments))
    return try compareBoard(blob, inputs, arguments)
  }

  /// Every operator on --board or --port.
  func compareBoard(
    _ blob: Blob, _ inputs: [UInt8], _ arguments: Arguments
  ) throws -> DiffReport.BoardComparison? {
    if let port = arguments[Peers.port] {
      let diff = try BoardDiff.run(
        blob, port: port, baud: arguments[Peers.baud],
        silenceSeconds: arguments[Peers.timeout] ?? Peers.silenceSeconds, inputs: inputs)
      return .init(diff, board: port)
    }
    guard let name = arguments[board] else { return nil }
    let seconds = arguments[Peers.timeout] ?? TimeLimit.defaultSeconds
    let diff = try TimeLimit.$seconds.withValue(seconds) {
      try BoardDiff.run(
        blob, on: try Board.named(name), inputs: inputs, host: arguments[host])
    }
    return .init(diff, board: name)
  }
}

extension AgainstReport {
  /// Tensors that fit a screen.
  private static let rowLimit = 12

  /// The answer, then the tensors that differ, from the first on.
  ///
  /// - Parameter hasAll: whether every tensor is listed.
  func text(for terminal: Terminal, hasAll: Bool = false) -> String {
    let style: Terminal.Style = first == nil ? .good : .warning
    var parts = [
      SafeText.escaped(summary).wrapped(for: terminal).split(separator: "\n")
        .map { terminal.styled(String($0), style) }.joined(separator: "\n")
    ]
    if let tensor = tensors.first(where: { $0.difference != nil }), let found = tensor.difference {
      parts.append(SafeText.escaped("'\(tensor.name)': \(found.text)").wrapped(for: terminal))
    }
    parts.append(tableText(terminal, hasAll: hasAll))
    let notes = tensors.compactMap { tensor in tensor.note.map { "'\(tensor.name)': \($0)" } }
    let shown = notes.prefix(hasAll ? notes.count : 3)
    let hidden = notes.count - shown.count
    parts.append(
      (shown.map { SafeText.escaped($0) } + (hidden > 0 ? ["… \(hidden) other steps"] : []))
        .joined(separator: "\n").wrapped(for: terminal))
    for (names, what) in [(unmatched, "only there"), (missing, "only in Octet")]
    where !names.isEmpty {
      let shown = names.prefix(hasAll ? names.count : 4)
      let more = names.count > shown.count ? " and \(names.count - shown.count) more" : ""
      parts.append(
        SafeText.escaped("\(what): " + shown.joined(separator: ", ") + more)
          .wrapped(for: terminal))
    }
    return parts.map { $0.trimmingCharacters(in: .newlines) }.filter { !$0.isEmpty }
      .joined(separator: "\n\n")
  }

  private func tableText(_ terminal: Terminal, hasAll: Bool) -> String {
    let different = tensors.filter { $0.difference != nil }
    guard hasAll || !different.isEmpty else { return "" }
    let shown =
      hasAll || tensors.count <= Self.rowLimit
      ? tensors : Array(different.prefix(Self.rowLimit))
    guard !shown.isEmpty else { return "" }
    var table = FittedTable([
      .always(.left("tensor")), .drop(3, .right("differ")), .always(.right("most")),
      .always(.left("looks like")), .drop(1, .left("comes from")), .drop(2, .right("found by")),
    ])
    for tensor in shown {
      let difference = tensor.difference
      let most = difference.map { found in
        found.maxSteps.map { $0.formatted(digits: $0 == $0.rounded() ? 0 : 2) }
          ?? found.maxAbsError.short
      }
      table.add([
        .init(tensor.name),
        .init(difference.map { "\($0.differingCount)/\($0.elementCount)" } ?? "-"),
        .init(most ?? "-"), .init(difference?.pattern.title ?? "the same"),
        .init(tensor.origin == .new ? "here" : tensor.origin == .follows ? "before" : ""),
        .init(tensor.matchedBy),
      ])
    }
    let hidden = tensors.count - shown.count
    let same = tensors.count - different.count
    let rest =
      hidden > 0
      ? "… \(hidden) others" + (same > 0 ? ", \(same) of them the same" : "") + "\n" : ""
    return table.text(for: terminal) + rest
  }
}

extension AgainstError: ExitStatusProviding {
  package var exitStatus: ExitStatus {
    switch self {
    case .missing: .missingInput
    case .cannotStart, .timedOut: .inputOutput
    case .cannotWrite: .cannotCreate
    case .failed, .dump: .badData
    }
  }
}
