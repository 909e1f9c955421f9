import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteNormalizationsAsConvolutionsTests {
  @Test func ofAnImage() throws {
    var builder = NetworkBuilder()
    try builder.batchNormalization("norm")
    try check(builder.finished(), ["depthwiseConvolution"]) {
      $0.writeNormalizationsAsConvolutions()
    }
  }

  @Test(arguments: [[1, 60], [1, 4, 15]])
  func ofOtherRanks(shape: [Int]) throws {
    var builder = NetworkBuilder(seed: 2)
    try builder.append("flat", .reshape(shape))
    try builder.batchNormalization("norm")
    try check(
      builder.finished(), ["reshape", "reshape", "depthwiseConvolution", "reshape"]
    ) { $0.writeNormalizationsAsConvolutions() }
  }

  /// Codes of ±127 with a scale for each channel: the gain is exact, the offset within half a step.
  @Test func inIntegers() throws {
    var builder = NetworkBuilder(seed: 3)
    try builder.batchNormalization("norm")
    var graph = builder.finished()
    let gammas = graph.nodes[0].inputs[1]
    graph.tensors[gammas].constant = .float([1, -0.25, 3])
    let line = try #require(graph.normalizationLine(graph.nodes[0]))
    let (weights, bias) = try #require(
      graph.normalizationConstants(graph.nodes[0], inputScale: 0.02))
    #expect(weights.constant == .int8([127, -127, 127]))
    for (found, wanted) in zip(weights.reals ?? [], line.gain) {
      #expect(abs(Double(found) - wanted) <= 1e-6 * abs(wanted))
    }
    let steps = try #require(bias.quantization).scales
    for ((found, wanted), step) in zip(zip(bias.reals ?? [], line.offset), steps) {
      #expect(abs(Double(found) - wanted) <= 0.51 * Double(step))
    }
    // A gain of 0 has no scale.
    graph.tensors[gammas].constant = .float([1, 0, 3])
    #expect(graph.normalizationConstants(graph.nodes[0], inputScale: 0.02) == nil)
  }
}
