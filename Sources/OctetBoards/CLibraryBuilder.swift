import Foundation
import OctetCompiler

/// The runtime as a static library for C programs.
public struct CLibrary: Sendable, Encodable {
  /// `liboctet.a`
  public var archive: String
  /// `octet.h`
  public var header: String

  /// Paths of the files.
  public init(archive: String, header: String) {
    self.archive = archive
    self.header = header
  }
}

/// Builds `liboctet.a` for this machine or for a board.
public struct CLibraryBuilder {
  private let builder: BoardBuilder

  /// - Parameter board: nil for programs of this machine.
  public init(_ board: Board? = nil) throws(BoardError) {
    if let board {
      builder = try BoardBuilder(board)
    } else {
      let toolset = try PackageSources.find().firmware.appendingPathComponent(
        "CLibrary/toolset.json")
      builder = try BoardBuilder(Self.host, toolset: toolset)
    }
  }

  /// This machine; only the compilers' part of it is used.
  private static var host: Board {
    #if arch(x86_64)
      let triple = "x86_64-unknown-linux-gnu"
    #else
      let triple = "aarch64-none-none-elf"
    #endif
    return Board(name: "host", summary: "", family: .linux, triple: triple, emulator: [])
  }

  /// Builds into `folder`, which is made if need be.
  ///
  /// - Parameter blob: links only the operators of this model; nil: all.
  public func build(_ blob: Blob? = nil, into folder: URL) throws(BoardError) -> CLibrary {
    let work = folder.appendingPathComponent("objects")
    try work.makeFolder()
    defer { work.remove() }
    var conditions: [String] = []
    if let blob {
      do {
        conditions = BoardBuilder.conditions(try blob.model())
      } catch {
        throw .invalidModel("\(error)")
      }
    }
    let sources = builder.sources
    let objects = [
      try attributes(into: work),
      try builder.compileRuntime(conditions: conditions, into: work),
      try builder.compileSwift(
        sources.firmware.appendingPathComponent("CLibrary/Octet.swift"), module: "Octet",
        include: "Firmware/CLibrary/include", into: work),
    ].compactMap { $0 }
    let header = folder.appendingPathComponent("octet.h")
    try header.write(
      sources.firmware.appendingPathComponent("CLibrary/include/octet.h").read())
    let object = work.appendingPathComponent("octet.o")
    try join(objects, exporting: Self.functions(in: header), into: object)
    let archive = folder.appendingPathComponent("liboctet.a")
    archive.remove()
    try Command(
      executable: builder.toolchain.archiver, arguments: ["rcs", archive.path, object.path]
    ).run(step: "llvm-ar")
    return CLibrary(archive: archive.path, header: header.path)
  }

  /// What an ARM linker is told in place of how the Swift below octet.h was compiled, which would
  /// keep it out of programs of another float ABI; nil on other machines.
  private func attributes(into work: URL) throws(BoardError) -> URL? {
    guard builder.board.triple.hasPrefix("arm") else { return nil }
    // The core's flags; the code for Cortex-M uses no floating-point unit.
    let core =
      builder.toolset.swift.filter { $0.hasPrefix("-m") }
      + (builder.board.family == .bareMetal ? ["-mfpu=none"] : [])
    let source = builder.sources.firmware.appendingPathComponent("CLibrary/attributes.s")
    let object = work.appendingPathComponent("attributes.o")
    try Command(
      executable: builder.toolchain.clang,
      arguments: ["-target", builder.board.triple] + core
        + ["-c", source.path, "-o", object.path]
    ).run(step: source.lastPathComponent)
    return object
  }

  /// One object that shows nothing but octet.h's functions, so that it cannot clash with other
  /// Swift code in the program, without what they do not use.
  private func join(
    _ objects: [URL], exporting names: [String], into object: URL
  ) throws(BoardError) {
    try Command(
      executable: builder.toolchain.linker,
      arguments: ["-r", "--gc-sections"] + names.flatMap { ["-u", $0] }
        + ["-o", object.path] + objects.map(\.path)
    ).run(step: "ld.lld")
    // LLVM's notes are void after this, and lld warns about them.
    var unwanted = [".llvm_addrsig", ".deplibs"]
    // Bare metal's own start-up files have no such note, and GNU's linker warns where some have.
    if builder.board.family == .bareMetal { unwanted.append(".note.GNU-stack") }
    try Command(
      executable: builder.toolchain.objcopy,
      arguments: names.map { "--keep-global-symbol=\($0)" }
        + unwanted.map { "--remove-section=\($0)" } + [object.path]
    ).run(step: "llvm-objcopy")
  }

  /// The functions that octet.h declares.
  static func functions(in header: URL) throws(BoardError) -> [String] {
    let lines = String(decoding: try header.read(), as: UTF8.self).split(separator: "\n")
      .filter { !$0.hasPrefix("//") }
    return lines.compactMap { $0.firstMatch(of: /\b(octet_[a-z_]+)\(/).map { String($0.output.1) } }
  }
}
