import OctetCompiler
import OctetModel
import OctetTFLite
import TestData
import TestSupport
import Testing

/// Models that people ship, of whose channels many are constant whatever the input.
struct TFLiteShrinkingTests {
  @Test(.needing("models/mlperf_tiny")) func visualWakeWords() throws {
    let url = try SharedData.url("models/mlperf_tiny/vww_96_int8.tflite")
    let graph = try TFLiteReader.read(url)
    let full = try Compiler.compile(graph, shrinks: false)
    let small = try Compiler.compile(graph)
    #expect(small.shrink.savedMacCount == 7_489_664 - 3_727_313)
    #expect(small.shrink.savedWeightByteCount == 219_064 - 33_122)
    // Of the last 1×1 layers 71 to 234 channels.
    let pointwise = small.shrink.layers.filter { $0.operator == "convolution" }
    #expect(pointwise.map(\.channelCount) == [60, 106, 57, 30, 19, 15, 25, 31, 22])
    let runners = try [full, small].map { try $0.blob.model().makeRunner() }
    var random = SplitMix(seed: 14)
    for sample in 0..<4 {
      let codes = (0..<96 * 96 * 3).map { _ -> Int8 in
        switch sample {
        case 0: -128
        case 1: 127
        default: Int8.random(in: -128...127, using: &random)
        }
      }
      for runner in runners {
        try runner.setInput(0, codes.span)
        runner.run()
      }
      #expect(runners[0].output(0) == runners[1].output(0))
    }
  }

  /// A model without such channels is the same file.
  @Test(.needing("models/mlperf_tiny")) func othersStayAsTheyAre() throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/mlperf_tiny/ad01_int8.tflite"))
    let full = try Compiler.compile(graph, shrinks: false)
    let small = try Compiler.compile(graph)
    #expect(small.shrink.layers.isEmpty && small.blob.bytes == full.blob.bytes)
  }
}
