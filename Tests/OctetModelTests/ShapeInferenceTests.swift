import OctetModel
import Testing

@Suite struct ShapeInferenceTests {
  /// A graph of one node over inputs of the given shapes.
  static func graph(_ operation: Operation, _ shapes: [[Int]], outputs: Int = 1) -> Graph {
    var graph = Graph(name: "test")
    for (index, shape) in shapes.enumerated() {
      graph.inputs.append(graph.add(Tensor(name: "in\(index)", shape: shape)))
    }
    for index in 0..<outputs {
      graph.outputs.append(graph.add(Tensor(name: "out\(index)", shape: [])))
    }
    graph.nodes = [
      Node(name: "node", operation: operation, inputs: graph.inputs, outputs: graph.outputs)
    ]
    return graph
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var operation: Operation
    var inputs: [[Int]]
    var outputs: [[Int]]
    var testDescription: String { "\(operation.name) \(inputs)" }
  }

  static let cases: [Case] = {
    var convolution = ConvolutionAttributes()
    convolution.stride = Extent(height: 2, width: 1)
    convolution.padding = Padding(top: 1, left: 0, bottom: 0, right: 2)
    convolution.groups = 2
    var kept = FullyConnectedAttributes()
    kept.keepsLeadingDimensions = true
    return [
      Case(operation: .scalar(.relu), inputs: [[2, 3]], outputs: [[2, 3]]),
      Case(
        operation: .convolution(convolution), inputs: [[1, 8, 8, 4], [6, 3, 3, 2], [6]],
        outputs: [[1, 4, 8, 6]]),
      Case(
        operation: .depthwiseConvolution(ConvolutionAttributes()),
        inputs: [[1, 5, 5, 3], [1, 2, 2, 6]], outputs: [[1, 4, 4, 6]]),
      Case(
        operation: .transposedConvolution(
          TransposedConvolutionAttributes(outputExtent: Extent(9))),
        inputs: [[1, 4, 4, 3], [5, 3, 3, 3]], outputs: [[1, 9, 9, 5]]),
      Case(
        operation: .maxPool(PoolAttributes(kernel: Extent(3), stride: Extent(2))),
        inputs: [[1, 8, 7, 4]], outputs: [[1, 3, 3, 4]]),
      Case(
        operation: .fullyConnected(FullyConnectedAttributes()), inputs: [[1, 4, 4, 2], [10, 32]],
        outputs: [[1, 10]]),
      Case(
        operation: .fullyConnected(kept), inputs: [[2, 3, 4], [7, 4], [7]], outputs: [[2, 3, 7]]),
      Case(
        operation: .matrixMultiply, inputs: [[5, 1, 2, 3], [4, 3, 6]], outputs: [[5, 4, 2, 6]]),
      Case(operation: .matrixMultiply, inputs: [[3], [4, 3, 6]], outputs: [[4, 6]]),
      Case(operation: .matrixMultiply, inputs: [[3], [3]], outputs: [[]]),
      Case(operation: .add(.none), inputs: [[2, 1, 3], [4, 1]], outputs: [[2, 4, 3]]),
      Case(
        operation: .mean(axes: [1, 2], keepsDimensions: false), inputs: [[1, 2, 3, 4]],
        outputs: [[1, 4]]),
      Case(
        operation: .concatenation(axis: 1, activation: .none), inputs: [[2, 3], [2, 4]],
        outputs: [[2, 7]]),
      Case(
        operation: .pad(before: [0, 1], after: [-1, 2], mode: .constant(0)), inputs: [[3, 3]],
        outputs: [[2, 6]]),
      Case(operation: .transpose([2, 0, 1]), inputs: [[2, 3, 4]], outputs: [[4, 2, 3]]),
      Case(
        operation: .slice(begin: [2, 0], count: [3, 1], stride: [-1, 1]), inputs: [[3, 3]],
        outputs: [[3, 1]]),
      Case(
        operation: .split(axis: 1, counts: [1, 2]), inputs: [[2, 3]], outputs: [[2, 1], [2, 2]]),
      Case(operation: .reshape([3, 2]), inputs: [[6]], outputs: [[3, 2]]),
    ]
  }()

  @Test(arguments: cases) func shapes(_ example: Case) throws {
    var graph = Self.graph(example.operation, example.inputs, outputs: example.outputs.count)
    try graph.inferShapes()
    #expect(graph.outputs.map { graph.tensors[$0].shape } == example.outputs)
    try graph.validate()
  }

  static let wrong: [Case] = [
    Case(
      operation: .convolution(ConvolutionAttributes()), inputs: [[1, 2, 2, 3], [4, 3, 3, 3]],
      outputs: []),
    Case(
      operation: .convolution(ConvolutionAttributes()), inputs: [[1, 8, 8, 3], [4, 3, 3, 2]],
      outputs: []),
    Case(operation: .add(.none), inputs: [[2, 3], [2]], outputs: []),
    Case(operation: .reshape([5]), inputs: [[6]], outputs: []),
    Case(operation: .reshape([1 << 40, 1 << 40]), inputs: [[6]], outputs: []),
    Case(operation: .transpose([0, 0]), inputs: [[2, 3]], outputs: []),
    Case(operation: .softmax(axis: 2, beta: 1), inputs: [[2, 3]], outputs: []),
    Case(operation: .slice(begin: [2], count: [2], stride: [1]), inputs: [[3]], outputs: []),
    Case(operation: .split(axis: 0, counts: [4, -1]), inputs: [[3]], outputs: []),
    Case(
      operation: .pad(before: [Int.max], after: [Int.max], mode: .constant(0)), inputs: [[3]],
      outputs: []),
    Case(operation: .pad(before: [3], after: [0], mode: .reflect), inputs: [[3]], outputs: []),
    Case(operation: .matrixMultiply, inputs: [[2, 3], [4, 2]], outputs: []),
    Case(operation: .scalar(.relu), inputs: [[2], [2]], outputs: []),
    Case(operation: .scalar(.relu), inputs: [[-2]], outputs: []),
    Case(operation: .scalar(.relu), inputs: [[1 << 62, 4]], outputs: []),
  ]

  @Test(arguments: wrong) func refusals(_ example: Case) {
    var graph = Self.graph(example.operation, example.inputs)
    #expect(throws: GraphError.self) { try graph.inferShapes() }
  }

  @Test func structure() throws {
    var graph = Self.graph(.scalar(.relu), [[2]])
    try graph.inferShapes()
    var late = graph
    late.nodes.insert(
      Node(
        name: "early", operation: .scalar(.relu), inputs: [1],
        outputs: [late.add(Tensor(name: "t", shape: [2]))]),
      at: 0)
    #expect(throws: GraphError.self) { try late.validate() }
    var twice = graph
    twice.tensors[1].name = "in0"
    #expect(throws: GraphError.self) { try twice.validate() }
    var wrongShape = graph
    wrongShape.tensors[1].shape = [3]
    #expect(throws: GraphError.self) { try wrongShape.validate() }
    var short = graph
    short.tensors[0].constant = .float([1])
    #expect(throws: GraphError.self) { try short.validate() }
  }
}
