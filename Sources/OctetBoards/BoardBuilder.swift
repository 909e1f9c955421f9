import Foundation
import OctetCompiler
import OctetRuntime

/// Compiles the runtime, the board's sources and the model to one image, of what has changed since
/// it was last asked.
public struct BoardBuilder {
  let board: Board
  let toolchain: Toolchain
  let sources: PackageSources
  var toolset: Toolset
  var cache = BuildCache()

  /// The arena to build instead of what the model asks for; for tests.
  public var arenaByteCount: Int?
  /// The folder of `Firmware/Sources` with the program: `Firmware`, or `Diff` for `octet diff`.
  package var program = "Firmware"
  /// Whether firmware that leaves too little memory for its stack is refused; for tests.
  package var checksStack = true
  /// Whether layers are prepared that save little; for tests.
  package var preparesAll = false
  /// Whether only the model's operators are linked; for tests.
  package var selectsOperators = true
  /// Bytes of flash instead of the board's, on bare metal.
  public var flashByteCount: Int?
  /// Bytes of RAM instead of the board's, on bare metal.
  public var ramByteCount: Int?
  /// The most bytes of text, code and prepared weights together; nil for `defaultTextByteLimit`,
  /// which binds prepared weights alone.
  public var textByteLimit: Int?
  /// What most parts with a Cortex-M4 or M7 have at least, 512 KiB of flash, without a quarter of
  /// it for the model.
  public static let defaultTextByteLimit = 384 << 10

  /// A builder with the toolchain and the sources that are found.
  ///
  /// - Throws: what is missing, and how to get it.
  public init(_ board: Board) throws(BoardError) {
    guard let folder = board.folder else { throw .unknownBoard(board.name) }
    try self.init(board, toolset: folder.appendingPathComponent("toolset.json"))
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
    var all = shared + optimization + (try .read(toolset))
    // Those that all share are for ELF.
    if board.family == .wasi { all.linker = try Toolset.read(toolset).linker }
    // In emulation the instructions are counted; no image holds a clock for nothing.
    if board.family != .bareMetal || !board.isCounted {
      all.swift.append("-DBOARD_CLOCK")
      all.c.append("-DBOARD_CLOCK")
    }
    self.toolset = all
  }

