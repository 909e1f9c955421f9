import OctetCommand
import OctetData
import OctetEvaluation
import OctetModel
import OctetONNX
import OctetReport
import OctetTraining

struct Train: Verb {
  let name = "train"
  let summary = "Train a float network on images and write it as ONNX."
  let discussion =
    "A twelfth of the training images is held back to choose the best epoch. Ctrl-C ends training "
    + "and keeps the best epoch so far. The same seed gives the same file on the same type of "
    + "machine, whatever the number of threads. Gray pixels enter as 0 … 1; colours are normalised "
    + "by the mean and deviation of each channel of the training images, as gray pixels are with "
    + "--normalize, or as --mean and --std say. Either is kept in the file, so that no other verb "
    + "needs to be told."
  let output = OctetCommand.Option<OutputPath?>(
    "--output", short: "o", .output(.onnx), help: "The ONNX file to write; needed but for --list.")
  let list = Flag("--list", help: "Describe the networks instead of training one.")
  let recipe = OctetCommand.Option(
    "--recipe", .choice(Recipe.all.map(\.name)),
    help: "Options under one name, which is said as the options that it stands for; options of "
      + "yours go before its own.")
  let recipes = Flag("--recipes", help: "List the recipes instead of training.")
  let validation = OctetCommand.Option(
    "--validation", .inputFolder,
    help: "A folder of images, as for --data, that choose the best epoch; all of them are taken.")
  let normalize = Flag(
    "--normalize",
    help: "Normalise gray pixels too by the mean and deviation of the training images; they enter "
      + "as 0 … 1 without it.")
  let example = "octet train --arch lenet --data digits -o lenet.onnx --epochs 5"

