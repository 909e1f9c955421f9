import OctetModel

/// Builds a float graph layer by layer, with pseudo-random weights of He's variance, so that
/// activations neither vanish nor explode. The same seed gives the same graph.
public struct NetworkBuilder {
  public private(set) var graph: Graph
  public private(set) var last: TensorIndex
  private var random: TestRandom

  public init(seed: Int, height: Int, width: Int, channelCount: Int) {
    graph = Graph(name: "network")
    last = graph.add(Tensor(name: "image", shape: [1, height, width, channelCount]))
    graph.inputs = [last]
    random = TestRandom(seed: seed)
  }

  /// H, W, C of the last tensor.
  public var shape: [Int] { graph.tensors[last].shape }

  public mutating func convolution(
    _ name: String, outputCount: Int, kernel: Extent, _ attributes: ConvolutionAttributes = .init()
  ) throws {
    let weights = [outputCount, kernel.height, kernel.width, shape[3] / attributes.groups]
    try append(
      name, .convolution(attributes), constants(name, weights, outputCount: outputCount))
  }

  public mutating func depthwiseConvolution(
    _ name: String, multiplier: Int, kernel: Extent, _ attributes: ConvolutionAttributes = .init()
  ) throws {
    let outputCount = shape[3] * multiplier
    let weights = [1, kernel.height, kernel.width, outputCount]
    try append(
      name, .depthwiseConvolution(attributes), constants(name, weights, outputCount: outputCount))
  }

  /// With a stride of 2 and no padding.
  public mutating func transposedConvolution(
    _ name: String, outputCount: Int, kernel: Extent
  ) throws {
    var attributes = TransposedConvolutionAttributes(
      outputExtent: Extent(
        height: (shape[1] - 1) * 2 + kernel.height, width: (shape[2] - 1) * 2 + kernel.width))
    attributes.stride = Extent(2)
    let weights = [outputCount, kernel.height, kernel.width, shape[3]]
    try append(
      name, .transposedConvolution(attributes), constants(name, weights, outputCount: outputCount))
  }

  public mutating func fullyConnected(
    _ name: String, outputCount: Int, activation: Activation = .none
  ) throws {
    let count = shape.elementCount
    if shape != [1, count] { try append("\(name)/flat", .reshape([1, count])) }
    var attributes = FullyConnectedAttributes()
    attributes.activation = activation
    try append(
      name, .fullyConnected(attributes),
      constants(name, [outputCount, count], outputCount: outputCount))
  }

  public mutating func maxPool(_ name: String, _ attributes: PoolAttributes) throws {
    try append(name, .maxPool(attributes))
  }

  public mutating func averagePool(_ name: String, _ attributes: PoolAttributes) throws {
    try append(name, .averagePool(attributes))
  }

  public mutating func softmax(_ name: String) throws {
    try append(name, .softmax(axis: shape.count - 1, beta: 1))
  }

  /// Inference-time batch normalization with pseudo-random statistics.
  public mutating func batchNormalization(_ name: String) throws {
    let count = shape[shape.count - 1]
    let ranges: [(String, ClosedRange<Float>)] = [
      ("gamma", 0.5...1.5), ("beta", -0.5...0.5), ("mean", -0.5...0.5), ("variance", 0.5...2),
    ]
    let statistics = ranges.map { part, range in
      let values = (0..<count).map { _ in Float.random(in: range, using: &random) }
      return graph.add(Tensor(name: "\(name).\(part)", shape: [count], constant: .float(values)))
    }
    try append(name, .batchNormalization(epsilon: 1e-5), statistics)
  }

  /// Each channel of an image less its mean, times `(variance + epsilon)^−½`, node by node.
  public mutating func channelNormalization(epsilon: Float) throws {
    let x = last
    let epsilon = constant("epsilon", [1], [epsilon])
    let exponent = constant("exponent", [1], [-0.5])
    try append("mean", .mean(axes: [1, 2], keepsDimensions: true))
    let mean = last
    last = x
    try append("centred", .subtract(.none), [mean])
    let centred = last
    try append("square", .multiply(.none), [centred])
    try append("variance", .mean(axes: [1, 2], keepsDimensions: true))
    try append("bounded", .add(.none), [epsilon])
    try append("factor", .power, [exponent])
    try append("normal", .multiply(.none), [centred])
  }

  /// A float constant to append operations with.
  public mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> TensorIndex {
    graph.add(Tensor(name: name, shape: shape, constant: .float(values)))
  }

  /// Makes `tensor` the last one.
  public mutating func select(_ tensor: TensorIndex) { last = tensor }

  public func isComputed(_ tensor: TensorIndex) -> Bool { graph.tensors[tensor].constant == nil }

  /// An operation on the last tensor and others.
  public mutating func append(
    _ name: String, _ operation: Operation, _ others: [TensorIndex] = []
  ) throws {
    let output = graph.add(Tensor(name: "\(name).output", shape: []))
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: [last] + others, outputs: [output]))
    try graph.inferShapes()
    last = output
  }

  /// The product of a tensor and the last one.
  public mutating func appendProduct(_ name: String, of left: TensorIndex) throws {
    let right = last
    last = left
    try append(name, .matrixMultiply, [right])
  }

  /// The graph with the last tensor as its output, and a label for each class.
  public func finished(labelled: Bool = false) -> Graph {
    var graph = graph
    graph.outputs = [last]
    if labelled {
      graph.metadata.labels = (0..<graph.tensors[last].elementCount).map { "class \($0)" }
      graph.metadata.normalization = Normalization(mean: [0.1307], standardDeviation: [0.3081])
    }
    return graph
  }

  private mutating func constants(
    _ name: String, _ shape: [Int], outputCount: Int
  ) -> [TensorIndex] {
    let patchCount = Float(shape.elementCount) / Float(outputCount)
    let bound = (6 / patchCount).squareRoot()
    let weights = (0..<shape.elementCount).map { _ in
      Float.random(in: -bound...bound, using: &random)
    }
    let biases = (0..<outputCount).map { _ in Float.random(in: -0.2...0.2, using: &random) }
    return [
      graph.add(Tensor(name: "\(name).weight", shape: shape, constant: .float(weights))),
      graph.add(Tensor(name: "\(name).bias", shape: [outputCount], constant: .float(biases))),
    ]
  }
}

/// SplitMix64: the same numbers on every machine, from a seed that a failing test prints.
public struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func int(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }
}
