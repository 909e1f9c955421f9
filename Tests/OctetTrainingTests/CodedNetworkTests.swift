import COctetFloatKernels
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetRuntime
import OctetTraining
import Testing

/// Training in int8: its forward pass against the runtime, byte for byte.
@Suite struct CodedNetworkTests {
  /// Sixteen numbers at a time against the runtime's own arithmetic.
  @Test func requantizesAsTheRuntime() {
    var random = Xoshiro256(seed: 5)
    let ends: [Int32] = [0, 1, -1, 2, -2, 255, 1 << 23, -(1 << 23), 1 << 30, -(1 << 30)]
    for round in 0..<3000 {
      let shift = Int32(random.next(below: 46)) - 31
      let multiplier = Int32(1 << 30) + Int32(random.next(below: 1 << 30))
      let by = FixedPointMultiplier(multiplier: round % 50 == 0 ? 0 : multiplier, shift: shift)
      var values = SIMD16<Int32>()
      for lane in 0..<16 {
        // No more than a sum may have after the shift to the left.
        let limit = Int32.max >> max(shift, 0)
        let any = Int32(truncatingIfNeeded: Int(random.next(below: 1 << 32)))
        let value = lane < 10 ? ends[lane] : any >> Int32(random.next(below: 20))
        values[lane] = min(max(value, -limit), limit)
      }
      let results = octet_requantized(values, by.multiplier, max(shift, 0), max(-shift, 0))
      for lane in 0..<16 {
        #expect(results[lane] == requantize(values[lane], by), "\(values[lane]) by \(by)")
      }
    }
  }

  /// Every activation of networks that hold, together, what int8 models are made of: max and
  /// average pools, sums, concatenations, depthwise layers, ReLU6, batch normalization, functions
  /// in tables, means; and sums that no float holds.
  @Test(arguments: [
    ("lenet", 4), ("lenet-avg", 8), ("resnet", 4), ("mobilenet", 4), ("googlenet", 8),
    ("densenet", 4), ("lenet5-1998", 8), ("alexnet", 8), ("mlp", 8),
  ])
  func forwardPassIsTheRuntimes(_ name: String, weightBits: Int) throws {
    let example = try Example(name, weightBits: weightBits)
    try example.expectSameCodes(learnsSteps: weightBits == 4)
  }

