import Foundation
import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import Testing

/// Models whose results lie next to a rounding boundary, where the last bit of a multiplier
/// decides, against the bytes of TensorFlow Lite for Microcontrollers.
/// `Tools/make-corpus ties` makes them.
struct TFLiteNearTieTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus/ties")

  static let names: [String] = {
    let files = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "tflite" }
      .map { $0.deletingPathExtension().lastPathComponent }.sorted()
  }()

  @Test func corpusIsThere() { #expect(Self.names.count == 41) }

  @Test(arguments: names) func computesTheBytesOfTFLM(_ name: String) throws {
    let base = Self.folder.appendingPathComponent(name)
    func file(_ suffix: String) throws -> [UInt8] {
      [UInt8](try Data(contentsOf: base.appendingPathExtension(suffix)))
    }
    let model = try Int8Model(try TFLiteReader.read(try file("tflite")))
    let actual = try model.run(samples: try file("input.bin").map { Int8(bitPattern: $0) })
    let expected = try file("output.bin").map { Int8(bitPattern: $0) }
    #expect(actual.count == expected.count)
    let differing = zip(actual, expected).filter { $0 != $1 }.count
    #expect(differing == 0, "\(differing) of \(actual.count) bytes differ")
  }
}