  /// Builds into `folder`, which is made if need be: the program (`firmware.elf`, or
  /// `firmware.wasm`), `firmware.bin` on bare metal, `firmware.map`, `model.oct`.
  ///
  /// Only the operators that the model uses are linked. On Cortex-M4 and M7 the image also holds
  /// weights in the form that their kernels multiply fastest, as far as `textByteLimit` allows.
  ///
  /// - Throws: `invalidModel`, `doesNotFit` with what is missing, `buildFailed` with what the
  ///   compiler said.
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
    var prepared = takesPreparedLayers ? layers(model, atMost: limit) : nil
    // Flash that the image leaves without any, less what their code may take: that is known once it
    // is linked.
    var room: Int?
    var codeByteCount = 1024
    while let layers = prepared, layers.byteCount > 0 {
      let firmware: Firmware
      do {
        firmware = try build(blob, model, layers, into: folder)
      } catch .doesNotFit {
        if room == nil { room = try flashLeft(blob, model, into: folder) }
        guard let left = room, left > codeByteCount else { break }
        prepared = self.layers(model, atMost: min(left - codeByteCount, layers.byteCount - 4))
        codeByteCount *= 2
        continue
      }
      let excess = firmware.textByteCount + firmware.preparedByteCount - limit
      if excess <= 0 { return firmware }
      prepared = self.layers(model, atMost: layers.byteCount - excess)
    }
    let firmware = try build(blob, model, nil, into: folder)
    if let textByteLimit, firmware.textByteCount > textByteLimit {
      throw .doesNotFit(
        board: board.name,
        problem: "the text has \(firmware.textByteCount) bytes, and \(textByteLimit) are allowed")
    }
    return firmware
  }

  /// Bytes of flash that an image without prepared weights leaves; nil where there is no limit.
  private func flashLeft(
    _ blob: Blob, _ model: LoadedModel, into folder: URL
  ) throws(BoardError) -> Int? {
    guard let memory = try memory() else { return nil }
    let plain = try build(blob, model, nil, into: folder)
    let taken = plain.textByteCount + plain.dataByteCount + plain.modelByteCount
    return min(memory.flash.byteCount - taken, Self.defaultTextByteLimit)
  }

  private func layers(_ model: LoadedModel, atMost limit: Int) -> PreparedLayers {
    PreparedLayers(model, atMost: limit, takesAll: preparesAll)
  }

  /// Whether the core has the instructions that the kernels for them are made of.
  private var takesPreparedLayers: Bool {
    let cores = ["cortex-m4", "cortex-m7", "cortex-m33"].map { "-mcpu=\($0)" }
    return toolset.swift.contains { cores.contains($0) }
  }

  private func build(
    _ blob: Blob, _ model: LoadedModel, _ prepared: PreparedLayers?, into folder: URL
  ) throws(BoardError) -> Firmware {
    // The C sources read it from the blob; a model without any needs some for C.
    let arena = arenaByteCount ?? (model.arenaByteCount == 0 ? 4 : nil)
    let memory = try memory()
    if let memory {
      try Fit(board, memory).requireRoom(
        model: blob.bytes.count, arena: arena ?? model.arenaByteCount)
    }
    try folder.makeFolder()
    let modelFile = folder.appendingPathComponent("model.oct")
    try modelFile.write(blob.bytes)
    let job = Job(
      conditions: (selectsOperators ? Self.conditions(model) : []) + (prepared?.conditions ?? []),
      model: modelFile, prepared: prepared?.bytes, arenaByteCount: arena, memory: memory,
      folder: folder)
    var key = try imageKey(job)
    key.add(blob.bytes)
    key.add(prepared?.bytes ?? [])
    let names = [imageName, stackName] + (board.family == .wasi ? [linkerMapName] : [])
    try cache.take(names, for: key, into: folder) { () throws(BoardError) in
      try makeImage(job, arena ?? model.arenaByteCount, blob.bytes.count)
    }
    return try measure(job, arena ?? model.arenaByteCount)
  }

  /// What one image is made of.
  struct Job {
    var conditions: [String]
    var model: URL
    /// Weights beside those of the model.
    var prepared: [UInt8]?
    /// Nil: the blob's.
    var arenaByteCount: Int?
    /// Nil but on bare metal.
    var memory: BoardMemory?
    /// Where the image goes.
    var folder: URL

    var work: URL { folder.appendingPathComponent("objects") }
  }

  /// Flash and RAM, with the sizes that were asked for; nil but on bare metal.
  private func memory() throws(BoardError) -> BoardMemory? {
    guard board.family == .bareMetal, let script = linkerScript else {
      if flashByteCount != nil || ramByteCount != nil { throw .hasNoSizes(board.name) }
      return nil
    }
    var memory = try BoardMemory(script)
    memory.resize(flash: flashByteCount, ram: ramByteCount)
    return memory
  }

  var linkerScript: URL? { board.folder?.appendingPathComponent("board.ld") }
  var imageName: String { board.family == .wasi ? "firmware.wasm" : "firmware.elf" }
  /// Holds the stack's bound in decimal digits, or nothing.
  var stackName: String { "stack.txt" }
  /// What wasm-ld says about memory: modules have no sections to read it from.
  var linkerMapName: String { "linker.map" }

  /// The compile conditions that select the model's operators, and what they need of their kernels.
  static func conditions(_ model: LoadedModel) -> [String] {
    var names: Set<String> = []
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      if let kind = view.kind {
        names.formUnion([kind.compileCondition, kind.widened.compileCondition])
      }
      if view.record.hasNarrowWeights { names.insert("OCTET_INT4") }
      if (0..<view.outputCount).contains(where: { view.output($0).isInt16 })
        || (0..<view.inputCount).contains(where: { view.input($0).isInt16 })
      {
        names.insert("OCTET_INT16")
      }
      let variants = Convolution.variants(view.record) + FullyConnected.variants(view.record)
      names.formUnion(variants.map { "OCTET_\($0)" })
    }
    return ["OCTET_SELECT"] + names.sorted()
  }

  private func measure(_ job: Job, _ arenaByteCount: Int) throws(BoardError) -> Firmware {
    let elf = job.folder.appendingPathComponent(imageName)
    let stackFile = job.folder.appendingPathComponent(stackName)
    let stack = Int(String(decoding: try stackFile.read(), as: UTF8.self))
    stackFile.remove()
    let map = job.folder.appendingPathComponent("firmware.map")
    var firmware = Firmware(
      board: board, elf: elf, binary: nil, map: map, model: job.model, textByteCount: 0,
      preparedByteCount: 0, dataByteCount: 0, bssByteCount: 0, arenaByteCount: arenaByteCount,
      stackBoundByteCount: stack, modelByteCount: try job.model.read().count,
      fileByteCount: try elf.read().count)
    if board.family == .wasi {
      let linkerMap = job.folder.appendingPathComponent(linkerMapName)
      let text = String(decoding: try linkerMap.read(), as: UTF8.self)
      linkerMap.remove()
      let sizes = WebAssemblySizes(linkerMap: text)
      firmware.textByteCount = sizes.textByteCount - firmware.modelByteCount
      firmware.dataByteCount = sizes.dataByteCount
      firmware.bssByteCount = max(sizes.bssByteCount - arenaByteCount, 0)
      let summary = MemoryMap.summary(of: firmware).joined(separator: "\n")
      try map.write(Array((summary + "\n\n" + text).utf8))
      return firmware
    }
    let image = try FirmwareImage(elf)
    firmware.textByteCount = image.textByteCount
    firmware.preparedByteCount = image.preparedByteCount
    firmware.dataByteCount = image.dataByteCount
    firmware.bssByteCount = max(image.bssByteCount - arenaByteCount, 0)
    if board.family == .bareMetal {
      let binary = job.folder.appendingPathComponent("firmware.bin")
      try Command(
        executable: toolchain.objcopy, arguments: ["-O", "binary", elf.path, binary.path]
      ).run(step: "llvm-objcopy")
      firmware.binary = binary
    }
    let text = MemoryMap(image: image, firmware: firmware).text(
      demangler: try? Command.find("swift-demangle", remedy: ""))
    try map.write(Array(text.utf8))
    return firmware
  }
}
