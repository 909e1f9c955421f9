import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// Graph → file → graph.
@Suite struct ONNXRoundTripTests {
  /// A small network with all that a convolutional network usually has.
  static func network(seed: UInt64 = 1) -> Graph {
    var random = SplitMix(seed: seed)
    var graph = Graph(name: "network")
    func constant(_ name: String, _ shape: [Int]) -> TensorIndex {
      let values = (0..<shape.elementCount).map { _ in random.float() }
      return graph.add(Tensor(name: name, shape: shape, constant: .float(values)))
    }
    func node(_ name: String, _ operation: Operation, _ inputs: [TensorIndex]) -> TensorIndex {
      let output = graph.add(Tensor(name: name + ".output", shape: []))
      graph.nodes.append(
        Node(name: name, operation: operation, inputs: inputs, outputs: [output]))
      return output
    }
    let x = graph.add(Tensor(name: "x", shape: [1, 9, 8, 3]))
    graph.inputs = [x]
    var first = ConvolutionAttributes()
    first.padding = Padding(top: 1, left: 0, bottom: 2, right: 1)
    let conv1 = node(
      "conv1", .convolution(first),
      [x, constant("conv1.weight", [8, 3, 2, 3]), constant("conv1.bias", [8])])
    let relu1 = node("relu1", .scalar(.relu), [conv1])
    var depthwise = ConvolutionAttributes()
    depthwise.stride = Extent(height: 2, width: 1)
    let conv2 = node(
      "conv2", .depthwiseConvolution(depthwise),
      [relu1, constant("conv2.weight", [1, 3, 3, 16]), constant("conv2.bias", [16])])
    let clip = node("clip", .scalar(.relu6), [conv2])
    var grouped = ConvolutionAttributes()
    grouped.groups = 4
    let conv3 = node(
      "conv3", .convolution(grouped), [clip, constant("conv3.weight", [16, 1, 1, 4])])
    let sum = node("sum", .add(.none), [conv3, clip])
    let pool = node("pool", .maxPool(PoolAttributes(kernel: Extent(2), stride: Extent(2))), [sum])
    var average = PoolAttributes(kernel: Extent(2), stride: Extent(1))
    average.padding = Padding(1)
    let mean = node("mean", .averagePool(average), [pool])
    let flat = node("flat", .reshape([1, 3 * 4 * 16]), [mean])
    let fc1 = node(
      "fc1", .fullyConnected(FullyConnectedAttributes()),
      [flat, constant("fc1.weight", [10, 192]), constant("fc1.bias", [10])])
    graph.outputs = [node("softmax", .softmax(axis: 1, beta: 1), [fc1])]
    graph.metadata.labels = ["zero", "one"]
    graph.metadata.normalization = Normalization(
      mean: [0.1307, 0.5, 0.25], standardDeviation: [0.3081, 1, 2])
    return graph
  }

  @Test func givesTheSameGraph() throws {
    var graph = Self.network()
    try graph.inferShapes()
    let canonical = graph.canonical()
    let bytes = try ONNXWriter.write(graph)
    #expect(try ONNXReader.read(bytes) == canonical)
    #expect(try ONNXWriter.write(canonical) == bytes)
  }

  /// Functions that the written operator set has not are written as several nodes.
  @Test(arguments: [
    ScalarFunction.mish, .gelu, .geluByTanh, .swish(alpha: 1), .swish(alpha: 1.5),
    .power(exponent: 2.5),
  ])
  func composedFunction(_ function: ScalarFunction) throws {
    var graph = Graph(name: "function")
    let x = graph.add(Tensor(name: "x", shape: [1, 61]))
    let y = graph.add(Tensor(name: "y", shape: [1, 61]))
    graph.inputs = [x]
    graph.outputs = [y]
    graph.nodes = [Node(name: "f", operation: .scalar(function), inputs: [x], outputs: [y])]
    let read = try ONNXReader.read(try ONNXWriter.write(graph))
    #expect(read.nodes.count > 1 || function == .power(exponent: 2.5))
    let isPower = function == .power(exponent: 2.5)
    let samples = (0..<61).map { Float($0 - (isPower ? 0 : 30)) / 6 }
    let expected = try FloatInterpreter(graph).run(inputs: [samples])[0]
    let results = try FloatInterpreter(read).run(inputs: [samples])[0]
    for (result, value) in zip(results, expected) {
      #expect(abs(result - value) <= 1e-5 * max(1, abs(value)))
    }
  }

  @Test func fusedActivationBecomesANode() throws {
    var graph = Self.network()
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(top: 1, left: 0, bottom: 2, right: 1)
    attributes.activation = .relu
    graph.nodes[0].operation = .convolution(attributes)
    try graph.inferShapes()
    let read = try ONNXReader.read(try ONNXWriter.write(graph))
    #expect(read.nodes.count == graph.nodes.count + 1)
    var random = SplitMix(seed: 3)
    let image = (0..<9 * 8 * 3).map { _ in random.float() }
    let expected = try FloatInterpreter(graph).run(inputs: [image])
    #expect(try FloatInterpreter(read).run(inputs: [image]) == expected)
  }

  @Test func refusesAQuantizedGraph() throws {
    var graph = Self.network()
    try graph.inferShapes()
    graph.tensors[0].quantization = Quantization(scale: 1, zeroPoint: 0)
    #expect(throws: ExchangeError.self) { try ONNXWriter.write(graph) }
  }
}

/// Steele, Lea and Flood's SplitMix64: the same numbers from the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// −1 ..< 1
  mutating func float() -> Float { Float(next() >> 40) * 0x1p-23 - 1 }
}
