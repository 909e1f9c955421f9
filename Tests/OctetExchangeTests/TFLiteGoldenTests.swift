import OctetCompiler
import OctetExchange
import OctetModel
import Testing

/// Every int8 model of the test data against the bytes of TensorFlow Lite for Microcontrollers.
struct TFLiteGoldenTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    var name: String
    var model: String
    /// Samples to run in debug builds.
    var fewSamples: Int

    var testDescription: String { name }
  }

  static let golden = [
    Golden(name: "lenet_mnist_int8", model: "lenet/lenet_mnist_int8", fewSamples: 3),
    Golden(name: "lenet_fashion_int8", model: "lenet/lenet_fashion_int8", fewSamples: 3),
    Golden(name: "kws_ref_model", model: "mlperf_tiny/kws_ref_model", fewSamples: 1),
    Golden(name: "pretrainedResnet_quant", model: "mlperf_tiny/pretrainedResnet_quant", fewSamples: 1),
    Golden(name: "ad01_int8", model: "mlperf_tiny/ad01_int8", fewSamples: 2),
    Golden(name: "person_detect", model: "tflm/person_detect", fewSamples: 1),
    Golden(name: "micro_speech_quantized", model: "tflm/micro_speech_quantized", fewSamples: 4),
    Golden(name: "hello_world_int8", model: "tflm/hello_world_int8", fewSamples: 256),
  ]

  @Test(.enabled(if: SharedData.isAvailable), arguments: golden)
  func computesTheBytesOfTFLM(_ golden: Golden) throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/\(golden.model).tflite"))
    let model = try Int8Model(graph)
    let expected = try SharedData.int8s("golden/\(golden.name).output.bin.gz")
    let samples = try SharedData.int8s("golden/\(golden.name).input.bin.gz")
    let actual = try model.run(
      samples: samples, limit: SharedData.isExhaustive ? nil : golden.fewSamples)
    let differing = zip(actual, expected).filter { $0 != $1 }.count
    #expect(differing == 0, "\(differing) of \(actual.count) bytes differ")
    #expect(!SharedData.isExhaustive || actual.count == expected.count)
  }

  static let randomModels = [
    "00_lenet", "01_lenet_avg_softmax", "02_conv_any", "03_conv_any", "04_conv_any", "05_conv_any",
    "06_depthwise", "07_depthwise", "08_depthwise", "09_residual", "10_inception",
    "11_activations", "12_activations", "13_pools", "14_pools", "15_mlp", "16_mlp",
    "17_elementwise", "18_wide_dense",
  ]

  @Test(.enabled(if: SharedData.isAvailable), arguments: randomModels)
  func randomModelsComputeTheBytesOfTFLM(_ name: String) throws {
    let folder = "conformance/tflite_random"
    let graph = try TFLiteReader.read(try SharedData.url("\(folder)/\(name).tflite"))
    let model = try Int8Model(graph)
    let expected = try SharedData.int8s("\(folder)/\(name).output.bin")
    let actual = try model.run(
      samples: try SharedData.int8s("\(folder)/\(name).input.bin"),
      limit: SharedData.isExhaustive ? nil : 3)
    let differing = zip(actual, expected).filter { $0 != $1 }.count
    #expect(differing == 0, "\(differing) of \(actual.count) bytes differ")
    #expect(!SharedData.isExhaustive || actual.count == expected.count)
  }

  /// 901 of 1,000 keywords, as TensorFlow Lite for Microcontrollers gets.
  @Test(.enabled(if: SharedData.isAvailable && SharedData.isExhaustive))
  func keywordsAreRecognised() throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/mlperf_tiny/kws_ref_model.tflite"))
    let outputs = try Int8Model(graph).run(
      samples: try SharedData.int8s("golden/kws_ref_model.input.bin.gz"))
    let labels = try SharedData.bytes("golden/kws_ref_model.labels.bin")
    let right = labels.indices.filter { index in
      let scores = outputs[12 * index..<12 * index + 12]
      return scores.firstIndex(of: scores.max() ?? 0) == 12 * index + Int(labels[index])
    }
    #expect(right.count == 901)
  }

  static let floatModels = [
    "lenet/lenet_mnist_float32", "mlperf_tiny/ad01_fp32", "mlperf_tiny/kws_ref_model_float32",
    "mlperf_tiny/pretrainedResnet", "tflm/hello_world_float",
  ]

  @Test(.enabled(if: SharedData.isAvailable), arguments: floatModels)
  func readsFloatModels(_ name: String) throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/\(name).tflite"))
    #expect(graph.tensors.allSatisfy { $0.elementType == .float32 && $0.quantization == nil })
    #expect(!graph.nodes.isEmpty)
  }
}
