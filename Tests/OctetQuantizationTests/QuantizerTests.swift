import OctetModel
import OctetQuantization
import TestNetworks
import Testing

@Suite struct QuantizerTests {
  /// One fully connected node, `[1, I]` to `[1, O]`.
  private func layer(weights: [Float], bias: [Float], inputCount: Int) -> Graph {
    var graph = Graph(name: "layer")
    let input = graph.add(Tensor(name: "x", shape: [1, inputCount]))
    let weight = graph.add(
      Tensor(name: "w", shape: [bias.count, inputCount], constant: .float(weights)))
    let biases = graph.add(Tensor(name: "b", shape: [bias.count], constant: .float(bias)))
    let output = graph.add(Tensor(name: "y", shape: [1, bias.count]))
    graph.nodes = [
      Node(
        name: "fc", operation: .fullyConnected(.init()), inputs: [input, weight, biases],
        outputs: [output])
    ]
    (graph.inputs, graph.outputs) = ([input], [output])
    return graph
  }

  /// The int8 weights, their scales and the int32 biases of the only node with weights.
  private func constants(_ graph: Graph) throws -> (codes: [Int8], scales: [Float], bias: [Int32]) {
    let node = try #require(graph.nodes.first { $0.operation.weightChannelAxis != nil })
    let weight = graph.tensors[node.inputs[1]]
    guard case .int8(let codes) = weight.constant,
      case .int32(let bias) = graph.tensors[node.inputs[2]].constant
    else { throw TestFailure("the constants are not int8 and int32") }
    return (codes, try #require(weight.quantization).scales, bias)
  }

  /// Inputs that say nothing about how weights matter together: all zero but one element.
  private func constantSamples(_ values: [Float]) -> CalibrationSamples {
    CalibrationSamples(count: 1) { _, _, target in
      for index in target.indices { target[index] = values[index % values.count] }
    }
  }

  /// Rounded to nearest (all inputs were 0, so there is no error to feed back), a code is at most
  /// half a step from its weight, and the largest of a channel is ±127.
  @Test func weightsAreReproduced() throws {
    for seed in 1...10 {
      var random = TestRandom(seed: seed)
      let weights = (0..<60).map { _ in Float.random(in: -2...2, using: &random) }
      let graph = layer(weights: weights, bias: [0.1, -0.2, 0.3], inputCount: 20)
      let result = try Quantizer.quantize(graph, samples: constantSamples([0]), options: .init())
      let (codes, scales, _) = try constants(result.graph)
      for channel in 0..<3 {
        let ours = (channel * 20..<(channel + 1) * 20)
        #expect(ours.map { abs(Int(codes[$0])) }.max() == 127)
        for index in ours {
          #expect(
            abs(Float(codes[index]) * scales[channel] - weights[index]) <= 0.5001 * scales[channel])
        }
      }
    }
  }

