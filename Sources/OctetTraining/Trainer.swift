import COctetFloatKernels
import Foundation
import OctetData
import OctetModel

/// Trains the weights of a graph to classify images, by softmax cross-entropy on its output.
///
///     let graph = try Architectures.lenet(height: 28, width: 28, channelCount: 1, classCount: 10)
///     let result = try Trainer(graph, options: TrainingOptions()).train(images)
///     let accuracy = try Evaluator(result.graph).accuracy(testImages)
///
/// The graph may hold convolutions (grouped, depthwise, strided, dilated, padded), max and average
/// pools, fully connected layers, batch and local response normalization, every function of one
/// number, arithmetic of two tensors, means and sums, what joins, pads, cuts or moves elements, and
/// a softmax at the end.
/// The same seed gives the same bytes on machines with the same kernel set, whatever the number
/// of threads.
@safe public struct Trainer: Sendable {
  // Safety: `kernels` are functions of this program.
  private let network: TrainingNetwork
  private let options: TrainingOptions
  private let kernels: octet_float_kernels

  /// - Throws: when an option is out of range or the graph holds what cannot be trained.
  public init(
    _ graph: Graph, options: TrainingOptions = TrainingOptions()
  ) throws(TrainingError) {
    try unsafe self.init(graph, options: options, kernels: FloatKernels.best)
  }

  /// A network with what only its training knows: dropout, what is frozen, what is connected.
  ///
  /// - Throws: as with a graph alone.
  public init(
    _ network: TrainableGraph, options: TrainingOptions = TrainingOptions()
  ) throws(TrainingError) {
    try unsafe self.init(network, options: options, kernels: FloatKernels.best)
  }

  package init(
    _ graph: Graph, options: TrainingOptions, kernels: octet_float_kernels
  ) throws(TrainingError) {
    try unsafe self.init(TrainableGraph(graph), options: options, kernels: kernels)
  }

  package init(
    _ network: TrainableGraph, options: TrainingOptions, kernels: octet_float_kernels
  ) throws(TrainingError) {
    try options.check()
    self.network = try TrainingNetwork(network)
    self.options = options
    unsafe self.kernels = kernels
  }

  /// - Parameters:
  ///   - images: what to learn from; without `validation`, a share of them is held back for it.
  ///   - validation: images that choose the best epoch.
  ///   - progress: called after every batch, on the calling thread.
  ///   - epochEnded: called after every epoch; `isBest`: it is the best so far.
  ///   - shouldStop: asked before every batch; true ends training with the best weights so far.
  /// - Throws: when images or labels do not fit the network, or the loss is no longer finite.
  public func train(
    _ images: Dataset, validation: Dataset? = nil,
    progress: (TrainingProgress) -> Void = { _ in },
    epochEnded: (_ record: EpochRecord, _ isBest: Bool) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws(TrainingError) -> TrainingResult {
    let run = try unsafe TrainingRun(network, options: options, kernels: kernels)
    try run.runner.check(images)
    var generator = Xoshiro256(seed: options.seed ^ 0x5eed)
    var indices = Array(0..<images.count)
    var validation = validation
    if validation == nil, options.validationFraction > 0 {
      generator.shuffle(&indices)
      let heldBack = Int(Double(images.count) * options.validationFraction)
      if heldBack > 0 { validation = images.subset(indices[..<heldBack].sorted()) }
      indices.removeFirst(heldBack)
    }
    guard !indices.isEmpty else { throw .data("there are no images to train on") }
    var loop = unsafe EpochLoop(
      run: run, images: images, indices: indices, generator: generator,
      evaluator: try Evaluator(
        network: network, threadCount: options.threadCount, kernels: kernels),
      validation: validation.flatMap { $0.count > 0 ? $0 : nil })
    if let validation { try run.runner.check(validation) }
    return try loop.train(
      progress: progress, epochEnded: epochEnded, shouldStop: shouldStop)
  }
}

/// The loop over epochs.
private struct EpochLoop {
  let run: TrainingRun
  let images: Dataset
  var indices: [Int]
  var generator: Xoshiro256
  let evaluator: Evaluator
  let validation: Dataset?
  var best: (graph: Graph, epoch: Int, accuracy: Double, loss: Double)?
  var records: [EpochRecord] = []
  var trainingSeconds = 0.0

  private var options: TrainingOptions { run.options }
  private var batchCount: Int { (indices.count + options.batchSize - 1) / options.batchSize }

