import Foundation
import OctetCompiler
import OctetPasses
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// Models of Keras, written by TensorFlow's converter, against the bytes that `Tools/make-corpus
/// keras` got for them: TensorFlow Lite for Microcontrollers', or, where it cannot run the file,
/// those of TFLite's reference kernels.
@Suite struct TFLiteKerasTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus/keras")

  static let models = [
    "attention", "computed-products", "computed-weights", "maximum-over-sequence", "new-axis",
    "open-batch-dilated",
    "open-batch-transposed", "relu6-of-another-scale", "repeated", "unread-dequantize",
  ]

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  @Test(arguments: models) func computesTheRecordedBytes(_ name: String) throws {
    let graph = try TFLiteReader.read(try Self.bytes("\(name).tflite"))
    #expect(graph.nodesInFloats.isEmpty)
    let model = try Int8Model(graph)
    let samples = try Self.bytes("\(name).input.bin").map { Int8(bitPattern: $0) }
    let expected = try Self.bytes("\(name).output.bin").map { Int8(bitPattern: $0) }
    #expect(try model.run(samples: samples, limit: nil) == expected)
  }

  @Test(arguments: models) func mutated(_ name: String) throws {
    let bytes = try Self.bytes("\(name).tflite")
    for seed in 0..<SharedData.mutationCount(100) {
      var random = SplitMix(seed: UInt64(seed))
      _ = TFLiteHostileFileTests.digest(
        ONNXHostileFileTests.mutation(of: bytes, &random), compiles: seed % 10 == 0)
    }
  }

  /// Height and width must be known; 1, which the file has in their place, is no size.
  @Test func openHeightIsNamed() throws {
    let url = try #require(
      TFLiteHostileFileTests.hostile.first {
        $0.lastPathComponent == "hostile-open-height.tflite"
      })
    do {
      _ = try TFLiteReader.read(url)
      Issue.record("it was read")
    } catch {
      #expect("\(error)".contains("dimension 1 is not fixed"), "\(error)")
    }
  }
}
