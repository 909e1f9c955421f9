import OctetData
import OctetModel
import OctetTraining
import Testing

@Suite struct CheckpointTests {
  private static let images = easyImages(150, size: 8, classCount: 4, seed: 1)

  private static func graph() throws -> Graph {
    try Architectures.named("mlp", height: 8, width: 8, channelCount: 1, classCount: 4)
  }

  /// Everything that has a state, or is drawn while training.
  private static func options() throws -> TrainingOptions {
    var options = TrainingOptions()
    options.epochCount = 4
    options.batchSize = 32
    options.warmUpEpochs = 0.5
    options.mixup = 0.3
    options.clippingNorm = 1
    options.averagingDecay = 0.9
    options.augmentation = try Augmentation.parse("crop=1,rotate,noise").get()
    return options
  }

  /// A run with all checkpoints on its way.
  private static func run(
    _ options: TrainingOptions, from bytes: [UInt8]? = nil, interval: Double = 0,
    stoppingAfter limit: Int = .max
  ) throws -> (result: TrainingResult, checkpoints: [[UInt8]]) {
    var kept: [[UInt8]] = []
    var batches = 0
    let result = try Trainer(graph(), options: options).train(
      images, checkpoints: Checkpoints(resuming: bytes, interval: interval) { kept.append($0) },
      progress: { _ in batches += 1 }, shouldStop: { batches == limit })
    return (result, kept)
  }

  @Test(arguments: [Optimizer.adam(), .nesterov(), .rmsProp()])
  func resumedRunsEndWithTheSameBytes(_ optimizer: Optimizer) throws {
    var options = try Self.options()
    options.optimizer = optimizer
    let whole = try Self.run(options)
    #expect(whole.checkpoints.count == 4 * 5)
    for (index, bytes) in whole.checkpoints.enumerated() where index % 3 == 0 || index == 19 {
      options.threadCount = index % 4 + 1
      let resumed = try Self.run(options, from: bytes)
      #expect(resumed.result.graph == whole.result.graph, "checkpoint \(index)")
      #expect(resumed.result.bestEpoch == whole.result.bestEpoch)
      #expect(resumed.result.epochs.map(\.trainLoss) == whole.result.epochs.map(\.trainLoss))
      #expect(resumed.checkpoints.count == 19 - index)
    }
  }

  /// Stopped between checkpoints, the last is of the step before.
  @Test func stoppingKeeps() throws {
    let options = try Self.options()
    let stopped = try Self.run(options, interval: 1e9, stoppingAfter: 7)
    #expect(stopped.result.wasStopped && stopped.checkpoints.count == 1)
    let resumed = try Self.run(options, from: stopped.checkpoints[0], interval: 1e9)
    #expect(try resumed.result.graph == Self.run(options).result.graph)
    #expect(try Checkpoints.isFinished(resumed.checkpoints[0]))
    #expect(try !Checkpoints.isFinished(stopped.checkpoints[0]))
  }

  @Test func patienceIsKept() throws {
    var options = try Self.options()
    options.epochCount = 30
    options.patience = 2
    options.learningRate = 0.01
    let whole = try Self.run(options)
    #expect(whole.result.epochs.count < 30)
    let bytes = whole.checkpoints[whole.checkpoints.count - 2]
    #expect(try Self.run(options, from: bytes).result.graph == whole.result.graph)
  }

  @Test func refusesWhatIsNotThisRun() throws {
    let options = try Self.options()
    let bytes = try Self.run(options, interval: 1e9).checkpoints[0]
    func message(_ bytes: [UInt8], _ options: TrainingOptions) -> String {
      do {
        _ = try Self.run(options, from: bytes)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(bytes, options) == "")
    #expect(message([], options) == "it is no checkpoint of a training run")
    for place in stride(from: 8, to: bytes.count, by: 997) {
      var damaged = bytes
      damaged[place] ^= 0x10
      #expect(message(damaged, options).contains("damaged"), "byte \(place)")
    }
    for count in [8, 23, 24, 100, bytes.count - 1] {
      #expect(message([UInt8](bytes.prefix(count)), options).contains("damaged"))
    }
    var other = options
    other.learningRate = 0.5
    #expect(message(bytes, other).contains("other options"))
    other = options
    other.threadCount = 7
    #expect(message(bytes, other) == "")
  }
}
