import OctetCommand
import OctetData
import OctetTraining

/// The file in which `train` keeps a run.
struct CheckpointFile {
  static let file = OctetCommand.Option(
    "--checkpoint", .output(.checkpoint),
    help: "A file that keeps the run, so that --resume goes on with it.")
  static let interval = OctetCommand.Option(
    "--checkpoint-every", .number(0...86_400), default: 10,
    help: "Seconds from one checkpoint to the next; 0 writes one after every step.")
  static let resume = Flag(
    "--resume",
    help: "Go on from --checkpoint; the end is the same to the byte. Without a file there yet, "
      + "begin.")

  let checkpoints: Checkpoints

  /// nil where no file is named.
  ///
  /// - Throws: when there is a run in the file that would be lost, or none to go on with.
  init?(_ arguments: Arguments, console: Console) throws {
    guard let file = arguments[Self.file] else {
      guard arguments[Self.resume] else { return nil }
      throw CommandError(.usage, "--resume needs --checkpoint FILE, the run to go on with")
    }
    guard !file.isStandardOutput else {
      throw CommandError(.usage, "--checkpoint needs a file, which '-' is not")
    }
    let old = try Self.old(file)
    if arguments[Self.resume] {
      if old == nil { console.message("note: there is no \(file) yet; training begins") }
    } else if let old, !arguments.isForced, (try? Checkpoints.isFinished(old)) == false {
      throw CommandError(
        .cannotCreate,
        "\(file): here is a run that is not over, which would be lost; go on with it by --resume, "
          + "name another file, or add --force")
    }
    path = file
    checkpoints = Checkpoints(
      resuming: arguments[Self.resume] ? old : nil, interval: arguments[Self.interval]
    ) { bytes in
      do {
        try AtomicFile.write(bytes, to: file, as: .checkpoint)
      } catch {
        console.message(
          "\(error); training goes on, and what was kept there before stays")
      }
    }
  }

  let path: OutputPath

  private static func old(_ file: OutputPath) throws -> [UInt8]? {
    do { return try DataFile.read(file.path) } catch {
      if case .missing = error { return nil }
      throw error
    }
  }
}

extension CheckpointFile? {
  /// Runs `body`; what is wrong with the checkpoint is said of the file.
  func naming<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch TrainingError.checkpoint(let reason) {
      throw CommandError(.badData, "\(self?.path.description ?? ""): \(reason)")
    }
  }
}
