import OctetCompiler
import OctetModel
import OctetRuntime
import TestNetworks
import Testing

@Suite struct CompilerTests {
  @Test func theSameGraphGivesTheSameBytes() throws {
    let graph = try Networks.quantized(Networks.tiny())
    #expect(try Compiler.compile(graph).blob.bytes == Compiler.compile(graph).blob.bytes)
  }

  @Test func metadataTravels() throws {
    let blob = try Networks.compiled(Networks.tiny()).blob
    let model = try blob.model()
    #expect(model.labels == (0..<5).map { "class \($0)" })
    #expect(model.normalization == Normalization(mean: [0.1307], standardDeviation: [0.3081]))
    #expect(model.operatorNames == ["conv1", "conv2", "pool2", "fc1", "softmax"])
  }

  /// A depthwise convolution of one channel gives the blob that the convolution gives; one of more
  /// channels stays what it is.
  @Test func depthwiseOfOneChannelIsAConvolution() throws {
    var builder = NetworkBuilder(seed: 3, height: 9, width: 8, channelCount: 1)
    var attributes = ConvolutionAttributes()
    attributes.stride = Extent(2)
    attributes.padding = Padding(1)
    try builder.depthwiseConvolution("deep", multiplier: 7, kernel: Extent(3), attributes)
    try builder.depthwiseConvolution("next", multiplier: 2, kernel: Extent(3), attributes)
    let deep = try Networks.quantized(builder.finished())
    var wide = deep
    wide.nodes[0].operation = .convolution(attributes)
    let index = deep.nodes[0].inputs[1]
    guard case .int8(let codes) = deep.tensors[index].constant else {
      Issue.record("weights are no int8")
      return
    }
    wide.tensors[index].shape = [7, 3, 3, 1]
    wide.tensors[index].quantization?.axis = 0
    wide.tensors[index].constant = .int8(
      (0..<7).flatMap { channel in (0..<9).map { codes[7 * $0 + channel] } })
    let blob = try Compiler.compile(deep).blob
    #expect(try blob.bytes == Compiler.compile(wide).blob.bytes)
    let model = try blob.model()
    #expect((0..<2).map { model.operator($0).kind } == [.convolution, .depthwiseConvolution])
  }

  /// The bytes that are not weights: at most 3 % and 1 KiB.
  @Test func overheadIsBounded() throws {
    for graph in [try Networks.lenet(), try Networks.tiny()] {
      let blob = try Networks.compiled(graph, sampleCount: 1).blob
      let weights = try blob.model().weightByteCount
      #expect(Double(blob.count) <= Double(weights) * 1.03 + 1024)
    }
  }

  /// Bytes that belong to no live tensor and to no scratch are overwritten before each operator:
  /// no operator may read them.
  @Test(arguments: -2...12)
  func poisonBetweenOperators(seed: Int) throws {
    let graph =
      switch seed {
      case -2: try Networks.joined()
      case -1: try Networks.everyOperator()
      case 0: try Networks.lenet()
      default: try Networks.random(seed: seed)
      }
    let blob = try Networks.compiled(graph, sampleCount: 2).blob
    let model = try blob.model()
    for backend in Backend.available {
      let expected = try run(model, backend, poison: nil)
      for poison in [0x80, 0x7F] as [UInt8] {
        let outputs = try run(model, backend, poison: poison)
        #expect(outputs == expected, "seed \(seed), \(backend), \(poison)")
      }
    }
  }

