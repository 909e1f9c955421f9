import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetQuantization
import OctetRuntime
import Testing

/// A float model that `import` wrote, and reads again, becomes the blob that the model itself
/// becomes.
@Suite struct FunctionRoadTests {
  static let functions: [Operation] = [
    .scalar(.gelu), .scalar(.geluByTanh), .scalar(.swish(alpha: 1)), .scalar(.mish),
    .scalar(.softplus), .scalar(.softsign), .scalar(.celu(alpha: 0.7)), .scalar(.hardSwish),
    .scalar(.hardSigmoid(alpha: 0.2, beta: 0.5)), .scalar(.elu(alpha: 1)),
    .scalar(.selu(alpha: 1.6, gamma: 1.05)),
    .scalar(.leakyRelu(alpha: 0.1)), .scalar(.thresholdedRelu(alpha: 0.3)),
    .scalar(.shrink(bias: 0.1, threshold: 0.2)),
  ]

  @Test(arguments: functions)
  func bothRoads(_ function: OctetModel.Operation) throws {
    let graph = Self.network(function)
    let again = try ONNXReader.read(try ONNXWriter.write(graph))
    let (direct, imported) = (try Self.quantized(graph), try Self.quantized(again))
    #expect(direct.kinds == [.convolution, .lookup, .convolution])
    #expect(imported.kinds == direct.kinds)
    #expect(abs(imported.byteCount - direct.byteCount) <= 64, "names may differ")
    #expect(abs(imported.decibels - direct.decibels) < 0.5)
  }

  private static func quantized(
    _ graph: Graph
  ) throws -> (kinds: [OperatorKind], byteCount: Int, decibels: Double) {
    var options = Quantizer.Options()
    options.calibrator = .minMax
    let samples = CalibrationSamples(count: 6) { index, _, target in
      var random = SplitMix(seed: UInt64(index + 1))
      for element in target.indices { target[element] = 2 * random.float() }
    }
    let result = try Quantizer.quantize(graph, samples: samples, options: options)
    let output = try Compiler.compile(result.graph)
    return (
      output.model.operators.map(\.kind), output.blob.bytes.count,
      try #require(result.outputs.first).sqnrDecibels
    )
  }

  private static func network(_ function: OctetModel.Operation) -> Graph {
    var random = SplitMix(seed: 5)
    var graph = Graph(name: "network")
    var last = graph.add(Tensor(name: "x", shape: [1, 5, 5, 2]))
    graph.inputs = [last]
    func append(_ name: String, _ operation: OctetModel.Operation, _ others: [TensorIndex]) {
      let output = graph.add(Tensor(name: "\(name).output", shape: [1, 5, 5, 2]))
      graph.nodes.append(
        Node(name: name, operation: operation, inputs: [last] + others, outputs: [output]))
      last = output
    }
    func weights(_ name: String) -> [TensorIndex] {
      let values = (0..<4).map { _ in 2 * random.float() }
      return [
        graph.add(Tensor(name: "\(name).weight", shape: [2, 1, 1, 2], constant: .float(values)))
      ]
    }
    append("first", .convolution(.init()), weights("first"))
    append("function", function, [])
    append("last", .convolution(.init()), weights("last"))
    graph.outputs = [last]
    return graph
  }
}
