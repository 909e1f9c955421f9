import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import Testing

/// Every int8 model of the test data against the bytes of TensorFlow Lite for Microcontrollers.
struct TFLiteGoldenTests {
  struct Golden: Sendable, CustomTestStringConvertible {
    var name: String
    var model: String
    /// Samples to run in debug builds; none of the models whose plan alone takes seconds there.
    var fewSamples: Int

    var testDescription: String { name }
  }

  static let golden = [
    Golden(name: "lenet_mnist_int8", model: "lenet/lenet_mnist_int8", fewSamples: 2),
    Golden(name: "lenet_fashion_int8", model: "lenet/lenet_fashion_int8", fewSamples: 0),
    Golden(name: "kws_ref_model", model: "mlperf_tiny/kws_ref_model", fewSamples: 0),
    Golden(
      name: "pretrainedResnet_quant", model: "mlperf_tiny/pretrainedResnet_quant", fewSamples: 0),
    Golden(name: "ad01_int8", model: "mlperf_tiny/ad01_int8", fewSamples: 1),
    Golden(name: "person_detect", model: "tflm/person_detect", fewSamples: 0),
    Golden(name: "micro_speech_quantized", model: "tflm/micro_speech_quantized", fewSamples: 2),
    Golden(name: "hello_world_int8", model: "tflm/hello_world_int8", fewSamples: 256),
  ].filter { SharedData.isExhaustive || $0.fewSamples > 0 }

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

  static let randomModels =
    [
      "00_lenet", "02_conv_any", "03_conv_any", "04_conv_any", "05_conv_any", "06_depthwise",
      "07_depthwise", "08_depthwise", "10_inception", "13_pools", "14_pools", "15_mlp", "16_mlp",
    ]
    + (SharedData.isExhaustive
      ? [
        "01_lenet_avg_softmax", "09_residual", "11_activations", "12_activations",
        "17_elementwise", "18_wide_dense",
      ] : [])

  @Test(.enabled(if: SharedData.isAvailable), arguments: randomModels)
  func randomModelsComputeTheBytesOfTFLM(_ name: String) throws {
    let folder = "conformance/tflite_random"
    let graph = try TFLiteReader.read(try SharedData.url("\(folder)/\(name).tflite"))
    let model = try Int8Model(graph)
    let expected = try SharedData.int8s("\(folder)/\(name).output.bin")
    let actual = try model.run(
      samples: try SharedData.int8s("\(folder)/\(name).input.bin"),
      limit: SharedData.isExhaustive ? nil : 1)
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

  static let allModels = [
    "lenet/lenet_mnist_float32", "lenet/lenet_mnist_int8", "lenet/lenet_fashion_int8",
    "mlperf_tiny/ad01_fp32", "mlperf_tiny/ad01_int8", "mlperf_tiny/kws_ref_model_float32",
    "mlperf_tiny/kws_ref_model", "mlperf_tiny/pretrainedResnet",
    "mlperf_tiny/pretrainedResnet_quant", "tflm/hello_world_float", "tflm/hello_world_int8",
    "tflm/micro_speech_quantized", "tflm/person_detect",
  ]

  /// Reading what was written gives the same graph.
  @Test(.enabled(if: SharedData.isAvailable), arguments: allModels)
  func everyModelSurvivesTheRoundTrip(_ name: String) throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/\(name).tflite"))
    let isFloat = name.contains("float") || name.contains("fp32") || name.hasSuffix("Resnet")
    #expect(graph.tensors.allSatisfy { ($0.quantization == nil) == isFloat })
    #expect(try TFLiteReader.read(try TFLiteWriter.write(graph)) == graph)
  }

  /// A blob that went through TFLite and back is the same blob.
  @Test(
    .enabled(if: SharedData.isAvailable),
    arguments: ["lenet/lenet_mnist_int8", "tflm/hello_world_int8", "tflm/micro_speech_quantized"])
  func blobsSurviveTheRoundTrip(_ name: String) throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/\(name).tflite"))
    let model = try Int8Model(graph)
    let again = try Int8Model(
      try TFLiteReader.read(try TFLiteWriter.write(try BlobRaiser.raise(model.blob))))
    let count = model.inputCounts.reduce(0, +)
    let sample = (0..<count).map { Int8(truncatingIfNeeded: $0 &* 73 &+ $0 / 7) }
    #expect(try model.run(samples: sample) == again.run(samples: sample))
    #expect(model.output.model.operators.map(\.kind) == again.output.model.operators.map(\.kind))
    #expect(
      model.output.model.operators.map(\.parameters)
        == again.output.model.operators.map(\.parameters))
  }

  /// The float TFLite form of LeNet gives the logits of the ONNX form that it was made from.
  @Test(.enabled(if: SharedData.isAvailable))
  func floatModelComputesTheLogitsOfONNXRuntime() throws {
    let graph = try TFLiteReader.read(
      try SharedData.url("models/lenet/lenet_mnist_float32.tflite"))
    let interpreter = try FloatInterpreter(graph)
    let count = SharedData.isExhaustive ? 200 : 3
    let images = try SharedData.images("mnist/t10k-images-idx3-ubyte.gz", count: count)
    let logits = try SharedData.floats("models/lenet/lenet_mnist_pytorch.logits_f32.bin")
    var largest: Float = 0
    for index in 0..<count {
      let image = images[784 * index..<784 * (index + 1)].map { Float($0) / 255 }
      let output = interpreter.run(inputs: [image])[0]
      for (k, value) in output.enumerated() {
        largest = max(largest, abs(value - logits[10 * index + k]))
      }
    }
    #expect(largest < 1e-4)
  }
}
