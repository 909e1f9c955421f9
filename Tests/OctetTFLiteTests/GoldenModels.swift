import Foundation
import OctetModel
import OctetTFLite
import TestSupport
import Testing

/// Models of a folder of the corpus, with inputs and the outputs that TensorFlow Lite for
/// Microcontrollers gives for them.
struct GoldenModels {
  let folder: URL

  init(_ name: String) {
    folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/\(name)")
  }

  var names: [String] {
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "tflite" }
      .map { $0.deletingPathExtension().lastPathComponent }.sorted()
  }

  func file(_ name: String, _ suffix: String) throws -> [UInt8] {
    [UInt8](
      try Data(contentsOf: folder.appendingPathComponent(name).appendingPathExtension(suffix)))
  }

  func graph(_ name: String) throws -> Graph { try TFLiteReader.read(try file(name, "tflite")) }

  /// Expects the recorded bytes of a model.
  func check(_ model: Int8Model, _ name: String) throws {
    let actual = try model.run(samples: try file(name, "input.bin").map { Int8(bitPattern: $0) })
    let expected = try file(name, "output.bin").map { Int8(bitPattern: $0) }
    #expect(actual.count == expected.count)
    let differing = zip(actual, expected).filter { $0 != $1 }.count
    #expect(differing == 0, "\(differing) of \(actual.count) bytes differ")
  }
}
