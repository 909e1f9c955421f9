import Foundation
import OctetCompiler
import OctetModel
import OctetONNX
import OctetPasses
import TestSupport
import Testing

/// A model with activations of int16, with what ONNX Runtime computes; `Tools/make-corpus onnx`
/// makes both.
struct ONNXInt16Tests {
  private func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](
      try Data(
        contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
          .appendingPathComponent("Corpus/onnx/\(name)")))
  }

  private func codes(_ name: String) throws -> [Int] {
    let bytes = try bytes(name)
    return stride(from: 0, to: bytes.count, by: 2).map {
      Int(Int16(truncatingIfNeeded: Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8))
    }
  }

  /// Each operator rounds once, and the functions lie on straight lines between the values of
  /// tables: after all of them a few codes of 65,536 are left.
  @Test func nearlyTheCodesOfONNXRuntime() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx/int16.onnx")
    var graph = try ONNXReader.importModel(url).graph
    graph.moveQuantizationOutOfTheEdges()
    #expect(graph.nodesInFloats.isEmpty)
    let compiled = try Compiler.compile(graph)
    #expect(
      compiled.model.operators.map(\.kind).filter { $0 != .reshape && $0 != .transpose } == [
        .convolution16, .depthwiseConvolution16, .add, .maxPool, .fullyConnected16, .sigmoid16,
        .requantize, .multiply, .sigmoid16, .requantize,
      ])
    let result = try Int8Model(graph).run(
      samples: try bytes("int16.input").map { Int8(bitPattern: $0) })
    let wanted = try codes("int16.output")
    let found = stride(from: 0, to: result.count, by: 2).map {
      Int(UInt8(bitPattern: result[$0])) | Int(result[$0 + 1]) << 8
    }
    #expect(found.count == wanted.count)
    let differences = zip(found, wanted).map { abs($0 - $1) }
    #expect(differences.allSatisfy { $0 <= 10 })
    #expect(differences.reduce(0, +) < 2 * differences.count)
  }
}
