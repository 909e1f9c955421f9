import Foundation
import OctetCompiler
import OctetPasses
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// Whole models by others, against the outputs that came with them.
@Suite struct ONNXModelTests {
  /// PyTorch's LeNets on test images, against ONNX Runtime's logits: 20, or all of them with
  /// `OCTET_ALL_IMAGES=1`.
  @Test(
    .enabled(if: SharedData.isAvailable, "needs shared/data"),
    arguments: [("mnist", "mnist"), ("fashion", "fashion_mnist")])
  func lenetLogits(model: String, folder: String) throws {
    let path = "models/lenet/lenet_\(model)_pytorch"
    let graph = try ONNXReader.read(try SharedData.url(path + ".onnx"))
    #expect(graph.nodes.map(\.name).prefix(3) == ["/c1/Conv", "/Relu", "/MaxPool"])
    #expect(graph.inputs.map { graph.tensors[$0].shape } == [[1, 28, 28, 1]])
    let expected = try SharedData.floats(path + ".logits_f32.bin")
    let usesAll = ProcessInfo.processInfo.environment["OCTET_ALL_IMAGES"] == "1"
    let count = usesAll ? 10_000 : 20
    let images = try SharedData.images("\(folder)/t10k-images-idx3-ubyte.gz", count: count)
    let interpreter = try FloatInterpreter(graph)
    var largest: Float = 0
    for image in 0..<count {
      let pixels = images[image * 784..<(image + 1) * 784].map { Float($0) / 255 }
      let logits = interpreter.run(inputs: [pixels])[0]
      for (value, wanted) in zip(logits, expected[image * 10..<(image + 1) * 10]) {
        largest = max(largest, abs(value - wanted))
      }
    }
    print("\(model): float logits of \(count) images at most \(largest) from ONNX Runtime's")
    #expect(largest <= 1e-4)
  }

  /// A model with weights as a MatMul of a reshaped constant, biases as Add, SAME padding.
  @Test(.enabled(if: SharedData.isAvailable, "needs shared/data"), arguments: 0..<3)
  func mnist8(set: Int) throws {
    let model = try ONNXReader.importModel(try SharedData.url("models/onnx_mnist8/model.onnx"))
    let folder = "models/onnx_mnist8/test_data_set_\(set)"
    let input = try ONNXValue.read(tensorProto: try SharedData.bytes(folder + "/input_0.pb"))
    let wanted = try ONNXValue.read(tensorProto: try SharedData.bytes(folder + "/output_0.pb"))
    let interpreter = try FloatInterpreter(model.graph)
    let outputs = interpreter.run(inputs: [model.inputs[0].layout.tensorElements(input).reals])
    // These logits go into the thousands: relative to the largest.
    let largest = wanted.reals.map { abs($0) }.max() ?? 1
    for (value, reference) in zip(outputs[0], wanted.reals) {
      #expect(abs(value - reference) <= 1e-6 * largest)
    }
  }

  /// A stranger's model with Constant shapes and a Softmax at the end: it reads MNIST.
  @Test(.enabled(if: SharedData.isAvailable, "needs shared/data"))
  func lenetOfAStranger() throws {
    let graph = try ONNXReader.read(try SharedData.url("models/onnx_lenet_fyh620/lenet.onnx"))
    let images = try SharedData.images("mnist/t10k-images-idx3-ubyte.gz", count: 10)
    let interpreter = try FloatInterpreter(graph)
    let labels = (0..<10).map { image in
      let pixels = images[image * 784..<(image + 1) * 784]
        .map { (Float($0) / 255 - 0.1307) / 0.3081 }
      let probabilities = interpreter.run(inputs: [pixels])[0]
      return probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? -1
    }
    #expect(labels == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
  }

