import COctetFloatKernels
import Foundation
import OctetModel

/// The state of one training run; every buffer is allocated here, none in a step.
///
/// A step goes through the phases of `TrainingNetwork.perform`: one for most networks, more where
/// an operation needs the whole batch. Then every block of the batch keeps a workspace.
///
/// Determinism: a batch is cut into blocks of sixteen images, blocks into at most eight shards,
/// by their position alone. Each shard's gradient is summed in block order into the shard's own
/// array, and the shards are summed in order when the parameters are updated. So which thread
/// does what, and how many there are, changes nothing.
@safe final class TrainingRun: PooledWork {
  // Safety: every array is allocated in `init` with the room that is planned, and freed in
  // `deinit`.
  /// After those of the network; the update is the one after.
  private var reductionPhase: Int { network.phaseCount }
  static let maximumShardCount = 8

  let network: TrainingNetwork
  let runner: BlockRunner
  let options: TrainingOptions
  let pool: WorkerPool
  /// One for each worker, or for each block of a batch when it takes several phases.
  private let workspaces: [Workspace]
  private let memories: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  let updater: ParameterUpdater
  /// How the images of this run are varied; nil where they are learnt as they are.
  var variations: BatchVariations?
  /// Whose scores are learnt from as well; nil where only labels are.
  var teacher: Teacher?
  /// Measures steps by layer; nil where nobody watches.
  var probe: LayerProbe?
  /// One array each of `network.parameterCount` floats.
  private let shardGradients: UnsafeMutablePointer<Float>
  /// The gradient of a shard's later blocks, for each worker.
  private let blockGradients: UnsafeMutablePointer<Float>
  private let results: UnsafeMutablePointer<SoftmaxCrossEntropy.Result>
  private let blocksPerShard: Int
  private let maximumShards: Int

  private var stepNumber = 0
  private var batch: TrainingBatch

  init(
    _ network: TrainingNetwork, options: TrainingOptions, kernels: octet_float_kernels
  ) throws(TrainingError) {
    self.network = network
    self.options = options
    runner = try unsafe BlockRunner(network, kernels: kernels)
    let blockCount = (options.batchSize + 15) / 16
    blocksPerShard = (blockCount + Self.maximumShardCount - 1) / Self.maximumShardCount
    maximumShards = (blockCount + blocksPerShard - 1) / blocksPerShard
    let workerCount = min(options.threadCount, max(maximumShards, 1))
    let isWhole = network.phaseCount > 1
    let workspaceCount = isWhole ? blockCount : workerCount
    try network.memory.requireRoom(
      for: workspaceCount, isWholeBatch: isWhole, batchSize: options.batchSize)
    pool = WorkerPool(workerCount: workerCount)
    workspaces = (0..<workspaceCount).map { _ in Workspace(network.memory) }
    unsafe memories = .allocate(capacity: workspaces.count)
    for (index, workspace) in workspaces.enumerated() {
      unsafe (memories + index).initialize(to: workspace.memory)
    }
    updater = ParameterUpdater(network, options: options)
    unsafe shardGradients = alignedFloats(network.parameterCount * maximumShards)
    unsafe blockGradients = alignedFloats(network.parameterCount * workerCount)
    unsafe results = .allocate(capacity: maximumShards)
    unsafe results.initialize(repeating: .init(), count: maximumShards)
    batch = unsafe TrainingBatch(placeholder: shardGradients)
  }

  deinit {
    pool.stop()
    unsafe memories.deallocate()
    unsafe shardGradients.deallocate()
    unsafe blockGradients.deallocate()
    unsafe results.deallocate()
  }

