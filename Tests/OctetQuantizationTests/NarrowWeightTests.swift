import OctetModel
import OctetQuantization
import TestNetworks
import Testing

/// Weights of four bits.
@Suite struct NarrowWeightTests {
  private func network() throws -> Graph {
    var builder = NetworkBuilder(seed: 5, height: 12, width: 12, channelCount: 1)
    var attributes = ConvolutionAttributes()
    attributes.activation = .relu
    try builder.convolution("first", outputCount: 6, kernel: Extent(3), attributes)
    try builder.maxPool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    try builder.convolution("second", outputCount: 8, kernel: Extent(3), attributes)
    try builder.fullyConnected("fc", outputCount: 10)
    return builder.finished(labelled: true)
  }

  private func quantized(
    _ change: (inout Quantizer.Options) -> Void
  ) throws -> Quantizer.Result {
    var options = Quantizer.Options()
    (options.calibrator, options.equalization) = (.minMax, .none)
    change(&options)
    return try Quantizer.quantize(
      try network(), samples: Networks.samples(32), options: options)
  }

  /// The element types and the codes of a layer's weights.
  private func weights(_ graph: Graph, _ layer: String) throws -> Tensor {
    let node = try #require(graph.nodes.first { $0.name == layer })
    return graph.tensors[node.inputs[1]]
  }

  @Test(arguments: Rounding.allCases) func everyRounding(_ rounding: Rounding) throws {
    let result = try quantized { ($0.commonWeightBits, $0.rounding) = (4, rounding) }
    #expect(result.narrowLayers == ["first", "second", "fc"])
    for layer in result.narrowLayers {
      let tensor = try weights(result.graph, layer)
      #expect(tensor.elementType == .int4)
      guard case .int8(let codes) = tensor.constant else { continue }
      #expect(codes.allSatisfy { (-7...7).contains($0) })
      #expect(codes.contains { abs($0) == 7 })
    }
    // Codes and scales belong together: about 6 dB a bit, less than of 8 bits and far more than 0.
    #expect(try #require(result.outputs.first).variationDecibels > 12)
  }

  @Test func chosenLayers() throws {
    let result = try quantized { $0.weightBits = ["second": 4] }
    #expect(result.narrowLayers == ["second"])
    #expect(try weights(result.graph, "second").elementType == .int4)
    #expect(try weights(result.graph, "first").elementType == .int8)
    let others = try quantized { ($0.commonWeightBits, $0.weightBits) = (4, ["first": 8]) }
    #expect(others.narrowLayers == ["second", "fc"])
  }

  @Test func unknownLayersAreRefused() throws {
    #expect(throws: QuantizationError.noSuchLayer("sceond", layers: ["first", "second", "fc"])) {
      try quantized { $0.weightBits = ["sceond": 4] }
    }
  }
}
