import OctetModel

/// The part of a network that a block of images goes through without looking at the others.
struct TrainingStage: Sendable {
  /// The first is a `BatchStep`, but for the first stage.
  var steps: Range<Int>
  /// The floats of the parameters whose gradients these steps write.
  var parameters: Range<Int>
}

/// An operation over the whole batch. Every block puts what it contributes into its own workspace
/// (`gather`); when all have, each adds up all contributions in the order of the blocks, so all
/// come to the same bits whatever thread did what.
protocol BatchStep: TrainingStep {
  /// The block's contribution to the forward pass, from its input.
  func gather(_ context: StepContext)
  /// The block's contribution to the backward pass, from the gradient of its output; also writes
  /// the gradients of the step's parameters.
  func gatherGradients(_ context: StepContext)
}

/// A block's place in a training batch.
@safe struct BlockPlace {
  // Safety: whoever makes one holds the workspaces of all blocks, which outlive the batch.
  /// The position of the block in the batch.
  var index: Int
  /// The images of the batch.
  var imageCount: Int
  /// The number of the step in the whole run; with `seed` it decides what is random.
  var step: Int
  var seed: UInt64
  /// The workspace memory of every block of the batch, in order.
  var peers: UnsafePointer<UnsafeMutablePointer<Float>>
  /// The parameters, where running statistics are kept up to date; nil to leave them alone.
  var runningStatistics: UnsafeMutablePointer<Float>?

  /// Lanes that hold an image.
  var laneCount: Int { laneCount(of: index) }
  var blockCount: Int { (imageCount + 15) / TrainingNetwork.blockSize }

  func laneCount(of block: Int) -> Int {
    min(TrainingNetwork.blockSize, imageCount - block * TrainingNetwork.blockSize)
  }

  /// True in lanes that hold an image.
  var mask: SIMDMask<SIMD16<Int32>> { SIMD16<Int32>(0..<16) .< Int32(laneCount) }
}

extension SIMD16<Int32> {
  /// The numbers of a range of sixteen.
  fileprivate init(_ range: Range<Int32>) {
    self.init()
    for lane in 0..<16 { self[lane] = range.lowerBound + Int32(lane) }
  }
}

extension TrainingNetwork {
  /// A training step goes forward stage by stage, turns in the last stage, and comes back.
  var phaseCount: Int { 2 * stages.count - 1 }

  /// The stage whose parameters have gradients after a phase; nil for the phases before the turn.
  func finishedStage(of phase: Int) -> TrainingStage? {
    phase < stages.count - 1 ? nil : stages[phaseCount - 1 - phase]
  }

  /// One phase of a training step for one block.
  ///
  /// - Parameters:
  ///   - load: puts the images into the input.
  ///   - judge: writes the gradient of the logits.
  func perform(
    phase: Int, _ context: StepContext, load: () -> Void, judge: () -> Void
  ) {
    if phase == 0 { load() }
    if phase < stages.count { forward(stage: phase, context) }
    if phase == stages.count - 1 { judge() }
    if phase >= stages.count - 1 { backward(stage: phaseCount - 1 - phase, context) }
  }

  private func forward(stage: Int, _ context: StepContext) {
    for index in stages[stage].steps { steps[index].forward(context) }
    batchStep(at: stage + 1)?.gather(context)
  }

  private func backward(stage: Int, _ context: StepContext) {
    batchStep(at: stage + 1)?.backward(context)
    let first = batchStep(at: stage)
    for index in stages[stage].steps.dropFirst(first == nil ? 0 : 1).reversed() {
      steps[index].backward(context)
    }
    first?.gatherGradients(context)
  }

  /// What joins a stage to the one before it.
  private func batchStep(at stage: Int) -> (any BatchStep)? {
    stage > 0 && stage < stages.count
      ? steps[stages[stage].steps.lowerBound] as? any BatchStep : nil
  }
}
