import Foundation
import OctetCompiler
import OctetModel
import OctetTFLite
import TestSupport
import Testing

/// Models with int16 activations, operator by operator and whole networks, against the bytes of
/// TensorFlow Lite for Microcontrollers. `Tools/make-corpus int16` makes them.
struct TFLiteInt16Tests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus/int16")

  static let names: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "tflite" }
      .map { $0.deletingPathExtension().lastPathComponent }.sorted()
  }()

  private func file(_ name: String, _ suffix: String) throws -> [UInt8] {
    [UInt8](
      try Data(contentsOf: Self.folder.appendingPathComponent(name).appendingPathExtension(suffix)))
  }

  private func graph(_ name: String) throws -> Graph {
    try TFLiteReader.read(try file(name, "tflite"))
  }

  private func check(_ model: Int8Model, _ name: String) throws {
    let actual = try model.run(samples: try file(name, "input.bin").map { Int8(bitPattern: $0) })
    let expected = try file(name, "output.bin").map { Int8(bitPattern: $0) }
    #expect(actual.count == expected.count)
    let differing = zip(actual, expected).filter { $0 != $1 }.count
    #expect(differing == 0, "\(differing) of \(actual.count) bytes differ")
  }

  @Test func corpusIsThere() { #expect(Self.names.count == 52) }

  @Test(arguments: names) func computesTheBytesOfTFLM(_ name: String) throws {
    try check(try Int8Model(try graph(name)), name)
  }

  /// The blob is read back as a graph that lowers to the same parameters, and written as a file
  /// that gives the same bytes.
  @Test(arguments: names) func comesBackFromTheBlob(_ name: String) throws {
    let model = try Int8Model(try graph(name))
    let again = try BlobReader.read(model.blob)
    let written = try TFLiteReader.read(try TFLiteWriter.write(again))
    try check(try Int8Model(written), name)
  }
}
