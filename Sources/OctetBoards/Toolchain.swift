import Foundation

/// The programs that build firmware: all of them come with the Swift toolchain.
package struct Toolchain {
  var swiftc: URL
  var clang: URL
  var linker: URL
  var objcopy: URL
  var archiver: URL
  var webAssemblyLinker: URL

  /// What differs when the toolchain does: where its programs are, their sizes and their dates.
  var identity: [String] {
    [swiftc, swiftc.deletingLastPathComponent().appendingPathComponent("swift-frontend"), clang,
     linker, objcopy, webAssemblyLinker].map { program in
      let file = program.resolvingSymlinksInPath().path
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      let date = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      return "\(file) \(attributes?[.size] as? Int ?? 0) \(date)"
    }
  }

  /// The oldest that builds all of Octet: `@c @implementation` (SE-0495) came with it.
  package static let oldestVersion = "6.3"

  static func find() throws(BoardError) -> Toolchain {
    let remedy = "install the Swift toolchain, \(oldestVersion) or later, from swift.org/install"
    // The real folder: swiftly and others put links elsewhere.
    let folder = try Command.find("swiftc", remedy: remedy).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    func tool(_ name: String) throws(BoardError) -> URL {
      let url = folder.appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: url.path) { return url }
      return try Command.find(name, remedy: remedy)
    }
    return Toolchain(
      swiftc: try tool("swiftc"), clang: try tool("clang"), linker: try tool("ld.lld"),
      objcopy: try tool("llvm-objcopy"), archiver: try tool("llvm-ar"),
      webAssemblyLinker: try tool("wasm-ld"))
  }
}

/// Flags in SwiftPM's toolset format (SE-0387).
struct Toolset {
  var swift: [String] = []
  var c: [String] = []
  var linker: [String] = []

  static func read(_ url: URL) throws(BoardError) -> Toolset {
    struct File: Decodable {
      struct Tool: Decodable {
        var extraCLIOptions: [String]?
      }

      var swiftCompiler: Tool?
      var cCompiler: Tool?
      var linker: Tool?
    }
    let bytes = try url.read()
    do {
      let file = try JSONDecoder().decode(File.self, from: Data(bytes))
      return Toolset(
        swift: file.swiftCompiler?.extraCLIOptions ?? [],
        c: file.cCompiler?.extraCLIOptions ?? [], linker: file.linker?.extraCLIOptions ?? [])
    } catch {
      throw .invalidToolset(path: url.path, problem: "\(error)")
    }
  }

  /// The flags of both, those of `b` last, so that they win.
  static func + (a: Toolset, b: Toolset) -> Toolset {
    Toolset(swift: a.swift + b.swift, c: a.c + b.c, linker: a.linker + b.linker)
  }
}

/// Octet's package, which holds the sources of the firmware and the runtime.
struct PackageSources {
  var root: URL

  var firmware: URL { root.appendingPathComponent("Firmware") }
  var runtime: URL { root.appendingPathComponent("Sources/OctetRuntime") }
  var pictures: URL { root.appendingPathComponent("Sources/OctetData/Pictures") }
  var update: URL { root.appendingPathComponent("Sources/OctetUpdate") }
  var kernels: URL { root.appendingPathComponent("Sources/COctetKernels") }

  /// The sources in the folder that OCTET_HOME names; otherwise those that were installed with the
  /// program; otherwise where this file was compiled.
  static func find() throws(BoardError) -> PackageSources {
    if let home = ProcessInfo.processInfo.environment["OCTET_HOME"] {
      return try PackageSources(root: URL(fileURLWithPath: home)).checked()
    }
    // PREFIX/bin/octet and PREFIX/share/octet, through any links.
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let installed = PackageSources(
      root: program.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("share/octet"))
    if let found = try? installed.checked() { return found }
    return try PackageSources(
      root: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    ).checked()
  }

  private func checked() throws(BoardError) -> PackageSources {
    for needed in [firmware, runtime, update, kernels, pictures] {
      guard FileManager.default.fileExists(atPath: needed.path) else {
        throw .firmwareMissing(needed.path)
      }
    }
    return self
  }

  /// The files below `folder` with this extension, in order.
  static func files(in folder: URL, extension name: String) -> [URL] {
    let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == name }
      .sorted { $0.path < $1.path }
  }
}
