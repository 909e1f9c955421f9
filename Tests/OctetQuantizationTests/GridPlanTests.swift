import Foundation
import OctetCompiler
import OctetModel
import OctetQuantization
import OctetRuntime
import TestNetworks
import Testing

/// Operations with one grid for all they read and make, among values on other grids.
@Suite struct GridPlanTests {
  /// Who reads what: every operation that joins scales, every kind of operand beside a wide one.
  enum Join: String, CaseIterable {
    case concatenation, maximum, minimum, pad
  }

  enum Operand: String, CaseIterable {
    case logistic, tanh, softmax, logSoftmax, small, large, constant, input, table
  }

  /// Where the join stands.
  enum Place: String, CaseIterable {
    /// Its result is the model's.
    case end
    /// A convolution reads it.
    case within
    /// The operand is read by a convolution too, whose sum with the join is the result.
    case shared
    /// The operand passes a pool and a transposition first, the result a slice.
    case chained
    /// The result goes into another concatenation, with the operand again.
    case nested
    /// Operand and result are the model's.
    case output
  }

  struct Case: CustomTestStringConvertible {
    var join: Join
    var operand: Operand
    var place: Place
    var testDescription: String { "\(join) of \(operand), \(place)" }
  }

  static let cases = Join.allCases.flatMap { join in
    Operand.allCases.flatMap { operand in
      Place.allCases.map { Case(join: join, operand: operand, place: $0) }
    }
  }

