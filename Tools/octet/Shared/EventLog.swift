import Foundation
import OctetCommand
import OctetData
import OctetPage
import OctetReport
import OctetTensorBoard
import OctetTraining

/// A run as TensorBoard shows it: `DIR/RUN/events.out.tfevents.…`.
///
/// The step of an epoch is the number of batches until its end, so that what is measured within
/// epochs has its place between them.
final class EventLog {
  private let file: GrowingFile
  private var records = EventRecords()
  private let epochCount: Int
  private let clock = Stopwatch()
  private let continues: Bool
  private var hasBegun = false
  private var lastStep = 0
  private var lastFlush = 0.0
  /// The last epochs of which scalars, and pictures and histograms, were logged.
  private var loggedEpochs = 0, richEpoch = 0
  /// The seconds that pictures and histograms have taken.
  private var richSeconds = 0.0

  /// Seconds between two writings within an epoch.
  private static let interval = 5.0
  /// Epochs whose pictures and histograms are kept; of longer runs they are chosen evenly.
  private static let richLimit = 100

  var folder: String { file.folder }

  /// - Throws: status 73 when the file cannot be made.
  init(
    run: String, in folder: OutputFolderPath, continues: Bool,
    options: [(name: String, value: String)], epochCount: Int
  ) throws(CommandError) {
    // In milliseconds: readers take the files of a run by their names.
    let name = "events.out.tfevents.\(Int(Self.time * 1000)).\(Self.host).\(getpid())"
    file = try GrowingFile(name, run: run, in: folder, continues: continues)
    self.continues = continues
    self.epochCount = epochCount
    records.begin(at: Self.time)
    let rows = options.map { "| \($0.name) | \($0.value.replacing("|", with: "\\|")) |" }
    records.add(
      [
        EventValue(
          "options", .text((["| option | value |", "|---|---|"] + rows).joined(separator: "\n")))
      ], step: 0, at: Self.time)
    try flush()
  }

  private static var time: Double { Date().timeIntervalSince1970 }
  /// The machine, as names of files may have it.
  private static var host: String {
    String(ProcessInfo.processInfo.hostName.filter { $0.isLetter || $0.isNumber || $0 == "-" })
  }

  /// Whether there is something to log at this moment.
  func wants(_ view: TrainingView) -> Bool {
    view.progress == nil || view.course.lastKept.map { $0.step > lastStep } == true
  }

  /// Values that belong to the beginning.
  func add(_ value: EventValue) { records.add([value], step: 0, at: Self.time) }

  /// - Parameters:
  ///   - budget: the seconds that pictures and histograms may have taken until now.
  ///   - assess: judges the validation images.
  func add(
    _ view: TrainingView, budget: Double, assess: () -> Assessment?
  ) throws(CommandError) {
    if !hasBegun {
      hasBegun = true
      // What was done before this process is in the older file.
      (loggedEpochs, richEpoch) = (view.epochs.count, view.epochs.count)
      lastStep = view.course.last?.step ?? 0
      if continues, lastStep > 0 { records.resume(from: lastStep + 1, at: Self.time) }
    }
    if let point = view.course.lastKept, point.step > lastStep { add(point, view.course) }
    if view.progress == nil, let epoch = view.epochs.last {
      let step = view.course.last?.step ?? epoch.epoch
      if epoch.epoch > loggedEpochs {
        records.add(scalars(of: epoch), step: step, at: Self.time)
      }
      loggedEpochs = epoch.epoch
      let spacing = max(1, (epochCount + Self.richLimit - 1) / Self.richLimit)
      let isWanted = epoch.epoch % spacing == 0 && richSeconds <= budget
      if view.isLast || isWanted, richEpoch < epoch.epoch {
        richEpoch = epoch.epoch
        let watch = Stopwatch()
        records.add(pictures(view, assess()), step: step, at: Self.time)
        richSeconds += watch.seconds
      }
      return try flush()
    }
    if clock.seconds - lastFlush >= Self.interval { try flush() }
  }

  /// The last words.
  func finish(testAccuracy: Double) throws(CommandError) {
    records.add(
      [EventValue("accuracy/test", .scalar(testAccuracy))], step: lastStep, at: Self.time)
    try flush()
  }

  /// Whole records reach the file, or none of them.
  private func flush() throws(CommandError) {
    lastFlush = clock.seconds
    let bytes = records.bytes
    records = EventRecords()
    try file.append(bytes)
  }

  // MARK: Values

  private func add(_ point: TrainingCourse.Point, _ course: TrainingCourse) {
    lastStep = point.step
    var values = [
      EventValue("step/loss", .scalar(point.loss)),
      EventValue("step/accuracy", .scalar(point.accuracy)),
      EventValue("step/learning rate", .scalar(point.rate)),
      EventValue("step/gradient norm", .scalar(point.gradientNorm)),
    ]
    for (index, layer) in course.layers.enumerated() {
      values += [
        EventValue("gradient norm", layer: layer, .scalar(Double(point.gradients[index]))),
        EventValue("weight norm", layer: layer, .scalar(Double(point.weights[index]))),
        EventValue("step by weights", layer: layer, .scalar(point.ratio(index))),
      ]
    }
    records.add(values, step: point.step, at: Self.time)
  }

  private func scalars(of epoch: TrainingCourse.Epoch) -> [EventValue] {
    let named: [(String, Double?)] = [
      ("loss/training", epoch.trainLoss), ("loss/validation", epoch.validationLoss),
      ("accuracy/training", epoch.trainAccuracy), ("accuracy/validation", epoch.validationAccuracy),
      ("speed/images per second", epoch.imagesPerSecond), ("speed/seconds", epoch.seconds),
    ]
    return named.compactMap { name, value in value.map { EventValue(name, .scalar($0)) } }
  }

  private func pictures(_ view: TrainingView, _ assessment: Assessment?) -> [EventValue] {
    var values: [EventValue] = []
    for (index, layer) in view.course.layers.enumerated() {
      let (weights, gradient) = view.values(of: index)
      values += [
        EventValue("weights", layer: layer, .histogram(weights)),
        EventValue("gradients", layer: layer, .histogram(gradient)),
      ]
    }
    if let (layer, sheet) = view.graph.firstFilters {
      values.append(EventValue("filters", layer: layer, .picture(sheet.picture(factor: 4))))
    }
    if let assessment {
      values.append(EventValue("validation/confusion", .picture(assessment.confusionPicture())))
    }
    return values
  }
}

extension EventValue.Content {
  fileprivate static func picture(_ image: Image) -> Self {
    .picture(
      png: PNG.encode(image), height: image.height, width: image.width,
      channelCount: image.channelCount)
  }
}

extension AugmentationSheet {
  /// Images as training will vary them; nil where it leaves them as they are.
  static func pictures(_ images: Dataset, _ options: TrainingOptions) -> EventValue? {
    guard !options.augmentation.isNothing, images.count > 0 else { return nil }
    let sheet = AugmentationSheet(
      images, options.augmentation, imageCount: 8, viewCount: 9, seed: options.seed)
    return EventValue("data/augmented", .picture(sheet.image))
  }
}
