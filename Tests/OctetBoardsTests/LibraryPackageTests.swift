import Foundation
import OctetBoards
import OctetCompiler
import Testing

@Suite(.serialized) struct LibraryPackageTests {
  /// One package of two models for this machine and a Cortex-M4, unpacked once.
  private static let package = Result {
    let models = [
      try LibraryModel(try LeNet.perceptron(), name: "first-model"),
      try LibraryModel(try LeNet.blob(), name: "second"),
    ]
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "octet-tests-built/package")
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let zip = try LibraryPackage.build([nil, try Board.named("cortex-m4")], models)
    try Data(zip).write(to: folder.appendingPathComponent("octet.zip"))
    return folder
  }

  @Test("The package has what each build system looks for", .enabled(if: isInstalled("unzip")))
  func hasFiles() throws {
    let folder = try Self.package.get()
    try run("unzip", ["-q", "-o", "octet.zip"], in: folder)
    for path in [
      "src/octet.h", "src/octet_update.h", "src/octet_models.h", "src/cortex-m4/liboctet.a",
      "src/cortex-m4/octet.pc", "library.properties", "library.json", "link_core.py",
      "cmake/OctetConfig.cmake", "zephyr/module.yml", "zephyr/CMakeLists.txt", "zephyr/Kconfig",
      "examples/SelfTest/SelfTest.ino", "README.md", "LICENSE",
    ] {
      let text = try? Data(contentsOf: folder.appendingPathComponent("Octet/\(path)"))
      #expect(text != nil, "\(path)")
      #expect(
        path.hasSuffix(".a")
          || text.map { !String(decoding: $0, as: UTF8.self).contains("{{") }
            == true,
        "\(path) is filled in")
    }
    let json = try Data(contentsOf: folder.appendingPathComponent("Octet/library.json"))
    let manifest = try JSONSerialization.jsonObject(with: json) as? [String: Any]
    #expect(manifest?["version"] as? String == "0.1.0")
  }

  @Test(
    "Two models share an arena in a program that CMake or pkg-config builds from the package",
    .enabled(if: isInstalled("cmake") && isInstalled("pkg-config") && isInstalled("unzip")))
  func builds() throws {
    let folder = try Self.package.get()
    try run("unzip", ["-q", "-o", "octet.zip"], in: folder)
    let source = """
      #include "octet.h"
      #include "octet_models.h"
      static uint8_t arena[OCTET_ARENA_BYTE_COUNT] __attribute__((aligned(64)));
      static int check(const uint8_t *blob, size_t count, size_t needed, uint32_t checksum) {
        octet_session session;
        octet_header header;
        return needed <= sizeof arena && !octet_open(&session, blob, count, arena, sizeof arena) &&
               !octet_self_test(&session) && octet_arena_byte_count(blob, count) == needed &&
               !octet_read_header(blob, count + 100, &header) && header.byte_count == count &&
               header.checksum == checksum && (uintptr_t)blob % 64 == 0;
      }
      int main(void) {
        return !check(first_model, FIRST_MODEL_BYTE_COUNT, FIRST_MODEL_ARENA_BYTE_COUNT,
                      FIRST_MODEL_CHECKSUM) ||
               !check(second, SECOND_BYTE_COUNT, SECOND_ARENA_BYTE_COUNT, SECOND_CHECKSUM);
      }
      """
    try Data(source.utf8).write(to: folder.appendingPathComponent("main.c"))
    let project = """
      cmake_minimum_required(VERSION 3.16)
      project(Check C)
      find_package(Octet REQUIRED)
      add_executable(check main.c)
      target_link_libraries(check PRIVATE Octet::octet)
      """
    try Data(project.utf8).write(to: folder.appendingPathComponent("CMakeLists.txt"))
    let prefix = "-DCMAKE_PREFIX_PATH=\(folder.path)/Octet"
    try run("cmake", ["-S", ".", "-B", "build", prefix], in: folder, withErrors: true)
    try run("cmake", ["--build", "build"], in: folder, withErrors: true)
    try run(folder.appendingPathComponent("build/check").path, [])
    let packages = try FileManager.default.contentsOfDirectory(
      atPath: folder.path + "/Octet/src"
    ).filter { $0.hasPrefix("linux-") }
    try run(
      "/bin/sh",
      [
        "-c",
        "PKG_CONFIG_PATH=Octet/src/\(packages[0]) cc main.c -o piped "
          + "$(PKG_CONFIG_PATH=Octet/src/\(packages[0]) pkg-config --cflags --libs octet) "
          + "&& ./piped",
      ], in: folder, withErrors: true)
    // What there is no library for is said.
    try run(
      "/bin/sh",
      ["-c", "! cmake -S . -B other '\(prefix)' -DOCTET_CPU=cortex-m3 2> refusal"], in: folder)
    let refusal = try String(contentsOfFile: folder.path + "/refusal", encoding: .utf8)
    #expect(refusal.contains("set OCTET_CPU to the one"))
  }
}
