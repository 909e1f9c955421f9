import OctetCompiler
import OctetModel
import OctetPasses
import OctetRuntime
import TestNetworks
import Testing

/// What the float interpreter makes of a few random inputs, each tensor in −1…1.
func values(of graph: Graph, runs: Int = 3) throws -> [[Float]] {
  let interpreter = try FloatInterpreter(graph)
  return (0..<runs).map { seed in
    var random = TestRandom(seed: seed)
    let inputs = graph.inputs.map { input in
      (0..<graph.tensors[input].elementCount).map { _ in Float.random(in: -1...1, using: &random) }
    }
    return interpreter.run(inputs: inputs).flatMap { $0 }
  }
}

/// A pass leaves a valid graph whose outputs have the values that they had.
///
/// - Parameter tolerance: as a share of the largest value, or of 1; 0 for the same bits.
func expectSame(
  _ before: Graph, _ after: Graph, tolerance: Float = 1e-5,
  location: SourceLocation = #_sourceLocation
) throws {
  try after.validate()
  #expect(after.outputs.count == before.outputs.count, sourceLocation: location)
  for (x, y) in zip(try values(of: before), try values(of: after)) {
    #expect(x.count == y.count, sourceLocation: location)
    let limit = tolerance * x.reduce(1) { max($0, abs($1)) }
    let isSame = zip(x, y).allSatisfy { a, b in
      abs(a - b) <= limit || a == b || a.isNaN && b.isNaN
    }
    #expect(isSame, "\(x) became \(y)", sourceLocation: location)
  }
}

/// Runs a pass over a network; the nodes that are left are these, and values stay.
@discardableResult
func check(
  _ graph: Graph, _ expected: [String], tolerance: Float = 1e-5,
  location: SourceLocation = #_sourceLocation, _ pass: (inout Graph) -> Void
) throws -> Graph {
  var result = graph
  pass(&result)
  #expect(result.nodes.map(\.operation.name) == expected, sourceLocation: location)
  try expectSame(graph, result, tolerance: tolerance, location: location)
  return result
}

/// What the blob of an int8 graph gives for some inputs.
func bytes(of graph: Graph, runs: Int = 3) throws -> [[Int8]] {
  let runner = try Compiler.compile(graph).blob.model().makeRunner(backend: .portable)
  return try (0..<runs).map { seed in
    var random = TestRandom(seed: seed)
    for position in graph.inputs.indices {
      let codes = (0..<graph.tensors[graph.inputs[position]].elementCount).map { _ in
        Int8.random(in: .min ... .max, using: &random)
      }
      try runner.setInput(position, codes.span)
    }
    runner.run()
    return graph.outputs.indices.flatMap { runner.output($0) }
  }
}

extension NetworkBuilder {
  /// 4×5×3, which most passes are tried on.
  init(seed: Int = 1, channelCount: Int = 3) {
    self.init(seed: seed, height: 4, width: 5, channelCount: channelCount)
  }
}

extension Graph {
  /// The index of a tensor.
  func index(_ name: String) throws -> TensorIndex {
    try #require(tensors.firstIndex { $0.name == name }, "no tensor '\(name)'")
  }

  /// Puts tensors on a grid.
  mutating func quantize(_ names: [String], scale: Float = 0.05, zeroPoint: Int32 = 3) throws {
    for name in names {
      let index = try index(name)
      tensors[index].elementType = .int8
      tensors[index].quantization = Quantization(scale: scale, zeroPoint: zeroPoint)
    }
  }
}
