import Foundation

extension BoardBuilder {
  // MARK: What steps are made of

  /// What every step depends on: the toolchain, the flags and what the runtime includes.
  func commonKey(_ step: String) throws(BoardError) -> Digest {
    var key = Digest()
    key.add(step)
    key.add(toolchain.identity)
    key.add(board.triple)
    key.add([sources.root.path] + toolset.swift + toolset.c + toolset.linker)
    try key.add(files: PackageSources.files(in: kernelHeaders, extension: "h"))
    return key
  }

  private var kernelHeaders: URL { sources.kernels.appendingPathComponent("include") }
  private var boardHeaders: URL {
    sources.firmware.appendingPathComponent("Sources/Board/include")
  }
  private var mainSource: URL {
    sources.firmware.appendingPathComponent("Sources/Firmware/Main.swift")
  }
  private var familyFolder: URL {
    sources.firmware.appendingPathComponent("Sources/\(board.family.rawValue)")
  }

  private func runtimeKey(_ conditions: [String]) throws(BoardError) -> Digest {
    var key = try commonKey("runtime")
    key.add(conditions)
    let files = PackageSources.files(in: sources.runtime, extension: "swift")
    key.add(files.map(\.path))
    try key.add(files: files)
    return key
  }

  /// The C sources of an image. One in the board's own folder takes the place of Octet's with its
  /// name.
  private var cSources: [URL] {
    let shared = ["Board", board.family.rawValue].flatMap {
      PackageSources.files(
        in: sources.firmware.appendingPathComponent("Sources/\($0)"), extension: "c")
    }
    let own = board.folder.map { PackageSources.files(in: $0, extension: "c") } ?? []
    let names = Set(own.map(\.lastPathComponent))
    return shared.filter { !names.contains($0.lastPathComponent) } + own
  }

  /// All that C sources can include.
  private var cHeaders: [URL] {
    ([boardHeaders, familyFolder] + (board.folder.map { [$0] } ?? [])).flatMap {
      PackageSources.files(in: $0, extension: "h")
    }
  }

  /// The digest of all but the model's bytes.
  func imageKey(_ job: Job) throws(BoardError) -> Digest {
    var key = try commonKey("image")
    key.add(try runtimeKey(job.conditions))
    try key.add(files: [mainSource] + cSources + cHeaders)
    key.add(board.family.rawValue)
    key.add(["\(job.arenaByteCount ?? -1)", "\(checksStack)", board.name])
    if let script = linkerScript, board.family != .wasi {
      try key.add(files: [script] + PackageSources.files(in: familyFolder, extension: "ld"))
      key.add(board.folder.map { PackageSources.files(in: $0, extension: "ld").map(\.path) } ?? [])
      key.add(job.memory.map { "\($0.flash.byteCount) \($0.ram.byteCount)" } ?? "")
    }
    return key
  }

  // MARK: Steps

  /// The linked program, the stack's bound, and for WebAssembly the linker's map.
  func makeImage(
    _ job: Job, _ arenaByteCount: Int, _ modelByteCount: Int
  ) throws(BoardError) {
    try job.work.makeFolder()
    defer { job.work.remove() }
    var objects = [
      try compileRuntime(conditions: job.conditions, into: job.work),
      try compileSwift(
        mainSource, module: "Firmware", include: "Firmware/Sources/Board/include", into: job.work),
    ]
    for source in cSources {
      // What reads the model is made for it.
      let text = String(decoding: try source.read(), as: UTF8.self)
      guard text.contains("arena.h") else {
        objects.append(try compileC(source, into: job.work, flags: []))
        continue
      }
      // Relative to where clang runs: the folder's own name may hold quotes.
      var flags = ["-DBOARD_MODEL_FILE=\"\(job.model.lastPathComponent)\""]
      flags += job.arenaByteCount.map { ["-DBOARD_ARENA_BYTE_COUNT=\($0)"] } ?? []
      var files = [job.model]
      if let bytes = job.prepared {
        let file = job.work.appendingPathComponent("prepared.bin")
        try file.write(bytes)
        files.append(file)
        flags.append(
          "-DBOARD_PREPARED_FILE=\"\(job.work.lastPathComponent)/\(file.lastPathComponent)\"")
      }
      objects.append(try compileC(source, into: job.work, flags: flags, reading: files))
    }
    let stack = try link(objects, job, arenaByteCount, modelByteCount)
    try job.folder.appendingPathComponent(stackName).write(
      Array((stack.map { "\($0)" } ?? "").utf8))
  }

  func swift(_ step: String, _ arguments: [String]) throws(BoardError) {
    try Command(
      executable: toolchain.swiftc,
      arguments: toolset.swift
        + ["-target", board.triple, "-package-name", "octet", "-I", kernelHeaders.path] + arguments
    ).run(step: step)
  }

  func compileRuntime(conditions: [String], into work: URL) throws(BoardError) -> URL {
    let object = work.appendingPathComponent("OctetRuntime.o")
    let files = PackageSources.files(in: sources.runtime, extension: "swift").map(\.path)
    try cache.take(
      ["OctetRuntime.o", "OctetRuntime.swiftmodule"], for: try runtimeKey(conditions), into: work
    ) { () throws(BoardError) in
      try swift(
        "the runtime",
        conditions.map { "-D\($0)" } + [
          "-module-name", "OctetRuntime", "-emit-module", "-emit-module-path",
          work.appendingPathComponent("OctetRuntime.swiftmodule").path, "-c", "-o", object.path,
        ] + files)
    }
    return object
  }

