import OctetCompiler
import OctetModel
import TestNetworks
import Testing

/// Models of ONNX round each result once; TensorFlow Lite's means and bilinear resizes round twice
/// or add up what was rounded.
@Suite struct RoundingOnceTests {
  private func graph(
    _ operation: Operation, _ shapes: (from: [Int], to: [Int]), _ arithmetic: Arithmetic
  ) -> Graph {
    var graph = Graph(name: "rounding")
    func int8(_ name: String, _ shape: [Int]) -> Tensor {
      Tensor(
        name: name, shape: shape, elementType: .int8,
        quantization: Quantization(scale: 0.03, zeroPoint: -41))
    }
    let x = graph.add(int8("x", shapes.from))
    let y = graph.add(int8("y", shapes.to))
    graph.nodes = [Node(name: "node", operation: operation, inputs: [x], outputs: [y])]
    graph.inputs = [x]
    graph.outputs = [y]
    graph.arithmetic = arithmetic
    return graph
  }

  /// The greatest distance of a code from the real result, in steps, on random codes.
  private func greatestError(_ graph: Graph) throws -> Float {
    let output = try Compiler.compile(graph)
    #expect(try BlobReader.read(output.blob).arithmetic == graph.arithmetic)
    var real = graph
    for index in real.tensors.indices {
      real.tensors[index].elementType = .float32
      real.tensors[index].quantization = nil
    }
    var random = TestRandom(seed: 1)
    let codes = (0..<graph.tensors[0].elementCount).map { _ in Int8(random.int(-128...127)) }
    // Reals in steps, counted from the zero point.
    let reals = try FloatInterpreter(real).run(inputs: [codes.map { Float(Int($0) + 41) }])[0]
    let runner = try output.blob.model().makeRunner()
    try runner.setInput(0, codes.span)
    runner.run()
    return zip(runner.output(0), reals).map { abs(Float(Int($0) + 41) - $1) }.max() ?? 0
  }

  @Test(arguments: [4, 7, 48])
  func mean(count: Int) throws {
    let shapes = (from: [1, 40, count, 3], to: [1, 40, 3])
    let operation = Operation.mean(axes: [2], keepsDimensions: false)
    #expect(try greatestError(graph(operation, shapes, .onnx)) <= 0.5001)
    let twice = try greatestError(graph(operation, shapes, .tensorFlowLite))
    #expect(count != 4 || twice >= 0.75)
  }

  @Test func bilinear() throws {
    let shapes = (from: [1, 12, 9, 3], to: [1, 29, 31, 3])
    let operation = Operation.resize(
      ResizeAttributes(
        method: .bilinear, coordinates: .halfPixel, rounding: .roundPreferCeil,
        outputShape: shapes.to, scales: zip(shapes.to, shapes.from).map { Float($0) / Float($1) }))
    // Each weight is off by up to 1/2048, of a difference of up to 255.
    #expect(try greatestError(graph(operation, shapes, .onnx)) <= 0.5 + 2 * 255 / 2048)
    #expect(try greatestError(graph(operation, shapes, .tensorFlowLite)) > 1)
  }
}
