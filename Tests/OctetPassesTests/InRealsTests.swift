import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct InRealsTests {
  /// Constants of codes become their values, and nothing has a grid any more.
  @Test func codesBecomeReals() throws {
    let quantized = try Networks.quantized(Networks.tiny())
    let real = quantized.inReals()
    try real.validate()
    #expect(real.tensors.allSatisfy { $0.quantization == nil && $0.elementType == .float32 })
    #expect(real.tensors.map(\.floats) == quantized.tensors.map(\.reals))
    #expect(real.nodes == quantized.nodes)
  }

  /// What lies on the grid, within its range, is not rounded anyway.
  @Test func valuesOfCodesStay() throws {
    var builder = NetworkBuilder()
    try builder.append("negate", .scalar(.negate))
    try builder.append("turned", .transpose([0, 2, 1, 3]))
    var graph = builder.finished()
    try graph.quantize(["image", "negate.output", "turned.output"], scale: 0.25, zeroPoint: 1)
    let input = (0..<60).map { Float($0 - 30) * 0.25 }
    #expect(
      try FloatInterpreter(graph).run(inputs: [input])
        == FloatInterpreter(graph.inReals()).run(inputs: [input]))
  }
}