  private func run(_ model: LoadedModel, _ backend: Backend, poison: UInt8?) throws -> [[Int8]] {
    let arena = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.arenaByteCount, alignment: 64)
    defer { arena.deallocate() }
    let workspace = UnsafeMutableRawBufferPointer.allocate(
      byteCount: model.workspaceByteCount(for: backend), alignment: 64)
    defer { workspace.deallocate() }
    var session = try Session(
      model: model.model, arena: arena, backend: backend, workspace: workspace)
    session.fillInputsForSelfTest()
    let tensors = (0..<model.tensorCount).map { model.tensor($0) }.filter { !$0.isConstant }
    for index in 0..<model.operatorCount {
      if let poison {
        var isLive = [Bool](repeating: false, count: arena.count)
        // What this operator writes is not live yet, save where it overlaps what it reads.
        for tensor in tensors where tensor.firstUse < index || isInput(tensor, model) {
          guard tensor.firstUse <= index, index <= tensor.lastUse else { continue }
          for byte in tensor.dataOffset..<tensor.dataOffset + tensor.byteCount {
            isLive[byte] = true
          }
        }
        for byte in isLive.indices where !isLive[byte] { arena[byte] = poison }
      }
      session.runOperator(index)
    }
    return (0..<model.outputCount).map { index in
      let output = session.output(index)
      return output.withUnsafeBufferPointer { Array($0) }
    }
  }

  /// A blob whose last operator records other bytes than it computes: no backend passes.
  @Test func requiresTheSelfTest() throws {
    let blob = try Networks.compiled(Networks.joined()).blob
    let model = try blob.model()
    try Compiler.requireSelfTest(model)
    var bytes = blob.bytes
    let last = model.operator(model.operatorCount - 1)
    bytes[last.offset + OperatorRecord.outputChecksum.offset] ^= 1
    bytes.putChecksum()
    let other = try LoadedModel(bytes)
    let name = last.name
    let error = #expect(throws: CompilerError.self) { try Compiler.requireSelfTest(other) }
    #expect(error == .differs(backend: .portable, operator: name))
    #expect("\(try #require(error))".contains("backend 'portable'"))
  }

  private func isInput(_ tensor: TensorView, _ model: LoadedModel) -> Bool {
    (0..<model.inputCount).contains { model.input($0).offset == tensor.offset }
  }

  @Test func everyOperatorIsLowered() throws {
    let blob = try Networks.compiled(Networks.everyOperator()).blob
    let model = try blob.model()
    let kinds = Set((0..<model.operatorCount).compactMap { model.operator($0).kind })
    // A reshape before a fully connected layer needs no operator.
    let others = Networks.kindsOfInt16.union(Networks.kindsOfInt4).union([.reshape])
    #expect(kinds == Set(OperatorKind.allCases).subtracting(others))
  }

  /// Each input of a concatenation of rows lies at its place in the output already.
  @Test func concatenationsOfRowsCopyNothing() throws {
    let output = try Networks.compiled(Networks.joined())
    let model = try output.blob.model()
    let joins = (0..<model.operatorCount).map { model.operator($0) }
      .filter { $0.kind == .concatenation }
    #expect(joins.count == 2)
    for view in joins {
      var start = view.output(0).dataOffset
      for index in 0..<view.inputCount {
        #expect(view.input(index).dataOffset == start, "\(view.name), input \(index)")
        start += view.input(index).byteCount
      }
    }
  }

  // MARK: Refusals

  @Test func floatGraphsAreRefused() throws {
    let graph = try Networks.tiny()
    #expect(throws: CompilerError.self) { try Compiler.compile(graph) }
  }

  @Test func whatHasNoOperatorIsNamed() throws {
    var graph = try Networks.quantized(Networks.tiny())
    graph.nodes[0].operation = .localResponseNormalization(size: 1, alpha: 1, beta: 1, bias: 1)
    let error = #expect(throws: CompilerError.self) { try Compiler.compile(graph) }
    #expect(try #require(error).description.contains("'conv1'"))
  }

  @Test func metadataThatDoesNotFit() throws {
    let graph = try Networks.quantized(Networks.tiny())
    var labels = graph
    labels.metadata.labels = [String](repeating: "x", count: 70_000)
    #expect(throws: CompilerError.self) { try Compiler.compile(labels) }
    for (mean, deviation) in [([0.5], [0]), ([0.5], []), ([], [1]), ([.nan], [1])]
      as [([Float], [Float])]
    {
      var changed = graph
      changed.metadata.normalization = Normalization(mean: mean, standardDeviation: deviation)
      let error = #expect(throws: CompilerError.self) { try Compiler.compile(changed) }
      #expect(try !#require(error).description.contains("please report"))
    }
  }
}
