import Foundation
import OctetBoards
import OctetCompiler
import Testing

@Suite(.enabled(if: isInstalled("clang"), "clang is not installed"))
struct CLibraryBuilderTests {
  @Test("The example in C runs a model and is refused what is wrong")
  func runsExample() throws {
    let blob = try LeNet.perceptron()
    try withTemporaryFolder { folder in
      let library = try CLibraryBuilder().build(into: folder)
      let model = folder.appendingPathComponent("model.oct")
      try Data(blob.bytes).write(to: model)
      let program = folder.appendingPathComponent("example")
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Firmware/CLibrary/Example/main.c")
      try run(
        "clang",
        [
          "-Wall", "-Wextra", "-Werror", "-I", folder.path, source.path, library.archive, "-o",
          program.path,
        ])
      let lines = try run(program.path, [model.path]).split(separator: "\n").map(String.init)
      let arena = try blob.model().arenaByteCount
      try #require(lines.count == 10)
      #expect(lines[0] == "open: arena \(arena) bytes")
      #expect(lines[1] == "self-test: passed")
      #expect(lines[2].split(separator: " ").count == 4)
      #expect(lines[3] == "operator by operator: the same")
      #expect(lines[4...6] == ["timed: each", "with a workspace: the same", "header: read"])
      #expect(lines[7].hasPrefix("input one byte short: 103, "))
      #expect(lines[8].hasPrefix("arena one byte short: 100, "))
      #expect(lines[9].hasPrefix("one bit flipped: 6, the checksum does not match"))
    }
  }

  @Test("An exported header gives the same bytes to C")
  func compilesHeader() throws {
    let blob = try LeNet.perceptron()
    try withTemporaryFolder { folder in
      let header = try HeaderExport.text(blob, name: "my-model")
      try Data(header.utf8).write(to: folder.appendingPathComponent("model.h"))
      let source = """
        #include "model.h"
        #include <stdio.h>
        int main(void) {
          fwrite(my_model, 1, MY_MODEL_BYTE_COUNT, stdout);
          return (unsigned long)my_model % 64 || MY_MODEL_ARENA_BYTE_COUNT == 0;
        }
        """
      let file = folder.appendingPathComponent("main.c")
      try Data(source.utf8).write(to: file)
      let program = folder.appendingPathComponent("main")
      try run("clang", ["-Wall", "-Wextra", "-Werror", file.path, "-o", program.path])
      let copy = folder.appendingPathComponent("copy.oct")
      try run("/bin/sh", ["-c", "'\(program.path)' > '\(copy.path)'"])
      #expect([UInt8](try Data(contentsOf: copy)) == blob.bytes)
    }
  }
}
