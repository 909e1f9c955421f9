import COctetFloatKernels
import Foundation
import OctetModel

/// The state of one training run; every buffer is allocated here, none in a step.
///
/// Determinism: a batch is cut into blocks of sixteen images, blocks into at most eight shards,
/// by their position alone. Each shard's gradient is summed in block order into the shard's own
/// array, and the shards are summed in order when the parameters are updated. So which thread
/// does what, and how many there are, changes nothing.
@safe final class TrainingRun: PooledWork {
  // Safety: every array is allocated in `init` with the room that is planned, and freed in
  // `deinit`.
  static let gradientPhase = 0, reductionPhase = 1, updatePhase = 2
  static let maximumShardCount = 8

  let network: TrainingNetwork
  let runner: BlockRunner
  let options: TrainingOptions
  let pool: WorkerPool
  private let workspaces: [Workspace]
  let updater: ParameterUpdater
  /// How the images of this run are varied; nil where they are learnt as they are.
  var variations: BatchVariations?
  /// One array each of `network.parameterCount` floats.
  private let shardGradients: UnsafeMutablePointer<Float>
  /// The gradient of a shard's later blocks, for each worker.
  private let blockGradients: UnsafeMutablePointer<Float>
  private let results: UnsafeMutablePointer<SoftmaxCrossEntropy.Result>
  private let blocksPerShard: Int
  private let maximumShards: Int

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
    pool = WorkerPool(workerCount: workerCount)
    workspaces = (0..<workerCount).map { _ in Workspace(network.memory) }
    updater = ParameterUpdater(network, options: options)
    unsafe shardGradients = alignedFloats(network.parameterCount * maximumShards)
    unsafe blockGradients = alignedFloats(network.parameterCount * workerCount)
    unsafe results = .allocate(capacity: maximumShards)
    unsafe results.initialize(repeating: .init(), count: maximumShards)
    batch = unsafe TrainingBatch(placeholder: shardGradients)
  }

  deinit {
    pool.stop()
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
    let count = batch.count
    let shardImages = blocksPerShard * TrainingNetwork.blockSize
    let shardCount = (count + shardImages - 1) / shardImages
    pool.run(self, phase: Self.gradientPhase, count: shardCount)
    updater.prepare(shardCount: shardCount, step: step, factor: factor)
    if updater.needsReduction {
      pool.run(self, phase: Self.reductionPhase, count: updater.taskCount)
      updater.finishReduction()
    }
    pool.run(self, phase: Self.updatePhase, count: updater.taskCount)
    var total = SoftmaxCrossEntropy.Result()
    for shard in 0..<shardCount {
      unsafe total.loss += results[shard].loss
      unsafe total.correctCount += results[shard].correctCount
    }
    return total
  }

  func perform(phase: Int, worker: Int, index: Int) {
    switch phase {
    case Self.gradientPhase: computeShard(index, worker: worker)
    case Self.reductionPhase: unsafe updater.reduce(index, shardGradients)
    default: unsafe updater.apply(index, shardGradients)
    }
  }

  private func computeShard(_ shard: Int, worker: Int) {
    var result = SoftmaxCrossEntropy.Result()
    let workspace = workspaces[worker]
    let shardGradient = unsafe shardGradients + shard * network.parameterCount
    for block in 0..<blocksPerShard {
      let first = (shard * blocksPerShard + block) * TrainingNetwork.blockSize
      let count = min(TrainingNetwork.blockSize, batch.count - first)
      guard count > 0 else { break }
      let gradient =
        unsafe block == 0 ? shardGradient : blockGradients + worker * network.parameterCount
      let context = unsafe StepContext(
        kernels: runner.kernels, memory: workspace.memory, scratch: workspace.scratch,
        parameters: updater.parameters, gradients: gradient)
      let sums = computeBlock(context, worker: worker, first: first, count: count)
      result.loss += sums.loss
      result.correctCount += sums.correctCount
      if block > 0 {
        unsafe BlockKernels.add(
          network.parameterCount / TrainingNetwork.blockSize, shardGradient, gradient,
          into: shardGradient)
      }
    }
    unsafe results[shard] = result
  }

  private func computeBlock(
    _ context: StepContext, worker: Int, first: Int, count: Int
  ) -> SoftmaxCrossEntropy.Result {
    let images =
      unsafe variations?.images(of: batch, first: first, count: count, worker: worker)
      ?? (pixels: batch.pixels, indices: batch.indices + first)
    unsafe runner.forward(
      context, pixels: images.pixels, imageByteCount: batch.imageByteCount,
      indices: images.indices, count: count)
    return unsafe withUnsafeTemporaryAllocation(
      of: ImageTarget.self, capacity: count
    ) { targets in
      for lane in 0..<count {
        unsafe targets[lane] =
          variations?.target(of: batch, at: first + lane) ?? batch.target(at: first + lane)
      }
      let sums = unsafe options.loss.evaluate(
        outputs: context.pointer(network.logits), targets: UnsafeBufferPointer(targets),
        smoothing: options.labelSmoothing, classCount: network.classCount,
        scale: 1 / Float(batch.count), gradient: context.pointer(network.logitsGradient))
      network.backward(context)
      return sums
    }
  }
}