  /// What ONNX Runtime's quantizer leaves in floats between grids, or at the end, runs in integers:
  /// functions on the file's grids, a quotient, slopes by channel, log-softmax.
  @Test func functionsBetweenGrids() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx/quantized_functions.onnx")
    let imported = try ONNXReader.importModel(url)
    _ = try imported.prove()
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    #expect(graph.nodesInFloats.isEmpty)
    let operators = try Compiler.compile(graph).model.operators
    #expect(
      operators.map(\.kind) == [
        .convolution, .lookup, .multiply, .lookup, .lookup, .fullyConnected, .logSoftmax,
      ])
  }

  /// MatMul, Gemm and QLinearMatMul of two activations, against ONNX Runtime's codes.
  @Test func productsOfTwoActivations() throws {
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Corpus/onnx/quantized_products.onnx")
    let imported = try ONNXReader.importModel(url)
    _ = try imported.prove()
    var graph = imported.graph
    graph.moveQuantizationOutOfTheEdges()
    let model = try Int8Model(graph)
    #expect(
      model.output.model.operators.map(\.kind) == [
        .matrixMultiply, .matrixMultiply, .matrixMultiply,
      ])
    let codes = (0..<24).map { Int8(($0 * 37 + 11) % 251 - 125) }
    #expect(
      try model.run(samples: codes) == [
        91, 31, -56, -86, 31, 54, 12, -37, -56, 12, 78, 65, -85, -37, 65, 119,
      ])
  }

  @Test(
    .enabled(if: SharedData.isAvailable, "needs shared/data"),
    arguments: [
      "models/lenet/lenet_mnist_pytorch.onnx", "models/onnx_mnist8/model.onnx",
      "models/onnx_lenet_fyh620/lenet.onnx",
    ])
  func writtenAndReadAgain(path: String) throws {
    let graph = try ONNXReader.read(try SharedData.url(path))
    #expect(try ONNXReader.read(try ONNXWriter.write(graph)) == graph)
  }
}

/// Models that others have quantized.
@Suite struct ONNXQuantizedModelTests {
  /// ONNX Runtime's QDQ form: every layer in integers, with the scales of the file.
  @Test(
    .enabled(if: SharedData.isAvailable, "needs shared/data"),
    arguments: [("mnist", "mnist"), ("fashion", "fashion_mnist")])
  func lenet(model: String, folder: String) throws {
    let path = "models/lenet/lenet_\(model)_pytorch"
    let imported = try ONNXReader.importModel(try SharedData.url(path + "_qdq.onnx"))
    let graph = imported.graph
    #expect(
      graph.nodes.map(\.operation.name) == [
        "quantize", "convolution", "maxPool", "convolution", "maxPool", "reshape",
        "fullyConnected", "fullyConnected", "fullyConnected", "dequantize",
      ])
    let constants = graph.tensors.filter { $0.constant != nil }
    #expect(constants.allSatisfy { $0.quantization != nil && $0.elementType != .float32 })
    #expect(constants.contains { $0.elementType == .int32 && $0.quantization?.axis == 0 })

    let wanted = try SharedData.floats(path + ".logits_f32.bin")
    let images = try SharedData.images("\(folder)/t10k-images-idx3-ubyte.gz", count: 20)
    let interpreter = try FloatInterpreter(graph)
    for image in 0..<20 {
      let pixels = images[image * 784..<(image + 1) * 784].map { Float($0) / 255 }
      let logits = interpreter.run(inputs: [pixels])[0]
      let reference = Array(wanted[image * 10..<(image + 1) * 10])
      #expect(
        logits.indices.max { logits[$0] < logits[$1] }
          == reference.indices.max { reference[$0] < reference[$1] })
    }
    _ = try imported.prove()
  }

  @Test(
    .enabled(if: SharedData.isAvailable, "needs shared/data"),
    arguments: [
      "models/lenet/lenet_mnist_pytorch.onnx", "models/onnx_mnist8/model.onnx",
      "models/onnx_lenet_fyh620/lenet.onnx",
    ])
  func proof(path: String) throws {
    let proof = try ONNXReader.importModel(try SharedData.url(path)).prove()
    #expect(proof.comparedCount >= 8)
    #expect(proof.maximumDifference < 1e-5)
  }
}
