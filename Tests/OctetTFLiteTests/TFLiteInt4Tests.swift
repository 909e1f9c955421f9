import OctetCompiler
import OctetModel
import OctetTFLite
import TestSupport
import Testing

/// Operators with weights of int4 against the bytes of TensorFlow Lite for Microcontrollers.
/// `Tools/make-corpus int4` makes them.
struct TFLiteInt4Tests {
  static let golden = GoldenModels("int4")

  private func kinds(_ blob: Blob) throws -> [String] {
    let model = try LoadedModel(blob)
    return (0..<model.operatorCount).map { model.operator($0).kindName }
  }

  @Test func corpusIsThere() { #expect(Self.golden.names.count == 12) }

  @Test(arguments: golden.names) func computesTheBytesOfTFLM(_ name: String) throws {
    let model = try Int8Model(try Self.golden.graph(name))
    #expect(try kinds(model.blob).contains { $0.hasSuffix("4") })
    try Self.golden.check(model, name)
  }

  /// The blob is read back as a graph that lowers to the same parameters, and written as a file
  /// that gives the same bytes and is as narrow.
  @Test(arguments: golden.names) func comesBackFromTheBlob(_ name: String) throws {
    let model = try Int8Model(try Self.golden.graph(name))
    let again = try BlobReader.read(model.blob)
    let written = try Int8Model(try TFLiteReader.read(try TFLiteWriter.write(again)))
    try Self.golden.check(written, name)
    #expect(try kinds(written.blob) == kinds(model.blob))
  }

  /// TensorFlow Lite for Microcontrollers takes one scale alone for such weights of a fully
  /// connected operator; others are written as int8, which gives the same bytes.
  @Test func fullyConnectedWithManyScalesIsWrittenAsInt8() throws {
    var graph = try Self.golden.graph("fully-connected-0")
    let node = graph.nodes.firstIndex { $0.operation.weightChannelAxis != nil }
    let (weights, bias) = (graph.nodes[try #require(node)].inputs[1], graph.nodes[node!].inputs[2])
    let count = graph.tensors[weights].shape[0]
    for (tensor, axis) in [(weights, 0), (bias, 0)] {
      let scale = try #require(graph.tensors[tensor].quantization?.scales[0])
      graph.tensors[tensor].quantization = Quantization(
        scales: (0..<count).map { scale * (1 + Float($0) / 8) },
        zeroPoints: [Int32](repeating: 0, count: count), axis: axis)
    }
    let model = try Int8Model(graph)
    #expect(try kinds(model.blob).contains("fullyConnected4"))
    let written = try Int8Model(
      try TFLiteReader.read(try TFLiteWriter.write(try BlobReader.read(model.blob))))
    #expect(try kinds(written.blob).contains("fullyConnected"))
    let samples = try Self.golden.file("fully-connected-0", "input.bin").map {
      Int8(bitPattern: $0)
    }
    #expect(try written.run(samples: samples) == model.run(samples: samples))
  }

  @Test func weightsBeyondFourBitsAreRefused() throws {
    var graph = try Self.golden.graph("convolution-0")
    let node = graph.nodes.first { $0.operation.weightChannelAxis != nil }
    let weights = try #require(node).inputs[1]
    guard case .int8(var codes) = graph.tensors[weights].constant else { return }
    codes[0] = 8
    graph.tensors[weights].constant = .int8(codes)
    #expect(throws: CompilerError.self) { try Compiler.compile(graph) }
  }
}
