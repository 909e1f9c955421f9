import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// Error feedback computes a closer function than rounding each weight.
@Suite struct WeightRoundingTests {
  /// On the inputs that it learnt from, error feedback leaves no more error in a layer's output
  /// than rounding each weight to nearest does.
  @Test(arguments: 1...8)
  func errorFeedbackIsNoWorseThanNearest(seed: Int) throws {
    let (inputCount, outputCount, sampleCount) = (24, 6, 64)
    var builder = NetworkBuilder(seed: seed, height: 1, width: 1, channelCount: inputCount)
    try builder.fullyConnected("fc", outputCount: outputCount)
    let graph = builder.finished().simplified()
    let samples = correlatedSamples(sampleCount, seed: seed)
    let result = try Quantizer.quantize(graph, samples: samples, options: .init())
    let node = try #require(result.graph.nodes.first { $0.inputs.count == 3 })
    let original = try #require(graph.nodes.first { $0.inputs.count == 3 })
    guard case .int8(let codes) = result.graph.tensors[node.inputs[1]].constant,
      case .int32(let biasCodes) = result.graph.tensors[node.inputs[2]].constant,
      case .float(let weights) = graph.tensors[original.inputs[1]].constant,
      case .float(let bias) = graph.tensors[original.inputs[2]].constant
    else { throw TestFailure("the constants are not what they should be") }
    let scales = try #require(result.graph.tensors[node.inputs[1]].quantization).scales
    let biasScales = try #require(result.graph.tensors[node.inputs[2]].quantization).scales
    var fed = 0.0
    var nearest = 0.0
    for sample in 0..<sampleCount {
      let input = values(samples, sample, inputCount)
      for channel in 0..<outputCount {
        var (real, withFeedback, rounded) = (
          Double(bias[channel]), Double(biasCodes[channel]) * Double(biasScales[channel]),
          Double(bias[channel])
        )
        for index in 0..<inputCount {
          let position = channel * inputCount + index
          let (x, scale) = (Double(input[index]), Double(scales[channel]))
          real += x * Double(weights[position])
          withFeedback += x * scale * Double(codes[position])
          rounded += x * scale * (Double(weights[position]) / scale).rounded()
        }
        fed += (withFeedback - real) * (withFeedback - real)
        nearest += (rounded - real) * (rounded - real)
      }
    }
    #expect(fed <= nearest * 1.001, "seed \(seed): \(fed) against \(nearest)")
  }

  /// Pixels that vary together, as neighbours in a picture do, around a mean that is not zero.
  private func correlatedSamples(_ count: Int, seed: Int) -> CalibrationSamples {
    CalibrationSamples(count: count) { index, _, target in
      var random = TestRandom(seed: seed * 1000 + index)
      var value = Float.random(in: 0...1, using: &random)
      for element in target.indices {
        value = max(0, min(1, value + Float.random(in: -0.2...0.2, using: &random)))
        target[element] = value
      }
    }
  }

  private func values(_ samples: CalibrationSamples, _ index: Int, _ count: Int) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { samples.fill(index, 0, $0) }
    return result
  }
}
