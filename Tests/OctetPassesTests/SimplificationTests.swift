import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// Graph passes compute the same function; error feedback computes a closer one than rounding.
@Suite struct PassTests {
  private func outputs(_ graph: Graph, seeds: Range<Int>) throws -> [[Float]] {
    let interpreter = try FloatInterpreter(graph)
    return seeds.map { seed in
      var random = TestRandom(seed: seed)
      let inputs = graph.inputs.map { input in
        (0..<graph.tensors[input].elementCount).map { _ in Float.random(in: -1...1, using: &random)
        }
      }
      return interpreter.run(inputs: inputs).flatMap { $0 }
    }
  }

  private func expectSame(_ a: Graph, _ b: Graph, _ comment: String) throws {
    for (x, y) in zip(try outputs(a, seeds: 0..<5), try outputs(b, seeds: 0..<5)) {
      let largest = x.map { abs($0) }.max() ?? 0
      for (left, right) in zip(x, y) {
        #expect(abs(left - right) <= 1e-5 * max(1, largest), "\(comment)")
      }
    }
  }

  @Test(arguments: 1...6)
  func batchNormalizationIsFolded(seed: Int) throws {
    var builder = NetworkBuilder(seed: seed, height: 7, width: 6, channelCount: 3)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3))
    try builder.batchNormalization("norm1")
    try builder.append("relu1", .scalar(.relu))
    try builder.depthwiseConvolution("deep", multiplier: 2, kernel: Extent(2))
    try builder.batchNormalization("norm2")
    try builder.append("clip", .scalar(.clip(lower: -0.5, upper: 0.75)))
    try builder.fullyConnected("fc", outputCount: 5)
    try builder.batchNormalization("norm3")
    let graph = builder.finished()
    let simple = graph.simplified()
    #expect(simple.nodes.map(\.name) == ["conv", "deep", "fc/flat", "fc"])
    try simple.validate()
    try expectSame(graph, simple, "seed \(seed)")
  }

  /// Each activation fuses into what makes its input, a second one with the first.
  @Test(arguments: [
    ScalarFunction.relu, .relu6, .clip(lower: -1, upper: 1), .clip(lower: 0, upper: 0.5),
  ])
  func activationsAreFused(function: ScalarFunction) throws {
    let operation = Operation.scalar(function)
    var builder = NetworkBuilder(seed: 3, height: 5, width: 5, channelCount: 2)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(3))
    try builder.append("activation", operation)
    try builder.averagePool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(1)))
    try builder.append("after", operation)
    try builder.append("again", .scalar(.clip(lower: -0.25, upper: 0.25)))
    let graph = builder.finished()
    let simple = graph.simplified()
    #expect(simple.nodes.map(\.name) == ["conv", "pool"])
    try expectSame(graph, simple, "\(operation)")
  }

  /// The kernels have softmax over the last axis only.
  @Test(arguments: 1...3)
  func softmaxOverAnyAxis(axis: Int) throws {
    for operation in [Operation.softmax(axis: axis, beta: 1), .logSoftmax(axis: axis)] {
      var builder = NetworkBuilder(seed: axis, height: 5, width: 4, channelCount: 2)
      try builder.convolution("conv", outputCount: 3, kernel: Extent(2))
      try builder.append("function", operation)
      let graph = builder.finished()
      let simple = graph.simplified()
      try simple.validate()
      #expect(
        simple.nodes.map(\.operation.name)
          == (axis == 3
            ? ["convolution", operation.name]
            : ["convolution", "transpose", operation.name, "transpose"]))
      try expectSame(graph, simple, "\(operation)")
    }
  }

  /// A result with another reader keeps its own value.
  @Test func aResultThatOthersReadIsLeftAlone() throws {
    var builder = NetworkBuilder(seed: 4, height: 5, width: 5, channelCount: 2)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(3))
    let convolved = builder.last
    try builder.append("relu", .scalar(.relu))
    var graph = builder.finished()
    graph.outputs.append(convolved)
    let simple = graph.simplified()
    #expect(simple.nodes.map(\.name) == ["conv", "relu"])
    try expectSame(graph, simple, "two outputs")
  }

  @Test func identitiesGo() throws {
    var builder = NetworkBuilder(seed: 5, height: 4, width: 4, channelCount: 1)
    try builder.convolution("conv", outputCount: 2, kernel: Extent(3))
    try builder.append("identity1", .identity)
    try builder.append("identity2", .identity)
    try builder.fullyConnected("fc", outputCount: 2)
    try builder.append("identity3", .identity)
    let graph = builder.finished()
    #expect(graph.simplified().nodes.map(\.name) == ["conv", "fc/flat", "fc"])
    try expectSame(graph, graph.simplified(), "identities")
  }

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
