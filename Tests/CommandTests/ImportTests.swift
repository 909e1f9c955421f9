import Foundation
import Testing

/// `octet import` of ONNX files whose shapes are not all known.
@Suite struct ImportTests {
  static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("OctetONNXTests/Corpus/shapes")

  static func importing(_ name: String, _ shapes: String?) async throws -> (Run, URL) {
    let target = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-\(UUID().uuidString).onnx")
    let file = corpus.appendingPathComponent(name).path
    let run = try await octet(
      ["import", file, "-o", target.path, "--json"] + (shapes.map { ["--shapes", $0] } ?? []))
    return (run, target)
  }

  @Test(arguments: [
    ("open.onnx", "x=1x3x8x9"), ("open.onnx", "x=2x3x1x1"),
    ("sequence.onnx", "x=1x1x4x4,x=1x2x4x4"),
  ])
  func givenShapes(_ name: String, _ shapes: String) async throws {
    let (run, target) = try await Self.importing(name, shapes)
    defer { try? FileManager.default.removeItem(at: target) }
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try run.json()["comparedNodeCount"] as? Int == 2)
    #expect(try await octet("inspect", target.path).status == 0)
  }

  /// `octet quantize` takes the shapes too; one file of two samples of 3×8×9.
  @Test func quantizedInGivenShapes() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (samples, target) = ("\(folder.path)/samples.bin", "\(folder.path)/m.oct")
    let values = (0..<2 * 216).map { Float($0 % 17) / 8 - 1 }
    try values.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: samples))
    let arguments = [
      "quantize", Self.corpus.appendingPathComponent("open.onnx").path, "--raw-input", samples,
      "-o", target,
    ]
    #expect(try await octet(arguments).status == 65)
    #expect(try await octet(arguments + ["--shapes", "z=1x3x8x9"]).status == 64)
    let run = try await octet(arguments + ["--shapes", "x=1x3x8x9"])
    #expect(run.status == 0, "\(run.stderr)")
    #expect(try await octet("inspect", target).stdout.contains("1×8×9×3"))
  }

  @Test(arguments: [
    ("open.onnx", nil, 65, "--shapes x=1x3x32x32"),
    ("open.onnx", "x=1x4x8x8", 65, "?x3x?x?"),
    ("open.onnx", "x=1x3x8", 65, "does not fit"),
    ("open.onnx", "x=1x3x8x8,x=1x3x8x8", 65, "one tensor"),
    ("open.onnx", "x=1x3x99999999x8", 65, "does not fit"),
    ("open.onnx", "z=1x3x8x8", 64, "'x'"),
    ("open.onnx", "x=1x3x0x8", 64, "a name and a shape"),
    ("open.onnx", "1x3x8x8", 64, "a name and a shape"),
    ("sequence.onnx", nil, 65, "it is a sequence"),
    ("sequence.onnx", "x=1x1x4x4,x=1x1x4x4", 65, "conv"),
    ("sequence.onnx", "x=1x1x4x4,x=1x2x5x4", 65, "join"),
  ])
  func refusals(_ name: String, _ shapes: String?, _ status: Int32, _ word: String) async throws {
    let (run, target) = try await Self.importing(name, shapes)
    #expect(run.status == status && run.stderr.contains(word), "\(run)")
    #expect(!FileManager.default.fileExists(atPath: target.path))
  }

  /// A model that is quantized in part: refused with the way out, which works; weights with a zero
  /// point: taken over with a note.
  @Test func quantizedModels() async throws {
    let corpus = Self.corpus.deletingLastPathComponent().appendingPathComponent("onnx")
    let target = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-\(UUID().uuidString).oct")
    defer { try? FileManager.default.removeItem(at: target) }
    let partial = corpus.appendingPathComponent("partial.onnx").path
    let refused = try await octet("import", partial, "-o", target.path)
    #expect(refused.status == 65 && refused.stderr.contains("'Max8'"), "\(refused.stderr)")
    #expect(refused.stderr.contains("'octet quantize' keeps the scales"))
    let samples = corpus.appendingPathComponent("partial.input").path
    let completed = try await octet(
      "quantize", partial, "--raw-input", samples, "-o", target.path)
    #expect(completed.status == 0, "\(completed.stderr)")

    let whole = corpus.appendingPathComponent("zero_points.onnx").path
    let imported = try await octet("import", whole, "-o", target.path, "--json")
    #expect(
      try imported.json()["widenedNodes"] as? [String] == [
        "Conv3", "QLinearConv6", "ConvTranspose9", "Gemm18",
      ])
    #expect(imported.stderr.contains("need more than 8 bits in 'Conv3', 'QLinearConv6'"))
    let again = try await octet("quantize", whole, "--raw-input", samples, "-o", target.path)
    #expect(again.status == 65 && again.stderr.contains("quantized already"))
  }
}
