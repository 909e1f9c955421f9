import OctetCompiler
import OctetModel
import OctetRuntime
import TestNetworks
import Testing

/// Whole networks, from the quantizer's graph to the runtime's bytes, against the oracles.
@Suite struct NetworkTests {
  @Test(arguments: 1...24)
  func randomNetworks(seed: Int) throws {
    try expectSame(Networks.random(seed: seed), seed: seed, sampleCount: 3)
  }

  @Test func tinyNetwork() throws {
    try expectSame(Networks.tiny(), seed: 0, sampleCount: 5)
  }

  @Test func lenet() throws {
    try expectSame(Networks.lenet(), seed: 0, sampleCount: Effort.count(debug: 1, release: 10))
  }

  /// Every operator's output, byte by byte, on random inputs and on all-low and all-high ones.
  private func expectSame(_ float: Graph, seed: Int, sampleCount: Int) throws {
    let graph = try Networks.quantized(float, sampleCount: 4)
    let blob = try Compiler.compile(graph).blob
    var random = RandomSource(seed: seed)
    let inputCount = graph.tensors[graph.inputs[0]].elementCount
    let inputs =
      (0..<sampleCount).map { _ in random.bytes(inputCount) }
      + [-128, 127].map { [Int8](repeating: $0, count: inputCount) }
    for input in inputs {
      let expected = try OracleNetwork(graph: graph).run([input])
      for backend in Backend.available {
        let values = try run(blob, input, backend)
        for (name, bytes) in values {
          let tensor = try #require(graph.tensors.firstIndex { $0.name == name })
          #expect(bytes == expected[tensor], "seed \(seed), \(backend), tensor '\(name)'")
        }
        let output = graph.tensors[graph.outputs[0]].name
        #expect(values.contains { $0.name == output }, "seed \(seed)")
      }
    }
  }

  /// What each operator wrote, by tensor name.
  private func run(
    _ blob: Blob, _ input: [Int8], _ backend: Backend
  ) throws -> [(name: String, bytes: [Int8])] {
    let model = try blob.model()
    let runner = try model.makeRunner(backend: backend)
    try runner.setInput(0, input.span)
    return (0..<model.operatorCount).map { index in
      runner.runOperator(index)
      let output = model.operator(index).output(0)
      return (output.name, runner.withElements(of: output) { Array($0) })
    }
  }
}
