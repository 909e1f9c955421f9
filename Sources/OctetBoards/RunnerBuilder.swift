import Foundation

/// Builds `octet-run`, the program that runs models on a Linux board without anything installed
/// there: pictures, raw frames or a camera's in, a class and its time out.
///
/// It is static, without libc, and has every operator: one program serves all models. Pictures are
/// read and resized by the host's own code, so that a picture has the same class on both.
public struct RunnerBuilder {
  private var builder: BoardBuilder
  /// A source in place of `device.c`, which asks the kernel for a camera; for tests.
  package var device: URL?

  /// - Throws: `BoardError` for a board without Linux, or without the toolchain or the sources.
  public init(_ board: Board) throws(BoardError) {
    guard board.family == .linux else { throw .noProgram(board: board.name) }
    builder = try BoardBuilder(board)
  }

  /// What the C sources of Linux firmware and of this program share.
  private static let shared = [
    "Board/arithmetic.c", "Board/memory.c", "Linux/startup.c", "Linux/kernel.c",
  ]

  /// Builds into `folder`, which is made if need be: the program, and a unit of systemd that shows
  /// how to start it.
  ///
  /// - Returns: both files.
  public func build(into folder: URL) throws(BoardError) -> [URL] {
    let work = folder.appendingPathComponent("objects")
    try work.makeFolder()
    defer { work.remove() }
    let folders = builder.sources.firmware.appendingPathComponent("Sources")
    let own = folders.appendingPathComponent("Run")
    let include = own.appendingPathComponent("include")
    var objects = [try builder.compileRuntime(conditions: [], into: work)]
    objects.append(try compileProgram(own, include: include, into: work))
    let sources =
      Self.shared.map { folders.appendingPathComponent($0) }
      + PackageSources.files(in: own, extension: "c").map { source in
        source.lastPathComponent == "device.c" ? device ?? source : source
      }
    for source in sources {
      objects.append(
        try builder.compileC(source, into: work, flags: ["-I", include.path, "-I", own.path]))
    }
    let program = folder.appendingPathComponent("octet-run")
    guard let script = builder.linkerScript else { throw .noProgram(board: builder.board.name) }
    let outcome = try builder.linkELF(objects, script, program)
    guard outcome.status == 0 else {
      throw .buildFailed(step: "the linker", output: outcome.text)
    }
    try Command(
      executable: builder.toolchain.objcopy, arguments: ["--strip-all", program.path]
    ).run(step: "llvm-objcopy")
    let unit = folder.appendingPathComponent("octet-run.service")
    try unit.write(own.appendingPathComponent(unit.lastPathComponent).read())
    return [program, unit]
  }

  /// The program's own Swift with the host's pictures, which may allocate.
  private func compileProgram(_ own: URL, include: URL, into work: URL) throws(BoardError) -> URL {
    var builder = builder
    builder.toolset.swift.removeAll { $0 == "-no-allocations" }
    let object = work.appendingPathComponent("OctetRun.o")
    let files = [own, builder.sources.pictures].flatMap {
      PackageSources.files(in: $0, extension: "swift")
    }
    var key = try builder.commonKey("octet-run")
    try key.add(files: files + [work.appendingPathComponent("OctetRuntime.swiftmodule")])
    try key.add(files: PackageSources.files(in: include, extension: "h"))
    try builder.cache.take([object.lastPathComponent], for: key, into: work) {
      () throws(BoardError) in
      try builder.swift(
        "octet-run",
        ["-module-name", "OctetRun", "-I", work.path, "-I", include.path, "-c", "-o", object.path]
          + files.map(\.path))
    }
    return object
  }
}
