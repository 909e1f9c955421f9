import Foundation
import OctetCommand
import OctetData
import OctetEvaluation
import OctetModel
import OctetPage
import OctetReport
import OctetTraining

/// What shows a training run to people while it goes on: its page and TensorBoard's events.
///
/// Whatever goes wrong with either is said once, and training goes on.
final class RunWatch {
  static let page = OctetCommand.Option(
    "--html", .output(.html),
    help: "A page that shows the run while it goes on, and is its report afterwards.")
  static let events = OctetCommand.Option(
    "--tensorboard", .folderOfOutputs,
    help: "A folder into which the run puts a folder of its own with events for TensorBoard.")

  /// The run as it is shown; its parts are filled in as they come to be known.
  var shown: TrainingPage
  /// The seconds that watching has taken.
  private(set) var seconds = 0.0
  private let pageFile: OutputPath?
  private let eventFolder: OutputFolderPath?
  private var log: EventLog?
  /// Makes it, once the run is known to begin.
  private var makeLog: (() throws(CommandError) -> EventLog)?
  private let console: Console
  private let modelName: String
  private let epochCount: Int
  private let clock = Stopwatch()
  /// When the page was last written, and how long that took.
  private var lastPage = (end: -1e9, cost: 0.0)
  /// What went wrong already.
  private var said: Set<String> = []
  private var batchCount = 0
  private var judgedEpoch = 0
  /// The longest time between two looks at the run; the last one is nil before it begins.
  private var longestSilence = 0.0
  private var lastLook: Double?
  private var sample: (image: Image, text: String)?

  /// Seconds between two pages within an epoch, at least.
  private static let interval = 2.0
  /// Watching may take this share of the time.
  private static let share = 0.02

  /// nil where nothing is asked for.
  ///
  /// - Throws: when what is asked for cannot be written.
  init?(
    _ arguments: Arguments, _ settings: TrainingSettings, recipe: Recipe?, model: OutputPath,
    console: Console
  ) throws(CommandError) {
    pageFile = arguments[Self.page]
    eventFolder = arguments[Self.events]
    guard pageFile != nil || eventFolder != nil else { return nil }
    if pageFile?.isStandardOutput == true {
      throw CommandError(.usage, "--html needs a file that can be written anew, which '-' is not")
    }
    if let eventFolder { try GrowingFile.checkCanMake(in: eventFolder) }
    self.console = console
    epochCount = settings.options.epochCount
    let architecture = URL(fileURLWithPath: settings.network.architecture)
      .deletingPathExtension().lastPathComponent
    modelName =
      model.isStandardOutput
      ? architecture : URL(fileURLWithPath: model.path).deletingPathExtension().lastPathComponent
    shown = TrainingPage(
      title: modelName, status: .running("about to begin", secondsLeft: nil), time: Self.now,
      patience: 60, version: Program.octet.version)
    shown.options = Self.options(arguments, recipe: recipe)
  }

  /// Everything that decides the run, as a command line would say it.
  private static func options(
    _ arguments: Arguments, recipe: Recipe?
  ) -> [(name: String, value: String)] {
    TrainingParameter.all.compactMap { parameter in
      let given = arguments.text(of: parameter.parameter) ?? recipe?.value(of: parameter.name)
      let value = given ?? parameter.parameter.specification.defaultText
      return value.map { (parameter.name, $0) }
    }
  }

  private static var now: (text: String, seconds: Double) {
    let date = Date()
    let text = date.formatted(.iso8601).replacing("T", with: " ").replacing("Z", with: " UTC")
    return (text, date.timeIntervalSince1970)
  }

  var folder: String? { log?.folder }
  var pagePath: String? { pageFile?.path }

  /// The images are there, and training is about to begin. Nothing is written yet: what is wrong
  /// with the network or a checkpoint is found later, and an older page is worth keeping.
  ///
  /// - Parameter continues: it goes on with a run that was kept.
  func begin(
    _ source: DataSource, validation: Dataset?, options: TrainingOptions, continues: Bool
  ) {
    let (train, test) = (source.train, source.test)
    shown.title = "\(modelName) on \(source.name)"
    shown.warnings = source.notes
    let held = validation?.count ?? options.split(train.count).heldBack.count
    shown.facts = [
      ("Images", source.name),
      ("learnt from", Figures.count(validation == nil ? train.count - held : train.count)),
      (
        validation == nil ? "held back to choose the epoch" : "that choose the epoch",
        Figures.count(held)
      ),
      ("to be judged by", Figures.count(test.count)),
      ("Size", "\(train.width)×\(train.height)"),
      ("Channels", train.channelCount == 1 ? "grey" : Figures.count(train.channelCount)),
    ]
    shown.classCounts = zip(train.classNames, train.classCounts).map { ($0, $1) }
    sample = train.count > 0 ? (train.image(at: 0), "Training image 0") : nil
    if let eventFolder {
      makeLog = { [modelName, shown] () throws(CommandError) in
        let log = try EventLog(
          run: modelName, in: eventFolder, continues: continues, options: shown.options,
          epochCount: options.epochCount)
        if let sheet = AugmentationSheet.pictures(train, options) { log.add(sheet) }
        return log
      }
    }
  }

