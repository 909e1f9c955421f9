import Foundation
import OctetCompiler
import OctetRuntime

/// Firmware, built for one board and one model.
public struct Firmware: Sendable {
  /// What it runs on.
  public var board: Board
  /// The linked program, with symbols.
  public var elf: URL
  /// The bytes of flash, for programmers that do not read ELF; nil on Linux.
  public var binary: URL?
  /// The memory map for a person.
  public var map: URL
  /// The model as a file, which Linux programs map.
  public var model: URL

  /// Code and constants, without the model.
  public var textByteCount: Int
  /// Variables with a value at the start, which flash holds too.
  public var dataByteCount: Int
  /// Variables that start as zero, without the arena.
  public var bssByteCount: Int
  /// Bytes of RAM for the model's arena.
  public var arenaByteCount: Int
  /// No more than this is used of the stack; nil on Linux, where a program has 8 MiB.
  public var stackBoundByteCount: Int?
  /// Bytes of the blob.
  public var modelByteCount: Int
  /// The whole file.
  public var fileByteCount: Int
}

extension Firmware {
  /// What a person wants to keep.
  public var files: [URL] { [elf, map, model] + (binary.map { [$0] } ?? []) }

  /// The same when its files are in another folder.
  public func moved(to folder: URL) -> Firmware {
    func moved(_ url: URL) -> URL { folder.appendingPathComponent(url.lastPathComponent) }
    var result = self
    (result.elf, result.map, result.model) = (moved(elf), moved(map), moved(model))
    result.binary = binary.map(moved)
    return result
  }
}

/// Compiles the runtime, the board's sources and the model to one image.
public struct BoardBuilder {
  let board: Board
  let toolchain: Toolchain
  let sources: PackageSources
  let toolset: Toolset

  /// The arena to build instead of what the model asks for; for tests.
  public var arenaByteCount: Int?
  /// Whether firmware that leaves too little memory for its stack is refused; for tests.
  package var checksStack = true
  /// Whether only the model's operators are linked; for tests.
  package var selectsOperators = true
  /// The most bytes of text, code and prepared weights together; nil for `defaultTextByteLimit`,
  /// which binds prepared weights alone.
  public var textByteLimit: Int?
  /// What most parts with a Cortex-M4 or M7 have at least, 512 KiB of flash, without a quarter of it
  /// for the model.
  public static let defaultTextByteLimit = 384 << 10
  /// The linker script instead of the board's: a part's own memory.
  public var linkerScript: URL?

  /// A builder with the toolchain and the sources that are found.
  ///
  /// - Throws: what is missing, and how to get it.
  public init(_ board: Board) throws(BoardError) {
    let toolset = try PackageSources.find().firmware.appendingPathComponent(
      "Boards/\(board.name)/toolset.json")
    try self.init(board, toolset: toolset)
  }

  /// - Parameter toolset: the flags beyond those that all firmware shares.
  init(_ board: Board, toolset: URL) throws(BoardError) {
    self.board = board
    toolchain = try .find()
    sources = try .find()
    let shared = try Toolset.read(sources.firmware.appendingPathComponent("toolset.json"))
    // Apart, because SwiftPM cannot link what it makes.
    let optimization = try Toolset.read(
      sources.firmware.appendingPathComponent("optimization.json"))
    self.toolset = shared + optimization + (try .read(toolset))
  }

  /// Builds into `folder`, which is made if need be: `firmware.elf`, `firmware.bin`,
  /// `firmware.map`, `model.oct`.
  ///
  /// Only the operators that the model uses are linked. On Cortex-M4 and M7 the image also holds
  /// weights in the form that their kernels multiply fastest, as far as `textByteLimit` allows.
  public func build(_ whole: Blob, into folder: URL) throws(BoardError) -> Firmware {
    let blob: Blob
    let model: LoadedModel
    do {
      blob = try whole.forFirmware()
      model = try blob.model()
    } catch {
      throw .invalidModel("\(error)")
    }
    let limit = textByteLimit ?? Self.defaultTextByteLimit
    var prepared = takesPreparedLayers ? PreparedLayers(model, atMost: limit) : nil
    while let layers = prepared, layers.byteCount > 0 {
      let firmware: Firmware
      do {
        firmware = try build(blob, model, layers, into: folder)
      } catch .doesNotFit {
        break
      }
      let excess = firmware.textByteCount - limit
      if excess <= 0 { return firmware }
      prepared = PreparedLayers(model, atMost: layers.byteCount - excess)
    }
    let firmware = try build(blob, model, nil, into: folder)
    if let textByteLimit, firmware.textByteCount > textByteLimit {
      throw .doesNotFit(
        board: board.name,
        problem: "the text has \(firmware.textByteCount) bytes, and \(textByteLimit) are allowed")
    }
    return firmware
  }

