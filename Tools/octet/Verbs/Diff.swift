import Foundation
import OctetBoards
import OctetCommand
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetModelFile
import OctetReport

struct DiffVerb: Verb {
  let name = "diff"
  let summary = "Compare a float model with its int8 form: accuracy, flips, error by layer."
  let discussion =
    "The verdict comes first: is the accuracy kept, which layer is to blame, and what to do. Any "
    + "two models can be compared: .onnx, .tflite or .oct, float or int8. Local figures of a layer "
    + "are taken with its input exact. The model's scores are judged where they can be seen: a "
    + "class 11.09 under the best has a probability below 2^-16, and 'octet quantize' gives it no "
    + "codes on purpose. 'merge' puts the JSON files of shards together."
  let reference = Positional<String>("M.onnx", .input, help: "The float model, or 'merge'.")
  let candidate = Positional<String?>(
    optional: "M.oct", .input,
    help: "The int8 model, or the first shard; one model alone goes with --against, --board and "
      + "--port.")
  let more = Positionals<String>(
    "SHARD.json", .input, atLeast: 0, help: "With 'merge': the other shards.")
  static let samples = OctetCommand.Option(
    "--samples", .integer(1...100_000_000), help: "Only the first N samples.")
  let localSamples = OctetCommand.Option(
    "--local-samples", .integer(1...100_000_000), default: 1000,
    help: "Samples for local errors and the error split, evenly spread; fewer by default where a "
      + "model has over 30 million multiply-adds.")
  let maxDrop = OctetCommand.Option(
    "--max-drop", .number(-1...1), help: "Exit with status 1 when accuracy falls by more.")
  let minAgreement = OctetCommand.Option(
    "--min-agreement", .number(0...1), help: "Exit with status 1 when agreement is less.")
  let minLayerSQNR = OctetCommand.Option(
    "--min-layer-sqnr", .number(-200...200).named("DB"),
    help: "Exit with status 1 when a layer's signal-to-noise ratio is less.")
  let sensitivity = Flag(
    "--sensitivity", help: "Accuracy with only each layer quantized, and with all but it.")
  let bisect = Flag(
    "--bisect", help: "Find the smallest set of layers that costs what is lost.")
  let baseline = OctetCommand.Option(
    "--baseline", .input.named("OLD.json"), help: "Say what got worse since this run.")
  let html = OctetCommand.Option(
    "--html", .output(.html), help: "Write the whole report as one self-contained page.")
  let saveRepro = OctetCommand.Option(
    "--save-repro", .outputFolder,
    help: "Write the worst layer, or what --bisect found, for Octet, ONNX Runtime and LiteRT.")
  let dump = OctetCommand.Option(
    "--dump", .outputFolder, help: "Write every layer's values in both models; see --samples.")
  let shard = OctetCommand.Option(
    "--shard", .shard, help: "Only part K of N; with --json, for 'diff merge'.")
  let board = OctetCommand.Option(
    "--board", .choiceOrFolder(Board.names),
    help: "Also run the blob there and compare every operator's bytes.")
  let host = OctetCommand.Option(
    "--host", .string.named("USER@NAME"), help: "With --board: run on this Linux board by ssh.")
  let boardSamples = OctetCommand.Option(
    "--board-samples", .integer(1...100_000), default: 20, help: "With --board: test images to run."
  )
  let example = "octet diff lenet.onnx lenet.oct --data digits --max-drop 0.005"

  var usages: [String] {
    [
      "M.onnx M.oct [--data DIR] [options]", "M.oct --against COMMAND|DIR [--max-steps N]",
      "M.oct --board NAME|--port TTY [--baud N]", "merge SHARD.json SHARD.json… [gates]",
    ]
  }

