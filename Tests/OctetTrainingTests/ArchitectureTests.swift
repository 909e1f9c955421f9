import Foundation
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetQuantization
import OctetRuntime
import OctetTraining
import Testing

/// Every network that can be named: trained, written, quantized, and the same on all backends.
@Suite struct ArchitectureTests {
  private func shape(_ scale: Double = 1) -> NetworkShape {
    NetworkShape(height: 28, width: 28, channelCount: 1, classCount: 10, scale: scale)
  }

  private func options(threads: Int = 2, epochs: Int = 1) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochCount = epochs
    options.batchSize = 48
    options.validationFraction = 0
    options.threadCount = threads
    return options
  }

  /// A network, and the images that it is made for.
  struct Case: CustomTestStringConvertible {
    var name: String
    var size: Int
    var channelCount: Int
    var testDescription: String { "\(name), \(size)×\(size)×\(channelCount)" }

    /// One network for each operation that only some have, each for other images; all networks for
    /// all images with `OCTET_ALL_NETWORKS`.
    static let chosen: [Case] = {
      let images = [(28, 1), (32, 1), (32, 3)]
      guard ProcessInfo.processInfo.environment["OCTET_ALL_NETWORKS"] == nil else {
        return Architectures.names.flatMap { name in
          images.map { Case(name: name, size: $0.0, channelCount: $0.1) }
        }
      }
      return ["lenet5-1998", "alexnet", "googlenet", "densenet", "mobilenet"].enumerated().map {
        let (size, channelCount) = images[$0 % 3]
        return Case(name: $1, size: size, channelCount: channelCount)
      }
    }()
  }

  @Test(arguments: Case.chosen)
  func trainsQuantizesAndVerifies(_ testCase: Case) throws {
    let (name, size) = (testCase.name, testCase.size)
    let images = easyImages(
      16, size: size, channelCount: testCase.channelCount, classCount: 10, seed: 3)
    let network = try Architectures.named(
      name,
      for: NetworkShape(
        height: size, width: size, channelCount: testCase.channelCount, classCount: 10,
        scale: 0.1))
    let trained = try Trainer(network, options: options()).train(images).graph
    var model = try ONNXReader.importModel(try ONNXWriter.write(trained))
    model.moveImageChannelsLast()
    let graph = model.graph
    let samples = try CalibrationSamples(
      images, count: 8, seed: 1, graph: graph, normalization: nil)
    var quantizing = Quantizer.Options()
    quantizing.rounding = .nearest
    quantizing.threadCount = 2
    let result = try Quantizer.quantize(graph, samples: samples, options: quantizing)
    let loaded = try LoadedModel(try Compiler.compile(result.graph).blob)
    for backend in Backend.available {
      #expect(
        try loaded.makeRunner(backend: backend).selfTest() == nil, "\(testCase) on \(backend)")
    }
  }

  @Test(arguments: ["lenet-bn", "lenet-tutorial"])
  func threadsChangeNothing(_ name: String) throws {
    let images = easyImages(100, size: 28, classCount: 10, seed: 3)
    let network = try Architectures.named(name, for: shape(0.5))
    let one = try Trainer(network, options: options(threads: 1)).train(images).graph
    let three = try Trainer(network, options: options(threads: 3)).train(images).graph
    #expect(one == three)
  }

  @Test func theNetworkOf1998HasItsParameters() throws {
    let network = try Architectures.named("lenet5-1998", for: shape())
    #expect(network.trainedCount == 60_000)
    // C1, S2, C3, S4, C5 and F6 of the paper's table.
    let graph = network.graph
    let counts = graph.nodes.filter { $0.operation.weightChannelAxis != nil }.map { node in
      node.inputs.dropFirst().reduce(0) { sum, input in
        sum + (network.connections[input]?.count { $0 } ?? graph.tensors[input].elementCount)
      }
    }
    #expect(counts.dropLast() == [156, 12, 1516, 32, 48_120, 10_164])

    let images = easyImages(16, size: 28, classCount: 10, seed: 3)
    let result = try Trainer(network, options: options()).train(images)
    #expect(result.trainedCount == 60_000)
    let trained = result.graph
    for (tensor, exists) in network.connections {
      guard case .float(let values)? = trained.tensors[tensor].constant else { continue }
      #expect(zip(values, exists).allSatisfy { ($0 != 0) == $1 })
    }
    for tensor in network.fixed {
      #expect(trained.tensors[tensor].constant == graph.tensors[tensor].constant)
    }
  }

  @Test func runningStatisticsDescribeTheImages() throws {
    let images = easyImages(192, size: 12, classCount: 4, seed: 3)
    let layers = """
      {"layers": [{"layer": "convolution", "outputs": 8}, {"layer": "normalization"},
        {"layer": "activation", "function": "relu"}, {"layer": "flatten"}, {"layer": "dense"}]}
      """
    let network = try LayerFile.network(
      Array(layers.utf8), named: "small",
      for: NetworkShape(height: 12, width: 12, channelCount: 1, classCount: 4))
    var options = options(epochs: 12)
    options.learningRate = 0.01
    let trained = try Trainer(network, options: options).train(images).graph
    // The network in use, with running statistics, knows what it has learnt with the batches'.
    #expect(try Evaluator(trained, threadCount: 1).accuracy(images) > 0.97)
    #expect(
      trained.nodes.contains {
        if case .batchNormalization = $0.operation { true } else { false }
      })
  }

  @Test func transferKeepsWhatIsFrozenAndReplacesTheLast() throws {
    let source = try Trainer(
      Architectures.named("lenet-bn", for: shape(0.5)), options: options()
    ).train(easyImages(48, size: 28, classCount: 10, seed: 3)).graph
    let frozen = ["conv1", "norm1"]
    let network = try TrainableGraph.transfer(from: source, frozen: frozen, classCount: 4)
    let images = easyImages(96, size: 28, classCount: 4, seed: 5)
    let trained = try Trainer(network, options: options()).train(images).graph
    #expect(trained.tensors[trained.outputs[0]].shape == [1, 4])
    for node in source.nodes {
      for input in node.inputs.dropFirst() {
        let isSame = trained.tensors[input].constant == source.tensors[input].constant
        #expect(isSame == frozen.contains(node.name), "\(node.name)")
      }
    }
    let again = try TrainableGraph.transfer(from: source, classCount: 10, keepsLast: true)
    #expect(again.graph == source)
    let error = #expect(throws: TrainingError.self) {
      try TrainableGraph.transfer(from: source, frozen: ["conv9"], classCount: 4)
    }
    #expect(error?.description.contains("conv1") == true)
  }

  @Test func transferKeepsTheTableOfConnections() throws {
    let images = easyImages(16, size: 28, classCount: 10, seed: 3)
    let source = try Architectures.named("lenet5-1998", for: shape())
    let first = try Trainer(source, options: options()).train(images).graph
    let network = try TrainableGraph.transfer(from: first, classCount: 4)
    #expect(network.connections == source.connections)
    let second = try Trainer(network, options: options())
      .train(easyImages(16, size: 28, classCount: 4, seed: 5)).graph
    for (tensor, exists) in source.connections {
      guard case .float(let values)? = second.tensors[tensor].constant else { continue }
      #expect(zip(values, exists).allSatisfy { ($0 != 0) == $1 })
    }
    // Of a network without a table nothing is taken away.
    let plain = try Trainer(Architectures.named("lenet", for: shape()), options: options())
      .train(images).graph
    #expect(try TrainableGraph.transfer(from: plain, classCount: 4).connections.isEmpty)
  }

  @Test func batchesThatHaveNoRoomAreRefused() throws {
    let network = try TrainingNetwork(Architectures.named("resnet", for: shape()))
    let limit = UInt64(network.memory.byteCount) * 3
    try network.memory.requireRoom(for: 3, isWholeBatch: true, batchSize: 48, available: limit)
    let error = #expect(throws: TrainingError.self) {
      try network.memory.requireRoom(
        for: 4, isWholeBatch: true, batchSize: 64, available: limit)
    }
    #expect(error?.description.contains("take at most 48") == true, "\(error?.description ?? "")")
  }

  @Test func filesDescribeTheSameNetworks() throws {
    let text = """
      {"name": "lenet", "layers": [
        {"layer": "convolution", "outputs": 6, "kernel": 5, "padding": 2},
        {"layer": "activation", "function": "relu"}, {"layer": "pool"},
        {"layer": "convolution", "outputs": 16, "kernel": 5, "padding": 0},
        {"layer": "activation", "function": "relu"}, {"layer": "pool"}, {"layer": "flatten"},
        {"layer": "dense", "outputs": 120}, {"layer": "activation", "function": "relu"},
        {"layer": "dense", "outputs": 84}, {"layer": "activation", "function": "relu"},
        {"layer": "dense"}]}
      """
    let read = try LayerFile.network(Array(text.utf8), named: "x", for: shape())
    #expect(read.graph == (try Architectures.named("lenet", for: shape()).graph))
  }

  @Test(arguments: [
    ("{", "not JSON"), ("[]", "must be an object"), ("{}", "'layers' is missing"),
    (#"{"layers": [{"layer": "flatten"}, {"layer": "dnse"}]}"#, "layer 2"),
    (#"{"layers": [{"layer": "dense", "output": 3}]}"#, "no 'output', only layer, outputs"),
    (#"{"layers": [{"layer": "dense", "outputs": "many"}]}"#, "whole number"),
    (#"{"layers": [{"layer": "pool", "kind": "min"}]}"#, "one of max, average"),
    (#"{"layers": [{"layer": "activation", "function": "rlu"}]}"#, "no function"),
    (#"{"layers": [{"layer": "pool", "size": 40}, {"layer": "dense"}]}"#, "too small"),
    (#"{"layers": [{"layer": "dense", "outputs": 3}]}"#, "3 values for 10 classes"),
    (#"{"layers": [{"layer": "dense"}, {"layer": "convolution"}]}"#, "layer 2"),
    (
      #"{"layers": [{"layer": "branches", "branches": [[], [{"layer": "pool"}]]}]}"#,
      "cannot be joined"
    ),
    (
      #"{"layers": [{"layer": "branches", "branches": [[], [{"layer": "x"}]]}]}"#,
      "layer 1, branch 2, layer 1"
    ),
    (#"{"layers": [{"layer": "dropout", "rate": 1}, {"layer": "dense"}]}"#, "below 1"),
  ])
  func wrongFilesAreToldWhere(_ text: String, _ part: String) {
    let error = #expect(throws: TrainingError.self) {
      try LayerFile.network(Array(text.utf8), named: "mine", for: shape())
    }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }
}
