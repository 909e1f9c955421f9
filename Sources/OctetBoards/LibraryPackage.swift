import Foundation
import OctetCompiler

/// The C library of some boards as a ZIP archive that CMake, pkg-config, Arduino, PlatformIO and
/// Zephyr take as it is.
///
/// All files lie in the folder `Octet`: headers in `src`, the archive of a core in `src/CORE`, and
/// around them what `Firmware/CLibrary/Package` has for each build system.
public struct LibraryPackage {
  /// Builds the package.
  ///
  /// - Parameters:
  ///   - boards: nil among them for this machine. Each has a folder of its core's name.
  ///   - models: as for `CLibraryBuilder.build`.
  /// - Returns: the archive's bytes.
  public static func build(
    _ boards: [Board?], _ models: [LibraryModel]
  ) throws(BoardError) -> [UInt8] {
    let temporary = try makeTemporaryFolder()
    defer { temporary.remove() }
    var zip = ZipArchive()
    var folders: [String] = []
    for (index, board) in boards.enumerated() {
      let builder = try CLibraryBuilder(board)
      let folder = builder.packageFolder
      if folders.contains(folder) { continue }
      folders.append(folder)
      let library = try builder.build(
        models, into: temporary.url.appendingPathComponent("\(index)"))
      func add(_ path: String, _ file: String) throws(BoardError) {
        zip.add("Octet/src/\(path)", try URL(fileURLWithPath: file).read())
      }
      try add("\(folder)/liboctet.a", library.archive)
      if index == 0 {
        for file in library.files.dropFirst() {
          try add(URL(fileURLWithPath: file).lastPathComponent, file)
        }
      }
    }
    try addTexts(to: &zip, folders, models)
    return zip.bytes
  }

  private static func addTexts(
    to zip: inout ZipArchive, _ folders: [String], _ models: [LibraryModel]
  ) throws(BoardError) {
    let sources = try PackageSources.find()
    let package = sources.firmware.appendingPathComponent("CLibrary/Package")
    let model = models.first?.summary.name
    let shared = [
      "version": try version(sources), "license": "Apache-2.0", "cpus": folders.joined(separator: ", "),
      "model": model ?? "", "MODEL": (model ?? "").uppercased(),
    ]
    for path in paths where model != nil || !path.hasSuffix(".ino") {
      let text = String(
        decoding: try package.appendingPathComponent(path).read(), as: UTF8.self)
      zip.add("Octet/\(path)", Array(ModelPage.fill(text, with: shared).utf8))
    }
    let text = String(
      decoding: try package.appendingPathComponent("octet.pc").read(), as: UTF8.self)
    for folder in folders {
      let parts = shared.merging(["cpu": folder]) { $1 }
      zip.add("Octet/src/\(folder)/octet.pc", Array(ModelPage.fill(text, with: parts).utf8))
    }
    zip.add("Octet/LICENSE", try sources.root.appendingPathComponent("LICENSE").read())
  }

  private static let paths = [
    "README.md", "cmake/OctetConfig.cmake", "cmake/OctetConfigVersion.cmake",
    "examples/SelfTest/SelfTest.ino", "library.json", "library.properties", "platformio.py",
    "zephyr/CMakeLists.txt", "zephyr/Kconfig", "zephyr/module.yml",
  ]

  /// The version in octet.h, as `0.1.0`.
  private static func version(_ sources: PackageSources) throws(BoardError) -> String {
    let file = sources.firmware.appendingPathComponent("CLibrary/include/octet.h")
    let text = String(decoding: try file.read(), as: UTF8.self)
    let number = text.firstMatch(of: /#define OCTET_VERSION ([0-9]+)/).flatMap { Int($0.output.1) }
    return number.map { "\($0 / 10_000).\($0 / 100 % 100).\($0 % 100)" } ?? "0"
  }
}

extension CLibraryBuilder {
  /// The core's folder in a package: what compilers, Arduino and Zephyr call it.
  var packageFolder: String {
    switch builder.board.name {
    // Arduino and Zephyr know the M0 and its successor apart; one library runs on both.
    case "cortex-m0": "cortex-m0plus"
    case "host": builder.board.triple.hasPrefix("x86_64") ? "linux-x86_64" : "linux-aarch64"
    default: URL(fileURLWithPath: builder.board.name).lastPathComponent
    }
  }
}