  var parameters: [any Parameter] {
    [
      reference, candidate, more, Common.data, Self.samples, localSamples, maxDrop, minAgreement,
      minLayerSQNR, sensitivity, bisect, baseline, html, saveRepro, dump, shard, board, host,
      boardSamples, Common.mean, Common.standardDeviation, Common.anyLabels, Common.threads,
    ] + DiffSamples.parameters + Peers.all + [DiffOverlay.file, DiffOverlay.allLayers]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    if arguments[reference] == "merge" { return try merge(arguments, console) }
    guard arguments[more].isEmpty else {
      throw CommandError(.usage, "two models are compared; '\(arguments[more][0])' is one too many")
    }
    try Peers.requireSense(arguments, board: arguments[board])
    guard let second = arguments[candidate] else { return try runAlone(arguments, console) }
    let old = try arguments[baseline].map { try readBaseline($0) }
    let diff = try makeDiff(arguments, second, console)
    let bar = console.progress("comparing", total: diff.sampleCount)
    var report = try diff.run { bar.update($0) }
    bar.finish()
    if arguments[sensitivity] { report.sensitivity = try sweep(diff, console) }
    if arguments[bisect] { report.bisection = try halve(diff, report, console) }
    if let old { report.compare(with: old, file: arguments[baseline] ?? "") }
    report.board = try compareBoard(diff, arguments)
    report.against = try compareAgainst(second, arguments, console)
    if let folder = arguments[saveRepro] {
      try OutputFolder.write(try diff.reproduction(of: report), to: folder)
      console.message("wrote \(folder)")
    }
    if let folder = arguments[dump] {
      try OutputFolder.write(try diff.dump(), to: folder)
      console.message("wrote \(folder)")
    }
    return try outcome(report, arguments, console)
  }

  private func outcome(
    _ report: DiffReport, _ arguments: Arguments, _ console: Console
  ) throws -> Outcome {
    if arguments[maxDrop] != nil, report.qualityDrop == nil { throw Self.noAccuracy }
    try writeHTML(report, arguments, console)
    try DiffOverlay.write(report, arguments, console)
    let missed =
      gates(report, arguments).first { !$0.gate.isMet }?.missed
      ?? Self.missed(report.against, arguments)
    return Outcome(
      report,
      text: report.text(
        for: console.output, hasAll: arguments[DiffOverlay.allLayers],
        hasPage: arguments[html] != nil),
      ending: missed.map { .gateMissed($0) } ?? .done)
  }

  // MARK: Inputs

  private func makeDiff(
    _ arguments: Arguments, _ second: String, _ console: Console
  ) throws -> Diff {
    let normalization = try Common.normalization(arguments)
    let models = try [arguments[reference], second].map {
      try readModel($0, normalization)
    }
    let (name, data) = try DiffSamples.load(arguments, for: models, console: console)
    var options = Diff.Options()
    options.threadCount = arguments[Common.threads]
    options.localSampleCount = arguments[localSamples]
    // Of a MobileNetV2 100 samples; of what MLPerf Tiny has, all.
    if !arguments.contains(localSamples) { options.localMacLimit = 30_000_000_000 }
    options.shard = arguments[shard]
    options.command = CommandLine.arguments.map(\.shellQuoted).joined(separator: " ")
    options.data = .init(
      name: name,
      isDefault: !arguments.contains(Common.data) && arguments[DiffSamples.rawInput] == nil,
      isLabelled: data.isLabelled, isImages: data.isImages)
    options.metrics = arguments[DiffSamples.metric] ?? [:]
    options.versions = ["octet": Program.octet.version]
    let diff = try Diff(models[0], models[1], data, options: options)
    if arguments[maxDrop] != nil, !diff.canLose { throw Self.noAccuracy }
    return diff
  }

