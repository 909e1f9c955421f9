import OctetCompiler
import OctetModel
import OctetQuantization
import OctetRuntime
import TestNetworks
import Testing

/// Functions of one tensor that a float graph has as several nodes become one table.
@Suite struct FunctionRegionsTests {
  enum Function: String, CaseIterable {
    case silu, gelu, hardSwish, mish, softplus, polynomial, sharedInside, largest
  }

  /// The nodes of `function`, of the builder's last tensor.
  private func append(_ function: Function, _ builder: inout NetworkBuilder) throws {
    let x = builder.last
    func number(_ value: Float) -> TensorIndex { builder.constant("\(value)", [1], [value]) }
    switch function {
    case .silu:
      try builder.append("gate", .scalar(.logistic))
      try builder.append("f", .multiply(.none), [x])
    case .gelu:
      try builder.append("scaled", .divide(.none), [number(1.4142135)])
      try builder.append("erf", .scalar(.errorFunction))
      try builder.append("one", .add(.none), [number(1)])
      try builder.append("product", .multiply(.none), [x])
      try builder.append("f", .multiply(.none), [number(0.5)])
    case .hardSwish:
      try builder.append("three", .add(.none), [number(3)])
      try builder.append("clip", .scalar(.relu6))
      try builder.append("product", .multiply(.none), [x])
      try builder.append("f", .divide(.none), [number(6)])
    case .mish:
      try builder.append("softplus", .scalar(.softplus))
      try builder.append("tanh", .scalar(.tanh))
      try builder.append("f", .multiply(.none), [x])
    case .softplus:
      try builder.append("exp", .scalar(.exponential))
      try builder.append("one", .add(.none), [number(1)])
      try builder.append("f", .scalar(.logarithm))
    case .polynomial:
      try builder.append("square", .multiply(.none), [x])
      try builder.append("half", .multiply(.none), [number(0.5)])
      try builder.append("less", .subtract(.none), [x])
      try builder.append("f", .maximum, [number(-0.1)])
    case .largest:
      try builder.append("less", .subtract(.none), [number(1)])
      try builder.append("tanh", .scalar(.tanh))
      try builder.append("f", .maximum, [x])
    case .sharedInside:
      try builder.append("gate", .scalar(.logistic))
      let gate = builder.last
      try builder.append("square", .multiply(.none), [gate])
      try builder.append("sum", .add(.none), [gate])
      try builder.append("f", .multiply(.none), [x])
    }
  }

  private func network(_ function: Function) throws -> Graph {
    var builder = NetworkBuilder(seed: 4, height: 5, width: 5, channelCount: 2)
    try builder.convolution("first", outputCount: 3, kernel: Extent(2))
    try append(function, &builder)
    try builder.convolution("last", outputCount: 2, kernel: Extent(2))
    return builder.finished()
  }

  private func quantized(_ graph: Graph) throws -> Quantizer.Result {
    var options = Quantizer.Options()
    options.calibrator = .minMax
    return try Quantizer.quantize(graph, samples: Networks.samples(8), options: options)
  }

  @Test(arguments: Function.allCases)
  func oneTable(_ function: Function) throws {
    let result = try quantized(try network(function))
    let kinds = try Compiler.compile(result.graph).model.operators.map(\.kind)
    #expect(kinds == [.convolution, .lookup, .convolution])
    let decibels = try #require(result.outputs.first).sqnrDecibels
    #expect(decibels > 35, "\(decibels) dB")
  }

  /// A value inside that others read, or the model gives, stays a tensor of its own.
  @Test func innerValuesThatAreReadStay() throws {
    var graph = try network(.silu)
    let gate = try #require(graph.tensors.firstIndex { $0.name == "gate.output" })
    graph.outputs.append(gate)
    let kinds = try Compiler.compile(quantized(graph).graph).model.operators.map(\.kind)
    #expect(kinds == [.convolution, .lookup, .multiply, .convolution])
  }

  /// Of two tensors there is no table.
  @Test func twoSources() throws {
    var builder = NetworkBuilder(seed: 4, height: 5, width: 5, channelCount: 3)
    let image = builder.last
    try builder.convolution("first", outputCount: 3, kernel: Extent(1))
    try builder.append("gate", .scalar(.logistic))
    try builder.append("product", .multiply(.none), [image])
    let kinds = try Compiler.compile(quantized(builder.finished()).graph).model.operators
      .map(\.kind)
    #expect(kinds == [.convolution, .lookup, .multiply])
  }
}
