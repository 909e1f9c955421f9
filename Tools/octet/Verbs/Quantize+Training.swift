import OctetCommand
import OctetData
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetTraining

/// The part of `quantize` that goes on training in int8: what it is told, and what it did.
///
/// One for each run: it keeps the report of the training that was done last.
final class QuantizedTraining {
  static let epochs = OctetCommand.Option(
    "--train-epochs", .integer(1...1000),
    help: "Go on training in int8 so many times through the training images; with --max-drop and "
      + "the like only where rounding does not hold them. Ctrl-C keeps the best epoch so far.")
  static let rate = OctetCommand.Option(
    "--train-rate", .positiveNumber(upTo: 1),
    help: "Its learning rate (Adam's) at the start, 0.0005 unless said; falls to 0 on a cosine.")
  static let distillation = OctetCommand.Option(
    "--distill", .number(0...1),
    help: "The share of its loss that the float model's scores have, 0.5 unless said; labels have "
      + "the rest, and with 1 they mean nothing.")
  static let temperature = OctetCommand.Option(
    "--temperature", .positiveNumber(upTo: 100),
    help: "What scores are divided by before --distill compares them; 2 unless said.")
  static let fixedSteps = Flag(
    "--fixed-steps", help: "Train weights alone, and leave the steps of all grids as they are.")

  static let parameters: [any Parameter] = [epochs, rate, distillation, temperature, fixedSteps]

  let options: QuantizedTrainer.Options
  private let console: Console
  /// What was done; nil before.
  private(set) var report: Report?

  /// What `quantize` tells of it.
  struct Report: Encodable {
    var epochs: [EpochRecord]
    /// 0 where no epoch did better than what was begun with.
    var bestEpoch: Int
    /// The images that were learnt from and those that chose the best epoch.
    var imageCount, validationImageCount: Int
    /// The share of the latter that was right before and is right now; without labels, that is
    /// decided as by the float model.
    var startAccuracy: Double?
    var accuracy: Double?
    /// Ctrl-C ended it.
    var wasInterrupted: Bool

    var text: String {
      let accuracies = [startAccuracy, accuracy].compactMap { $0?.percent }
      return "trained in int8: \(accuracies.joined(separator: ", then ")) of "
        + "\(validationImageCount) validation images"
        + (bestEpoch == 0 ? "; no epoch was better" : " with epoch \(bestEpoch)")
    }
  }

  /// nil where no training is asked for.
  init?(_ arguments: Arguments, _ console: Console) throws(CommandError) {
    guard let epochs = arguments[Self.epochs] else {
      for parameter in Self.parameters where arguments.contains(parameter) {
        throw CommandError(
          .usage, "\(parameter.specification.name) is about training; give --train-epochs, too")
      }
      return nil
    }
    var options = QuantizedTrainer.Options()
    options.epochCount = epochs
    if let rate = arguments[Self.rate] { options.learningRate = Float(rate) }
    if let share = arguments[Self.distillation] { options.distillation = Float(share) }
    if let temperature = arguments[Self.temperature] { options.temperature = Float(temperature) }
    options.learnsSteps = !arguments[Self.fixedSteps]
    options.threadCount = arguments[Common.threads]
    self.options = options
    self.console = console
  }

  /// Whether labels are learnt from.
  var usesLabels: Bool { options.distillation < 1 }

  /// Trains what was quantized.
  ///
  /// - Returns: the trained model, and whether Ctrl-C asks to stop with it.
  func train(
    _ quantized: Quantizer.Result, _ prepared: Quantize.Prepared, seed: UInt64
  ) throws -> (result: Quantizer.Result, isLast: Bool) {
    guard let images = prepared.trainingImages else { return (quantized, false) }
    let float = prepared.graph
    let classCount = float.outputs.first.map { float.tensors[$0].elementCount } ?? 0
    guard !usesLabels || classCount == images.classNames.count else {
      throw CommandError(
        .badData,
        "the model gives \(classCount) scores and the images have \(images.classNames.count) "
          + "classes; --distill 1 learns from the float model's scores alone")
    }
    var options = options
    options.seed = seed
    let trainer = try QuantizedTrainer(quantized.graph, from: float, options: options)
    let validationCount = Int(Double(images.count) * options.validationFraction)
    let scale = 1000
    let bar = console.progress("training in int8", total: options.epochCount * scale)
    defer { bar.finish() }
    let trained = try Interruption.whilePolling {
      console.message(
        "training in int8 on \(images.count - validationCount) images; \(validationCount) others "
          + "choose the epoch")
      console.print(EpochLine.title)
      let trained = try trainer.train(images, hasLabels: usesLabels) { state in
        let done = (state.epoch - 1) * scale + state.batch * scale / max(state.batchCount, 1)
        bar.update(
          done,
          note: "epoch \(state.epoch)/\(state.epochCount)  loss "
            + "\(state.loss.formatted(digits: 4))  \(Int(state.imagesPerSecond)) images/s")
      } epochEnded: { record, isBest in
        console.print(EpochLine.text(record, isBest: isBest))
      } shouldStop: {
        Interruption.isRequested
      }
      // Without a whole epoch there is nothing to keep.
      if trained.wasStopped, trained.epochs.isEmpty { throw CommandError.interrupted }
      return trained
    }
    report = Report(
      epochs: trained.epochs, bestEpoch: trained.bestEpoch,
      imageCount: images.count - validationCount, validationImageCount: validationCount,
      startAccuracy: trained.startAccuracy, accuracy: trained.accuracy,
      wasInterrupted: trained.wasStopped)
    if trained.bestEpoch == 0 {
      console.message("no epoch of training did better than the model that it began with")
    }
    let result = try quantized.replacing(
      trained.graph, from: float, samples: prepared.samples, threadCount: options.threadCount)
    return (result, trained.wasStopped)
  }
}
