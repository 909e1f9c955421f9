import Foundation
import OctetCompiler
import OctetPasses
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetQuantization
import OctetRuntime
import Testing

/// Models of `Tools/make-corpus onnx`, with what ONNX Runtime computes.
@Suite struct ONNXZeroPointTests {
  private func url(_ name: String) -> URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx/\(name)")
  }

  /// Weights of uint8 with zero points, by tensor and by channel: a convolution, a depthwise one
  /// (with weights of 255, which are three int8), a transposed one, two fully connected layers. The
  /// file's scales leave no room for different rounding, so bytes are ONNX Runtime's.
  @Test func weightsWithZeroPoints() throws {
    let imported = try ONNXReader.importModel(url("zero_points.onnx"))
    let proof = try imported.prove()
    #expect(proof.comparedCount == 12)
    #expect(imported.widenedNodes == ["Conv3", "QLinearConv6", "ConvTranspose9", "Gemm18"])
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    let compiled = try Compiler.compile(graph)
    let operators = compiled.model.operators
    #expect(
      operators.map(\.kind).filter { ![.reshape, .concatenation].contains($0) } == [
        .convolution, .convolution, .transposedConvolution, .fullyConnected, .fullyConnected,
      ])
    // The channels of the depthwise convolution three times.
    let wide = try #require(operators.first { $0.name == "QLinearConv6" })
    #expect(compiled.model.tensors[wide.inputs[0]].shape == [1, 6, 6, 12])
    // Of each of 16 samples the results of all five.
    let result = try Int8Model(graph).run(samples: try codes("zero_points.input"))
    let wanted = try codes("zero_points.output")
    #expect(wanted.count == 16 * (144 + 72 + 144 + 8 + 3))
    #expect(result == wanted)
  }

  /// A maximum, a minimum with a constant and a concatenation whose operands and results are on
  /// different grids: rounding before is rounding after, but for halves.
  @Test func differentGridsOfOneScaleOperations() throws {
    let imported = try ONNXReader.importModel(url("shared.onnx"))
    _ = try imported.prove()
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    #expect(graph.nodesInFloats.isEmpty)
    let result = try Int8Model(graph).run(samples: try codes("shared.input"))
    let wanted = try codes("shared.output")
    #expect(result.count == wanted.count)
    let differences = zip(result, wanted).map { abs(Int($0) - Int($1)) }
    #expect(differences.allSatisfy { $0 <= 1 } && differences.count { $0 > 0 } <= 20)
  }

  /// Codes converted to their own type, ranges narrowed between QuantizeLinear and
  /// DequantizeLinear, weights in floats through both: as PyTorch writes quantization.
  @Test func narrowedRanges() throws {
    let imported = try ONNXReader.importModel(url("narrow.onnx"))
    _ = try imported.prove()
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    #expect(graph.nodesInFloats.isEmpty)
    let compiled = try Compiler.compile(graph)
    // The convolution clamps its result itself; the input and what is padded have tables.
    let movers: [OperatorKind] = [.slice, .concatenation, .transpose, .reshape]
    #expect(
      compiled.model.operators.map(\.kind).filter { !movers.contains($0) }
        == [.lookup, .convolution, .lookup])
    #expect(try Int8Model(graph).run(samples: try codes("narrow.input")) == codes("narrow.output"))
  }

  /// Codes in that are arranged before DequantizeLinear reads them; a product and then a sum before
  /// QuantizeLinear: as tf2onnx writes TFLite models.
  @Test func codesArrangedAtTheEdge() throws {
    let imported = try ONNXReader.importModel(url("edges.onnx"))
    _ = try imported.prove()
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    let compiled = try Compiler.compile(graph)
    // The first layer's weights take the arrangement in.
    #expect(compiled.model.operators.map(\.kind) == [.fullyConnected, .fullyConnected])
    #expect(try Int8Model(graph).run(samples: try codes("edges.input")) == codes("edges.output"))
  }

  /// A split whose parts the file puts on other grids than the whole's.
  @Test func partsOnGridsOfTheirOwn() throws {
    let imported = try ONNXReader.importModel(url("split.onnx"))
    _ = try imported.prove()
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    #expect(try Int8Model(graph).run(samples: try codes("split.input")) == codes("split.output"))
  }

  /// What ONNX Runtime left in floats is refused by name, with the way out, and nothing is guessed.
  @Test func partlyQuantizedIsRefused() throws {
    var graph = try ONNXReader.importModel(url("partial.onnx")).graph
    graph.moveQuantizationOutOfTheEdges()
    let refused = graph.nodesInFloats
    #expect(refused.allSatisfy { $0.reason.contains("'octet quantize' keeps the scales") })
    let reasons = Dictionary(uniqueKeysWithValues: refused.map { ($0.name, $0.reason) })
    #expect(reasons["Conv19"]?.hasPrefix("its result has no scale in the file") == true)
    #expect(reasons["Gemm22"]?.hasPrefix("its weights are in floats") == true)
    #expect(reasons["Max8"]?.hasPrefix("it computes in floats") == true)
    // A function of one code between two grids.
    #expect(reasons["Mul15"] == nil && reasons["Sigmoid14"] == nil && reasons["Mul13"] == nil)
  }

  /// The quantizer keeps every grid and all weights of the file, and chooses the rest.
  @Test func partlyQuantizedIsCompleted() throws {
    var graph = try ONNXReader.importModel(url("partial.onnx")).graph
    graph.moveQuantizationOutOfTheEdges()
    #expect(graph.lacksGrids)
    let inputs = try floats("partial.input")
    let samples = CalibrationSamples(count: 16) { index, _, target in
      for position in target.indices { target[position] = inputs[index * 72 + position] }
    }
    let result = try Quantizer.quantize(graph, samples: samples, options: .init())
    var held: [String: Tensor] = [:]
    for tensor in result.graph.tensors { held[tensor.name] = tensor }
    let settled = graph.tensors.filter { $0.quantization != nil }
    #expect(settled.count >= 8)
    for tensor in settled where held[tensor.name] != nil {
      #expect(held[tensor.name]?.quantization == tensor.quantization, "\(tensor.name)")
      #expect(held[tensor.name]?.constant == tensor.constant, "\(tensor.name)")
    }
    // What the file put on a grid is still there, all of it.
    #expect(settled.allSatisfy { held[$0.name] != nil })

    let model = try Int8Model(result.graph)
    let input = try #require(result.graph.tensors[result.graph.inputs[0]].quantization)
    let output = try #require(result.graph.tensors[result.graph.outputs[0]].quantization)
    let wanted = try floats("partial.output")
    let largest = wanted.map { abs($0) }.max() ?? 1
    for sample in 0..<16 {
      let codes = input.codes(Array(inputs[sample * 72..<(sample + 1) * 72]))
      let result = try model.run(codes[...])
      for (code, real) in zip(result, wanted[sample * 5..<(sample + 1) * 5]) {
        let value = Float(Int32(code) - output.zeroPoints[0]) * output.scales[0]
        #expect(abs(value - real) <= 0.03 * largest)
      }
    }
  }

  /// Unsigned codes as signed ones.
  private func codes(_ name: String) throws -> [Int8] {
    try Data(contentsOf: url(name)).map { Int8(Int($0) - 128) }
  }

  private func floats(_ name: String) throws -> [Float] {
    let data = try Data(contentsOf: url(name))
    return stride(from: 0, to: data.count, by: 4).map { offset in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[offset + $1]) << (8 * $1) }
      return Float(bitPattern: bits)
    }
  }
}