  /// One step over the images of a batch.
  ///
  /// - Parameters: `step` counts from 1 over the whole run, `factor` is the schedule's.
  /// - Returns: the sums of losses and right answers.
  func step(_ batch: TrainingBatch, step: Int, factor: Float) -> SoftmaxCrossEntropy.Result {
    self.batch = batch
    stepNumber = step
    let count = batch.count
    let shardImages = blocksPerShard * TrainingNetwork.blockSize
    let shardCount = (count + shardImages - 1) / shardImages
    for phase in 0..<network.phaseCount { pool.run(self, phase: phase, count: shardCount) }
    updater.prepare(shardCount: shardCount, step: step, factor: factor)
    if updater.needsReduction {
      pool.run(self, phase: reductionPhase, count: updater.taskCount)
      updater.finishReduction()
    }
    let probe = probe.flatMap { $0.isDue ? $0 : nil }
    unsafe probe?.begin(
      shardGradients, shardCount: updater.gradientCount, parameters: updater.parameters)
    pool.run(self, phase: reductionPhase + 1, count: updater.taskCount)
    unsafe probe?.end(updater.parameters)
    var total = SoftmaxCrossEntropy.Result()
    for shard in 0..<shardCount {
      unsafe total.loss += results[shard].loss
      unsafe total.correctCount += results[shard].correctCount
    }
    return total
  }

  func perform(phase: Int, worker: Int, index: Int) {
    if phase < network.phaseCount {
      computeShard(index, worker: worker, phase: phase)
    } else if phase == reductionPhase {
      unsafe updater.reduce(index, shardGradients)
    } else {
      unsafe updater.apply(index, shardGradients)
    }
  }

  private func computeShard(_ shard: Int, worker: Int, phase: Int) {
    let shardGradient = unsafe shardGradients + shard * network.parameterCount
    if phase == 0 { unsafe results[shard] = .init() }
    for block in 0..<blocksPerShard {
      let place = shard * blocksPerShard + block
      let first = place * TrainingNetwork.blockSize
      let count = min(TrainingNetwork.blockSize, batch.count - first)
      guard count > 0 else { break }
      let gradient =
        unsafe block == 0 ? shardGradient : blockGradients + worker * network.parameterCount
      let workspace = workspaces[network.phaseCount == 1 ? worker : place]
      let context = unsafe StepContext(
        kernels: runner.kernels, memory: workspace.memory, scratch: workspaces[worker].scratch,
        parameters: updater.parameters, gradients: gradient,
        place: BlockPlace(
          index: place, imageCount: batch.count, step: stepNumber, seed: options.seed,
          peers: memories, runningStatistics: updater.parameters))
      network.perform(phase: phase, context) {
        load(context, worker: worker, first: first, count: count)
      } judge: {
        let sums = judge(context, first: first, count: count)
        unsafe results[shard].loss += sums.loss
        unsafe results[shard].correctCount += sums.correctCount
      }
      if block > 0, let range = network.finishedStage(of: phase)?.parameters {
        unsafe context.kernels.add(
          range.count / TrainingNetwork.blockSize, shardGradient + range.lowerBound,
          gradient + range.lowerBound, 0, shardGradient + range.lowerBound)
      }
    }
  }

  private func load(_ context: StepContext, worker: Int, first: Int, count: Int) {
    let images =
      unsafe variations?.images(of: batch, first: first, count: count, worker: worker)
      ?? (pixels: batch.pixels, indices: batch.indices + first)
    unsafe runner.load(
      context, pixels: images.pixels, imageByteCount: batch.imageByteCount,
      indices: images.indices, count: count)
  }

  /// The loss, and its gradient for the logits.
  private func judge(
    _ context: StepContext, first: Int, count: Int
  ) -> SoftmaxCrossEntropy.Result {
    unsafe withUnsafeTemporaryAllocation(
      of: ImageTarget.self, capacity: count
    ) { targets in
      for lane in 0..<count {
        unsafe targets[lane] =
          variations?.target(of: batch, at: first + lane) ?? batch.target(at: first + lane)
      }
      let scale = 1 / Float(batch.count)
      let (outputs, gradient) = unsafe (
        context.pointer(network.logits), context.pointer(network.logitsGradient)
      )
      var result = unsafe options.loss.evaluate(
        outputs: outputs, targets: UnsafeBufferPointer(targets),
        smoothing: options.labelSmoothing, classCount: network.classCount, scale: scale,
        gradient: gradient)
      unsafe teacher?.teach(
        outputs: outputs, images: batch.indices + first, count: count,
        classCount: network.classCount, scale: scale, gradient: gradient, &result)
      return result
    }
  }
}
