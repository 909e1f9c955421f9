import Foundation
import Testing

/// Which files are taken as models, and what is said of all others.
@Suite struct ModelFileTests {
  static let corpus = ImportTests.corpus.deletingLastPathComponent().appendingPathComponent("ports")

  private func path(_ name: String) -> String {
    Self.corpus.appendingPathComponent(name + ".onnx").path
  }

  @Test func pipes() async throws {
    try await withTemporaryFolder { folder in
      let file = path("image")
      for command in [
        "cat '\(file)' | $OCTET import /dev/stdin -o m.onnx",
        "$OCTET inspect /dev/stdin < '\(file)'",
        "mkfifo p; cat '\(file)' > p & $OCTET inspect p",
      ] {
        let run = try await shell(command, in: folder)
        #expect(run.status == 0, "\(command): \(run.stderr)")
      }
    }
  }

  private static let keras: [UInt8] =
    Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 22) + [13, 0, 0, 0]
    + Array("metadata.json{}".utf8)
  static let others: [([UInt8], String)] = [
    (keras, "Keras"),
    ([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a], "HDF5"),
    ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], "a picture (PNG)"),
    ([0x1f, 0x8b, 8, 0], "gunzip"),
    ([0x80, 2, 0x8a], "torch.onnx.export"),
    ([], "empty"),
    (Array("hello\n".utf8), "a text"),
    ([UInt8](repeating: 0, count: 5000), "no format"),
    (Array("GGUF".utf8), "GGUF"),
    ([0x7f, 0x45, 0x4c, 0x46], "program"),
    ([8, 1, 18, 4, 10, 2, 1, 1], "SavedModel"),
  ]

  @Test(arguments: others)
  func otherFiles(_ bytes: [UInt8], _ word: String) async throws {
    try await withTemporaryFolder { folder in
      try Data(bytes).write(to: folder.appendingPathComponent("m"))
      for verb in [["inspect", "m"], ["import", "m", "-o", "m.oct"], ["bench", "m"]] {
        let run = try await octet(verb, in: folder)
        #expect(run.status == 65 && run.stderr.contains(word), "\(verb): \(run)")
      }
    }
  }

  /// Devices without end are refused by their first bytes.
  @Test func devices() async throws {
    let run = try await octet("inspect", "/dev/zero")
    #expect(run.status == 65, "\(run.stderr)")
  }

  @Test func aFloatModelIsNoBlob() async throws {
    let run = try await octet("bench", path("image"))
    #expect(run.status == 65 && run.stderr.contains("an ONNX model, and this needs a blob"))
  }

  /// A dimension of 0 is refused wherever a model is read.
  @Test func zeroDimensions() async throws {
    try await withTemporaryFolder { folder in
      try Data(count: 64).write(to: folder.appendingPathComponent("raw"))
      let file = path("zero")
      for verb in [
        ["import", file, "-o", "m.onnx"], ["inspect", file],
        ["quantize", file, "--raw-input", "raw", "-o", "m.oct"],
        ["run", file, "--raw-input", "raw", "--raw-output", "out"],
      ] {
        let run = try await octet(verb, in: folder)
        #expect(run.status == 65 && run.stderr.contains("a dimension is 0"), "\(verb): \(run)")
      }
    }
  }

  /// What a blob has not is left out with a word; an ONNX file keeps it.
  @Test(arguments: [("mask", "'m' is left out", 2), ("position", "the blob gives", 1)])
  func outputs(_ name: String, _ word: String, _ count: Int) async throws {
    try await withTemporaryFolder { folder in
      let samples = (0..<96).map { Float($0 % 7) }
      try samples.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("raw"))
      let quantized = try await octet(
        ["quantize", path(name), "--raw-input", "raw", "-o", "m.oct"], in: folder)
      #expect(quantized.status == 0 && quantized.stderr.contains(word), "\(quantized)")
      let imported = try await octet(
        ["import", path(name), "-o", "m.onnx", "--json"], in: folder)
      let ports = try #require(try imported.json()["outputs"] as? [[String: Any]])
      #expect(ports.count == count && ports[0]["order"] as? String == "asInFile")
      let inspected = try await octet(["inspect", "m.onnx", "--json"], in: folder)
      #expect((try inspected.json()["outputs"] as? [Any])?.count == count)
    }
  }

  @Test func layoutsAreStated() async throws {
    let run = try await octet("inspect", path("image"))
    #expect(run.stdout.contains("input 'x' 1×6×5×3, channels last (1×3×6×5 in the file)"))
    let json = try await octet("inspect", path("image"), "--json").json()
    let input = try #require((json["inputs"] as? [[String: Any]])?.first)
    #expect(input["layout"] as? String == "channelsLast")
    #expect(input["fileShape"] as? [Int] == [1, 3, 6, 5])
  }
}
