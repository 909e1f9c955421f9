import OctetModel
import OctetQuantization
import TestNetworks
import Testing

/// Channels that are normalized one by one, of weights a hundred times apart.
@Suite struct ChannelEqualizationTests {
  private func network(_ spread: Float) throws -> Graph {
    var builder = NetworkBuilder(seed: 9, height: 8, width: 8, channelCount: 2)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3))
    try builder.channelNormalization(epsilon: 1e-5)
    try builder.append("relu", .scalar(.relu))
    var graph = builder.finished()
    guard let weights = graph.tensors.firstIndex(where: { $0.name == "conv.weight" }),
      case .float(var values) = graph.tensors[weights].constant
    else { throw TestFailure("no weights") }
    // One channel in four is so much weaker.
    for index in 0..<values.count / 4 { values[index] /= spread }
    graph.tensors[weights].constant = .float(values)
    return graph
  }

  /// However far apart channels are, they keep as many codes.
  @Test(arguments: [1, 10, 50] as [Float])
  func channelsKeepTheirCodes(spread: Float) throws {
    var options = Quantizer.Options()
    options.calibrator = .minMax
    let graph = try network(spread)
    let result = try Quantizer.quantize(graph, samples: Networks.samples(16), options: options)
    let output = try #require(result.outputs.first)
    #expect(output.name == "relu.output")
    #expect(output.sqnrDecibels > 30, "\(output.sqnrDecibels) dB")
    // What has other values than in the float graph has another name.
    #expect(result.graph.tensors.contains { $0.name == "conv.output/equalized" })
    #expect(!result.graph.tensors.contains { $0.name == "conv.output" })
  }

  /// Not where something else reads the image.
  @Test func imagesThatOthersReadStay() throws {
    var graph = try network(10)
    let x = try #require(graph.tensors.firstIndex { $0.name == "conv.output" })
    graph.outputs.append(x)
    let result = try Quantizer.quantize(graph, samples: Networks.samples(8), options: .init())
    #expect(result.graph.tensors.contains { $0.name == "conv.output" })
  }
}
