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
  /// After those of the network.
  private var updatePhase: Int { network.phaseCount }
  static let maximumShardCount = 8
  /// Parameters that one task updates.
  static let chunkCount = 4096

  let network: TrainingNetwork
  let runner: BlockRunner
  let options: TrainingOptions
  private let pool: WorkerPool
  /// One for each worker, or for each block of a batch when it takes several phases.
  private let workspaces: [Workspace]
  private let memories: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
  /// One array each of `network.parameterCount` floats.
  let parameters: UnsafeMutablePointer<Float>
  private let firstMoments, secondMoments: UnsafeMutablePointer<Float>
  private let shardGradients: UnsafeMutablePointer<Float>
  /// The gradient of a shard's later blocks, for each worker.
  private let blockGradients: UnsafeMutablePointer<Float>
  private let results: UnsafeMutablePointer<SoftmaxCrossEntropy.Result>
  private let blocksPerShard: Int
  private let maximumShards: Int
  private let chunks: [Chunk]

  private struct Chunk {
    var range: Range<Int>
    var decays: Bool
  }

  // The batch being worked on.
  private var pixels: UnsafePointer<UInt8>
  private var labels: UnsafePointer<UInt8>
  private var indices: UnsafePointer<Int>
  private var imageByteCount = 0
  private var imageCount = 0
  private var stepNumber = 0
  private var update = OptimizerUpdate()

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
    workspaces = (0..<(network.phaseCount == 1 ? workerCount : blockCount)).map { _ in
      Workspace(network.memory)
    }
    unsafe memories = .allocate(capacity: workspaces.count)
    for (index, workspace) in workspaces.enumerated() {
      unsafe (memories + index).initialize(to: workspace.memory)
    }
    unsafe parameters = alignedFloats(network.parameterCount)
    unsafe firstMoments = alignedFloats(network.parameterCount)
    unsafe secondMoments = alignedFloats(network.parameterCount)
    unsafe shardGradients = alignedFloats(network.parameterCount * maximumShards)
    unsafe blockGradients = alignedFloats(network.parameterCount * workerCount)
    unsafe results = .allocate(capacity: maximumShards)
    unsafe results.initialize(repeating: .init(), count: maximumShards)
    chunks = network.parameters.filter(\.isTrained).flatMap { segment in
      stride(from: 0, to: segment.count, by: Self.chunkCount).map { start in
        let end = min(start + Self.chunkCount, segment.count)
        return Chunk(
          range: segment.offset + start..<segment.offset + end, decays: segment.isWeight)
      }
    }
    unsafe pixels = UnsafePointer(
      UnsafeMutableRawPointer(parameters).assumingMemoryBound(to: UInt8.self))
    unsafe labels = pixels
    unsafe indices = UnsafePointer(
      UnsafeMutableRawPointer(parameters).assumingMemoryBound(to: Int.self))
    unsafe network.initialize(parameters, by: options.initialization, seed: options.seed)
  }

  deinit {
    pool.stop()
    unsafe memories.deallocate()
    unsafe parameters.deallocate()
    unsafe firstMoments.deallocate()
    unsafe secondMoments.deallocate()
    unsafe shardGradients.deallocate()
    unsafe blockGradients.deallocate()
    unsafe results.deallocate()
  }

  /// One step over `count` images at `indices`.
  ///
  /// - Parameters: `step` counts from 1 over the whole run, `factor` is the schedule's.
  /// - Returns: the sums of losses and right answers.
  func step(
    pixels: UnsafePointer<UInt8>, imageByteCount: Int, labels: UnsafePointer<UInt8>,
    indices: UnsafePointer<Int>, count: Int, step: Int, factor: Float
  ) -> SoftmaxCrossEntropy.Result {
    unsafe self.pixels = pixels
    unsafe self.labels = labels
    unsafe self.indices = indices
    self.imageByteCount = imageByteCount
    imageCount = count
    stepNumber = step
    let shardImages = blocksPerShard * TrainingNetwork.blockSize
    let shardCount = (count + shardImages - 1) / shardImages
    for phase in 0..<network.phaseCount { pool.run(self, phase: phase, count: shardCount) }
    prepareUpdate(shardCount: shardCount, step: step, factor: factor)
    pool.run(self, phase: updatePhase, count: chunks.count)
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
    } else {
      updateChunk(chunks[index])
    }
  }

  private func computeShard(_ shard: Int, worker: Int, phase: Int) {
    let shardGradient = unsafe shardGradients + shard * network.parameterCount
    if phase == 0 { unsafe results[shard] = .init() }
    for block in 0..<blocksPerShard {
      let place = shard * blocksPerShard + block
      let first = place * TrainingNetwork.blockSize
      let count = min(TrainingNetwork.blockSize, imageCount - first)
      guard count > 0 else { break }
      let gradient =
        unsafe block == 0 ? shardGradient : blockGradients + worker * network.parameterCount
      let workspace = workspaces[network.phaseCount == 1 ? worker : place]
      let context = unsafe StepContext(
        kernels: runner.kernels, memory: workspace.memory, scratch: workspace.scratch,
        parameters: parameters, gradients: gradient,
        place: BlockPlace(
          index: place, imageCount: imageCount, step: stepNumber, seed: options.seed,
          peers: memories, runningStatistics: parameters))
      network.perform(phase: phase, context) {
        unsafe runner.load(
          context, pixels: pixels, imageByteCount: imageByteCount, indices: indices + first,
          count: count)
      } judge: {
        let sums = judge(context, first: first, count: count)
        unsafe results[shard].loss += sums.loss
        unsafe results[shard].correctCount += sums.correctCount
      }
      if block > 0, let range = network.finishedStage(of: phase)?.parameters {
        unsafe BlockKernels.add(
          range.count / TrainingNetwork.blockSize, shardGradient + range.lowerBound,
          gradient + range.lowerBound, into: shardGradient + range.lowerBound)
      }
    }
  }

  /// The loss, and its gradient for the logits.
  private func judge(
    _ context: StepContext, first: Int, count: Int
  ) -> SoftmaxCrossEntropy.Result {
    unsafe withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: TrainingNetwork.blockSize
    ) { blockLabels in
      for lane in 0..<count { unsafe blockLabels[lane] = labels[indices[first + lane]] }
      guard let base = blockLabels.baseAddress else { return .init() }
      return unsafe SoftmaxCrossEntropy.evaluate(
        logits: context.pointer(network.logits), labels: base, count: count,
        classCount: network.classCount, scale: 1 / Float(imageCount),
        gradient: context.pointer(network.logitsGradient))
    }
  }

  private func prepareUpdate(shardCount: Int, step: Int, factor: Float) {
    update = OptimizerUpdate()
    update.shardCount = shardCount
    update.shardStride = network.parameterCount
    let rate = options.learningRate * factor
    switch options.optimizer {
    case .sgd:
      update.rate = rate
      update.penalty = options.decay
    case .momentum(let momentum):
      update.rate = rate
      update.momentum = momentum
      update.penalty = options.decay
    case .adam(let beta1, let beta2, let epsilon):
      update.rate = Float(Double(rate) / (1 - pow(Double(beta1), Double(step))))
      update.momentum = beta1
      update.secondMomentum = beta2
      update.epsilon = epsilon
      update.secondCorrection = Float(1 / (1 - pow(Double(beta2), Double(step))).squareRoot())
      update.shrink = 1 - rate * options.decay
    }
  }

  private func updateChunk(_ chunk: Chunk) {
    var update = update
    if !chunk.decays {
      update.penalty = 0
      update.shrink = 1
    }
    let start = chunk.range.lowerBound
    // Whole vectors: what lies between one constant and the next is 0 and stays so.
    let count = (chunk.range.count + 15) / TrainingNetwork.blockSize
    switch options.optimizer {
    case .sgd, .momentum:
      unsafe update.runSGD(
        count, shardGradients + start, velocities: firstMoments + start, parameters + start)
    case .adam:
      unsafe update.runAdam(
        count, shardGradients + start, firsts: firstMoments + start,
        seconds: secondMoments + start, parameters + start)
    }
  }
}
