import Foundation
import OctetData
import OctetModel
import OctetReport

/// What keeps a run, so that one that was killed ends with the same bytes as one that was not.
public struct Checkpoints {
  /// The bytes of a checkpoint to go on from; nil begins anew.
  public var resuming: [UInt8]?
  /// How long training goes on from one checkpoint to the next, in seconds; 0 writes one after
  /// every step. There is always one at the end, and when training is stopped.
  public var interval: Double
  /// Keeps the bytes; called on the thread that trains.
  public var write: ([UInt8]) -> Void

  /// Makes a way of keeping runs.
  public init(
    resuming: [UInt8]? = nil, interval: Double = 10, write: @escaping ([UInt8]) -> Void
  ) {
    self.resuming = resuming
    self.interval = interval
    self.write = write
  }

  /// Whether bytes are a checkpoint, and of a run that was over.
  ///
  /// - Throws: when they are damaged, or none.
  public static func isFinished(_ bytes: [UInt8]) throws(TrainingError) -> Bool {
    try Checkpoint(bytes).state.isFinished
  }
}

/// The loop over epochs.
struct EpochLoop {
  let run: TrainingRun
  let images: Dataset
  var indices: [Int]
  var generator: Xoshiro256
  let evaluator: Evaluator
  let validation: Dataset?
  let checkpoints: Checkpoints?
  /// Where the run stands.
  var state: Checkpoint.State
  /// The parameters of the best epoch.
  private var best: [Float] = []
  private var lastCheckpoint = Date()
  private var watcher: Watcher?

  /// Who watches, and what is gathered for that.
  private struct Watcher {
    let watch: TrainingWatch
    let start: Graph
    var validationScores: [Float] = []
  }

  init(
    run: TrainingRun, images: Dataset, indices: [Int], generator: Xoshiro256,
    evaluator: Evaluator, validation: Dataset?, checkpoints: Checkpoints?
  ) {
    self.run = run
    self.images = images
    self.indices = indices
    self.generator = generator
    self.evaluator = evaluator
    self.validation = validation
    self.checkpoints = checkpoints
    state = Checkpoint.State(
      identity: .init(options: "", network: "", images: "", kernels: ""),
      parameterCount: run.network.parameterCount,
      hasAverage: run.options.averagingDecay != nil, epochCount: 0)
  }

  private var options: TrainingOptions { run.options }
  private var batchCount: Int { (indices.count + options.batchSize - 1) / options.batchSize }

  mutating func train(
    progress: (TrainingProgress) -> Void, epochEnded: (EpochRecord, Bool) -> Void,
    shouldStop: () -> Bool
  ) throws(TrainingError) -> TrainingResult {
    if watcher != nil, state.course == nil {
      state.course = TrainingCourse(layers: run.probe?.layers.map(\.name) ?? [])
    }
    if watcher != nil, state.epochCount > 0, let validation {
      let scores = unsafe evaluator.judge(validation, parameters: run.updater.result).logits
      watcher?.validationScores = scores
    }
    look(nil)
    let clock = Clock(doneAtStart: done)
    for _ in 0..<state.epochCount { generator.shuffle(&indices) }
    var wasStopped = false
    if options.epochCount == 0 { state.isFinished = true }
    while !state.isFinished {
      let epochStart = Date()
      generator.shuffle(&indices)
      let firstBatch = state.batchCount
      guard try trainEpoch(clock: clock, progress: progress, shouldStop: shouldStop) else {
        wasStopped = true
        break
      }
      let learntCount = indices.count - firstBatch * options.batchSize
      finish(learntCount: learntCount, start: epochStart)
      let epoch = state.epochCount
      state.isFinished =
        epoch == options.epochCount
        || options.patience.map { epoch - state.bestEpoch >= $0 } == true
      if let record = state.records.last?.record { epochEnded(record, state.bestEpoch == epoch) }
      look(nil)
      if state.isFinished { keep() } else { keepWhenDue() }
    }
    if wasStopped { keep() }
    look(nil, isLast: true)
    return result(wasStopped: wasStopped)
  }

