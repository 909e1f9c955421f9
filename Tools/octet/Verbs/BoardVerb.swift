import Foundation
import OctetBoards
import OctetCommand

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
    + "all operators or only those of a model."
  let action = Positional<String>(
    "list|build|run|profile|library", .choice(["list", "build", "run", "profile", "library"]),
    help: "What to do.")
  let model = Positional<String?>(optional: "M.oct", .input, help: "The blob.")
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
  let timeout = OctetCommand.Option(
    "--timeout", .integer(1...86_400).named("SECONDS"), default: TimeLimit.defaultSeconds,
    help: "How long each compiler, emulator or ssh may run before it is ended.")
  let example = "octet board run --board cortex-m4 lenet.oct"

  var usages: [String] {
    [
      "list",
      "build --board NAME|DIR M.oct [--flash N] [--ram N] -o DIR",
      "library [--board NAME|DIR] [M.oct] -o DIR",
      "run --board NAME|DIR M.oct [--raw-input IN [--samples N]] [--raw-output OUT] "
        + "[--host USER@NAME] [--cpu NAME] [--flash N] [--ram N] [-o DIR]",
      "profile --board NAME|DIR M.oct [--raw-input IN [--samples N]] [--cpu NAME] [--flash N] "
        + "[--ram N] [-o DIR]",
    ]
  }
  var parameters: [any Parameter] {
    [
      action, model, board, host, processor, flash, ram, rawInput, samples, rawOutput, output,
      timeout,
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
    guard let name = arguments[board], let path = arguments[model] else {
      throw CommandError(.usage, "'board \(arguments[action])' needs --board and a model")
    }
    var chosen = try Board.named(name)
    if let processor = arguments[processor] { chosen = chosen.emulating(processor) }
    let blob = try ModelFile.readBlob(path).blob
    var builder = try BoardBuilder(chosen)
    builder.flashByteCount = arguments[flash]
    builder.ramByteCount = arguments[ram]
    if arguments[action] == "build" {
      guard let folder else { throw CommandError(.usage, "'board build' needs -o DIR") }
      let firmware = try withTemporaryFolder { work in
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
    guard let folder else { throw CommandError(.usage, "'board library' needs -o DIR") }
    let chosen = try arguments[board].map { try Board.named($0) }
    let blob = try arguments[model].map { try ModelFile.readBlob($0).blob }
    try withTemporaryFolder { work in
      let library = try CLibraryBuilder(chosen).build(blob, into: work)
      try copy([library.archive, library.header].map { URL(fileURLWithPath: $0) }, to: folder)
    }
    let kept = CLibrary(
      archive: folder.path + "/liboctet.a", header: folder.path + "/octet.h")
    return Outcome(
      kept, text: [kept.archive, kept.header].map(SafeText.escaped).joined(separator: "\n"))
  }
}

extension BoardError: ExitStatusProviding {
  package var exitStatus: ExitStatus {
    switch self {
    case .unknownBoard, .notRemote, .hasNoSizes: .usage
    case .toolMissing, .firmwareMissing, .boardMissing: .missingInput
    case .cannotRun, .timedOut: .inputOutput
    case .file: .cannotCreate
    default: .badData
    }
  }
}