  /// A module of one file, above those that `work` holds.
  func compileSwift(
    _ source: URL, module: String, include: String, into work: URL
  ) throws(BoardError) -> URL {
    let object = work.appendingPathComponent("\(module).o")
    let headers = sources.root.appendingPathComponent(include)
    var key = try commonKey("module")
    key.add([module, include, source.path])
    // Any of the modules there may be imported.
    try key.add(files: [source] + PackageSources.files(in: work, extension: "swiftmodule"))
    try key.add(files: PackageSources.files(in: headers, extension: "h"))
    try key.add(files: PackageSources.files(in: headers, extension: "modulemap"))
    try cache.take([object.lastPathComponent], for: key, into: work) { () throws(BoardError) in
      try swift(
        source.lastPathComponent,
        [
          "-module-name", module, "-I", work.path, "-I", headers.path, "-c", "-o", object.path,
          source.path,
        ])
    }
    return object
  }

  /// - Parameters:
  ///   - work: clang runs in the folder that this one is in.
  ///   - files: what the source reads beside headers.
  func compileC(
    _ source: URL, into work: URL, flags: [String], reading files: [URL] = []
  ) throws(BoardError) -> URL {
    let name = source.deletingPathExtension().lastPathComponent
    let object = work.appendingPathComponent("\(name)-c.o")
    let flags =
      toolset.c + (board.family == .bareMetal ? StackBound.compilerFlags : []) + flags + [
        "-I", kernelHeaders.path, "-I", boardHeaders.path,
      ]
    var key = try commonKey("C")
    key.add(flags + [source.path])
    try key.add(files: [source] + cHeaders + files)
    try cache.take([object.lastPathComponent], for: key, into: work) { () throws(BoardError) in
      try Command(
        executable: toolchain.clang,
        arguments: ["-target", board.triple] + flags + ["-c", source.path, "-o", object.path],
        folder: work.deletingLastPathComponent()
      ).run(step: source.lastPathComponent)
    }
    return object
  }

  // MARK: Linking

  /// The stack's bound on bare metal.
  private func link(
    _ objects: [URL], _ job: Job, _ arenaByteCount: Int, _ modelByteCount: Int
  ) throws(BoardError) -> Int? {
    let image = job.folder.appendingPathComponent(imageName)
    if board.family == .wasi {
      try Command(
        executable: toolchain.webAssemblyLinker,
        arguments: toolset.linker + [
          "--gc-sections", "--stack-first", "-z", "stack-size=65536",
          "--Map=\(job.folder.appendingPathComponent(linkerMapName).path)", "-o", image.path,
        ] + objects.map(\.path)
      ).run(step: "wasm-ld")
      return nil
    }
    guard let script = linkerScript else { throw .unknownBoard(board.name) }
    guard let memory = job.memory else {
      let outcome = try linkELF(objects, script, image)
      guard outcome.status == 0 else {
        throw .buildFailed(step: "the linker", output: outcome.text)
      }
      return nil
    }
    let fit = Fit(board, memory)
    let resized = job.work.appendingPathComponent("board.ld")
    func link(_ text: String) throws(BoardError) -> Command.Outcome {
      try resized.write(Array(text.utf8))
      return try linkELF(objects, resized, image)
    }
    let outcome = try link(
      memory.script(
        flashByteCount: memory.flash.byteCount, ramByteCount: memory.ram.byteCount))
    if outcome.status != 0 {
      // Where memory is what lacked, the same with plenty says how much.
      let plenty = Fit.plentyByteCount
      guard try link(memory.script(flashByteCount: plenty, ramByteCount: plenty)).status == 0
      else { throw .buildFailed(step: "the linker", output: outcome.text) }
    }
    let linked = try FirmwareImage(image)
    let bound = try StackBound(linked).byteCount(from: "board_reset")
    do throws(BoardError) {
      try fit.require(
        linked, stack: checksStack ? bound : 0, arena: arenaByteCount, model: modelByteCount)
      // Alignment alone, or an assertion of the board's own script.
      if outcome.status != 0 { throw .buildFailed(step: "the linker", output: outcome.text) }
    } catch {
      // Nobody shall flash it.
      image.remove()
      throw error
    }
    // The image without the notes for the bound.
    try Command(
      executable: toolchain.objcopy,
      arguments: [
        "--wildcard", "--remove-section=.rel.*", "--remove-section=.rela.*",
        "--remove-section=.stack_sizes", image.path,
      ]
    ).run(step: "llvm-objcopy")
    return bound
  }

  func linkELF(
    _ objects: [URL], _ script: URL, _ image: URL
  ) throws(BoardError) -> Command.Outcome {
    // The stack's need is known when the program is linked, and checked then.
    let flags =
      board.family == .bareMetal
      ? StackBound.linkerFlags(isARM: board.isARM) + ["--defsym=link_stack_byte_count=0"] : []
    let folders = [familyFolder.path] + (board.folder.map { [$0.path] } ?? [])
    return try Command(
      executable: toolchain.linker,
      arguments: toolset.linker + flags + folders.flatMap { ["-L", $0] } + [
        "-T", script.path, "-o", image.path,
      ] + objects.map(\.path)
    ).run()
  }
}
