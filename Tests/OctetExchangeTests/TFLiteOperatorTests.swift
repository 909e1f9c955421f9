import Foundation
import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// Models of one operator, int8 and float32, against the outputs of TensorFlow Lite for
/// Microcontrollers, or of LiteRT where it has no such operator, or of the float model, rounded,
/// where neither has. `Tools/make-corpus operators` makes them.
struct TFLiteOperatorTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus/operators")

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

  @Test(arguments: names.filter { !$0.contains("_float_") })
  func computesTheReferencesBytes(_ name: String) throws {
    let model = try Int8Model(try TFLiteReader.read(try file(name, "tflite")))
    // uint8 is taken as int8, 128 lower.
    let sign: UInt8 = name.contains("_uint8_") ? 0x80 : 0
    let actual = try model.run(
      samples: try file(name, "input.bin").map { Int8(bitPattern: $0 ^ sign) })
    let expected = try file(name, "output.bin").map { Int8(bitPattern: $0 ^ sign) }
    #expect(actual.count == expected.count)
    let differing = zip(actual, expected).filter { $0 != $1 }.count
    #expect(differing == 0, "\(differing) of \(actual.count) bytes differ")
  }

  /// Not of dynamic range, where LiteRT rounds activations as it goes.
  @Test(arguments: names.filter { $0.contains("_float_") && !$0.hasPrefix("dynamic") })
  func computesTheReferencesFloats(_ name: String) throws {
    let graph = try TFLiteReader.read(try file(name, "tflite"))
    let interpreter = try FloatInterpreter(graph)
    let samples = try floats(file(name, "input.bin"))
    let expected = try floats(file(name, "output.bin"))
    let counts = graph.inputs.map { graph.tensors[$0].elementCount }
    var actual: [Float] = []
    var start = 0
    while start < samples.count {
      let inputs = counts.map { count -> [Float] in
        start += count
        return Array(samples[start - count..<start])
      }
      actual += interpreter.run(inputs: inputs).flatMap { $0 }
    }
    #expect(actual.count == expected.count)
    let largest = expected.map { abs($0) }.max() ?? 0
    for (ours, theirs) in zip(actual, expected) where abs(ours - theirs) > 1e-5 * largest {
      Issue.record("\(ours) instead of \(theirs)")
      return
    }
  }

  /// Weights of uint8 with a zero point cost multiply-adds, and inputs change their codes: both are
  /// said.
  @Test func unsignedModelsSayWhatTheyBecome() throws {
    let model = try TFLiteReader.importModel(try file("convolution_uint8_0", "tflite"))
    #expect(model.widenedNodes.count == 1)
    #expect(model.notes.count == 1)
    #expect(model.notes[0].contains("uint8 in the file and int8 in the blob"))
    #expect(!model.storesWeightsInInt8)
  }

  /// Weights in int8 and everything else in floats (dynamic range): a float model, and said so.
  @Test func dynamicRangeIsSaid() throws {
    let model = try TFLiteReader.importModel(try file("dynamic_range_float_0", "tflite"))
    #expect(model.storesWeightsInInt8)
    #expect(model.notes.count == 1 && model.notes[0].contains("imported as a float model"))
    #expect(model.graph.tensors.allSatisfy { $0.quantization == nil })
    let plain = try TFLiteReader.importModel(try file("elu_float_0", "tflite"))
    #expect(plain.notes.isEmpty)
  }

  /// What can be written comes back as it was.
  @Test(arguments: names) func survivesTheRoundTrip(_ name: String) throws {
    let graph = try TFLiteReader.read(try file(name, "tflite"))
    let written: [UInt8]
    do {
      written = try TFLiteWriter.write(graph)
    } catch ExchangeError.unsupported {
      return
    }
    #expect(try TFLiteReader.read(written) == graph)
  }

  private func floats(_ bytes: [UInt8]) -> [Float] {
    bytes.withUnsafeBytes { source in
      (0..<bytes.count / 4).map {
        Float(
          bitPattern: UInt32(
            littleEndian: source.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }
}