  func readModel(_ path: String, _ normalization: Normalization?) throws -> DiffModel {
    let bytes = try InputFile.read(path)
    var model: DiffModel
    switch try ModelFile.read(path) {
    case .blob(let loaded): model = try DiffModel(loaded, file: path)
    case .graph(var graph, _, _):
      // What a blob does not give is not compared: positions by the scores that they come from.
      _ = try graph.dropOutputs(in: path)
      if graph.isQuantized {
        // As 'octet import' takes it over, with all of its channels: those that are constant may be
        // what is wrong.
        graph = try ModelFile.readProven(path).graph
        if let normalization { graph.metadata.normalization = normalization }
        let blob = try naming(path) { try Compiler.compile(graph, shrinks: false).blob }
        model = try DiffModel(try LoadedModel(blob), file: path)
        model.nameTensors(as: graph)
      } else {
        if let normalization { graph.metadata.normalization = normalization }
        model = DiffModel(graph, file: path)
      }
    }
    model.fileByteCount = bytes.count
    model.checksum = CRC32.text(bytes)
    return model
  }

  private static var noAccuracy: CommandError {
    CommandError(
      .usage,
      "--max-drop needs labels that say what is right (--labels) and a model that is judged "
        + "by them; --min-agreement and --min-output-sqnr need none")
  }

  private func readBaseline(_ path: String) throws -> DiffBaseline {
    let bytes = try InputFile.read(path)
    do {
      return try JSONDecoder().decode(DiffBaseline.self, from: Data(bytes))
    } catch {
      throw CommandError(.badData, "\(path): not the JSON of 'octet diff --json'")
    }
  }

  private func merge(_ arguments: Arguments, _ console: Console) throws -> Outcome {
    guard arguments[candidate] != nil else {
      throw CommandError(.usage, "'diff merge' needs the JSON files of shards")
    }
    struct File: Decodable { var shard: DiffShard? }
    var shards: [DiffShard] = []
    for path in (arguments[candidate].map { [$0] } ?? []) + arguments[more] {
      let bytes = try InputFile.read(path)
      guard let file = try? JSONDecoder().decode(File.self, from: Data(bytes)),
        let shard = file.shard
      else {
        throw CommandError(
          .badData, "\(path): not a shard; make one with 'octet diff … --shard K/N --json'")
      }
      shards.append(shard)
    }
    var report = try DiffShard.merge(shards)
    if let path = arguments[baseline] { report.compare(with: try readBaseline(path), file: path) }
    return try outcome(report, arguments, console)
  }

  // MARK: More than the comparison

  private func sweep(_ diff: Diff, _ console: Console) throws -> DiffReport.Sensitivity {
    let bar = console.progress("sensitivity", total: diff.sampleCount)
    defer { bar.finish() }
    return try Interruption.whilePolling {
      try diff.sensitivity {
        bar.update($0, note: $1)
      } shouldStop: {
        Interruption.isRequested
      }
    }
  }

  private func halve(
    _ diff: Diff, _ report: DiffReport, _ console: Console
  ) throws -> DiffReport.Bisection {
    let bar = console.progress("hybrids", total: 0)
    defer { bar.finish() }
    return try Interruption.whilePolling {
      try diff.bisection(of: report) {
        bar.update($0)
      } shouldStop: {
        Interruption.isRequested
      }
    }
  }

  private func compareBoard(
    _ diff: Diff, _ arguments: Arguments
  ) throws -> DiffReport.BoardComparison? {
    guard arguments[board] != nil || arguments[Peers.port] != nil else { return nil }
    guard let (blob, inputs) = diff.boardInputs(count: arguments[boardSamples]) else {
      throw CommandError(.usage, "--board runs blobs; the second model must be an .oct file")
    }
    return try compareBoard(blob, inputs, arguments)
  }
}

extension ValueKind<DiffShard.Part> {
  /// `3/8`
  static var shard: ValueKind {
    ValueKind(placeholder: "K/N", expectation: nil) { text throws(ValueError) in
      guard let part = DiffShard.Part(text) else { throw ValueError("a part such as 3/8") }
      return part
    }
  }
}

extension String {
  /// The text as a POSIX shell reads it back.
  var shellQuoted: String {
    let plain = unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || ("0"..."9").contains($0)
        || "/._-=+:,@%".unicodeScalars.contains($0)
    }
    return plain && !isEmpty ? self : "'" + replacing("'", with: "'\\''") + "'"
  }
}
