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
/// pools, transposed convolutions, resizing, fully connected layers and products of matrices, batch
/// and local response normalization, every function of one number, arithmetic of two tensors, means
/// and sums, what joins, pads, cuts or moves elements, and softmaxes.
///
/// The same seed gives the same bytes on machines with the same kernel set, whatever the number
/// of threads.
@safe public struct Trainer: Sendable {
  // Safety: `kernels` are functions of this program.
  private let network: TrainingNetwork
  private let options: TrainingOptions
  private let kernels: octet_float_kernels
  /// Whose scores of the images are learnt from beside their labels.
  var teacher: Teacher?

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
  ///   - checkpoints: where to go on from, and what keeps the run.
  ///   - shouldStop: asked before every batch; true ends training with the best weights so far.
  /// - Throws: when images or labels do not fit the network, the loss is no longer finite, or the
  ///   checkpoint is of another run.
  public func train(
    _ images: Dataset, validation: Dataset? = nil, checkpoints: Checkpoints? = nil,
    progress: (TrainingProgress) -> Void = { _ in },
    epochEnded: (_ record: EpochRecord, _ isBest: Bool) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws(TrainingError) -> TrainingResult {
    try train(
      images, validation: validation, checkpoints: checkpoints, watch: nil, progress: progress,
      epochEnded: epochEnded, shouldStop: shouldStop)
  }

  /// Trains while somebody watches; what comes of it is the same.
  ///
  /// - Throws: as without.
  package func train(
    _ images: Dataset, validation: Dataset? = nil, checkpoints: Checkpoints? = nil,
    watch: TrainingWatch?, progress: (TrainingProgress) -> Void = { _ in },
    epochEnded: (_ record: EpochRecord, _ isBest: Bool) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws(TrainingError) -> TrainingResult {
    let run = try unsafe TrainingRun(network, options: options, kernels: kernels)
    try run.runner.check(images)
    run.teacher = teacher
    run.variations = BatchVariations(options, images, workerCount: run.pool.workerCount)
    var generator = options.generator
    var indices = Array(0..<images.count)
    var validation = validation
    if validation == nil {
      let parts = options.split(images.count, by: &generator)
      if !parts.heldBack.isEmpty { validation = images.subset(parts.heldBack) }
      indices = parts.learnt
    }
    guard !indices.isEmpty else { throw .data("there are no images to train on") }
    if let validation { try run.runner.check(validation) }
    var loop = unsafe EpochLoop(
      run: run, images: images, indices: indices, generator: generator,
      evaluator: try Evaluator(
        network: network, threadCount: options.threadCount, kernels: kernels),
      validation: validation.flatMap { $0.count > 0 ? $0 : nil }, checkpoints: checkpoints)
    if let watch { loop.have(watch) }
    if checkpoints != nil {
      loop.state.identity = Checkpoint.Identity(network, images, validation, run)
    }
    if let bytes = checkpoints?.resuming { try loop.restore(try Checkpoint(bytes)) }
    return try loop.train(
      progress: progress, epochEnded: epochEnded, shouldStop: shouldStop)
  }
}

extension TrainingOptions {
  /// What the split and the order of the images are drawn from.
  var generator: Xoshiro256 { Xoshiro256(seed: seed ^ 0x5eed) }

  /// Which of so many images are learnt from, and which held back, as training splits them.
  package func split(_ count: Int) -> (learnt: [Int], heldBack: [Int]) {
    var generator = generator
    return split(count, by: &generator)
  }

  func split(
    _ count: Int, by generator: inout Xoshiro256
  ) -> (learnt: [Int], heldBack: [Int]) {
    var indices = Array(0..<count)
    guard validationFraction > 0 else { return (indices, []) }
    generator.shuffle(&indices)
    let heldBack = Int(Double(count) * validationFraction)
    return (Array(indices[heldBack...]), indices[..<heldBack].sorted())
  }
}
