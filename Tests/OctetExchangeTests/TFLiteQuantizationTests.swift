import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetQuantization
import Testing

/// Float TFLite models become int8 models that decide alike.
struct TFLiteQuantizationTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var float: String
    var int8: String
    /// Samples that calibrate.
    var calibrationCount: Int
    /// The part of the samples whose largest output must stay the same.
    var agreement: Float

    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "kws_ref_model", float: "mlperf_tiny/kws_ref_model_float32",
      int8: "mlperf_tiny/kws_ref_model", calibrationCount: 100, agreement: 0.98),
    Case(
      name: "pretrainedResnet_quant", float: "mlperf_tiny/pretrainedResnet",
      int8: "mlperf_tiny/pretrainedResnet_quant", calibrationCount: 16, agreement: 1),
    Case(
      name: "lenet_mnist_int8", float: "lenet/lenet_mnist_float32",
      int8: "lenet/lenet_mnist_int8", calibrationCount: 100, agreement: 0.99),
  ]

  @Test(.enabled(if: SharedData.isAvailable && SharedData.isExhaustive), arguments: cases)
  func quantizedModelDecidesAlike(_ test: Case) throws {
    let graph = try TFLiteReader.read(try SharedData.url("models/\(test.float).tflite"))
    let samples = try realSamples(test)
    let calibration = CalibrationSamples(count: test.calibrationCount) { index, _, target in
      for (k, value) in samples[index].enumerated() { target[k] = value }
    }
    let quantized = try Quantizer.quantize(
      graph, samples: calibration, options: Quantizer.Options())
    let model = try Int8Model(quantized.graph)
    let interpreter = try FloatInterpreter(graph)
    let input = try #require(quantized.graph.tensors[quantized.graph.inputs[0]].quantization)
    let floats = samples.map { largest(interpreter.run(inputs: [$0])[0]) }
    let int8s = try samples.map { largest(try model.run(input.codes($0)[...])) }
    let alike = zip(floats, int8s).filter { $0 == $1 }.count
    #expect(Float(alike) >= test.agreement * Float(samples.count))
    guard test.name == "kws_ref_model" else { return }
    // Within half a point on the labelled keywords.
    let labels = try SharedData.bytes("golden/kws_ref_model.labels.bin").map { Int($0) }
    let floatRight = zip(floats, labels).filter { $0 == $1 }.count
    let int8Right = zip(int8s, labels).filter { $0 == $1 }.count
    #expect(int8Right >= floatRight - 5, "float \(floatRight), int8 \(int8Right) of 1000")
  }

  /// The golden inputs as the reals that they stand for in the given int8 model.
  private func realSamples(_ test: Case) throws -> [[Float]] {
    let graph = try TFLiteReader.read(try SharedData.url("models/\(test.int8).tflite"))
    let tensor = graph.tensors[graph.inputs[0]]
    let quantization = try #require(tensor.quantization)
    let codes = try SharedData.int8s("golden/\(test.name).input.bin.gz")
    let count = tensor.elementCount
    return (0..<codes.count / count).map { index in
      codes[index * count..<(index + 1) * count].map {
        Float(Int32($0) - quantization.zeroPoints[0]) * quantization.scales[0]
      }
    }
  }

  private func largest<Value: Comparable>(_ values: [Value]) -> Int {
    values.indices.max { values[$0] < values[$1] } ?? 0
  }
}
