import Foundation
import OctetCompiler
import OctetModel
import OctetONNX
import OctetPasses
import TestSupport
import Testing

/// A model with weights of INT4 and UINT4, with what ONNX Runtime computes; both are made by
/// `Tools/make-corpus onnx`.
struct ONNXInt4Tests {
  private func url(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx/\(name)")
  }

  private func codes(_ name: String) throws -> [Int8] {
    try Data(contentsOf: url(name)).map { Int8(bitPattern: $0) }
  }

  /// What −8…7 hold stays of four bits; the dense layer's weights are −3…12.
  @Test func theCodesOfONNXRuntime() throws {
    var graph = try ONNXReader.importModel(url("int4.onnx")).graph
    graph.moveQuantizationOutOfTheEdges()
    let compiled = try Compiler.compile(graph)
    #expect(
      compiled.model.operators.map(\.kind).filter { $0 != .reshape && $0 != .transpose }
        == [.convolution4, .depthwiseConvolution4, .fullyConnected])
    let found = try Int8Model(graph).run(samples: try codes("int4.input"))
    let wanted = try codes("int4.output")
    #expect(found.count == wanted.count)
    // ONNX Runtime adds up in floats.
    #expect(zip(found, wanted).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }
}