  /// A residual block after the input, operands that are broadcast, products, differences, padding
  /// with a number, slices and other functions, none of which the networks have.
  @Test func otherOperations() throws {
    var test = TestGraph(height: 8, width: 8, channelCount: 1, seed: 3)
    test.convolution(outputs: 6, kernel: Extent(3), .init())
    test.relu()
    let block = test.last
    test.append(.scalar(.logistic), shape: test.shape)
    test.append(.multiply(.none), inputs: [block, test.last], shape: test.shape)
    test.append(.subtract(.relu), inputs: [test.last, block], shape: test.shape)
    test.append(.maximum, inputs: [test.last, block], shape: test.shape)
    test.append(.scalar(.leakyRelu(alpha: 0.1)), shape: test.shape)
    let wide = test.last
    test.append(.mean(axes: [1, 2], keepsDimensions: true), shape: [1, 1, 1, 6])
    test.append(.scalar(.tanh), shape: test.shape)
    test.append(.multiply(.none), inputs: [wide, test.last], shape: [1, 6, 6, 6])
    test.append(
      .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .constant(0.4)), shape: [1, 8, 8, 6])
    test.append(
      .slice(begin: [0, 1, 0, 0], count: [1, 6, 4, 6], stride: [1, 1, 2, 1]), shape: [1, 6, 4, 6])
    test.append(
      .concatenation(axis: 3, activation: .none), inputs: [test.last, test.last],
      shape: [1, 6, 4, 12])
    test.append(.transpose([0, 2, 1, 3]), shape: [1, 4, 6, 12])
    try Example(test.finish()).expectSameCodes(learnsSteps: false)
  }

  /// The best epoch's accuracy is that of the blob, image for image, on those that chose it.
  @Test(arguments: [true, false])
  func whatIsValidatedIsTheBlob(learnsSteps: Bool) throws {
    let example = try Example("lenet-avg", weightBits: 4)
    var options = QuantizedTrainer.Options()
    options.epochCount = 3
    options.batchSize = 32
    options.learnsSteps = learnsSteps
    options.validationFraction = 0.25
    let result = try QuantizedTrainer(example.int8, from: example.float, options: options)
      .train(example.images)
    let best = try #require(result.accuracy)
    #expect(result.bestEpoch > 0 && best >= result.startAccuracy ?? 0)
    let records = result.epochs
    #expect(try #require(records.last).trainLoss < records[0].trainLoss)
    var training = TrainingOptions()
    (training.seed, training.validationFraction) = (options.seed, 0.25)
    let heldBack = example.images.subset(training.split(example.images.count).heldBack)
    let loaded = try LoadedModel(Compiler.compile(result.graph).blob)
    let predictions = try Evaluation.predict(loaded, heldBack, threadCount: 1)
    #expect(predictions.accuracy(heldBack) == best)
    // And the whole of it is what was trained.
    var trained = example
    trained.int8 = result.graph
    try trained.expectSameCodes(learnsSteps: false)
    #expect(result.graph.tensors.map(\.name) == example.int8.withKernelForms().tensors.map(\.name))
  }

  @Test func resultIsTheSameForAnyNumberOfThreads() throws {
    let example = try Example("mobilenet", weightBits: 4)
    var graphs: [Graph] = []
    for threadCount in [1, 2, 3] {
      var options = QuantizedTrainer.Options()
      options.batchSize = 40
      options.threadCount = threadCount
      let result = try QuantizedTrainer(example.int8, from: example.float, options: options)
        .train(example.images)
      graphs.append(result.graph)
    }
    #expect(graphs[0] == graphs[1] && graphs[0] == graphs[2])
  }

  /// On fine grids rounding hardly matters where networks are not deep, so the gradients are nearly
  /// those of the same network in floats.
  @Test(arguments: ["lenet-avg", "resnet", "depthwise", "joined"])
  func gradientsAreNearThoseOfFloats(_ name: String) throws {
    let example =
      switch name {
      case "depthwise": try Example(depthwise())
      case "joined": try Example(joined())
      default: try Example(name, weightBits: 8)
      }
    let trainer = try QuantizedTrainer(example.int8, from: example.float)
    // What rounding does to one image is noise, which the mean of many has less of.
    let images = example.images
    let kernels = FloatKernels.best
    let coded = try TrainingNetwork(trainer.network)
      .lossAndGradients(images, kernels: kernels)
    let graph = example.int8.withKernelForms()
    // Without rounding a change of scale changes nothing.
    var inReals = graph.inReals()
    for index in inReals.nodes.indices where inReals.nodes[index].operation == .quantize {
      inReals.nodes[index].operation = .identity
    }
    let real = try TrainingNetwork(inReals)
      .lossAndGradients(images, kernels: kernels)
    #expect(abs(coded.loss - real.loss) < 0.02 * real.loss)
    var compared = 0
    for (tensor, gradient) in real.gradients {
      let actual = try #require(coded.gradients[tensor])
      let expected = zip(gradient, units(of: tensor, graph)).map { $0 * $1 }
      let length = expected.reduce(0) { $0 + Double($1 * $1) }.squareRoot()
      let distance = zip(actual, expected).reduce(0) { sum, pair in
        sum + Double((pair.0 - pair.1) * (pair.0 - pair.1))
      }.squareRoot()
      guard length > 1e-4 else { continue }
      compared += 1
      #expect(
        distance < 0.12 * length, "\(graph.tensors[tensor].name): \(distance / length)")
    }
    #expect(compared > 2)
  }

  private func depthwise() -> Graph {
    var test = TestGraph(height: 8, width: 8, channelCount: 1, seed: 5)
    test.convolution(outputs: 6, kernel: Extent(3), .init())
    test.append(.scalar(.relu6), shape: test.shape)
    test.depthwise(multiplier: 2, kernel: Extent(3), .init())
    test.append(.scalar(.relu6), shape: test.shape)
    return test.finish()
  }

  private func joined() -> Graph {
    var test = TestGraph(height: 8, width: 8, channelCount: 1, seed: 6)
    test.convolution(outputs: 4, kernel: Extent(3), .init())
    test.relu()
    let first = test.last
    test.convolution(outputs: 4)
    test.append(
      .concatenation(axis: 3, activation: .none), inputs: [first, test.last], shape: [1, 6, 6, 8])
    test.pool(PoolAttributes(kernel: Extent(2), stride: Extent(2)), isMax: true)
    return test.finish()
  }

  /// What the trained numbers of a constant are counted in, for each of its elements.
  private func units(of tensor: TensorIndex, _ graph: Graph) -> [Float] {
    let constant = graph.tensors[tensor]
    let count = constant.elementCount
    guard constant.elementType == .int8, let grid = constant.quantization else {
      let node = graph.nodes.first { $0.inputs.contains(tensor) }
      let result = node.flatMap { graph.tensors[$0.outputs[0]].quantization?.scales.first } ?? 0
      return [Float](repeating: 64 * result, count: count)
    }
    let inner = grid.axis.map { constant.shape[($0 + 1)...].reduce(1, *) } ?? count
    return (0..<count).map { 127 * grid.scales[$0 / inner % grid.scales.count] }
  }

  /// The clipped step of LSQ and the straight-through gradient, from their definitions.
  @Test func roundedValuesHaveTheGradientsOfTheirDefinitions() {
    let step = StraightThrough(
      lower: -100, upper: 120, lowerShare: -100, upperShare: 0, learns: true)
    for tenth in -1500...1500 {
      let value = Float(tenth) / 10 + 0.03
      let code = min(max(value.rounded(), -100), 120)
      var sum = SIMD16<Float>()
      let passed = step.pass(
        .init(repeating: 3), value: .init(repeating: value), code: .init(repeating: code),
        step: &sum)
      #expect(passed[7] == (value > -100 && value < 120 ? 3 : 0))
      // Above, an activation clips, whose bound is no matter of the step.
      let share = value >= 120 ? 0 : value <= -100 ? -100 : code - value
      #expect(sum[7] == 3 * share)
    }
  }

  /// What cannot be trained is refused by its name.
  @Test func refusals() throws {
    var example = try Example("mlp", weightBits: 8)
    example.int8.arithmetic = .onnx
    #expect(throws: TrainingError.self) {
      try QuantizedTrainer(example.int8, from: example.float)
    }
    var options = QuantizedTrainer.Options()
    options.temperature = 0
    #expect(throws: TrainingError.self) {
      try QuantizedTrainer(example.int8, from: example.float, options: options)
    }
  }
}

