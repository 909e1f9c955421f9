import COctetFloatKernels
import OctetData
import OctetModel

/// Goes on training an int8 model in the very arithmetic of the runtime: quantization-aware
/// training.
///
/// Forward, every weight and every result is rounded to its grid, with the integers that the
/// runtime has (`CodedLayerStep` and its neighbours), so that what is learnt and validated is the
/// model that boards run. Backwards, rounding passes gradients through. Batch normalization
/// is folded already. The same seed gives the same bytes for any number of threads.
public struct QuantizedTrainer: Sendable {
  /// How to train.
  public struct Options: Sendable, Equatable {
    /// The times through the images, 1 or more.
    public var epochCount = 1
    /// The learning rate of Adam at the start; it falls to 0 on a cosine.
    public var learningRate: Float = 5e-4
    /// Images a step.
    public var batchSize = 64
    /// The share of the loss that the float model's scores have, 0…1; labels have the rest.
    public var distillation: Float = 0.5
    /// What scores are divided by before the two models' are compared, above 0.
    public var temperature: Float = 2
    /// Train the steps of the grids too (LSQ), not only what is rounded to them.
    public var learnsSteps = true
    /// The share of the images that is held back to choose the best epoch, 0 ..< 1.
    public var validationFraction = 1.0 / 12
    /// Draws the split and the order of the images.
    public var seed: UInt64 = 1
    /// Changes the speed and never the result.
    public var threadCount = 1

    /// What does well on small images.
    public init() {}
  }

  /// What training came to.
  public struct Result: Sendable {
    /// The int8 model with the codes and grids of the best epoch.
    public var graph: Graph
    /// Every whole epoch.
    public var epochs: [EpochRecord]
    /// 0 where no epoch did better than the model that was begun with.
    public var bestEpoch: Int
    /// The share of validation images that the model had right before; nil without any.
    public var startAccuracy: Double?
    /// `shouldStop` ended training.
    public var wasStopped: Bool

    /// The share of validation images that the model has right now; nil without any.
    public var accuracy: Double? {
      bestEpoch == 0 ? startAccuracy : epochs[bestEpoch - 1].validationAccuracy
    }
  }

  let coded: CodedGraph
  private let float: Graph
  private let options: Options

  /// - Parameters:
  ///   - graph: int8, as `Quantizer` makes it.
  ///   - float: what `graph` was quantized from, whose scores are learnt from.
  /// - Throws: when an option is out of range, or the first node that cannot be trained.
  public init(
    _ graph: Graph, from float: Graph, options: Options = Options()
  ) throws(TrainingError) {
    guard options.temperature > 0, options.temperature.isFinite else {
      throw .option(name: "temperature", reason: "must be above 0")
    }
    guard (0...1).contains(options.distillation) else {
      throw .option(name: "distill", reason: "must be 0 to 1")
    }
    coded = try CodedGraph(graph, learnsSteps: options.learnsSteps)
    self.float = float
    self.options = options
    _ = try TrainingNetwork(coded.network)
  }

  /// - Parameters:
  ///   - images: what to learn from; a share of them is held back for validation.
  ///   - hasLabels: whether their labels are the model's classes; without, the float model's
  ///     decisions stand for them, and its scores are all that is learnt from.
  ///   - progress: called after every batch, on the calling thread.
  ///   - epochEnded: called after every epoch; `isBest`: it is the best so far.
  ///   - shouldStop: asked before every batch; true ends training with the best weights so far.
  /// - Throws: when images or labels do not fit the model, or the loss is no longer finite.
  public func train(
    _ images: Dataset, hasLabels: Bool = true,
    progress: (TrainingProgress) -> Void = { _ in },
    epochEnded: (_ record: EpochRecord, _ isBest: Bool) -> Void = { _, _ in },
    shouldStop: () -> Bool = { false }
  ) throws(TrainingError) -> Result {
    var images = images
    let scores = try Evaluator(float, threadCount: options.threadCount).logits(images)
    let classCount = scores.count / max(images.count, 1)
    if !hasLabels { try takeDecisions(scores, classCount, &images) }
    let training = trainingOptions
    let parts = training.split(images.count)
    let learnt = images.subset(parts.learnt)
    let heldBack = images.subset(parts.heldBack)
    var trainer = try Trainer(coded.network, options: training)
    trainer.teacher = Teacher(
      logits: parts.learnt.flatMap { scores[$0 * classCount..<($0 + 1) * classCount] },
      share: hasLabels ? options.distillation : 1, temperature: options.temperature)
    let start =
      heldBack.count == 0
      ? nil
      : try unsafe Evaluator(
        network: TrainingNetwork(coded.network), threadCount: options.threadCount,
        kernels: FloatKernels.best
      ).evaluate(heldBack)
    let result = try trainer.train(
      learnt, validation: heldBack, progress: progress, epochEnded: epochEnded,
      shouldStop: shouldStop)
    var best = result.bestEpoch
    if best > 0, let start, let reached = result.epochs[best - 1].validationAccuracy,
      reached < start.accuracy
    {
      best = 0
    }
    return Result(
      graph: best == 0 ? coded.int8 : coded.trained(result.graph), epochs: result.epochs,
      bestEpoch: best, startAccuracy: start?.accuracy, wasStopped: result.wasStopped)
  }

