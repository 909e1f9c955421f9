import OctetCompiler
import OctetModel
import OctetTFLite
import TestSupport
import Testing

/// Models with int16 activations, operator by operator and whole networks, against the bytes of
/// TensorFlow Lite for Microcontrollers. `Tools/make-corpus int16` makes them.
struct TFLiteInt16Tests {
  static let golden = GoldenModels("int16")

  private func graph(_ name: String) throws -> Graph { try Self.golden.graph(name) }

  @Test func corpusIsThere() { #expect(Self.golden.names.count == 53) }

  @Test(arguments: golden.names) func computesTheBytesOfTFLM(_ name: String) throws {
    try Self.golden.check(try Int8Model(try graph(name)), name)
  }

  /// The blob is read back as a graph that lowers to the same parameters, and written as a file
  /// that gives the same bytes.
  @Test(arguments: golden.names) func comesBackFromTheBlob(_ name: String) throws {
    let model = try Int8Model(try graph(name))
    let again = try BlobReader.read(model.blob)
    let written = try TFLiteReader.read(try TFLiteWriter.write(again))
    try Self.golden.check(try Int8Model(written), name)
  }

  // MARK: What is refused, with the operator's name

  private func refusal(_ graph: Graph) -> String? {
    do {
      _ = try Compiler.compile(graph)
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [OctetModel.Operation.minimum, .maximum, .squaredDifference])
  func operatorsOfInt8Alone(_ operation: OctetModel.Operation) throws {
    var graph = try graph("add")
    graph.nodes[0].operation = operation
    for index in graph.inputs {
      graph.tensors[index].quantization = graph.tensors[graph.outputs[0]].quantization
    }
    let reason = try #require(refusal(graph))
    #expect(reason.contains("\(operation.name) has no operator for int16"), "\(reason)")
  }

  @Test(arguments: [ScalarFunction.hardSwish, .elu(alpha: 1), .leakyRelu(alpha: 0.1)])
  func functionsOfInt8Alone(_ function: ScalarFunction) throws {
    var graph = try graph("tanh")
    graph.nodes[0].operation = .scalar(function)
    let reason = try #require(refusal(graph))
    #expect(reason.contains("has no operator for int16"), "\(reason)")
  }

  @Test func bothWidthsInOneOperator() throws {
    var graph = try graph("add")
    graph.tensors[graph.inputs[0]].elementType = .int8
    #expect(try #require(refusal(graph)).contains("both int8 and int16"))
  }

  @Test func zeroPointsOtherThan0() throws {
    var graph = try graph("max-pool")
    for index in graph.tensors.indices { graph.tensors[index].quantization?.zeroPoints = [3] }
    #expect(try #require(refusal(graph)).contains("zero point 0"))
  }

  /// TensorFlow Lite reads such a bias as 64 bits.
  @Test func depthwiseBiasOf32Bits() throws {
    var graph = try graph("depthwise-same")
    let bias = graph.nodes[0].inputs[2]
    graph.tensors[bias].elementType = .int32
    graph.tensors[bias].constant = .int32(.init(repeating: 7, count: 4))
    #expect(try #require(refusal(graph)).contains("take int64"))
  }

  /// A bias of 32 bits makes sums of 32: 160 · 9 products need more.
  @Test func sumsBeyondTheirBias() throws {
    var graph = try graph("conv-deep")
    let bias = graph.nodes[0].inputs[2]
    graph.tensors[bias].elementType = .int32
    graph.tensors[bias].constant = .int32([0, 0, 0])
    #expect(try #require(refusal(graph)).contains("give it a bias of int64"))
  }
}