  /// Whether the core has the instructions that the kernels for them are made of.
  private var takesPreparedLayers: Bool {
    toolset.swift.contains { $0 == "-mcpu=cortex-m4" || $0 == "-mcpu=cortex-m7" }
  }

  private func build(
    _ blob: Blob, _ model: LoadedModel, _ prepared: PreparedLayers?, into folder: URL
  ) throws(BoardError) -> Firmware {
    let work = folder.appendingPathComponent("objects")
    try work.makeFolder()
    defer { work.remove() }
    let modelFile = folder.appendingPathComponent("model.oct")
    try modelFile.write(blob.bytes)
    // The C sources read it from the blob; a model without any needs some for C.
    let arena = arenaByteCount ?? (model.arenaByteCount == 0 ? 4 : nil)
    // Relative to where clang runs: the folder's own name may hold quotes.
    var flags = ["-DBOARD_MODEL_FILE=\"\(modelFile.lastPathComponent)\""]
    flags += arena.map { ["-DBOARD_ARENA_BYTE_COUNT=\($0)"] } ?? []
    if let prepared {
      try work.appendingPathComponent("prepared.bin").write(prepared.bytes)
      flags.append("-DBOARD_PREPARED_FILE=\"\(work.lastPathComponent)/prepared.bin\"")
    }
    let main = sources.firmware.appendingPathComponent("Sources/Firmware/Main.swift")
    var objects = [
      try compileRuntime(
        conditions: (selectsOperators ? Self.conditions(model) : [])
          + (prepared?.conditions ?? []), into: work),
      try compileSwift(
        main, module: "Firmware", include: "Firmware/Sources/Board/include", into: work),
    ]
    for name in ["Board", board.family.rawValue] {
      let folder = sources.firmware.appendingPathComponent("Sources/\(name)")
      for source in PackageSources.files(in: folder, extension: "c") {
        objects.append(try compileC(source, into: work, flags: flags))
      }
    }
    let elf = folder.appendingPathComponent("firmware.elf")
    try link(objects, elf)
    let stack = board.family == .cortexM ? try boundStack(elf) : nil
    return try measure(elf, modelFile, arena ?? model.arenaByteCount, stack, in: folder)
  }