  /// int8 gives what floats give, up to the noise of a few roundings to 255 steps.
  @Test(arguments: cases)
  func outputsKeepTheirSignal(_ test: Case) throws {
    let graph = try Self.graph(test)
    var options = Quantizer.Options()
    options.calibrator = .minMax
    let result = try Quantizer.quantize(graph, samples: Networks.samples(8), options: options)
    for output in result.outputs {
      #expect(output.sqnrDecibels > 25, "\(output.name): \(output.sqnrDecibels) dB")
    }
    let ratios = try signalToNoise(graph, result.graph, sampleCount: 4)
    for ratio in ratios { #expect(ratio > 25, "\(ratio) dB in the runtime") }
  }

  /// What nothing else reads needs no change of scale.
  @Test func exclusiveOperandsTakeTheResultsGrid() throws {
    for join in [Join.concatenation, .maximum, .minimum] {
      let graph = try Self.graph(Case(join: join, operand: .small, place: .end))
      let int8 = try Networks.quantized(graph)
      #expect(!int8.nodes.contains { $0.operation == .quantize }, "\(join)")
    }
  }

  /// Two logistics in one concatenation keep the grid of their kernel, and so does the result.
  @Test func equalGivenGridsAreKept() throws {
    var builder = NetworkBuilder(seed: 3, height: 6, width: 6, channelCount: 2)
    try builder.convolution("a", outputCount: 2, kernel: Extent(1))
    let trunk = builder.last
    try builder.append("first", .scalar(.logistic))
    let first = builder.last
    builder.select(trunk)
    try builder.convolution("b", outputCount: 2, kernel: Extent(1))
    try builder.append("second", .scalar(.logistic))
    try builder.append("joined", .concatenation(axis: 3, activation: .none), [first])
    let int8 = try Networks.quantized(builder.finished())
    let grid = Quantization(scale: 1 / 256, zeroPoint: -128)
    #expect(int8.tensors[int8.outputs[0]].quantization == grid)
    #expect(!int8.nodes.contains { $0.operation == .quantize })
  }

  /// A change of scale to one grid is made once, however many read it.
  @Test func conversionsAreShared() throws {
    var builder = NetworkBuilder(seed: 3, height: 6, width: 6, channelCount: 2)
    try builder.convolution("a", outputCount: 2, kernel: Extent(1))
    let factor = builder.constant("factor", [1], [40])
    let narrow = builder.last
    try builder.append("wide", .multiply(.none), [factor])
    try builder.append(
      "twice", .concatenation(axis: 3, activation: .none), [narrow, narrow])
    try builder.convolution("b", outputCount: 2, kernel: Extent(1))
    let last = builder.last
    var graph = builder.finished()
    graph.outputs = [last, narrow]
    let int8 = try Networks.quantized(graph)
    #expect(int8.nodes.filter { $0.operation == .quantize }.count == 1)
  }

  /// A result that is lost is said to be, with the layer; one that is not, is not.
  @Test func lostOutputsAreNamed() throws {
    var builder = NetworkBuilder(seed: 5, height: 6, width: 6, channelCount: 2)
    try builder.convolution("a", outputCount: 2, kernel: Extent(1))
    let offset = builder.constant("offset", [1], [3000])
    try builder.append("offsetSum", .add(.none), [offset])
    let graph = builder.finished()
    let lost = try Quantizer.quantize(graph, samples: Networks.samples(8), options: .init())
    let output = try #require(lost.outputs.first)
    #expect(output.isLost && output.name == "offsetSum.output", "\(output)")
    #expect(output.loss?.tensor == "offsetSum.output")
    #expect(output.description.contains("steps"))
    let sound = try Quantizer.quantize(
      Networks.tiny(), samples: Networks.samples(8), options: .init())
    #expect(sound.outputs.allSatisfy { !$0.isLost })
  }

  // MARK: Graphs

  private static func graph(_ test: Case) throws -> Graph {
    var builder = NetworkBuilder(seed: 7, height: 4, width: 4, channelCount: 4)
    let image = builder.last
    // Two sources: functions of one would become one table.
    try builder.convolution("other", outputCount: 4, kernel: Extent(1))
    let other = builder.last
    builder.select(image)
    try builder.convolution("trunk", outputCount: 4, kernel: Extent(1))
    let trunk = builder.last
    builder.select(other)
    let ten = builder.constant("ten", [1], [10])
    try builder.append("wide", .multiply(.none), [ten])
    let wide = builder.last
    builder.select(trunk)
    let operand = try self.operand(test.operand, image, &builder)
    var source = operand
    if test.place == .chained, builder.isComputed(operand) {
      builder.select(operand)
      try builder.maxPool("pool", PoolAttributes(kernel: Extent(1), stride: Extent(1)))
      try builder.append("turned", .transpose([0, 2, 1, 3]))
      source = builder.last
    }
    try join(test.join, wide: wide, source, &builder)
    let joined = builder.last
    var outputs: [TensorIndex] = []
    switch test.place {
    case .end: break
    case .within: try builder.convolution("reader", outputCount: 3, kernel: Extent(1))
    case .shared:
      try builder.convolution("reader", outputCount: 4, kernel: Extent(1))
      let first = builder.last
      if builder.isComputed(operand) {
        builder.select(operand)
        try builder.convolution("reader2", outputCount: 4, kernel: Extent(1))
        outputs = [first]
      }
    case .chained:
      let shape = builder.shape
      try builder.append(
        "slice",
        .slice(begin: [0, 1, 0, 0], count: [1, 3, shape[2], shape[3]], stride: [1, 1, 1, 1]))
    case .nested:
      // Of one shape but for the channels.
      builder.select(joined)
      if builder.shape[1] == 4, builder.isComputed(operand) {
        try builder.append("again", .concatenation(axis: 3, activation: .none), [operand])
      }
    case .output: if builder.isComputed(operand), operand != image { outputs = [operand] }
    }
    var graph = builder.finished()
    graph.outputs += outputs
    return graph
  }

  private static func operand(
    _ kind: Operand, _ image: TensorIndex, _ builder: inout NetworkBuilder
  ) throws -> TensorIndex {
    switch kind {
    case .logistic: try builder.append("operand", .scalar(.logistic))
    case .tanh: try builder.append("operand", .scalar(.tanh))
    case .softmax: try builder.append("operand", .softmax(axis: 3, beta: 1))
    case .logSoftmax: try builder.append("operand", .logSoftmax(axis: 3))
    case .small:
      let factor = builder.constant("factor", [1], [0.05])
      try builder.append("operand", .multiply(.none), [factor])
    case .large:
      let factor = builder.constant("factor", [1], [300])
      try builder.append("operand", .multiply(.none), [factor])
    case .constant:
      return builder.constant(
        "operand", [1, 4, 4, 4], (0..<64).map { 20 * Float($0 % 7) - 50 })
    case .input: return image
    case .table:
      let trunk = builder.last
      try builder.append("gate", .scalar(.logistic))
      try builder.append("operand", .multiply(.none), [trunk])
    }
    return builder.last
  }

  private static func join(
    _ join: Join, wide: TensorIndex, _ operand: TensorIndex, _ builder: inout NetworkBuilder
  ) throws {
    builder.select(wide)
    switch join {
    case .concatenation:
      try builder.append("join", .concatenation(axis: 3, activation: .none), [operand])
    case .maximum: try builder.append("join", .maximum, [operand])
    case .minimum: try builder.append("join", .minimum, [operand])
    case .pad:
      if builder.isComputed(operand) { builder.select(operand) }
      try builder.append(
        "join", .pad(before: [0, 1, 0, 0], after: [0, 0, 1, 0], mode: .constant(-30)))
    }
  }

  /// Of each output, of the blob's bytes.
  private func signalToNoise(
    _ graph: Graph, _ int8: Graph, sampleCount: Int
  ) throws -> [Double] {
    let runner = try Compiler.compile(int8).blob.model().makeRunner()
    let interpreter = try FloatInterpreter(graph)
    let samples = Networks.samples(sampleCount, seed: 11)
    var signal = [Double](repeating: 0, count: graph.outputs.count)
    var noise = signal
    for sample in 0..<sampleCount {
      for (position, input) in graph.inputs.enumerated() {
        var values = [Float](repeating: 0, count: graph.tensors[input].elementCount)
        values.withUnsafeMutableBufferPointer { samples.fill(sample, position, $0) }
        interpreter.setInput(position, values)
        let grid = try #require(int8.tensors[int8.inputs[position]].quantization)
        try runner.setInput(position, grid.codes(values, ties: .awayFromZero).span)
      }
      interpreter.run()
      runner.run()
      for (position, tensor) in graph.outputs.enumerated() {
        let grid = try #require(int8.tensors[int8.outputs[position]].quantization)
        for (real, code) in zip(interpreter.value(of: tensor), runner.output(position)) {
          let error = real - Float(Int32(code) - grid.zeroPoints[0]) * grid.scales[0]
          signal[position] += Double(real * real)
          noise[position] += Double(error * error)
        }
      }
    }
    return zip(signal, noise).map { $1 == 0 ? .infinity : 10 * log10($0 / $1) }
  }
}