  private func result(wasStopped: Bool) -> TrainingResult {
    let graph =
      unsafe state.bestEpoch == 0
      ? run.network.graph(with: run.updater.result)
      : best.withUnsafeBufferPointer { values in
        unsafe values.baseAddress.map { unsafe run.network.graph(with: $0) } ?? run.network.graph
      }
    return TrainingResult(
      graph: graph, epochs: state.records.map(\.record), bestEpoch: state.bestEpoch,
      wasStopped: wasStopped, trainedCount: run.network.trainedCount)
  }

  // MARK: Epochs

  /// Epochs that are behind the run, with the part of the one begun.
  private var done: Double {
    Double(state.epochCount) + Double(state.batchCount) / Double(max(batchCount, 1))
  }

  private struct Clock {
    let start = Date()
    let doneAtStart: Double
  }

  /// - Returns: false when stopped.
  private mutating func trainEpoch(
    clock: Clock, progress: (TrainingProgress) -> Void, shouldStop: () -> Bool
  ) throws(TrainingError) -> Bool {
    let epoch = state.epochCount + 1
    let epochStart = Date()
    let alreadySeen = state.batchCount * options.batchSize
    while state.batchCount < batchCount {
      if shouldStop() { return false }
      let first = state.batchCount * options.batchSize
      let count = min(options.batchSize, indices.count - first)
      run.probe?.isDue = LayerProbe.measures(step: state.batchCount, of: batchCount)
      let result = step(
        first: first, count: count, index: state.epochCount * batchCount + state.batchCount)
      measure(result, count: count)
      state.loss += result.loss
      state.correctCount += result.correctCount
      state.batchCount += 1
      guard state.loss.isFinite else { throw .diverged(epoch: epoch, batch: state.batchCount) }
      let now = Date()
      let seen = first + count
      let left = Double(options.epochCount) - done
      let standing = TrainingProgress(
        epoch: epoch, epochCount: options.epochCount, batch: state.batchCount,
        batchCount: batchCount, loss: state.loss / Double(seen),
        accuracy: Double(state.correctCount) / Double(seen),
        imagesPerSecond: Double(seen - alreadySeen)
          / max(now.timeIntervalSince(epochStart), 1e-9),
        secondsLeft: now.timeIntervalSince(clock.start) / (done - clock.doneAtStart) * left)
      progress(standing)
      look(standing)
      if state.batchCount < batchCount { keepWhenDue() }
    }
    return true
  }

  /// - Parameter index: of the step in the whole run, from 0.
  private func step(first: Int, count: Int, index: Int) -> SoftmaxCrossEntropy.Result {
    let factor = options.rateFactor(
      step: index, stepCount: batchCount * options.epochCount, stepsPerEpoch: batchCount)
    return unsafe images.pixels.withUnsafeBufferPointer { pixels in
      unsafe images.labels.withUnsafeBufferPointer { labels in
        unsafe indices.withUnsafeBufferPointer { indices in
          guard let pixels = pixels.baseAddress, let labels = labels.baseAddress,
            let indices = indices.baseAddress
          else { return .init() }
          return unsafe run.step(
            TrainingBatch(
              pixels: pixels, imageByteCount: images.imageByteCount, labels: labels,
              indices: indices + first, count: count, epoch: index / batchCount + 1),
            step: index + 1, factor: factor)
        }
      }
    }
  }