  @Test func biasesAreAtTheProductOfTheScales() throws {
    let graph = layer(weights: [1, -0.5, 0.25, 0.5], bias: [0.75, -0.125], inputCount: 2)
    let result = try Quantizer.quantize(
      graph, samples: constantSamples([0, 0]), options: .init())
    let (_, scales, bias) = try constants(result.graph)
    let inputScale = try #require(result.graph.tensors[result.graph.inputs[0]].quantization).scales[
      0]
    for (channel, real) in [Float(0.75), -0.125].enumerated() {
      let step = inputScale * scales[channel]
      #expect(abs(Float(bias[channel]) * step - real) <= 0.5001 * step)
    }
  }

  @Test func aChannelOfZeros() throws {
    let graph = layer(weights: [0, 0, 1, -1], bias: [0, 0.5], inputCount: 2)
    let result = try Quantizer.quantize(
      graph, samples: constantSamples([0.5, 1]), options: .init())
    let (codes, scales, bias) = try constants(result.graph)
    #expect(codes[0] == 0 && codes[1] == 0 && bias[0] == 0)
    #expect(scales.allSatisfy { $0 > 0 && $0.isFinite })
  }

  /// Weights so small beside their bias that the bias would not fit int32 at the fine scale: the
  /// scale grows, the bias stays exact.
  @Test func aBiasThatDoesNotFitWidensTheScale() throws {
    let graph = layer(weights: [1e-9, -1e-9, 1, 1], bias: [100, 1], inputCount: 2)
    let result = try Quantizer.quantize(
      graph, samples: constantSamples([0.5, 1]), options: .init())
    let (_, scales, bias) = try constants(result.graph)
    let inputScale = try #require(result.graph.tensors[result.graph.inputs[0]].quantization).scales[
      0]
    #expect(bias.allSatisfy { abs(Int64($0)) <= (1 << 29) + 64 })
    #expect(abs(Float(bias[0]) * scales[0] * inputScale - 100) < 0.001)
  }

  /// Numbers at the edge of float32 are refused or quantized; nothing traps.
  @Test func extremeConstants() throws {
    let extremes: [Float] = [3e38, 1e30, 1e-30, 1e-38, 1e-45]
    for weight in extremes {
      for bias in extremes {
        for input in [1e-30, 1, 1e-37] as [Float] {
          let graph = layer(weights: [weight, -weight], bias: [bias], inputCount: 2)
          do throws(QuantizationError) {
            let samples = constantSamples([input, input / 2])
            let result = try Quantizer.quantize(graph, samples: samples, options: .init())
            let scales = result.graph.tensors.filter { $0.elementType == .int8 }
              .flatMap { $0.quantization?.scales ?? [] }
            #expect(scales.allSatisfy { $0 > 0 && $0.isFinite }, "\(weight), \(bias), \(input)")
          } catch {
            #expect(!error.description.isEmpty)
          }
        }
      }
    }
  }

  @Test(arguments: [Float.nan, .infinity])
  func constantsThatAreNotFinite(value: Float) {
    for graph in [
      layer(weights: [1, value], bias: [0], inputCount: 2),
      layer(weights: [1, 2], bias: [value], inputCount: 2),
    ] {
      let error = #expect(throws: QuantizationError.self) {
        try Quantizer.quantize(graph, samples: constantSamples([0, 1]), options: .init())
      }
      guard case .notFinite = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func anInt8GraphIsRefused() throws {
    let graph = try Networks.quantized(Networks.tiny())
    #expect(throws: QuantizationError.alreadyQuantized) {
      try Quantizer.quantize(graph, samples: Networks.samples(1), options: .init())
    }
  }

  @Test func whatHasNoInt8FormIsListed() throws {
    var builder = NetworkBuilder(seed: 1, height: 4, width: 4, channelCount: 2)
    try builder.append("sum", .reduce(.logarithmOfSum, axes: [2], keepsDimensions: true))
    try builder.append("product", .reduce(.product, axes: [1], keepsDimensions: true))
    let error = #expect(throws: QuantizationError.self) {
      try Quantizer.quantize(builder.finished(), samples: Networks.samples(1), options: .init())
    }
    guard case .unsupported(let nodes) = error else { throw TestFailure("\(error as Any)") }
    #expect(nodes.map(\.name) == ["sum", "product"])
  }

  /// Scores that nobody can see take no codes from those that decide, whatever the model ends in.
  @Test(arguments: [nil, Operation.softmax(axis: 1, beta: 1), .logSoftmax(axis: 1)])
  func invisibleScoresAreClipped(end: OctetModel.Operation?) throws {
    var builder = NetworkBuilder(seed: 1, height: 4, width: 4, channelCount: 2)
    let factor = builder.constant("factor", [1], [40])
    try builder.append("large", .multiply(.none), [factor])
    try builder.fullyConnected("scores", outputCount: 6)
    if let end { try builder.append("end", end) }
    let graph = builder.finished(labelled: true)
    func lowest(_ keepsFullScores: Bool) throws -> Float {
      var options = Quantizer.Options()
      options.keepsFullScores = keepsFullScores
      let result = try Quantizer.quantize(
        graph, samples: Networks.samples(20), options: options)
      return try #require(result.ranges["scores.output"]).lower
    }
    let (clipped, full) = (try lowest(false), try lowest(true))
    #expect(full < -Quantizer.invisibleBelow && clipped > full)
  }

  @Test func minMaxEqualsItself() throws {
    var options = Quantizer.Options()
    options.calibrator = .minMax
    let result = try Quantizer.quantize(
      Networks.tiny(), samples: Networks.samples(4), options: options)
    #expect(result.equalsMinMax)
  }

  // MARK: Accumulators

  private func int8Layer(weights: [Int8], bias: Int32, zeroPoint: Int32) -> Graph {
    var graph = Graph(name: "layer")
    let count = weights.count
    let input = graph.add(
      Tensor(
        name: "x", shape: [1, count], elementType: .int8,
        quantization: .init(scale: 1, zeroPoint: zeroPoint)))
    let weight = graph.add(
      Tensor(
        name: "w", shape: [1, count], elementType: .int8, constant: .int8(weights),
        quantization: .init(scale: 1, zeroPoint: 0)))
    let biases = graph.add(
      Tensor(
        name: "b", shape: [1], elementType: .int32, constant: .int32([bias]),
        quantization: .init(scale: 1, zeroPoint: 0)))
    let output = graph.add(
      Tensor(
        name: "y", shape: [1, 1], elementType: .int8,
        quantization: .init(scale: Float(1 << 24), zeroPoint: 0)))
    graph.nodes = [
      Node(
        name: "fc", operation: .fullyConnected(.init()), inputs: [input, weight, biases],
        outputs: [output])
    ]
    (graph.inputs, graph.outputs) = ([input], [output])
    return graph
  }

  /// The least bias that some input drives out of int32, one less, and the same below zero.
  @Test(arguments: [Int32(-128), -3, 0, 127])
  func accumulatorsAreProven(zeroPoint: Int32) throws {
    let weights: [Int8] = [127, -127, 1, 0, -5]
    let magnitude = weights.reduce(0) { $0 + abs(Int64($1)) }
    let sum = weights.reduce(0) { $0 + Int64($1) }
    let reach = max(128, max(abs(-128 - Int64(zeroPoint)), abs(127 - Int64(zeroPoint))))
    for sign in [Int64(1), -1] {
      let folded = Int64(zeroPoint) * sum
      // Well inside whichever way the zero point is taken off.
      let safe = sign * ((1 << 31) - 1 - reach * magnitude - abs(folded))
      try int8Layer(weights: weights, bias: Int32(safe), zeroPoint: zeroPoint).proveAccumulators()
      let tooLarge = sign * ((1 << 31) - 128 * magnitude / 2)
      #expect(throws: QuantizationError.self) {
        try int8Layer(weights: weights, bias: Int32(clamping: tooLarge), zeroPoint: zeroPoint)
          .proveAccumulators()
      }
    }
  }

  /// A shift to the left before the multiplication counts too: outputs finer than what comes in.
  @Test func leftShiftsCount() throws {
    var graph = int8Layer(weights: [127, 127], bias: 0, zeroPoint: 0)
    let output = graph.outputs[0]
    graph.tensors[output].quantization = .init(scale: 0x1p-10, zeroPoint: 0)
    try graph.proveAccumulators()
    #expect(!graph.canWrap(node: 0))
    graph.tensors[output].quantization = .init(scale: 0x1p-20, zeroPoint: 0)
    #expect(throws: QuantizationError.self) { try graph.proveAccumulators() }
    try graph.proveAccumulators(allowingWrap: true)
    #expect(graph.canWrap(node: 0))
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
