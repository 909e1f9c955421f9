import Foundation
import OctetData
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetQuantization
import OctetReport
import OctetTraining
import TestNetworks
import Testing

/// A LeNet of 6,600 parameters, trained on the built-in digits, and digits to judge it by.
enum DiffCorpus {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus")
  static let file = folder.appendingPathComponent("lenet-tiny.onnx")

  static let calibration = Digits.generate(count: 12, seed: 1)
  static let test = Digits.generate(count: 20, seed: 2)

  /// In the form that quantization works on, so that layers are `conv1` … `fc3`.
  static func lenet() throws -> Graph {
    var graph = try ONNXReader.read(file).simplified()
    graph.metadata.labels = test.classNames
    return graph
  }

  /// `quantized` of `lenet`, once for all tests.
  static let int8 = Result { try quantized(lenet()) }

  /// - Parameter normalization: that the int8 model is made with; the float model's where nil.
  static func quantized(
    _ graph: Graph, normalization: Normalization? = nil
  ) throws -> Graph {
    var graph = graph
    if let normalization { graph.metadata.normalization = normalization }
    let samples = try CalibrationSamples(
      calibration, count: 12, seed: 1, graph: graph, normalization: nil)
    return try Quantizer.quantize(graph, samples: samples, options: .init()).graph
  }

  /// Made anew by `OCTET_MAKE_CORPUS=1 swift test -c release --filter makeTinyLeNet`.
  static func train() throws -> Graph {
    let pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    var builder = NetworkBuilder(seed: 1, height: 28, width: 28, channelCount: 1)
    try builder.convolution("conv1", outputCount: 4, kernel: Extent(5))
    try builder.append("relu1", .scalar(.relu))
    try builder.maxPool("pool1", pool)
    try builder.convolution("conv2", outputCount: 8, kernel: Extent(5))
    try builder.append("relu2", .scalar(.relu))
    try builder.maxPool("pool2", pool)
    try builder.fullyConnected("fc1", outputCount: 32)
    try builder.append("relu3", .scalar(.relu))
    try builder.fullyConnected("fc2", outputCount: 24)
    try builder.append("relu4", .scalar(.relu))
    try builder.fullyConnected("fc3", outputCount: 10)
    var graph = builder.finished(labelled: true)
    graph.metadata.normalization = nil
    var options = TrainingOptions()
    options.epochCount = 12
    options.learningRate = 3e-3
    let digits = Digits.generate(count: 6000, seed: 3)
    let images = try LabelledImages(
      pixels: digits.pixels, labels: digits.labels, height: 28, width: 28, channelCount: 1)
    return try Trainer(graph, options: options).train(images).graph
  }
}

@Suite struct DiffCorpusTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["OCTET_MAKE_CORPUS"] != nil))
  func makeTinyLeNet() throws {
    let bytes = try ONNXWriter.write(DiffCorpus.train())
    try Data(bytes).write(to: DiffCorpus.file)
  }
}