  var parameters: [any Parameter] {
    TrainingParameter.all.prefix(1).map(\.parameter) + [
      Common.data, validation, output, list, recipe, recipes,
    ]
      + TrainingParameter.all.dropFirst().map(\.parameter)
      + [
        CheckpointFile.file, CheckpointFile.interval, CheckpointFile.resume, RunWatch.page,
        RunWatch.events, Common.size, Common.mean, Common.standardDeviation, normalize,
        Common.anyLabels, Common.threads,
      ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    if arguments[recipes] {
      let list = RecipeList()
      return Outcome(list, text: list.text)
    }
    let recipe = Recipe.all.first { $0.name == arguments[self.recipe] }
    let settings = try TrainingSettings(arguments, recipe: recipe)
    if let recipe { console.message("recipe \(recipe.name): \(recipe.options)") }
    if arguments[list] {
      let networks = try NetworkList(scale: settings.network.width)
      return Outcome(networks, text: networks.text)
    }
    guard let path = arguments[output] else {
      throw CommandError(.usage, "--output is missing")
    }
    let shown = try RunWatch(arguments, settings, recipe: recipe, model: path, console: console)
    do {
      return try train(arguments, settings, to: path, shown: shown, console: console)
    } catch {
      shown?.fail(error)
      throw error
    }
  }

  private func train(
    _ arguments: Arguments, _ settings: TrainingSettings, to path: OutputPath, shown: RunWatch?,
    console: Console
  ) throws -> Outcome {
    var normalization = try Common.normalization(arguments)
    if arguments[normalize], normalization != nil {
      throw CommandError(.usage, "--normalize computes what --mean and --std say; give one of them")
    }
    let labels = Common.labelPolicy(arguments)
    let source = try Steps.load(
      arguments[Common.data], labels: labels, size: arguments[Common.size])
    if arguments[normalize] { normalization = source.train.ownNormalization }
    let validation = try arguments[validation].map {
      try DataSource.loadWhole($0, labels: labels, like: source.train)
    }
    let watch = Stopwatch()
    let kept = try CheckpointFile(arguments, console: console)
    shown?.begin(
      source, validation: validation, options: settings.options,
      continues: kept?.checkpoints.resuming != nil)
    let result = try kept.naming {
      try Steps.train(
        source, settings.network, options: settings.options,
        normalization: normalization, validation: validation, checkpoints: kept?.checkpoints,
        watch: shown?.watch, console: console)
    }
    if result.bestEpoch == 0 {
      throw CommandError(
        Interruption.status,
        "interrupted before the end of the first epoch; "
          + (kept == nil ? "nothing was written" : "the checkpoint is there for --resume"))
    }
    var report = try Self.keep(
      result, of: source, in: path, threadCount: arguments[Common.threads], watch: watch)
    if let shown {
      let evaluator = try Evaluator(result.graph, threadCount: arguments[Common.threads])
      shown.finish(
        result, testAccuracy: report.testAccuracy,
        diagnosis: try shown.diagnosis(
          evaluator, result, source, validation: validation, options: settings.options,
          testAccuracy: report.testAccuracy))
      report.tell(of: shown)
    }
    report.seconds = watch.seconds
    let chance = source.test.labels.commonestShare
    if chance < 1, report.testAccuracy <= chance + 0.005 {
      console.message(
        "it knows no more than that the commonest class has \(chance.percent) of the test images; "
          + "lower --learning-rate, train for more --epochs, or see that the labels are right")
    }
    return Outcome(
      report, text: report.text,
      ending: result.wasStopped
        ? .interrupted("interrupted; \(path) holds the best epoch so far") : .done)
  }

  /// Writes the trained model, and what it comes to on the test images into it.
  static func keep(
    _ result: TrainingResult, of source: DataSource, in path: OutputPath, threadCount: Int,
    watch: Stopwatch
  ) throws -> TrainReport {
    // First as it is: the test may be interrupted.
    try AtomicFile.write(try ONNXWriter.write(result.graph), to: path, as: .onnx)
    let evaluator = try Evaluator(result.graph, threadCount: threadCount)
    let evaluation = Stopwatch()
    let accuracy = try evaluator.accuracy(source.test)
    var graph = result.graph
    graph.metadata.training = TrainingRecord(dataName: source.name, testAccuracy: accuracy)
    try AtomicFile.write(try ONNXWriter.write(graph), to: path, as: .onnx)
    return TrainReport(
      result, testAccuracy: accuracy,
      testImagesPerSecond: Double(source.test.count) / max(evaluation.seconds, 1e-9),
      file: path.path, data: source.name, seconds: watch.seconds)
  }
}

struct TrainReport: Encodable {
  var architecture: String
  var data: String
  var epochs: [EpochRecord]
  var bestEpoch: Int
  var testAccuracy: Double
  /// Float evaluation of the test images, on the threads that trained.
  var testImagesPerSecond: Double
  var parameterCount: Int
  var file: String
  var seconds: Double
  /// Where the run is shown, and the seconds that this took.
  var htmlFile: String?
  var eventFolder: String?
  var watchSeconds: Double?

  init(
    _ result: TrainingResult, testAccuracy: Double, testImagesPerSecond: Double, file: String,
    data: String, seconds: Double
  ) {
    architecture = result.graph.name
    self.data = data
    epochs = result.epochs
    bestEpoch = result.bestEpoch
    self.testAccuracy = testAccuracy
    self.testImagesPerSecond = testImagesPerSecond
    parameterCount = result.trainedCount
    self.file = file
    self.seconds = seconds
  }

  mutating func tell(of shown: RunWatch) {
    (htmlFile, eventFolder, watchSeconds) = (shown.pagePath, shown.folder, shown.seconds)
  }

  var text: String {
    let others = [htmlFile, eventFolder].compactMap { $0.map { ", " + SafeText.escaped($0) } }
    return "Test accuracy \(testAccuracy.percent) with epoch \(bestEpoch), "
      + "\(parameterCount) parameters; wrote "
      + (file == "-" ? "standard output" : SafeText.escaped(file)) + others.joined()
  }
}

/// Seconds since it was made.
struct Stopwatch {
  private let start = ContinuousClock.now
  var seconds: Double { (ContinuousClock.now - start).inSeconds }
}
