import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// What `Calibrator.automatic` chooses for a network of which each choice can be worked out.
///
/// The squares of 8,192 inputs come to a layer that takes up the first alone, which is 0 in nearly
/// all samples; the others are noise below 0.12. The least error of the whole clips the first.
@Suite struct RangeSearchTests {
  private static let sampleCount = 256
  /// One is among the 128 that are compared with, some are among the 64 held back.
  private static func isWide(_ sample: Int) -> Bool { sample == 0 || sample % 60 == 3 }

  private func network() throws -> Graph {
    var builder = NetworkBuilder(seed: 3, height: 1, width: 1, channelCount: 8192)
    try builder.append("square", .multiply(.none), [builder.last])
    try builder.fullyConnected("fc", outputCount: 2)
    var graph = builder.finished()
    let index = try #require(graph.tensors.firstIndex { $0.name == "fc.weight" })
    graph.tensors[index].constant = .float(
      (0..<2 * 8192).map { $0 % 8192 == 0 ? 1 : 1e-6 })
    return graph
  }

  /// - Parameter outlier: an input that is not taken up, in a sample that is neither compared nor
  ///   held back.
  private func samples(outlier: Float) -> CalibrationSamples {
    CalibrationSamples(count: Self.sampleCount) { index, _, target in
      var random = TestRandom(seed: index)
      for element in target.indices { target[element] = Float.random(in: 0...0.35, using: &random) }
      target[0] = Self.isWide(index) ? Float.random(in: 0.8...1, using: &random) : 0
      if index == 2 { target[1] = outlier }
    }
  }

  private func quantized(
    _ calibrator: Calibrator, outlier: Float
  ) throws -> Quantizer.Result {
    var options = Quantizer.Options()
    options.calibrator = calibrator
    return try Quantizer.quantize(network(), samples: samples(outlier: outlier), options: options)
  }

  @Test func whatDecidesIsNotClipped() throws {
    let found = try quantized(.automatic, outlier: 0.1)
    let search = try #require(found.search)
    #expect(search.calibrator != .meanSquareError && search.gainedDecibels > 3)
    let plain = try quantized(.meanSquareError, outlier: 0.1)
    #expect(found.outputs[0].variationDecibels > plain.outputs[0].variationDecibels + 3)
  }

  /// The ranges of all samples are not those that were compared: what was chosen would be worse
  /// with them than the mean square error.
  @Test func aChoiceIsConfirmedWithAllSamples() throws {
    let found = try quantized(.automatic, outlier: 7)
    let plain = try quantized(.meanSquareError, outlier: 7)
    let search = try #require(found.search)
    #expect(search.calibrator == .meanSquareError && search.gainedDecibels == 0)
    #expect(found.outputs[0].variationDecibels >= plain.outputs[0].variationDecibels)
    let widest = try quantized(.minMax, outlier: 7)
    #expect(widest.outputs[0].variationDecibels < plain.outputs[0].variationDecibels - 3)
  }
}
