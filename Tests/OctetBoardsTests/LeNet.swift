import OctetCompiler
import OctetModel

/// LeNet's shapes with random int8 weights, and two smaller models: firmware cares for nothing
/// else.
enum LeNet {
  static func blob() throws -> Blob {
    var layers = GraphOfLayers(height: 28, width: 28, channels: 1)
    layers.convolution(kernel: 5, padding: 2, outputs: 6, poolOf: 2)
    layers.convolution(kernel: 5, padding: 0, outputs: 16, poolOf: 2)
    layers.fullyConnected(outputs: 120)
    layers.fullyConnected(outputs: 84)
    layers.fullyConnected(outputs: 10)
    return try Compiler.compile(layers.finished()).blob
  }

  /// Two layers without any convolution; `lastSeed` changes the weights of the second alone.
  static func perceptron(lastSeed: UInt64 = 11) throws -> Blob {
    var layers = GraphOfLayers(height: 1, width: 1, channels: 16)
    layers.fullyConnected(outputs: 8)
    layers.random.state = lastSeed
    layers.fullyConnected(outputs: 3)
    return try Compiler.compile(layers.finished()).blob
  }

  static func samples(_ count: Int, byteCount: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = Random(state: seed)
    return (0..<count * byteCount).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }
}

struct Random {
  var state: UInt64

  mutating func next() -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 40)
  }

  mutating func int8() -> Int8 { Int8(next() % 255 - 127) }
}

/// Builds a quantized graph layer by layer.
struct GraphOfLayers {
  private var graph = Graph(name: "layers")
  private var last: TensorIndex
  var random = Random(state: 7)
  private let elementType: ElementType
  private let activation: Quantization

  /// - Parameter elementType: of activations, int8 or int16.
  init(height: Int, width: Int, channels: Int, elementType: ElementType = .int8) {
    self.elementType = elementType
    activation =
      elementType == .int16
      ? Quantization(scale: 0.05 / 256, zeroPoint: 0) : Quantization(scale: 0.05, zeroPoint: -3)
    last = graph.add(
      Tensor(
        name: "input", shape: [1, height, width, channels], elementType: elementType,
        quantization: activation))
    graph.inputs = [last]
  }

  mutating func convolution(kernel: Int, padding: Int, outputs: Int, poolOf pool: Int) {
    let shape = graph.tensors[last].shape
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(padding)
    attributes.activation = .relu
    let height = shape[1] + 2 * padding - kernel + 1
    let width = shape[2] + 2 * padding - kernel + 1
    append(
      .convolution(attributes), weights: [outputs, kernel, kernel, shape[3]],
      output: [1, height, width, outputs])
    append(
      .maxPool(PoolAttributes(kernel: Extent(pool), stride: Extent(pool))),
      output: [1, height / pool, width / pool, outputs])
  }

  /// A channel each, with padding that keeps the size.
  mutating func depthwise(kernel: Int) {
    let shape = graph.tensors[last].shape
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(kernel / 2)
    attributes.groups = shape[3]
    append(
      .depthwiseConvolution(attributes), weights: [1, kernel, kernel, shape[3]], axis: 3,
      output: shape)
  }

  mutating func fullyConnected(outputs: Int) {
    let inputs = graph.tensors[last].elementCount
    append(.reshape([1, inputs]), output: [1, inputs])
    append(
      .fullyConnected(FullyConnectedAttributes()), weights: [outputs, inputs],
      output: [1, outputs])
  }

  func finished() -> Graph {
    var graph = graph
    graph.outputs = [last]
    return graph
  }

  private mutating func append(
    _ operation: Operation, weights: [Int]? = nil, axis: Int = 0, output: [Int]
  ) {
    let name = "node\(graph.nodes.count)"
    var inputs = [last]
    if let weights {
      let channels = weights[axis]
      let patch = weights.reduce(1, *) / channels
      // Keeps the sums of random products near the range of the outputs.
      let scale = 2 / (127 * Float(patch).squareRoot())
      inputs.append(
        graph.add(
          Tensor(
            name: "\(name).weights", shape: weights, elementType: .int8,
            constant: .int8((0..<weights.elementCount).map { _ in random.int8() }),
            quantization: Quantization(
              scales: (0..<channels).map { scale * (1 + Float($0 % 3) / 4) },
              zeroPoints: Array(repeating: 0, count: channels), axis: axis))))
      let biases = (0..<channels).map { _ in Int32(random.int8()) * 8 }
      inputs.append(
        graph.add(
          Tensor(
            name: "\(name).bias", shape: [channels],
            elementType: elementType == .int16 ? .int64 : .int32,
            constant: elementType == .int16 ? .int64(biases.map { Int64($0) }) : .int32(biases),
            quantization: Quantization(
              scales: (0..<channels).map {
                activation.scales[0] * scale * (1 + Float($0 % 3) / 4)
              },
              zeroPoints: Array(repeating: 0, count: channels), axis: 0))))
    }
    let result = graph.add(
      Tensor(
        name: "\(name).output", shape: output, elementType: elementType,
        quantization: activation))
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: inputs, outputs: [result]))
    last = result
  }
}