  /// What training calls.
  var watch: TrainingWatch { TrainingWatch { [self] in look($0) } }

  private func look(_ view: TrainingView) {
    batchCount = max(batchCount, view.progress?.batchCount ?? 0)
    if let lastLook {
      longestSilence = max(longestSilence, clock.seconds - lastLook)
    } else if let makeLog {
      spending { report { () throws(CommandError) in log = try makeLog() } }
    }
    lastLook = clock.seconds
    (shown.epochs, shown.bestEpoch, shown.course) = (view.epochs, view.bestEpoch, view.course)
    let isPageDue = pageFile != nil && mayWritePage(view)
    guard isPageDue || view.isLast || log?.wants(view) == true else { return }
    spending {
      if isPageDue || (view.isLast && pageFile != nil) { take(view) }
      if isPageDue { writePage() }
      guard let log else { return }
      report { () throws(CommandError) in
        try log.add(view, budget: Self.share * clock.seconds) {
          judge(view)
          return shown.assessment?.assessment
        }
      }
    }
  }

  private func spending(_ body: () -> Void) {
    let watch = Stopwatch()
    body()
    seconds += watch.seconds
  }

  /// After an epoch always, but where that would cost too much of the time; within one seldom.
  private func mayWritePage(_ view: TrainingView) -> Bool {
    let since = clock.seconds - lastPage.end
    if since < lastPage.cost / Self.share { return false }
    return view.progress == nil || since >= Self.interval
  }

  private func writePage() {
    guard let pageFile else { return }
    let watch = Stopwatch()
    shown.time = Self.now
    shown.watchSeconds = seconds
    // An epoch may end with many images to validate.
    shown.patience = max(60, 4 * (longestSilence + lastPage.cost / Self.share))
    report { () throws(CommandError) in
      try AtomicFile.write(Array(shown.text.utf8), to: pageFile, as: .html)
    }
    lastPage = (clock.seconds, watch.seconds + lastTaking)
    lastTaking = 0
  }

  private var lastTaking = 0.0

  /// Says what went wrong, once.
  private func report(_ body: () throws(CommandError) -> Void) {
    do throws(CommandError) {
      try body()
    } catch {
      if said.insert(error.message).inserted { console.message("\(error); training goes on") }
    }
  }

  // MARK: The end

  /// The run came to an end with a model.
  func finish(
    _ result: TrainingResult, testAccuracy: Double, diagnosis: ErrorDiagnosis?
  ) {
    shown.testAccuracy = testAccuracy
    shown.diagnosis = diagnosis
    shown.bestEpoch = result.bestEpoch
    end(
      result.wasStopped
        ? .stopped("Stopped by \(Self.signal): the model is that of the best epoch so far")
        : .finished)
    if let log {
      spending {
        report { () throws(CommandError) in try log.finish(testAccuracy: testAccuracy) }
      }
    }
  }

  /// What ended the run before its time.
  private static var signal: String {
    Interruption.status == .interrupted ? "Ctrl-C" : "a signal"
  }

  /// The errors side by side: a sample of what was learnt from, validation and test images.
  ///
  /// - Returns: nil without validation images.
  func diagnosis(
    _ evaluator: Evaluator, _ result: TrainingResult, _ source: DataSource, validation: Dataset?,
    options: TrainingOptions, testAccuracy: Double
  ) throws -> ErrorDiagnosis? {
    let best = result.epochs.first { $0.epoch == result.bestEpoch }
    guard let development = best?.validationAccuracy else { return nil }
    let all = validation == nil ? options.split(source.train.count).learnt.sorted() : nil
    let count = all?.count ?? source.train.count
    // A hundredth of the time that learning from them took, about.
    let limit = min(Evaluate.trainLimit, max(500, count * result.epochs.count / 50))
    let step = max((count + limit - 1) / limit, 1)
    let sample = stride(from: 0, to: count, by: step).map { all?[$0] ?? $0 }
    guard !sample.isEmpty else { return nil }
    let watch = Stopwatch()
    defer { seconds += watch.seconds }
    return ErrorDiagnosis(
      target: 0, train: 1 - (try evaluator.accuracy(source.train.subset(sample))),
      development: 1 - development, test: 1 - testAccuracy)
  }

  /// The run came to nothing.
  func fail(_ error: any Error) {
    guard lastLook != nil else { return }
    switch error {
    case TrainingError.diverged(let epoch, let batch):
      let step = (epoch - 1) * batchCount + batch
      end(
        .failed(
          "Diverged at step \(Figures.count(step)) (epoch \(epoch), batch \(batch)): the loss is "
            + "no longer finite; lower the learning rate"))
    case let error as CommandError where error.status == Interruption.status:
      end(
        .stopped("Stopped by \(Self.signal) before the end of the first epoch: there is no model"))
    default: end(.failed("\(error)"))
    }
  }

