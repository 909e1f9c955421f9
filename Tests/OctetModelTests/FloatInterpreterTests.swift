import OctetModel
import Testing

/// Each operation on values that can be checked by hand.
@Suite struct FloatInterpreterTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var operation: Operation
    var inputs: [(shape: [Int], values: [Float])]
    var output: [Float]
    var testDescription: String { operation.name }
  }

  static func run(_ operation: Operation, _ inputs: [([Int], [Float])]) throws -> [Float] {
    var graph = ShapeInferenceTests.graph(operation, inputs.map { $0.0 })
    try graph.inferShapes()
    return try FloatInterpreter(graph).run(inputs: inputs.map { $0.1 })[0]
  }

  static let cases: [Case] = {
    var strided = ConvolutionAttributes()
    strided.stride = Extent(2)
    strided.padding = Padding(top: 0, left: 1, bottom: 0, right: 0)
    strided.activation = .relu
    var grouped = ConvolutionAttributes()
    grouped.groups = 2
    var transposed = TransposedConvolutionAttributes(outputExtent: Extent(height: 1, width: 4))
    transposed.stride = Extent(2)
    var padded = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    padded.padding = Padding(1)
    var counting = padded
    counting.countsPadding = true
    let square: (shape: [Int], values: [Float]) = ([1, 2, 2, 1], [1, 2, 3, 4])
    return [
      Case(
        operation: .convolution(strided),
        inputs: [square, ([2, 2, 2, 1], [1, 10, 100, 1000, -1, 0, 0, 0]), ([2], [5, 0])],
        output: [3015, 0]),
      Case(
        operation: .convolution(grouped),
        inputs: [([1, 1, 1, 2], [3, 5]), ([2, 1, 1, 1], [2, 4])], output: [6, 20]),
      Case(
        operation: .depthwiseConvolution(ConvolutionAttributes()),
        inputs: [([1, 1, 2, 2], [1, 2, 3, 4]), ([1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8])],
        output: [1 + 15, 2 + 18, 6 + 28, 8 + 32]),
      Case(
        operation: .transposedConvolution(transposed),
        inputs: [([1, 1, 2, 1], [1, 10]), ([1, 1, 2, 1], [2, 3]), ([1], [100])],
        output: [102, 103, 120, 130]),
      Case(operation: .maxPool(padded), inputs: [square], output: [1, 2, 3, 4]),
      Case(operation: .averagePool(padded), inputs: [square], output: [1, 2, 3, 4]),
      Case(operation: .averagePool(counting), inputs: [square], output: [0.25, 0.5, 0.75, 1]),
      Case(
        operation: .fullyConnected(FullyConnectedAttributes()),
        inputs: [([1, 2], [1, 2]), ([3, 2], [1, 1, 2, 2, 3, 3]), ([3], [0, 0, 1])],
        output: [3, 6, 10]),
      Case(
        operation: .matrixMultiply, inputs: [([1, 2], [1, 2]), ([2, 2], [1, 2, 3, 4])],
        output: [7, 10]),
      Case(
        operation: .add(.relu6), inputs: [([2, 2], [1, 2, 3, 4]), ([2], [-9, 3])],
        output: [0, 5, 0, 6]),
      Case(
        operation: .subtract(.none), inputs: [([2], [1, 2]), ([2, 1], [1, 2])],
        output: [0, 1, -1, 0]),
      Case(operation: .divide(.none), inputs: [([2], [1, 4]), ([], [2])], output: [0.5, 2]),
      Case(operation: .minimum, inputs: [([2], [1, 4]), ([2], [2, 2])], output: [1, 2]),
      Case(operation: .scalar(.relu), inputs: [([2], [-1, 4])], output: [0, 4]),
      Case(
        operation: .scalar(.leakyRelu(alpha: 0.5)), inputs: [([2], [-1, 4])], output: [-0.5, 4]),
      Case(
        operation: .scalar(.hardSwish), inputs: [([4], [-4, 0, 1.5, 4])], output: [0, 0, 1.125, 4]),
      Case(
        operation: .softmax(axis: 0, beta: 1), inputs: [([2, 2], [0, 1, 0, 1])],
        output: [0.5, 0.5, 0.5, 0.5]),
      Case(
        operation: .batchNormalization(epsilon: 0),
        inputs: [
          ([1, 2], [3, 5]), ([2], [2, 1]), ([2], [1, 0]), ([2], [1, 5]), ([2], [4, 1]),
        ],
        output: [3, 0]),
      Case(
        operation: .localResponseNormalization(size: 3, alpha: 3, beta: 1, bias: 1),
        inputs: [([3], [1, 1, 1])], output: [1 / 3, 0.25, 1 / 3]),
      Case(
        operation: .mean(axes: [0], keepsDimensions: false), inputs: [([2, 2], [1, 2, 3, 4])],
        output: [2, 3]),
      Case(
        operation: .concatenation(axis: 1, activation: .none),
        inputs: [([2, 1], [1, 2]), ([2, 2], [3, 4, 5, 6])], output: [1, 3, 4, 2, 5, 6]),
      Case(
        operation: .pad(before: [1], after: [-1], mode: .constant(9)), inputs: [([3], [1, 2, 3])],
        output: [9, 1, 2]),
      Case(
        operation: .pad(before: [2], after: [1], mode: .reflect), inputs: [([3], [1, 2, 3])],
        output: [3, 2, 1, 2, 3, 2]),
      Case(
        operation: .transpose([1, 0]), inputs: [([2, 3], [1, 2, 3, 4, 5, 6])],
        output: [1, 4, 2, 5, 3, 6]),
      Case(
        operation: .slice(begin: [2], count: [2], stride: [-2]), inputs: [([3], [1, 2, 3])],
        output: [3, 1]),
      Case(
        operation: .resize(
          ResizeAttributes(
            method: .bilinear, coordinates: .halfPixel, rounding: .floor, outputShape: [4],
            scales: [2])),
        inputs: [([2], [0, 4])], output: [0, 1, 3, 4]),
    ]
  }()

  @Test(arguments: cases) func values(_ example: Case) throws {
    let result = try Self.run(example.operation, example.inputs.map { ($0.shape, $0.values) })
    #expect(result.count == example.output.count)
    for (value, wanted) in zip(result, example.output) {
      #expect(abs(value - wanted) <= 1e-6 * max(1, abs(wanted)))
    }
  }

  @Test func splitHasTwoOutputs() throws {
    var graph = ShapeInferenceTests.graph(.split(axis: 0, counts: [1, 2]), [[3]], outputs: 2)
    try graph.inferShapes()
    #expect(try FloatInterpreter(graph).run(inputs: [[1, 2, 3]]) == [[1], [2, 3]])
  }

  /// A quantized tensor holds the reals of its grid.
  @Test func quantizedTensorsRound() throws {
    var graph = ShapeInferenceTests.graph(.quantize, [[5]])
    try graph.inferShapes()
    graph.tensors[1].elementType = .int8
    graph.tensors[1].quantization = Quantization(scale: 0.5, zeroPoint: 10)
    let result = try FloatInterpreter(graph).run(inputs: [[0.25, 0.75, 0.3, 100, -100]])[0]
    #expect(result == [0, 1, 0.5, 58.5, -69])
  }

  @Test func everyTensorCanBeRead() throws {
    var graph = Graph(name: "two")
    let tensors = ["x", "y", "z"].map { graph.add(Tensor(name: $0, shape: [2])) }
    graph.inputs = [tensors[0]]
    graph.outputs = [tensors[2]]
    graph.nodes = [
      Node(name: "a", operation: .scalar(.relu), inputs: [tensors[0]], outputs: [tensors[1]]),
      Node(name: "b", operation: .scalar(.tanh), inputs: [tensors[1]], outputs: [tensors[2]]),
    ]
    let interpreter = try FloatInterpreter(graph)
    _ = interpreter.run(inputs: [[-1, 3]])
    #expect(interpreter.value(of: tensors[1]) == [0, 3])
  }
}