  mutating func train(
    progress: (TrainingProgress) -> Void, epochEnded: (EpochRecord, Bool) -> Void,
    shouldStop: () -> Bool
  ) throws(TrainingError) -> TrainingResult {
    let start = Date()
    var wasStopped = false
    for epoch in 1...max(options.epochCount, 1) where options.epochCount > 0 {
      let epochStart = Date()
      generator.shuffle(&indices)
      guard
        let sums = try trainEpoch(epoch, start: start, progress: progress, shouldStop: shouldStop)
      else {
        wasStopped = true
        break
      }
      let seconds = Date().timeIntervalSince(epochStart)
      trainingSeconds += seconds
      try finish(epoch, sums, trainSeconds: seconds, start: epochStart)
      if let record = records.last { epochEnded(record, best?.epoch == epoch) }
      if let patience = options.patience, let best, epoch - best.epoch >= patience { break }
    }
    return unsafe TrainingResult(
      graph: best?.graph ?? run.network.graph(with: run.parameters), epochs: records,
      bestEpoch: best?.epoch ?? 0, wasStopped: wasStopped)
  }

  /// - Returns: the sums over the epoch; nil when stopped.
  private func trainEpoch(
    _ epoch: Int, start: Date, progress: (TrainingProgress) -> Void, shouldStop: () -> Bool
  ) throws(TrainingError) -> SoftmaxCrossEntropy.Result? {
    var sums = SoftmaxCrossEntropy.Result()
    let epochStart = Date()
    for batch in 0..<batchCount {
      if shouldStop() { return nil }
      let first = batch * options.batchSize
      let count = min(options.batchSize, indices.count - first)
      let result = step(first: first, count: count, index: (epoch - 1) * batchCount + batch)
      sums.loss += result.loss
      sums.correctCount += result.correctCount
      guard sums.loss.isFinite else { throw .diverged(epoch: epoch, batch: batch + 1) }
      let now = Date()
      let seen = first + count
      let done = Double(epoch - 1) + Double(seen) / Double(indices.count)
      progress(
        TrainingProgress(
          epoch: epoch, epochCount: options.epochCount, batch: batch + 1, batchCount: batchCount,
          loss: sums.loss / Double(seen), accuracy: Double(sums.correctCount) / Double(seen),
          imagesPerSecond: Double(seen) / max(now.timeIntervalSince(epochStart), 1e-9),
          secondsLeft: now.timeIntervalSince(start) / done * (Double(options.epochCount) - done)))
    }
    return sums
  }

  /// - Parameter index: of the step in the whole run, from 0.
  private func step(first: Int, count: Int, index: Int) -> SoftmaxCrossEntropy.Result {
    let factor = options.schedule.factor(
      step: index, stepCount: batchCount * options.epochCount, stepsPerEpoch: batchCount)
    return unsafe images.pixels.withUnsafeBufferPointer { pixels in
      unsafe images.labels.withUnsafeBufferPointer { labels in
        unsafe indices.withUnsafeBufferPointer { indices in
          guard let pixels = pixels.baseAddress, let labels = labels.baseAddress,
            let indices = indices.baseAddress
          else { return .init() }
          return unsafe run.step(
            pixels: pixels, imageByteCount: images.imageByteCount, labels: labels,
            indices: indices + first, count: count, step: index + 1, factor: factor)
        }
      }
    }
  }

  /// Validates, keeps the weights when they are the best so far, and writes the record.
  private mutating func finish(
    _ epoch: Int, _ sums: SoftmaxCrossEntropy.Result, trainSeconds: Double, start: Date
  ) throws(TrainingError) {
    let count = Double(indices.count)
    var record = EpochRecord(
      epoch: epoch, trainLoss: sums.loss / count,
      trainAccuracy: Double(sums.correctCount) / count, seconds: 0,
      imagesPerSecond: count / max(trainSeconds, 1e-9))
    // Without validation images the last epoch is the best.
    var accuracy = Double(epoch)
    var loss = 0.0
    if let validation {
      let result = unsafe evaluator.evaluate(validation, parameters: run.parameters)
      accuracy = result.accuracy
      loss = result.loss
      record.validationAccuracy = accuracy
      record.validationLoss = loss
    }
    let isBetter = best.map { accuracy == $0.accuracy ? loss < $0.loss : accuracy > $0.accuracy }
    if isBetter ?? true {
      best = unsafe (run.network.graph(with: run.parameters), epoch, accuracy, loss)
    }
    record.seconds = Date().timeIntervalSince(start)
    records.append(record)
  }
}