  /// Validates, keeps the weights when they are the best so far, and writes the record.
  private mutating func finish(learntCount: Int, start: Date) {
    let count = Double(indices.count)
    let trainSeconds = Date().timeIntervalSince(start)
    let epoch = state.epochCount + 1
    var record = EpochRecord(
      epoch: epoch, trainLoss: state.loss / count,
      trainAccuracy: Double(state.correctCount) / count, seconds: 0,
      imagesPerSecond: Double(learntCount) / max(trainSeconds, 1e-9))
    // Without validation images the last epoch is the best.
    var accuracy = Double(epoch)
    var loss = 0.0
    if let validation {
      let (result, scores) = unsafe evaluator.judge(validation, parameters: run.updater.result)
      watcher?.validationScores = scores
      accuracy = result.accuracy
      loss = result.loss
      record.validationAccuracy = accuracy
      record.validationLoss = loss
    }
    let isBetter =
      accuracy == state.bestAccuracy ? loss < state.bestLoss : accuracy > state.bestAccuracy
    if state.bestEpoch == 0 || isBetter {
      best = run.updater.copy(of: .result)
      (state.bestEpoch, state.bestAccuracy, state.bestLoss) = (epoch, accuracy, loss)
    }
    record.seconds = Date().timeIntervalSince(start)
    state.records.append(TrainingCourse.Epoch(record))
    state.epochCount = epoch
    (state.batchCount, state.loss, state.correctCount) = (0, 0, 0)
  }

  // MARK: Watching

  /// Has the run looked at by `watch`; before it begins, and before a checkpoint is restored.
  mutating func have(_ watch: TrainingWatch) {
    run.probe = LayerProbe(run.network)
    watcher = unsafe Watcher(watch: watch, start: run.network.graph(with: run.updater.result))
  }

  private func look(_ progress: TrainingProgress?, isLast: Bool = false) {
    guard let watcher, let course = state.course else { return }
    watcher.watch.look(
      TrainingView(
        progress: progress, isLast: isLast, epochs: state.records, bestEpoch: state.bestEpoch,
        course: course,
        validation: validation, validationScores: watcher.validationScores, start: watcher.start,
        run: run))
  }

  /// Enters a step into the course, when it was measured.
  private mutating func measure(_ sums: SoftmaxCrossEntropy.Result, count: Int) {
    guard watcher != nil, let probe = run.probe else { return }
    var total = state.unmeasured ?? .init()
    total.loss += sums.loss
    total.correctCount += sums.correctCount
    total.count += count
    guard LayerProbe.measures(step: state.batchCount, of: batchCount) else {
      state.unmeasured = total
      return
    }
    state.unmeasured = nil
    let index = state.epochCount * batchCount + state.batchCount
    let factor = options.rateFactor(
      step: index, stepCount: batchCount * options.epochCount, stepsPerEpoch: batchCount)
    let point = TrainingCourse.Point(
      step: index + 1, epoch: Double(index + 1) / Double(batchCount),
      loss: total.loss / Double(total.count),
      accuracy: Double(total.correctCount) / Double(total.count),
      rate: Double(options.learningRate * factor), gradients: probe.gradients,
      weights: probe.weights, updates: probe.updates)
    state.course?.add(point)
  }

  // MARK: Checkpoints

  /// Takes the run to where a checkpoint stood.
  mutating func restore(_ checkpoint: Checkpoint) throws(TrainingError) {
    if let difference = checkpoint.state.identity.difference(from: state.identity) {
      throw .checkpoint("it is of a run with \(difference); give what that run was given")
    }
    state = checkpoint.state
    var arrays = checkpoint.arrays
    if state.bestEpoch > 0 { best = arrays.removeLast() }
    run.updater.restore(arrays)
  }

  private mutating func keepWhenDue() {
    guard let checkpoints, Date().timeIntervalSince(lastCheckpoint) >= checkpoints.interval
    else { return }
    keep()
  }

  private mutating func keep() {
    guard let checkpoints else { return }
    let arrays = run.updater.arrays + (state.bestEpoch > 0 ? [best] : [])
    checkpoints.write(Checkpoint(state: state, arrays: arrays).bytes)
    lastCheckpoint = Date()
  }
}
