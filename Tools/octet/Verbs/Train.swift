import OctetCommand
import OctetData
import OctetEvaluation
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetTraining

struct Train: Verb {
  let name = "train"
  let summary = "Train a float network on images and write it as ONNX."
  let discussion =
    "A twelfth of the training images is held back to choose the best epoch. Ctrl-C ends training "
    + "and keeps the best epoch so far. The same seed gives the same file on the same type of "
    + "machine, whatever the number of threads. Gray pixels enter as 0 … 1; colours are normalised "
    + "by the mean and deviation of each channel of the training images, or as --mean and --std "
    + "say. "
    + "Either is kept in the file, so that no other verb needs to be told."
  let architecture = OctetCommand.Option(
    "--arch", .choice(Architectures.names), default: "lenet", help: "The network.")
  let output = OctetCommand.Option<OutputPath>(
    required: "--output", short: "o", .output(.onnx), help: "The ONNX file to write.")
  let epochs = OctetCommand.Option(
    "--epochs", .integer(1...100_000), default: 10, help: "Times through the images.")
  let batchSize = OctetCommand.Option(
    "--batch-size", .integer(1...65536), default: 64, help: "Images a step.")
  let learningRate = OctetCommand.Option(
    "--learning-rate", .positiveNumber(upTo: 100), default: 1e-3,
    help: "At the start; a cosine "
      + "takes it to 0.")
  let optimizer = OctetCommand.Option(
    "--optimizer", .choice(["adam", "momentum", "sgd"]), default: "adam", help: "The optimizer.")
  let weightDecay = OctetCommand.Option(
    "--weight-decay", .number(0...1), help: "On weights, not on biases; 0.1 for adam, else 0.")
  let patience = OctetCommand.Option(
    "--patience", .integer(1...100_000), help: "Stop after as many epochs without a better one.")
  let seed = OctetCommand.Option(
    "--seed", .seed, default: 1, help: "Of the weights, the split and the order.")
  let example = "octet train --arch lenet --data digits -o lenet.onnx --epochs 5"

  var parameters: [any Parameter] {
    [
      architecture, Common.data, output, epochs, batchSize, learningRate, optimizer, weightDecay,
      patience, seed, Common.mean, Common.standardDeviation, Common.anyLabels, Common.threads,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[output]
    let normalization = try Common.normalization(arguments)
    let source = try Steps.load(arguments[Common.data], labels: Common.labelPolicy(arguments))
    let watch = Stopwatch()
    let result = try Steps.train(
      source, architecture: arguments[architecture], options: options(arguments),
      normalization: normalization, console: console)
    if result.bestEpoch == 0 {
      throw CommandError(
        Interruption.status, "interrupted before the end of the first epoch; nothing was written")
    }
    // First as it is: the test may be interrupted.
    try AtomicFile.write(try ONNXWriter.write(result.graph), to: path, as: .onnx)
    let evaluator = try Evaluator(result.graph, threadCount: arguments[Common.threads])
    let evaluation = Stopwatch()
    let accuracy = try evaluator.accuracy(source.test)
    var graph = result.graph
    graph.metadata.training = TrainingRecord(dataName: source.name, testAccuracy: accuracy)
    try AtomicFile.write(try ONNXWriter.write(graph), to: path, as: .onnx)
    let report = TrainReport(
      result, testAccuracy: accuracy,
      testImagesPerSecond: Double(source.test.count) / max(evaluation.seconds, 1e-9),
      file: path.path,
      data: source.name, seconds: watch.seconds)
    return Outcome(
      report, text: report.text,
      ending: result.wasStopped
        ? .interrupted("interrupted; \(path) holds the best epoch so far") : .done)
  }

  private func options(_ arguments: Arguments) -> TrainingOptions {
    var options = TrainingOptions()
    options.epochCount = arguments[epochs]
    options.batchSize = arguments[batchSize]
    options.learningRate = Float(arguments[learningRate])
    options.weightDecay = arguments[weightDecay].map { Float($0) }
    options.patience = arguments[patience]
    options.seed = arguments[seed]
    options.threadCount = arguments[Common.threads]
    switch arguments[optimizer] {
    case "sgd": options.optimizer = .sgd
    case "momentum": options.optimizer = .momentum()
    default: options.optimizer = .adam()
    }
    return options
  }
}

struct TrainReport: Encodable {
  struct Epoch: Encodable {
    var epoch: Int
    var trainLoss: Double
    var trainAccuracy: Double
    var validationAccuracy: Double?
    var seconds: Double
    var imagesPerSecond: Double
  }

  var architecture: String
  var data: String
  var epochs: [Epoch]
  var bestEpoch: Int
  var testAccuracy: Double
  /// Float evaluation of the test images, on the threads that trained.
  var testImagesPerSecond: Double
  var parameterCount: Int
  var file: String
  var seconds: Double

  init(
    _ result: TrainingResult, testAccuracy: Double, testImagesPerSecond: Double, file: String,
    data: String, seconds: Double
  ) {
    architecture = result.graph.name
    self.data = data
    epochs = result.epochs.map {
      Epoch(
        epoch: $0.epoch, trainLoss: $0.trainLoss, trainAccuracy: $0.trainAccuracy,
        validationAccuracy: $0.validationAccuracy, seconds: $0.seconds,
        imagesPerSecond: $0.imagesPerSecond)
    }
    bestEpoch = result.bestEpoch
    self.testAccuracy = testAccuracy
    self.testImagesPerSecond = testImagesPerSecond
    parameterCount = result.graph.parameterCount
    self.file = file
    self.seconds = seconds
  }

  var text: String {
    "Test accuracy \(testAccuracy.percent) with epoch \(bestEpoch), \(parameterCount) parameters; "
      + "wrote \(file == "-" ? "standard output" : SafeText.escaped(file))"
  }
}

/// Seconds since it was made.
struct Stopwatch {
  private let start = ContinuousClock.now
  var seconds: Double { (ContinuousClock.now - start).inSeconds }
}
