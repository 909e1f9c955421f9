import Foundation
import OctetBoards
import OctetCommand
import OctetModelFile

struct BoardVerb: Verb {
  let name = "board"
  let summary = "Build a model's firmware for a board, run it, and compare it with this machine."
  let discussion =
    "'list' shows the boards. 'build' leaves the ELF, the flash image and a memory map in a "
    + "folder. 'run' builds, runs the self-test and the inputs in the emulator, or over ssh on a "
    + "Linux board, and compares every output byte. 'profile' prints what each operator costs in "
    + "the emulator: instructions and, on Cortex-M, modelled cycles. Only the Swift toolchain and "
    + "QEMU are needed. What did not change since the last build is not compiled again. "
    + "'library' makes liboctet.a and octet.h for C programs of a board, or of this machine, with "
    + "all operators, or with models and only their operators; --package packs it for CMake, "
    + "pkg-config, Arduino, PlatformIO and Zephyr. 'runner' makes octet-run, a static program for "
    + "any board with Linux that runs every model on pictures, raw frames or a camera."
  let action = Positional<String>(
    "list|build|run|profile|library|runner",
    .choice(["list", "build", "run", "profile", "library", "runner"]), help: "What to do.")
  let models = Positionals<String>(
    "M.oct", .input, atLeast: 0, help: "The blob; of 'library' as many as it shall have.")
  let board = OctetCommand.Option(
    "--board", .choiceOrFolder(Board.names),
    help: "The board, or the folder of one of your own.")
  let flash = OctetCommand.Option(
    "--flash", .byteCount, help: "Flash of this bare-metal part, in bytes or as 256K.")
  let ram = OctetCommand.Option(
    "--ram", .byteCount, help: "RAM of this bare-metal part, in bytes or as 64K.")
  let host = OctetCommand.Option(
    "--host", .string.named("USER@NAME"), help: "Run on this Linux board by ssh.")
  let processor = OctetCommand.Option(
    "--cpu", .string.named("NAME"), help: "Emulate this processor, such as cortex-a76.")
  let rawInput = OctetCommand.Option(
    "--raw-input", .input, help: "Int8 samples to run; the self-test's own when absent.")
  let samples = OctetCommand.Option(
    "--samples", .integer(1...), help: "Run at most so many samples of --raw-input.")
  let rawOutput = OctetCommand.Option(
    "--raw-output", .output(.raw), help: "Int8 outputs to write.")
  let output = OctetCommand.Option(
    "--output", short: "o", .outputFolder,
    help: "Folder to make; an older one is replaced when it holds nothing but what Octet wrote.")
  let boards = OctetCommand.Option(
    "--boards", .string.named("NAME,…"),
    help: "With --package: the boards whose libraries go into it; 'host' is this machine.")
  let package = OctetCommand.Option(
    "--package", .output(.package), help: "The ZIP file to write the library to.")
  let textBudget = OctetCommand.Option(
    "--text-budget", .byteCount,
    help: "Most bytes of code and constants beside the model. On Cortex-M4 and M7 they hold "
      + "weights prepared for speed as far as this allows, without it "
      + "\(BoardBuilder.defaultTextByteLimit).")
  let timeout = OctetCommand.Option(
    "--timeout", .integer(1...86_400).named("SECONDS"), default: TimeLimit.defaultSeconds,
    help: "How long each compiler, emulator or ssh may run before it is ended.")
  let example = "octet board run --board cortex-m4 lenet.oct"

  var usages: [String] {
    [
      "list",
      "build --board NAME|DIR M.oct [--flash N] [--ram N] [--text-budget N] -o DIR",
      "library [--board NAME|DIR] [M.oct…] -o DIR",
      "library [--boards NAME,…] [M.oct…] --package OCTET.zip",
      "runner --board NAME|DIR -o DIR",
      "run --board NAME|DIR M.oct [--raw-input IN [--samples N]] [--raw-output OUT] "
        + "[--host USER@NAME] [--cpu NAME] [--flash N] [--ram N] [--text-budget N] [-o DIR]",
      "profile --board NAME|DIR M.oct [--raw-input IN [--samples N]] [--cpu NAME] [--flash N] "
        + "[--ram N] [--text-budget N] [-o DIR]",
    ]
  }
  var parameters: [any Parameter] {
    [
      action, models, board, boards, host, processor, flash, ram, textBudget, rawInput, samples,
      rawOutput, output, package, timeout,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    try TimeLimit.$seconds.withValue(arguments[timeout]) { try act(arguments, console) }
  }

  private func act(_ arguments: Arguments, _ console: Console) throws -> Outcome {
    if arguments[action] == "list" {
      let list = try BoardList()
      return Outcome(list, text: list.text.wrapped(for: console.output))
    }
    let folder = arguments[output]
    if arguments[action] == "library" { return try buildLibrary(arguments, folder) }
    if arguments[action] == "runner" { return try buildRunner(arguments, folder) }
    guard let name = arguments[board], arguments[models].count == 1,
      let path = arguments[models].first
    else {
      throw CommandError(.usage, "'board \(arguments[action])' needs --board and one model")
    }
    var chosen = try Board.named(name)
    if let processor = arguments[processor] { chosen = chosen.emulating(processor) }
    let blob = try ModelFile.readBlob(path).blob
    var builder = try BoardBuilder(chosen)
    builder.flashByteCount = arguments[flash]
    builder.ramByteCount = arguments[ram]
    builder.textByteLimit = arguments[textBudget]
    if arguments[action] == "build" {
      guard let folder else { throw CommandError(.usage, "'board build' needs -o DIR") }
      let firmware = try withTemporaryFolder { [builder] work in
        try keep(try builder.build(blob, into: work), in: folder)
      }
      return Outcome(BoardBuildReport(firmware), text: BoardBuildReport(firmware).text)
    }
    if arguments[action] == "profile" {
      guard arguments[host] == nil else {
        throw CommandError(.usage, "'board profile' counts in the emulator; leave out --host")
      }
      guard chosen.isCounted else {
        throw CommandError(
          .usage,
          "'board profile' counts in QEMU, which does not run \(chosen.name.shown); "
            + "'board run' takes its own times")
      }
    }
    var inputs = try arguments[rawInput].map { [UInt8](try InputFile.read($0)) }
    if let samples = arguments[samples], let all = inputs {
      let model = try blob.model()
      let byteCount = (0..<model.inputCount).reduce(0) { $0 + model.input($1).byteCount }
      inputs = Array(all.prefix(min(samples, all.count / byteCount) * byteCount))
    }
    let result = try BoardRunner.buildAndRun(
      blob, with: builder, inputs: inputs, host: arguments[host]
    ) { firmware in
      if let folder { _ = try keep(firmware, in: folder) }
    }
    if let path = arguments[rawOutput] {
      try AtomicFile.write(result.outputs, to: path, as: .raw)
    }
    if arguments[action] == "profile", let profile = BoardProfile(result) {
      return Outcome(
        profile, text: profile.text, ending: result.isGood ? .done : .gateMissed(result.failure))
    }
    let report = BoardReport(result, host: arguments[host])
    if result.isGood { return Outcome(report, text: report.text) }
    return Outcome(report, text: report.text, ending: .gateMissed(result.failure))
  }
}

extension BoardVerb {
  /// Copies the firmware to where it stays.
  private func keep(_ firmware: Firmware, in folder: OutputFolderPath) throws -> Firmware {
    try copy(firmware.files, to: folder)
    return firmware.moved(to: URL(fileURLWithPath: folder.path))
  }

