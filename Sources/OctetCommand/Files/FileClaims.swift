import Foundation
import OctetSystem
import Synchronization

/// What one run of a verb reads and writes, so that nothing is lost by a slip of the keyboard.
///
/// Parameters say how they use files (`FileUse`); the program checks them against each other
/// before the verb runs. What is read besides, such as the files beside an ONNX model, is entered
/// as it is read, and looked at again before anything is written.
package final class FileClaims: Sendable {
  /// The claims of the verb that runs now.
  @TaskLocal static var current = FileClaims(isForced: false, takesStandardOutput: false)

  let isForced: Bool
  /// Whether a file goes to standard output, so that nothing else may.
  let takesStandardOutput: Bool
  private let read = Mutex<[FileIdentity: String]>([:])

  init(isForced: Bool, takesStandardOutput: Bool) {
    self.isForced = isForced
    self.takesStandardOutput = takesStandardOutput
  }

  static let forceFlag = Flag(
    "--force",
    help: "Write even over a file that is read, that holds something else, or whose name says "
      + "something else.")

  // MARK: Before the verb runs

  /// The claims of a verb's arguments.
  ///
  /// - Throws: status 64 for arguments that cannot be meant together, 73 for a file that would be
  ///   lost or cannot be written.
  static func of(
    _ arguments: Arguments, isJSON: Bool
  ) throws(CommandError) -> FileClaims {
    let uses = arguments.fileUses
    let isForced = arguments.isForced
    let outputs = uses.filter { $0.use.isOutput && $0.path == "-" }
    let claims = FileClaims(isForced: isForced, takesStandardOutput: !outputs.isEmpty)
    try checkStandardStreams(uses, isJSON: isJSON)
    for (_, use, path) in uses where use == .input && path != "-" { claims.enter(path) }
    var written: [String: String] = [:]
    for (name, use, path) in uses where (use.isOutput && path != "-") || use == .outputFolder {
      try checkTwins(path, name, &written)
    }
    let folders = uses.filter { $0.use == .inputFolder }.map(\.path)
    for (_, use, path) in uses {
      switch use {
      case .output(let formats) where path != "-":
        try claims.check(path, formats, folders: folders)
        try AtomicFile.checkCanWrite(to: path)
      case .outputFolder: try OutputFolder.check(OutputFolderPath(path))
      case .output, .folderOfOutputs, .input, .inputFolder: break
      }
    }
    return claims
  }

  private static func checkStandardStreams(
    _ uses: [(name: String, use: FileUse, path: String)], isJSON: Bool
  ) throws(CommandError) {
    let dashes = uses.filter { $0.path == "-" }
    for (name, use, _) in dashes where use.isFolder {
      throw CommandError(
        .usage, "\(name) is a folder, which '-' cannot be; a folder of that name is './-'")
    }
    let inputs = dashes.filter { $0.use == .input }
    guard inputs.count < 2 else {
      throw CommandError(
        .usage, "\(inputs[0].name) and \(inputs[1].name) cannot both be standard input ('-')")
    }
    let outputs = dashes.filter { $0.use.isOutput }
    guard outputs.count < 2 else {
      throw CommandError(
        .usage, "\(outputs[0].name) and \(outputs[1].name) cannot both be standard output ('-')")
    }
    if isJSON, let output = outputs.first {
      throw CommandError(
        .usage, "\(output.name) - and --json both want standard output; name a file for one")
    }
  }

  /// Two outputs, or one within the other, would undo each other; no `--force` helps.
  private static func checkTwins(
    _ path: String, _ name: String, _ written: inout [String: String]
  ) throws(CommandError) {
    let place = Self.place(of: path)
    for (other, otherName) in written
    where place == other || place.hasPrefix(other + "/") || other.hasPrefix(place + "/") {
      if place.hasPrefix("/dev/") { continue }
      throw CommandError(
        .usage, "\(otherName) and \(name) would write to the same place, '\(path)'")
    }
    written[place] = name
  }

  /// The path without links, of something that need not exist.
  private static func place(of path: String) -> String {
    if let real = Posix.realPath(path) { return real }
    let url = URL(fileURLWithPath: path)
    let folder = Posix.realPath(url.deletingLastPathComponent().path)
    return (folder ?? url.deletingLastPathComponent().path) + "/" + url.lastPathComponent
  }

  // MARK: While it runs

  /// Enters a file that the verb reads besides those that its arguments name.
  package static func reads(_ path: String) { current.enter(path) }

  private func enter(_ path: String) {
    guard let status = try? Posix.status(of: path, followsLinks: true), status.kind == .file
    else { return }
    read.withLock { $0[status.identity] = path }
  }

  /// Throws when writing one of the formats to the path would lose something.
  func check(
    _ path: String, _ formats: [FileFormat], folders: [String] = []
  ) throws(CommandError) {
    if isForced { return }
    let advice = "; name another file, or add --force"
    let status = try? Posix.status(of: path, followsLinks: true)
    if let status, let source = read.withLock({ $0[status.identity] }) {
      let name = source == path ? "this file" : "this is '\(source)', which"
      throw CommandError(.cannotCreate, "\(path): \(name) is read, and would be lost\(advice)")
    }
    guard formats.contains(where: { $0.fits(name: path) }) else {
      let what = formats.map(\.rawValue).joined(separator: " or ")
      throw CommandError(.usage, "\(path): this is no name for \(what)\(advice)")
    }
    guard status?.kind == .file else { return }
    let place = Self.place(of: path)
    let start = Self.start(of: path)
    let old = formats.map { $0.mayReplace(start) }
    if let folder = folders.first(where: { place.hasPrefix(Self.place(of: $0) + "/") }),
      !formats.contains(where: { FileFormat.described(by: start)?.format == $0 }), !start.isEmpty
    {
      throw CommandError(
        .cannotCreate, "\(path): this file belongs to the data in '\(folder)'\(advice)")
    }
    if !old.contains(where: \.isFine), let first = old.first {
      throw CommandError(
        .cannotCreate, "\(path): here is \(first.name), which would be lost\(advice)")
    }
  }

  private static func start(of path: String) -> [UInt8] {
    guard let descriptor = try? Posix.open(path, O_RDONLY) else { return [] }
    defer { try? Posix.close(descriptor) }
    return (try? Posix.read(descriptor, limit: 1 << 16)) ?? []
  }
}

extension FileUse {
  var isOutput: Bool {
    if case .output = self { true } else { false }
  }

  var isFolder: Bool {
    switch self {
    case .inputFolder, .outputFolder, .folderOfOutputs: true
    case .input, .output: false
    }
  }
}