  private func end(_ status: TrainingPage.Status) {
    shown.status = status
    spending { writePage() }
  }
}

// MARK: - What is seen

extension RunWatch {
  private static let layerLimit = 16
  private static let exampleCount = 6

  /// Takes over where the run stands.
  private func take(_ view: TrainingView) {
    let watch = Stopwatch()
    defer { lastTaking = watch.seconds }
    let epoch = min(view.epochs.count + 1, epochCount)
    if let progress = view.progress {
      let share = Figures.percent(
        Double(progress.batch) / Double(max(progress.batchCount, 1)), digits: 0)
      shown.status = .running(
        "epoch \(epoch) of \(epochCount), \(share) of it, loss \(Figures.short(progress.loss))",
        secondsLeft: progress.secondsLeft)
    } else {
      let seconds = view.epochs.suffix(5).map(\.seconds)
      let mean = seconds.reduce(0, +) / Double(max(seconds.count, 1))
      shown.status = .running(
        "epoch \(epoch) of \(epochCount)",
        secondsLeft: seconds.isEmpty ? nil : mean * Double(epochCount - view.epochs.count))
    }
    judge(view)
    let graph = view.graph
    if let (layer, now) = graph.firstFilters, let (_, before) = view.start.firstFilters {
      shown.filters = (layer, before, now)
    }
    walk(graph)
  }

  /// Judges the validation images by what the last epoch gave for them.
  private func judge(_ view: TrainingView) {
    // A network that diverges gives what is no probability.
    guard judgedEpoch < view.epochs.count, let images = view.validation,
      !view.validationScores.isEmpty, view.validationScores.allSatisfy(\.isFinite)
    else { return }
    judgedEpoch = view.epochs.count
    let classCount = view.validationScores.count / images.count
    let probabilities = (0..<images.count).flatMap { index in
      Evaluation.softmax(
        Array(view.validationScores[index * classCount..<(index + 1) * classCount]))
    }
    let names = (0..<classCount).map {
      images.classNames.indices.contains($0) ? images.classNames[$0] : "class \($0)"
    }
    let assessment = Assessment(
      probabilities: probabilities, labels: images.labels, classNames: names)
    shown.assessment = AssessmentParts(assessment) { images.image(at: $0) }
    let right = images.labels.enumerated().compactMap { index, label -> Assessment.Mistake? in
      let row = probabilities[index * classCount..<(index + 1) * classCount]
      let own = row[row.startIndex + Int(label)]
      guard own == row.max() else { return nil }
      return Assessment.Mistake(
        index: index, label: Int(label), prediction: Int(label), probability: Double(own),
        labelProbability: Double(own))
    }
    shown.right = Array(right.prefix(Self.exampleCount))
    shown.unsure = Array(
      right.sorted { ($0.probability, $0.index) < ($1.probability, $1.index) }
        .prefix(Self.exampleCount))
    sample = (images.image(at: 0), "Validation image 0")
    if let last = view.epochs.last, let accuracy = last.validationAccuracy {
      shown.diagnosis = ErrorDiagnosis(
        target: 0, train: 1 - last.trainAccuracy, development: 1 - accuracy, test: 1 - accuracy)
    }
  }

  /// Lets one image go through the network.
  private func walk(_ graph: Graph) {
    guard let sample, let machine = try? FloatInterpreter(graph) else { return }
    let channelCount = sample.image.channelCount
    let scale = (0..<channelCount).map { graph.metadata.normalization?.of($0) ?? (0, 1) }
    machine.setInput(
      0,
      sample.image.pixels.enumerated().map { index, pixel in
        let (mean, deviation) = scale[index % channelCount]
        return (Float(pixel) / 255 - mean) / deviation
      })
    machine.run()
    let nodes = graph.nodes.filter { node in
      if case .reshape = node.operation { false } else { true }
    }
    // Where there are many, they are chosen evenly, the last one always.
    let step = max(1, (nodes.count + Self.layerLimit - 1) / Self.layerLimit)
    shown.activations = stride(from: (nodes.count + step - 1) % step, to: nodes.count, by: step)
      .compactMap { index in
        let output = nodes[index].outputs[0]
        return TrainingPage.Activation(
          name: nodes[index].name, machine.value(of: output), shape: graph.tensors[output].shape)
      }
    shown.activationImage = sample
  }
}

extension Graph {
  /// The weights of the first layer that has some, where they are pictures, with its name.
  var firstFilters: (layer: String, sheet: FilterSheet)? {
    let shape = inputs.first.map { tensors[$0].shape } ?? []
    guard let node = nodes.first(where: { $0.operation.weightChannelAxis != nil }),
      node.inputs.count > 1, case .float(let weights) = tensors[node.inputs[1]].constant,
      let sheet = FilterSheet(
        weights, shape: tensors[node.inputs[1]].shape, image: Array(shape.dropFirst()))
    else { return nil }
    return (node.name, sheet)
  }
}
