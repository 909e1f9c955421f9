import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetQuantization
import OctetReport
import TestComparisons
import TestData
import Testing

/// Weights of four bits: whatever rounds them is healthy, and damage beside it still shows.
@Suite struct NarrowDiffTests {
  private static let lenet = "models/lenet/lenet_mnist_pytorch.onnx"

  private static func report(
    _ float: Graph, _ int8: Graph, _ data: Dataset = DiffCorpus.test
  ) throws -> DiffReport {
    var options = Diff.Options()
    options.measuresTime = false
    options.localSampleCount = 16
    let loaded = try LoadedModel(Compiler.compile(int8, shrinks: false).blob)
    return try Diff(float, loaded, data, options: options).run()
  }

  private static func options(_ rounding: Rounding) -> Quantizer.Options {
    var options = Quantizer.Options()
    options.commonWeightBits = 4
    options.rounding = rounding
    return options
  }

  /// A trained network's weights, of which the errors that are carried on move many by more than a
  /// step, and biases that make good for them by more than they are.
  @Test(
    .needing(lenet, "mnist"),
    arguments: [Rounding.nearest, .errorFeedback])
  func roundingIsHealthy(rounding: Rounding) throws {
    let float = try ONNXReader.read(SharedData.url(Self.lenet)).simplified()
    let source = try DataSource.load(SharedData.url("mnist").path)
    let samples = try CalibrationSamples(
      source.train, count: 200, seed: 1, graph: float, normalization: nil)
    let int8 = try Quantizer.quantize(float, samples: samples, options: Self.options(rounding))
      .graph
    let healthy = try Self.report(float, int8, source.test.prefix(100))
    #expect(healthy.verdict.layer == nil, "\(healthy.verdict.action)")
    #expect(healthy.layers.allSatisfy { $0.findings.allSatisfy { !$0.isDefinite } })
  }

  typealias Spoil = @Sendable (inout Graph, String) throws -> Void

  private static let damages: [(cause: DiffReport.Cause, spoil: Spoil)] = [
    (.signFlipped, { try DiffDamage.mapCodes(of: $1, in: &$0) { -$1 } }),
    (.biasDropped, { try DiffDamage.dropBiases(of: $1, in: &$0) }),
    (.channelsPermuted, { try DiffDamage.rotateChannels(of: $1, in: &$0) }),
    (.weightsScaled, { try DiffDamage.scaleWeights(of: $1, by: 1.5, in: &$0) }),
  ]

  @Test(arguments: damages.indices, [Rounding.nearest, .errorFeedback])
  func damageShows(index: Int, rounding: Rounding) throws {
    let (cause, spoil) = Self.damages[index]
    let float = try DiffCorpus.lenet()
    var int8 = try DiffCorpus.quantized(float, options: Self.options(rounding))
    try spoil(&int8, "conv2")
    let verdict = try Self.report(float, int8).verdict
    #expect(verdict.layer == "conv2" && verdict.cause == cause, "\(verdict.action)")
  }
}
