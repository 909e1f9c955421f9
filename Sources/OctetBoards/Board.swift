import Foundation
import OctetSystem

/// A board that firmware can be built for: a folder with `board.json`, `toolset.json` and, except
/// for WebAssembly, the linker script `board.ld`. Octet's own are in `Firmware/Boards`; others may
/// be anywhere.
public struct Board: Sendable, Equatable {
  /// The name that `--board` takes, e.g. `cortex-m4`; the folder's.
  public var name: String
  /// What it is, for a person who chooses.
  public var summary: String
  /// How its programs start and speak to the host.
  public var family: Family
  /// The triple of the Embedded Swift modules that are used.
  public var triple: String
  /// The command that runs a program: an emulator, or what flashes hardware and waits. The image
  /// follows.
  public var emulator: [String]
  /// Debian's package that has the command.
  public var package: String?
  /// The core whose cycles are modelled; nil where there is no table.
  package var cycleModel: CycleModel.Core?
  /// Where its files are; nil for what is no board, but compiled for.
  package var folder: URL?

  /// What stands between the program and the world; also the folder of `Firmware/Sources` that
  /// holds its start.
  public enum Family: String, Sendable, CaseIterable {
    /// A static program without libc; the model is a file.
    case linux = "Linux"
    /// No system; the model is linked into flash.
    case bareMetal = "BareMetal"
    /// WebAssembly; the model is linked into the module.
    case wasi = "WASI"
  }

  /// - Parameters:
  ///   - name: for messages and reports.
  ///   - summary: for `board list`.
  ///   - family: how it starts.
  ///   - triple: of an Embedded Swift module.
  ///   - emulator: the command that runs an image; empty when it is only compiled for.
  public init(name: String, summary: String, family: Family, triple: String, emulator: [String]) {
    self.name = name
    self.summary = summary
    self.family = family
    self.triple = triple
    self.emulator = emulator
  }

  /// What must be there to build and to run.
  public var needs: String {
    let program = emulator.first.map { $0 + (package.map { " (package \($0))" } ?? "") }
    return "Swift toolchain"
      + (program.map { "; \($0)\(family == .linux ? " or a board with ssh" : "")" } ?? "")
  }

  /// Octet's own boards, as `octet board list` prints them; none where its sources are missing.
  public static let all: [Board] = (try? builtIn()) ?? []

  /// The names of Octet's own boards, in order.
  public static var names: [String] {
    guard let folder = try? boardsFolder() else { return [] }
    return Posix.names(in: folder.path).filter { name in
      FileManager.default.fileExists(
        atPath: folder.appendingPathComponent(name).path + "/board.json")
    }.sorted()
  }

  /// Octet's own boards.
  ///
  /// - Throws: `firmwareMissing` without Octet's sources, `invalidBoard` for a damaged file.
  package static func builtIn() throws(BoardError) -> [Board] {
    let folder = try boardsFolder()
    var boards: [Board] = []
    for name in names { boards.append(try Board(folder: folder.appendingPathComponent(name))) }
    return boards
  }

  /// The board of that name, or the one in the folder of that path.
  ///
  /// - Throws: `unknownBoard`, `boardMissing` for a path without a board, `invalidBoard` for one
  ///   whose `board.json` is damaged.
  public static func named(_ name: String) throws(BoardError) -> Board {
    if names.contains(name) {
      return try Board(folder: try boardsFolder().appendingPathComponent(name))
    }
    let folder = URL(fileURLWithPath: name)
    if FileManager.default.fileExists(atPath: folder.appendingPathComponent("board.json").path) {
      return try Board(folder: folder)
    }
    if name.contains("/") || FileManager.default.fileExists(atPath: folder.path) {
      throw .boardMissing(folder.path)
    }
    throw .unknownBoard(name)
  }

  private static func boardsFolder() throws(BoardError) -> URL {
    try PackageSources.find().firmware.appendingPathComponent("Boards")
  }

  /// Whether an emulator runs it that counts instructions: QEMU. Anything else is taken for
  /// hardware, or for an engine with a clock.
  package var isCounted: Bool { emulator.first.map(Self.isQEMU) ?? false }

  /// Whether `octet board run` models its cycles.
  package var isModelled: Bool { isCounted && cycleModel != nil }

  /// - Throws: `toolMissing` without the emulator.
  package func requireEmulator() throws(BoardError) { _ = try findEmulator() }

  /// The program that runs its images.
  func findEmulator() throws(BoardError) -> URL {
    let package = package.map { " (on Debian and Ubuntu: apt-get install \($0))" } ?? ""
    return try Command.find(
      emulator.first ?? "",
      remedy: isCounted
        ? "install QEMU 7 or later\(package)" : "it runs the images of \(name)\(package)")
  }

  private static func isQEMU(_ program: String) -> Bool {
    URL(fileURLWithPath: program).lastPathComponent.hasPrefix("qemu-")
  }

  /// Whether it is an ARM core, whose functions' addresses have the lowest bit set in Thumb code.
  var isARM: Bool { triple.hasPrefix("arm") || triple.hasPrefix("thumb") }

  /// The processor that is emulated, where the emulator has a choice.
  public var emulatedProcessor: String? {
    emulator.firstIndex(of: "-cpu").flatMap {
      emulator.indices.contains($0 + 1) ? emulator[$0 + 1] : nil
    }
  }

  /// The board with another processor in the emulator, by QEMU's name: one that has more
  /// instructions shows kernels that are chosen at run time.
  public func emulating(_ processor: String) -> Board {
    var board = self
    if let index = emulator.firstIndex(of: "-cpu"), emulator.indices.contains(index + 1) {
      board.emulator[index + 1] = processor
    } else if !emulator.isEmpty {
      board.emulator.insert(contentsOf: ["-cpu", processor], at: 1)
    }
    return board
  }
}
