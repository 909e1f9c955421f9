import Foundation
import OctetCompiler

/// The runtime as a static library for C programs.
public struct CLibrary: Sendable, Encodable {
  /// `liboctet.a`
  public var archive: String
  /// `octet.h`
  public var header: String
  /// `octet_update.h`
  public var updateHeader: String
  /// `octet_models.h`; nil without models.
  public var modelsHeader: String?
  /// The models that the archive has, each a member of it that is linked when it is used.
  public var models: [LibraryModel.Summary]

  /// Every file.
  public var files: [String] { [archive, header, updateHeader] + (modelsHeader.map { [$0] } ?? []) }

  /// The same in another folder.
  public func moved(to folder: String) -> CLibrary {
    func moved(_ path: String) -> String {
      folder + "/" + URL(fileURLWithPath: path).lastPathComponent
    }
    return CLibrary(
      archive: moved(archive), header: moved(header), updateHeader: moved(updateHeader),
      modelsHeader: modelsHeader.map(moved), models: models)
  }
}

/// Builds `liboctet.a` for this machine or for a board.
public struct CLibraryBuilder {
  let builder: BoardBuilder

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
  /// - Parameter models: links only the operators of these, and has the models too; none: all
  ///   operators.
  public func build(_ models: [LibraryModel] = [], into folder: URL) throws(BoardError) -> CLibrary {
    let work = folder.appendingPathComponent("objects")
    try work.makeFolder()
    defer { work.remove() }
    let include = builder.sources.firmware.appendingPathComponent("CLibrary/include")
    var names: [String] = []
    for name in ["octet.h", "octet_update.h"] {
      try folder.appendingPathComponent(name).write(include.appendingPathComponent(name).read())
      names += try Self.functions(in: include.appendingPathComponent(name))
    }
    let isUpdate = { (name: String) in name.hasPrefix("octet_update_") }
    let attributes = try attributes(into: work)
    let runtime = try builder.compileRuntime(
      conditions: try LibraryModel.conditions(models), into: work)
    let interface = try compileInterface("Octet", into: work)
    let octet = work.appendingPathComponent("octet.o")
    try join(
      [attributes, runtime, interface].compactMap { $0 } + (try kernels(into: work)),
      exporting: names.filter { !isUpdate($0) }, into: octet)
    try compileUpdate(into: work)
    let update = work.appendingPathComponent("octet_update.o")
    try join(
      [
        attributes, runtime, work.appendingPathComponent("OctetUpdate.o"),
        try compileInterface("OctetUpdate", into: work),
      ].compactMap { $0 }, exporting: names.filter(isUpdate), into: update)
    var objects = [octet, update]
    for model in models { objects.append(try assemble(model, into: work)) }
    let archive = folder.appendingPathComponent("liboctet.a")
    archive.remove()
    try Command(
      executable: builder.toolchain.archiver, arguments: ["rcs", archive.path] + objects.map(\.path)
    ).run(step: "llvm-ar")
    var library = CLibrary(
      archive: archive.path, header: folder.appendingPathComponent("octet.h").path,
      updateHeader: folder.appendingPathComponent("octet_update.h").path,
      models: models.map(\.summary))
    if !models.isEmpty {
      let header = folder.appendingPathComponent("octet_models.h")
      try header.write(Array(LibraryModel.header(models).utf8))
      library.modelsHeader = header.path
    }
    return library
  }

  /// A header's functions in Swift.
  private func compileInterface(_ name: String, into work: URL) throws(BoardError) -> URL {
    try builder.compileSwift(
      builder.sources.firmware.appendingPathComponent("CLibrary/\(name).swift"),
      module: "\(name)Interface", include: "Firmware/CLibrary/include", into: work)
  }

  /// The module for updates, above the runtime.
  private func compileUpdate(into work: URL) throws(BoardError) {
    let sources = PackageSources.files(in: builder.sources.update, extension: "swift")
    try Command(
      executable: builder.toolchain.swiftc,
      arguments: builder.toolset.swift + [
        "-target", builder.board.triple, "-package-name", "octet", "-I", work.path, "-I",
        builder.sources.kernels.appendingPathComponent("include").path, "-module-name",
        "OctetUpdate", "-emit-module", "-emit-module-path",
        work.appendingPathComponent("OctetUpdate.swiftmodule").path, "-c", "-o",
        work.appendingPathComponent("OctetUpdate.o").path,
      ] + sources.map(\.path)
    ).run(step: "the updates")
  }

  /// The kernels in C: those of x86-64, which are chosen at run time.
  private func kernels(into work: URL) throws(BoardError) -> [URL] {
    guard builder.board.triple.hasPrefix("x86_64") else { return [] }
    var objects: [URL] = []
    for source in PackageSources.files(in: builder.sources.kernels, extension: "c") {
      objects.append(try builder.compileC(source, into: work, flags: ["-O2"]))
    }
    return objects
  }

  /// A model as an object, aligned for any load, in a section of its own.
  private func assemble(_ model: LibraryModel, into work: URL) throws(BoardError) -> URL {
    let name = model.summary.name
    let file = work.appendingPathComponent("\(name).oct")
    try file.write(model.blob.bytes)
    let isARM = builder.board.triple.hasPrefix("arm")
    var text = isARM ? String(decoding: try attributesSource.read(), as: UTF8.self) : ""
    text += """

        .section .rodata.\(name), "a", %progbits
        .balign 64
        .globl \(name)
        .type \(name), %object
        .size \(name), \(model.blob.count)
      \(name):
        .incbin "\(name).oct"

      """
    if builder.board.family == .linux {
      text += "  .section .note.GNU-stack, \"\", %progbits\n"
    }
    let source = work.appendingPathComponent("\(name).s")
    try source.write(Array(text.utf8))
    return try assemble(source, into: work)
  }

  /// What an ARM linker is told in place of how the Swift below octet.h was compiled, which would
  /// keep it out of programs of another float ABI; nil on other machines.
  private func attributes(into work: URL) throws(BoardError) -> URL? {
    guard builder.board.triple.hasPrefix("arm") else { return nil }
    return try assemble(attributesSource, into: work)
  }

  private var attributesSource: URL {
    builder.sources.firmware.appendingPathComponent("CLibrary/attributes.s")
  }

  private func assemble(_ source: URL, into work: URL) throws(BoardError) -> URL {
    // The core's flags; the code for Cortex-M uses no floating-point unit.
    let core =
      builder.toolset.swift.filter { $0.hasPrefix("-m") }
      + builder.toolset.c.filter { $0.hasPrefix("-mabi") || $0.hasPrefix("-march") }
      + (builder.board.family == .bareMetal ? ["-mfpu=none"] : [])
    let object = work.appendingPathComponent(
      source.deletingPathExtension().lastPathComponent + ".o")
    try Command(
      executable: builder.toolchain.clang,
      arguments: ["-target", builder.board.triple] + core
        + ["-c", source.path, "-o", object.path],
      folder: work
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
      .filter { !$0.hasPrefix("//") && !$0.hasPrefix(" ") && !$0.hasPrefix("#") }
    return lines.compactMap { $0.firstMatch(of: /\b(octet_[a-z_]+)\(/).map { String($0.output.1) } }
  }
}