/// A network that has learnt a little, quantized.
private struct Example {
  var float: Graph
  var int8: Graph
  var images: Dataset

  init(_ name: String, weightBits: Int) throws {
    let size = ["alexnet", "lenet5-1998", "googlenet", "mlp"].contains(name) ? 28 : 16
    let network = try Architectures.named(
      name,
      for: NetworkShape(height: size, width: size, channelCount: 1, classCount: 4, scale: 0.5))
    try self.init(network, size: size, weightBits: weightBits)
  }

  init(_ graph: Graph) throws {
    try self.init(TrainableGraph(graph), size: 8, classCount: TestGraph.classCount, weightBits: 8)
  }

  private init(
    _ network: TrainableGraph, size: Int, classCount: Int = 4, weightBits: Int
  ) throws {
    images = easyImages(96, size: size, classCount: classCount, seed: 4)
    var options = TrainingOptions()
    options.epochCount = 1
    options.batchSize = 32
    options.threadCount = 1
    float = try Trainer(network, options: options).train(images).graph
    let samples = try CalibrationSamples(
      images, count: 24, seed: 1, graph: float, normalization: nil)
    var quantizing = Quantizer.Options()
    quantizing.calibrator = .minMax
    quantizing.rounding = .nearest
    quantizing.biasCorrection = .none
    quantizing.equalization = .none
    quantizing.commonWeightBits = weightBits
    int8 = try Quantizer.quantize(float, samples: samples, options: quantizing).graph
  }

  /// The codes of every activation, of the network that is trained and of the blob.
  func expectSameCodes(learnsSteps: Bool) throws {
    var options = QuantizedTrainer.Options()
    options.learnsSteps = learnsSteps
    let trainer = try QuantizedTrainer(int8, from: float, options: options)
    let shown = images.prefix(5)
    let codes = try trainer.codes(of: shown)
    var graph = int8.withKernelForms()
    graph.outputs = graph.tensors.indices.filter {
      codes[$0] != nil && !graph.inputs.contains($0)
    }
    #expect(graph.outputs.count > 2)
    let loaded = try LoadedModel(Compiler.compile(graph, shrinks: false).blob)
    let runner = try loaded.makeRunner()
    let encoder = PixelEncoder(
      channelCount: shown.channelCount, normalization: graph.metadata.normalization,
      input: loaded.input(0))
    for index in 0..<shown.count {
      runner.withInput(0) { encoder.encode(shown.pixelSlice(index), into: $0) }
      runner.run()
      for (position, tensor) in graph.outputs.enumerated() {
        let own = try #require(codes[tensor])[index]
        #expect(runner.output(position) == own, "\(graph.tensors[tensor].name), image \(index)")
      }
    }
  }

}
