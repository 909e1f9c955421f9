import Foundation
import OctetBoards
import OctetCompiler
import Synchronization
import Testing

/// Whether a program is on the PATH; tests that need QEMU are skipped, visibly, without it.
func isInstalled(_ name: String) -> Bool { path(of: name) != nil }

/// Where a program of the PATH is.
func path(of name: String) -> String? {
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// Runs `body` with the programs in `folder` before all others.
func withPath<Result>(_ folder: URL, _ body: () throws -> Result) rethrows -> Result {
  let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
  setenv("PATH", "\(folder.path):\(path)", 1)
  defer { setenv("PATH", path, 1) }
  return try body()
}

/// Runs `body` with a script in the place of a program.
func withProgram<Result>(
  _ name: String, _ script: String, in folder: URL, _ body: () throws -> Result
) throws -> Result {
  let file = folder.appendingPathComponent(name)
  try Data(script.utf8).write(to: file)
  try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
  return try withPath(folder, body)
}

let emulatorsAreInstalled = Board.all.allSatisfy { board in
  !["qemu-user", "qemu-system-arm"].contains(board.package) || board.canBeEmulatedHere
}

/// A folder that is removed after `body`.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("octet-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Runs a program of the PATH to its end, requires success and gives what it printed.
@discardableResult
func run(
  _ program: String, _ arguments: [String], in folder: URL? = nil, withErrors: Bool = false
) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.currentDirectoryURL = folder
  process.standardInput = FileHandle.nullDevice
  let pipe = Pipe()
  process.standardOutput = pipe
  if withErrors { process.standardError = pipe }
  // Threads that run tests have signals blocked, and programs inherit that: CMake waits for ever
  // for the end of a child that it is not told of.
  var (none, before) = (sigset_t(), sigset_t())
  sigemptyset(&none)
  pthread_sigmask(SIG_SETMASK, &none, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  try process.run()
  let output = String(
    decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  process.waitUntilExit()
  try #require(process.terminationStatus == 0, "\(program): \(output)")
  return output
}

/// Firmware that several tests use, built once.
enum Built {
  private static let cache = Mutex<[String: Firmware]>([:])

  static func leNet(_ board: Board) throws -> (Blob, Firmware) {
    let blob = try LeNet.blob()
    return (blob, try firmware("lenet", board, blob))
  }

  static func perceptron(_ board: Board) throws -> (Blob, Firmware) {
    let blob = try LeNet.perceptron()
    return (blob, try firmware("perceptron", board, blob))
  }

  private static func firmware(_ name: String, _ board: Board, _ blob: Blob) throws -> Firmware {
    try cache.withLock { cache in
      let key = "\(name)-\(board.name)"
      if let firmware = cache[key] { return firmware }
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "octet-tests-built/\(key)")
      let firmware = try BoardBuilder(board).build(blob, into: folder)
      cache[key] = firmware
      return firmware
    }
  }

  /// `data` with its one occurrence of `old`, if any, replaced.
  static func replacing(_ old: [UInt8], by new: [UInt8], in data: Data) -> Data {
    var data = data
    if let range = data.range(of: Data(old)) { data.replaceSubrange(range, with: new) }
    return data
  }
}

/// Programs in place of ssh and scp that act on this machine.
enum FakeSSH {
  static func install(in folder: URL, log: URL) throws {
    let ssh = """
      #!/bin/sh
      # ssh -o BatchMode=yes -- HOST LINE
      echo "$4 $5" >> '\(log.path)'
      exec sh -c "$(printf '%s' "$5" | sed 's|\\./firmware.elf|qemu-arm ./firmware.elf|')"
      """
    let scp = """
      #!/bin/sh
      # scp -q -o BatchMode=yes -- FROM… TO
      shift 4
      for last; do :; done
      while [ $# -gt 1 ]; do cp "${1#*:}" "${last#*:}" || exit 1; shift; done
      """
    for (name, text) in [("ssh", ssh), ("scp", scp)] {
      let file = folder.appendingPathComponent(name)
      try Data(text.utf8).write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }
  }
}