  private var trainingOptions: TrainingOptions {
    var training = TrainingOptions()
    training.epochCount = options.epochCount
    training.batchSize = options.batchSize
    training.learningRate = options.learningRate
    training.weightDecay = 0
    training.initialization = .keep
    training.seed = options.seed
    training.threadCount = max(options.threadCount, 1)
    training.validationFraction = options.validationFraction
    return training
  }

  /// Puts the float model's decisions in the place of labels.
  private func takeDecisions(
    _ scores: [Float], _ classCount: Int, _ images: inout Dataset
  ) throws(TrainingError) {
    guard classCount <= 256 else {
      throw .data("the model has \(classCount) classes; 256 are the most that can be trained")
    }
    images.labels = (0..<images.count).map { index in
      let own = scores[index * classCount..<(index + 1) * classCount]
      let best = own.indices.max { own[$0] < own[$1] } ?? own.startIndex
      return UInt8(best - own.startIndex)
    }
  }
}

extension CodedGraph {
  /// What the trainer takes.
  var network: TrainableGraph {
    var network = TrainableGraph(real)
    network.codes = self
    return network
  }

  /// The int8 model with the codes and grids that trained constants stand for.
  ///
  /// - Parameter trained: `real` with other constants.
  func trained(_ trained: Graph) -> Graph {
    var result = int8
    let moved = learnedSteps.flatMap { trained.tensors[$0].floats } ?? []
    for (tensor, grid) in grids {
      guard let place = grid.place, let zeroPoint = int8.tensors[tensor].quantization?.zeroPoints
      else { continue }
      result.tensors[tensor].quantization = Quantization(
        scales: [Self.step(grid.start, moved: moved[place])], zeroPoints: zeroPoint)
    }
    for node in int8.nodes {
      guard let axis = node.operation.weightChannelAxis, let own = weights[node.inputs[1]],
        let values = trained.tensors[node.inputs[1]].floats,
        let inputStep = result.tensors[node.inputs[0]].quantization?.scales.first
      else { continue }
      let moved =
        own.learnedSteps.flatMap { trained.tensors[$0].floats } ?? own.starts.map { _ in 0 }
      let steps = zip(own.starts, moved).map { Self.step($0, moved: $1) }
      let divisors = moved.map { CodedWeights.divisor(moved: $0, limit: own.limit) }
      let inner = trained.tensors[node.inputs[1]].shape[(axis + 1)...].reduce(1, *)
      result.tensors[node.inputs[1]].constant = .int8(
        values.indices.map { position in
          let divisor = divisors[position / inner % steps.count]
          return Int8(CodedWeights.code(values[position], divisor: divisor, limit: own.limit))
        })
      result.tensors[node.inputs[1]].quantization = Quantization(
        scales: steps, zeroPoints: steps.map { _ in 0 }, axis: axis)
      guard node.inputs.count > 2, let biases = trained.tensors[node.inputs[2]].floats else {
        continue
      }
      result.tensors[node.inputs[2]].constant = .int32(
        zip(biases, steps).map {
          CodedWeights.biasCode($0 * own.biasUnit, inputStep: inputStep, weightStep: $1)
        })
      result.tensors[node.inputs[2]].quantization = Quantization(
        scales: steps.map { $0 * inputStep }, zeroPoints: steps.map { _ in 0 }, axis: 0)
    }
    return result
  }
}