  /// The compile conditions that select the model's operators, and what they need of their kernels.
  static func conditions(_ model: LoadedModel) -> [String] {
    var names: Set<String> = []
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      if let kind = view.kind { names.insert(kind.compileCondition) }
      names.formUnion(Convolution.variants(view.record).map { "OCTET_\($0)" })
    }
    return ["OCTET_SELECT"] + names.sorted()
  }

  // MARK: Steps

  private func swift(_ step: String, _ arguments: [String]) throws(BoardError) {
    try Command(
      executable: toolchain.swiftc,
      arguments: toolset.swift
        + [
          "-target", board.triple, "-package-name", "octet", "-I",
          sources.kernels.appendingPathComponent("include").path,
        ] + arguments
    ).run(step: step)
  }

  func compileRuntime(conditions: [String], into work: URL) throws(BoardError) -> URL {
    let object = work.appendingPathComponent("OctetRuntime.o")
    let files = PackageSources.files(in: sources.runtime, extension: "swift").map(\.path)
    try swift(
      "the runtime",
      conditions.map { "-D\($0)" } + [
        "-module-name", "OctetRuntime", "-emit-module", "-emit-module-path",
        work.appendingPathComponent("OctetRuntime.swiftmodule").path, "-c", "-o", object.path,
      ] + files)
    return object
  }

  /// A module of one file, above the runtime.
  func compileSwift(
    _ source: URL, module: String, include: String, into work: URL
  ) throws(BoardError) -> URL {
    let object = work.appendingPathComponent("\(module).o")
    try swift(
      source.lastPathComponent,
      [
        "-module-name", module, "-I", work.path, "-I",
        sources.root.appendingPathComponent(include).path, "-c", "-o", object.path, source.path,
      ])
    return object
  }

  /// - Parameter work: clang runs in the folder that this one is in.
  func compileC(_ source: URL, into work: URL, flags: [String]) throws(BoardError) -> URL {
    let name = source.deletingPathExtension().lastPathComponent
    let object = work.appendingPathComponent("\(name)-c.o")
    try Command(
      executable: toolchain.clang,
      arguments: ["-target", board.triple] + toolset.c
        + (board.family == .cortexM ? StackBound.compilerFlags : []) + flags + [
          "-I", sources.kernels.appendingPathComponent("include").path, "-I",
          sources.firmware.appendingPathComponent("Sources/Board/include").path,
          "-c", source.path, "-o", object.path,
        ],
      folder: work.deletingLastPathComponent()
    ).run(step: source.lastPathComponent)
    return object
  }

  private func link(_ objects: [URL], _ elf: URL) throws(BoardError) {
    let script =
      linkerScript
      ?? sources.firmware.appendingPathComponent("Boards/\(board.name)/board.ld")
    // The stack's need is known when the program is linked: `boundStack` checks it.
    let flags =
      board.family == .cortexM
      ? StackBound.linkerFlags + ["--defsym=link_stack_byte_count=0"] : []
    let outcome = try Command(
      executable: toolchain.linker,
      arguments: toolset.linker + flags + [
        "-L", sources.firmware.appendingPathComponent("Sources/\(board.family.rawValue)").path,
        "-T", script.path, "-o", elf.path,
      ] + objects.map(\.path)
    ).run()
    guard outcome.status == 0 else {
      if outcome.text.contains("will not fit in region") {
        throw .doesNotFit(board: board.name, problem: outcome.text)
      }
      throw .buildFailed(step: "the linker", output: outcome.text)
    }
  }

  /// What the stack can need, which must be there; leaves the image without the notes for it.
  private func boundStack(_ elf: URL) throws(BoardError) -> Int {
    let image = try FirmwareImage(elf)
    let needed = try StackBound(image).byteCount(from: "board_reset")
    guard let limit = image.symbol("link_stack_limit"), let top = image.symbol("link_stack_top")
    else { throw .stackUnknown("the linker script does not say where it lies") }
    let free = top.address - limit.address
    guard free >= needed || !checksStack else {
      // Nobody shall flash it.
      elf.remove()
      throw .doesNotFit(
        board: board.name,
        problem: "the stack needs up to \(needed) bytes, and \(max(free, 0)) of RAM are left for it"
      )
    }
    try Command(
      executable: toolchain.objcopy,
      arguments: [
        "--wildcard", "--remove-section=.rel.*", "--remove-section=.stack_sizes", elf.path,
      ]
    ).run(step: "llvm-objcopy")
    return needed
  }

  private func measure(
    _ elf: URL, _ model: URL, _ arenaByteCount: Int, _ stackBoundByteCount: Int?, in folder: URL
  ) throws(BoardError) -> Firmware {
    let image = try FirmwareImage(elf)
    var firmware = Firmware(
      board: board, elf: elf, binary: nil, map: folder.appendingPathComponent("firmware.map"),
      model: model, textByteCount: image.textByteCount, dataByteCount: image.dataByteCount,
      bssByteCount: max(image.bssByteCount - arenaByteCount, 0), arenaByteCount: arenaByteCount,
      stackBoundByteCount: stackBoundByteCount, modelByteCount: try model.read().count,
      fileByteCount: try elf.read().count)
    if board.family == .cortexM {
      let binary = folder.appendingPathComponent("firmware.bin")
      try Command(
        executable: toolchain.objcopy, arguments: ["-O", "binary", elf.path, binary.path]
      ).run(step: "llvm-objcopy")
      firmware.binary = binary
    }
    let text = MemoryMap(image: image, firmware: firmware).text(
      demangler: try? Command.find("swift-demangle", remedy: ""))
    try firmware.map.write(Array(text.utf8))
    return firmware
  }
}
