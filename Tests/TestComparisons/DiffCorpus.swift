import Foundation
import OctetData
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetPasses
import OctetQuantization
import OctetTFLite
import OctetTraining
import TestNetworks

/// A LeNet of 6,600 parameters, trained on the built-in digits, and digits to judge it by.
package enum DiffCorpus {
  package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Corpus")
  package static let file = folder.appendingPathComponent("lenet-tiny.onnx")

  package static let calibration = Digits.generate(count: 12, seed: 1)
  package static let test = Digits.generate(count: 20, seed: 2)

  /// In the form that quantization works on, so that layers are `conv1` … `fc3`.
  package static func lenet() throws -> Graph {
    var graph = try ONNXReader.read(file).simplified()
    graph.metadata.labels = test.classNames
    return graph
  }

  /// `quantized` of `lenet`, once for all tests.
  package static let int8 = Result { try quantized(lenet()) }

  /// Every layer by itself, so that what is done to one stays in it.
  package static var plain: Quantizer.Options {
    var options = Quantizer.Options()
    options.calibrator = .meanSquareError
    options.equalization = .none
    options.biasCorrection = .none
    options.rounding = .errorFeedback
    return options
  }

  /// - Parameter normalization: that the int8 model is made with; the float model's where nil.
  package static func quantized(
    _ graph: Graph, normalization: Normalization? = nil, options: Quantizer.Options = plain
  ) throws -> Graph {
    var graph = graph
    if let normalization { graph.metadata.normalization = normalization }
    let samples = try CalibrationSamples(
      calibration, count: 12, seed: 1, graph: graph, normalization: nil)
    return try Quantizer.quantize(graph, samples: samples, options: options).graph
  }

  /// Made anew by `OCTET_MAKE_CORPUS=1 swift test -c release --filter makeTinyLeNet`.
  package static func train() throws -> Graph {
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
    return try Trainer(graph, options: options).train(digits).graph
  }
}
