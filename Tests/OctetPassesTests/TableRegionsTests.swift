import OctetCompiler
import OctetModel
import OctetPasses
import OctetRuntime
import Testing

/// Functions in floats between two grids become one table.
@Suite struct TableRegionsTests {
  /// `[1, 16, 16, 3]` codes to codes: x · logistic(gain · x), then max(0.1, x − 0.25).
  private func graph(gain: [Float], readsInside: Bool = false) -> Graph {
    var graph = Graph(name: "tables")
    let shape = [1, 16, 16, 3]
    func int8(_ name: String, _ scale: Float, _ zeroPoint: Int32) -> Tensor {
      Tensor(
        name: name, shape: shape, elementType: .int8,
        quantization: Quantization(scale: scale, zeroPoint: zeroPoint))
    }
    let x = graph.add(int8("x", 0.03, -12))
    let y = graph.add(int8("y", 0.021, -90))
    let real = (0..<6).map { graph.add(Tensor(name: "real\($0)", shape: shape)) }
    let factor = graph.add(Tensor(name: "gain", shape: [gain.count], constant: .float(gain)))
    let quarter = graph.add(Tensor(name: "quarter", shape: [1], constant: .float([0.25])))
    let tenth = graph.add(Tensor(name: "tenth", shape: [], constant: .float([0.1])))
    graph.nodes = [
      Node(name: "real", operation: .dequantize, inputs: [x], outputs: [real[0]]),
      Node(
        name: "scaled", operation: .multiply(.none), inputs: [real[0], factor], outputs: [real[1]]),
      Node(name: "logistic", operation: .scalar(.logistic), inputs: [real[1]], outputs: [real[2]]),
      Node(
        name: "product", operation: .multiply(.none), inputs: [real[0], real[2]],
        outputs: [real[3]]),
      Node(
        name: "less", operation: .subtract(.none), inputs: [real[3], quarter], outputs: [real[4]]),
      Node(name: "max", operation: .maximum, inputs: [tenth, real[4]], outputs: [real[5]]),
      Node(name: "codes", operation: .quantize, inputs: [real[5]], outputs: [y]),
    ]
    graph.inputs = [x]
    graph.outputs = readsInside ? [y, real[3]] : [y]
    return graph
  }

  @Test(arguments: [[1.702], [0.5, -1, 3]] as [[Float]])
  func everyCode(gain: [Float]) throws {
    let graph = graph(gain: gain)
    try graph.validate()
    #expect(graph.tableRegions().map(\.tableCount) == [gain.count])
    let output = try Compiler.compile(graph)
    #expect(output.model.operators.map(\.kind) == [.lookup])
    let codes = (0..<768).map { Int8($0 / 3 - 128) }
    let reals = try FloatInterpreter(graph).run(
      inputs: [codes.map { Float(Int($0) + 12) * 0.03 }])[0]
    let runner = try output.blob.model().makeRunner()
    try runner.setInput(0, codes.span)
    runner.run()
    for (code, real) in zip(runner.output(0), reals) {
      // The interpreter rounds halves to even, tables away from zero.
      #expect(abs(Float(Int(code) + 90) * 0.021 - real) < 0.5 * 0.021 || real == 0)
    }
  }

  /// A value that is read elsewhere must be held: there is no table then, and no int8 model.
  @Test func innerValuesAreNobodyElses() throws {
    let graph = graph(gain: [1], readsInside: true)
    #expect(graph.tableRegions().isEmpty)
    #expect(throws: CompilerError.self) { try Compiler.compile(graph) }
  }

  /// Two sources, or constants that vary by pixel, are no table.
  @Test func whatIsNoTable() {
    var graph = graph(gain: [1])
    let pixels = graph.add(
      Tensor(
        name: "pixels", shape: [16, 1, 1], constant: .float((0..<16).map { Float($0) })))
    graph.nodes[4].inputs[1] = pixels
    #expect(graph.tableRegions().isEmpty)
  }
}
