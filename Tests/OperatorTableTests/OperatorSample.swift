import OctetCompiler
import OctetModel
import OctetQuantization

/// A row of the operator table: a node of the smallest kind, and the names it has elsewhere.
struct OperatorSample {
  var title: String
  var onnx: [String] = []
  var tflite: [String] = []
  /// nil for operators of which nothing is left after the import.
  var operation: Operation?
  /// Shapes of the activations, then of the constants that follow them.
  var inputs: [[Int]] = [[1, 4, 4, 4]]
  var constants: [[Int]] = []
  /// Element types of inputs and constants that are not float32, by position.
  var elementTypes: [Int: ElementType] = [:]
  /// A convolution goes before it, into which it is folded.
  var followsConvolution = false

  /// A graph with the one node, on random-free constants of 0.5 (integers: 1).
  private func graph() throws -> Graph? {
    guard let operation else { return nil }
    var graph = Graph(name: title)
    var operands: [TensorIndex] = []
    for (position, shape) in (inputs + constants).enumerated() {
      let type = elementTypes[position] ?? .float32
      let count = shape.reduce(1, *)
      var constant: Payload?
      if position >= inputs.count {
        constant =
          type.isReal
          ? .float([Float](repeating: 0.5, count: count))
          : .int64([Int64](repeating: 1, count: count))
      }
      let index = graph.add(
        Tensor(name: "t\(position)", shape: shape, elementType: type, constant: constant))
      if position < inputs.count { graph.inputs.append(index) }
      operands.append(index)
    }
    if followsConvolution {
      let weights = graph.add(
        Tensor(
          name: "weights", shape: [4, 1, 1, 4],
          constant: .float((0..<16).map { Float($0) / 16 - 0.5 })))
      let middle = graph.add(Tensor(name: "middle", shape: inputs[0]))
      graph.nodes.append(
        Node(
          name: "convolution", operation: .convolution(ConvolutionAttributes()),
          inputs: [operands[0], weights], outputs: [middle]))
      operands[0] = middle
    }
    var node = Node(name: "sample", operation: operation, inputs: operands, outputs: [])
    let type = try graph.outputElementType(of: node)
    var outputCount = 1
    if case .split(_, let counts) = operation { outputCount = counts.count }
    node.outputs = (0..<outputCount).map {
      graph.add(Tensor(name: "y\($0)", shape: [], elementType: type))
    }
    for (output, shape) in zip(node.outputs, try graph.outputShapes(of: node)) {
      graph.tensors[output].shape = shape
    }
    graph.nodes.append(node)
    graph.outputs = node.outputs
    return graph
  }

  /// Whether the float interpreter runs the sample.
  func runsInFloat() throws -> Bool {
    guard let graph = try graph() else { return false }
    try FloatInterpreter(graph).run()
    return true
  }

  /// The runtime's operators that the sample becomes; none when the quantizer refuses it.
  func int8Kinds() throws -> [String] {
    guard var graph = try graph() else { return [] }
    if operation?.isConversion == true {
      // These stand in quantized graphs: here between two scales.
      for index in graph.tensors.indices {
        graph.tensors[index].elementType = .int8
        graph.tensors[index].quantization = Quantization(
          scale: Float(index + 1) / 64, zeroPoint: 0)
      }
    } else {
      guard let quantized = try quantized(graph) else { return [] }
      graph = quantized
    }
    let kinds = try Lowering.lower(graph).operators.map { "\($0.kind)" }
    return kinds.enumerated().filter { kinds.firstIndex(of: $1) == $0 }.map(\.1)
  }

  /// nil when the quantizer refuses the graph.
  private func quantized(_ graph: Graph) throws(QuantizationError) -> Graph? {
    let samples = CalibrationSamples(count: 2) { sample, position, target in
      for index in target.indices {
        // Never 0, by which nothing can be divided.
        target[index] = Float((index * 7 + sample * 3 + position) % 16) / 8 - 0.9375
      }
    }
    do throws(QuantizationError) {
      let options = Quantizer.Options()
      return try Quantizer.quantize(graph, samples: samples, options: options).graph
    } catch {
      if case .unsupported = error { return nil }
      throw error
    }
  }
}
