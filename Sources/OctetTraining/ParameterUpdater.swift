/// What an optimizer keeps beside the parameters of a run, and its step in pieces that any thread
/// may do.
@safe final class ParameterUpdater {
  // Safety: every array has the length of the parameters and lives as long as this does; pieces of
  // one phase touch different parts.
  /// Parameters that one task updates.
  static let chunkCount = 4096

  private let options: TrainingOptions
  let parameterCount: Int
  let parameters: UnsafeMutablePointer<Float>
  let firstMoments, secondMoments, averages: UnsafeMutablePointer<Float>
  private let squares: UnsafeMutablePointer<Double>
  private let chunks: [Chunk]
  /// Parts that no optimizer changes: what is frozen, and running statistics.
  private let untrained: [Range<Int>]
  private var update: OptimizerUpdate

  private struct Chunk {
    var range: Range<Int>
    var decays: Bool
  }

  init(_ network: TrainingNetwork, options: TrainingOptions) {
    self.options = options
    parameterCount = network.parameterCount
    unsafe parameters = alignedFloats(parameterCount)
    unsafe firstMoments = alignedFloats(parameterCount)
    unsafe secondMoments = alignedFloats(parameterCount)
    unsafe averages = alignedFloats(options.averagingDecay == nil ? 0 : parameterCount)
    untrained = network.parameters.filter { !$0.isTrained }.map { $0.offset..<$0.offset + $0.count }
    chunks = network.parameters.flatMap { segment in
      let count = segment.isTrained ? segment.count : 0
      return stride(from: 0, to: count, by: Self.chunkCount).map { start in
        let end = min(start + Self.chunkCount, segment.count)
        return Chunk(
          range: segment.offset + start..<segment.offset + end,
          decays: segment.isWeight)
      }
    }
    unsafe squares = .allocate(capacity: max(chunks.count, 1))
    unsafe squares.initialize(repeating: 0, count: max(chunks.count, 1))
    update = OptimizerUpdate(options, step: 1, factor: 1)
    unsafe network.initialize(parameters, by: options.initialization, seed: options.seed)
    if options.averagingDecay != nil {
      unsafe averages.update(from: parameters, count: parameterCount)
    }
  }

  deinit {
    unsafe parameters.deallocate()
    unsafe firstMoments.deallocate()
    unsafe secondMoments.deallocate()
    unsafe averages.deallocate()
    unsafe squares.deallocate()
  }

  /// The weights that are validated and kept.
  var result: UnsafeMutablePointer<Float> {
    unsafe options.averagingDecay == nil ? parameters : averages
  }

  // MARK: Keeping

  /// The arrays of a checkpoint, in its order.
  enum Kept: CaseIterable { case parameters, firstMoments, secondMoments, averages, result }

  func copy(of kept: Kept) -> [Float] {
    let start =
      switch kept {
      case .parameters: unsafe parameters
      case .firstMoments: unsafe firstMoments
      case .secondMoments: unsafe secondMoments
      case .averages: unsafe averages
      case .result: unsafe result
      }
    return unsafe [Float](UnsafeBufferPointer(start: start, count: parameterCount))
  }

  /// What a later run needs to go on from here.
  var arrays: [[Float]] {
    let kept: [Kept] = [.parameters, .firstMoments, .secondMoments]
    return (kept + (options.averagingDecay == nil ? [] : [.averages])).map(copy)
  }

  /// Takes over `arrays` of an earlier run.
  func restore(_ arrays: [[Float]]) {
    let targets = unsafe [parameters, firstMoments, secondMoments, averages]
    for (index, values) in arrays.enumerated() {
      precondition(values.count == parameterCount, "a checkpoint has other parameters")
      for i in values.indices { unsafe targets[index][i] = values[i] }
    }
  }

  // MARK: Steps

  /// Whether the phase of `reduce` comes before that of `apply`.
  var needsReduction: Bool { options.clippingNorm != nil }
  var taskCount: Int { chunks.count }
  /// The arrays of gradients that are summed when the parameters change.
  var gradientCount: Int { update.shardCount }

  /// - Parameters: `step` counts from 1 over the whole run, `factor` is the schedule's.
  func prepare(shardCount: Int, step: Int, factor: Float) {
    update = OptimizerUpdate(options, step: step, factor: factor)
    update.shardCount = shardCount
    update.shardStride = parameterCount
    guard options.averagingDecay != nil else { return }
    for range in untrained {
      unsafe (averages + range.lowerBound).update(
        from: parameters + range.lowerBound, count: range.count)
    }
  }

  /// Sums the shards of one piece.
  func reduce(_ index: Int, _ gradients: UnsafeMutablePointer<Float>) {
    let range = chunks[index].range
    unsafe squares[index] = update.reduce(
      Self.vectorCount(range), gradients + range.lowerBound)
  }

  /// After the phase of `reduce`: the length of the whole gradient decides how it is scaled.
  func finishReduction() {
    update.shardCount = 1
    guard let limit = options.clippingNorm else { return }
    let norm = chunks.indices.reduce(0) { unsafe $0 + squares[$1] }.squareRoot()
    // As PyTorch has it; a norm that is not finite is left to the check of the loss.
    update.scale = norm.isFinite ? Float(min(Double(limit) / (norm + 1e-6), 1)) : 1
  }

  /// Changes the parameters of one piece.
  func apply(_ index: Int, _ gradients: UnsafeMutablePointer<Float>) {
    let chunk = chunks[index]
    let update = chunk.decays ? update : update.withoutDecay
    let start = chunk.range.lowerBound
    unsafe update.run(
      Self.vectorCount(chunk.range), gradients + start, firsts: firstMoments + start,
      seconds: secondMoments + start,
      averages: options.averagingDecay == nil ? averages : averages + start, parameters + start)
  }

  /// Whole vectors: what lies between one constant and the next is 0 and stays so.
  private static func vectorCount(_ range: Range<Int>) -> Int {
    (range.count + 15) / TrainingNetwork.blockSize
  }
}