  private func copy(_ files: [URL], to folder: OutputFolderPath) throws(CommandError) {
    try OutputFolder.write(to: folder) { path throws(CommandError) in
      for file in files {
        let target = URL(fileURLWithPath: path).appendingPathComponent(file.lastPathComponent)
        do {
          try FileManager.default.copyItem(at: file, to: target)
        } catch {
          throw CommandError(.inputOutput, "\(folder.path): \(error.localizedDescription)")
        }
      }
    }
  }

  private func buildLibrary(_ arguments: Arguments, _ folder: OutputFolderPath?) throws -> Outcome {
    let models = try arguments[models].map { path in
      let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      return try LibraryModel(try ModelFile.readBlob(path).blob, name: name)
    }
    if let path = arguments[package] {
      guard folder == nil else {
        throw CommandError(.usage, "give either -o DIR or --package FILE, not both")
      }
      return try pack(models, to: path, arguments)
    }
    guard let folder else {
      throw CommandError(.usage, "'board library' needs -o DIR or --package FILE")
    }
    guard arguments[boards] == nil else {
      throw CommandError(.usage, "--boards belongs to --package; --board names one")
    }
    let chosen = try arguments[board].map { try Board.named($0) }
    let library = try withTemporaryFolder { work in
      let library = try CLibraryBuilder(chosen).build(models, into: work)
      try copy(library.files.map { URL(fileURLWithPath: $0) }, to: folder)
      return library.moved(to: folder.path)
    }
    return Outcome(
      library, text: library.files.map(SafeText.escaped).joined(separator: "\n"))
  }

  private func pack(
    _ models: [LibraryModel], to path: OutputPath, _ arguments: Arguments
  ) throws -> Outcome {
    let names = arguments[boards]?.split(separator: ",").map(String.init)
    let chosen = try (names ?? arguments[board].map { [$0] } ?? ["host"]).map {
      $0 == "host" ? nil : try Board.named($0)
    }
    guard !chosen.isEmpty else { throw CommandError(.usage, "--boards names no board") }
    try AtomicFile.checkCanWrite(to: path, as: .package)
    let bytes = try LibraryPackage.build(chosen, models)
    try AtomicFile.write(bytes, to: path, as: .package)
    let report = PackageReport(
      package: path.path, fileByteCount: bytes.count, models: models.map(\.summary))
    return Outcome(report, text: "wrote \(path), \(bytes.count) bytes")
  }

  struct PackageReport: Encodable {
    var package: String
    var fileByteCount: Int
    var models: [LibraryModel.Summary]
  }

  private func buildRunner(_ arguments: Arguments, _ folder: OutputFolderPath?) throws -> Outcome {
    guard let folder, let name = arguments[board], arguments[models].isEmpty else {
      throw CommandError(
        .usage, "'board runner' needs --board and -o DIR, and no model: it runs every model")
    }
    let chosen = try Board.named(name)
    let report = try withTemporaryFolder { work in
      let files = try RunnerBuilder(chosen).build(into: work)
      try copy(files, to: folder)
      return RunnerReport(
        board: name, program: folder.path + "/octet-run",
        byteCount: try Data(contentsOf: files[0]).count)
    }
    return Outcome(
      report, text: "\(SafeText.escaped(report.program)), \(report.byteCount) bytes")
  }

  struct RunnerReport: Encodable {
    var board: String
    var program: String
    var byteCount: Int
  }
}

extension BoardError: ExitStatusProviding {
  package var exitStatus: ExitStatus {
    switch self {
    case .unknownBoard, .notRemote, .noProgram, .hasNoSizes, .hasNoLibrary: .usage
    case .toolMissing, .firmwareMissing, .boardMissing, .portMissing: .missingInput
    case .cannotRun, .timedOut, .line: .inputOutput
    case .file: .cannotCreate
    default: .badData
    }
  }
}
