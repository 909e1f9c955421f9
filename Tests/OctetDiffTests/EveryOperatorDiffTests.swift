import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetPasses
import OctetQuantization
import OctetReport
import OctetRuntime
import TestComparisons
import TestNetworks
import Testing

/// Whatever the compiler can make can be compared, taken apart and reproduced.
@Suite struct EveryOperatorDiffTests {
  /// Functions of one element that are defined everywhere, some with parameters of their own.
  private static let functions: [OctetModel.Operation] =
    [.identity]
    + [
      ScalarFunction.leakyRelu(alpha: 0.13), .clip(lower: -0.4, upper: 0.7),
      .hardSigmoid(alpha: 0.21, beta: 0.45), .elu(alpha: 0.9), .swish(alpha: 1.5),
      .celu(alpha: 0.8), .thresholdedRelu(alpha: 0.2), .shrink(bias: 0.1, threshold: 0.2),
    ].map { .scalar($0) }
    + ScalarFunction.all.filter { function in
      function.kind != .reciprocal && function.kind != .clip
        && stride(from: -8.0, through: 8, by: 0.25).allSatisfy { abs(function.value($0)) < 1e4 }
    }.map { .scalar($0) }

  private static func network(_ function: OctetModel.Operation) throws -> Graph {
    var builder = NetworkBuilder(seed: 3, height: 5, width: 5, channelCount: 2)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(2))
    try builder.append("function", function)
    try builder.fullyConnected("fc", outputCount: 4)
    return builder.finished()
  }

  private static func parametric() throws -> Graph {
    var builder = NetworkBuilder(seed: 3, height: 5, width: 5, channelCount: 2)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(2))
    let slope = builder.constant("slope", [3], [0.1, -0.2, 0.3])
    try builder.append("function", .prelu, [slope])
    try builder.fullyConnected("fc", outputCount: 4)
    return builder.finished()
  }

  private func images(for graph: Graph, classCount: Int) -> Dataset {
    let shape = graph.tensors[graph.inputs[0]].shape
    var random = TestRandom(seed: 4)
    return Dataset(
      pixels: (0..<3 * shape.elementCount).map { _ in UInt8(random.int(0...255)) },
      labels: (0..<3).map { UInt8($0 % classCount) }, height: shape[1], width: shape[2],
      channelCount: shape[3], classNames: [])
  }

  private func compare(_ graph: Graph, _ quantized: Graph) throws -> (Diff, DiffReport) {
    var options = Diff.Options()
    options.measuresTime = false
    let loaded = try LoadedModel(Compiler.compile(quantized).blob)
    let count = graph.tensors[graph.outputs[0]].elementCount
    let diff = try Diff(
      graph, loaded, images(for: graph, classCount: count), options: options)
    return (diff, try diff.run())
  }

  private func expectSplit(_ report: DiffReport, _ what: String) {
    for layer in report.layers where layer.operator != "input" {
      #expect(layer.splitNote == nil, "\(what), \(layer.name): \(layer.splitNote ?? "")")
      #expect(layer.split != nil && layer.local != nil, "\(what), \(layer.name)")
      #expect(
        !layer.findings.contains { $0.kind == .differentStructure },
        "\(what), \(layer.name): \(layer.finding)")
    }
  }

  @Test func everyKind() throws {
    let graph = try Networks.everyOperator()
    let quantized = try Networks.quantized(graph.simplified())
    var kinds: Set<OperatorKind> = []
    let blob = try Compiler.compile(quantized).blob
    let model = try blob.model()
    for index in 0..<model.operatorCount {
      model.operator(index).kind.map { _ = kinds.insert($0) }
    }
    let all = (1...UInt16.max).lazy.prefix(64).compactMap { OperatorKind(rawValue: $0) }
    let others = Networks.kindsOfInt16.union(Networks.kindsOfInt4).union([.reshape])
    #expect(Set(all).subtracting(kinds) == others)
    let (_, report) = try compare(graph, quantized)
    expectSplit(report, "every operator")
  }

  /// A function's own error is a rounding: no source of it is far above the others.
  @Test func everyFunction() throws {
    for function in Self.functions {
      let graph = try Self.network(function)
      guard let quantized = try? Networks.quantized(graph.simplified()) else { continue }
      let (_, report) = try compare(graph, quantized)
      expectSplit(report, "\(function)")
    }
    let graph = try Self.parametric()
    expectSplit(try compare(graph, Networks.quantized(graph.simplified())).1, "prelu")
  }

  /// A table that hides among others loses nothing but itself: weights behind it are still judged.
  @Test(arguments: [OctetModel.Operation.scalar(.gelu), .scalar(.elu(alpha: 1)), .scalar(.mish)])
  func weightsBehindATable(function: OctetModel.Operation) throws {
    let graph = try Self.network(function)
    var quantized = try Networks.quantized(graph.simplified())
    try DiffDamage.scaleWeights(of: "fc", by: 1.5, in: &quantized)
    let verdict = try compare(graph, quantized).1.verdict
    #expect(verdict.layer == "fc" && verdict.kind == .weightsWrong, "\(verdict)")
  }

  /// An operator cut out of a blob has the very parameters that it has there: on the bytes that the
  /// whole model gives it, it makes the same bytes.
  @Test(arguments: Arithmetic.allCases)
  func partsComputeTheSame(arithmetic: Arithmetic) throws {
    var graphs = [try Networks.everyOperator(), try Networks.joined(), try Self.parametric()]
    graphs.append(try Self.network(.scalar(.gelu)))
    for graph in graphs {
      var quantized = try Networks.quantized(graph.simplified())
      quantized.arithmetic = arithmetic
      guard let blob = try? Compiler.compile(quantized).blob else { continue }
      let loaded = try LoadedModel(blob)
      let whole = try loaded.makeRunner()
      whole.fillInputsForSelfTest()
      for index in 0..<loaded.operatorCount {
        let view = loaded.operator(index)
        let part = try LoadedModel(try blob.part(operator: index))
        let alone = try part.makeRunner()
        var seen: [Int] = []
        for position in 0..<view.inputCount {
          let input = view.input(position)
          guard !input.isConstant, !seen.contains(input.offset) else { continue }
          whole.withElements(of: input) { codes in
            alone.withInput(seen.count) { _ = $0.update(fromContentsOf: codes) }
          }
          seen.append(input.offset)
        }
        #expect(part.model.inputCount == seen.count)
        whole.runOperator(index)
        alone.run()
        let wanted = whole.withElements(of: view.output(0)) { Array($0) }
        #expect(alone.withOutput(0) { Array($0) } == wanted, "\(view.name)")
        #expect(part.operatorNames == [view.name])
      }
    }
  }
}
