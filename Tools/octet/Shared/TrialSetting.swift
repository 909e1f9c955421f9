import OctetCommand
import OctetData
import OctetModel
import OctetTraining

/// What every trial of a search is trained on.
struct TrialSetting {
  let source: DataSource
  let validation: Dataset?
  let normalization: Normalization?
  let threadCount: Int

  init(_ arguments: Arguments, console: Console) throws {
    normalization = try Common.normalization(arguments)
    let labels = Common.labelPolicy(arguments)
    let source = try Steps.load(
      arguments[Common.data], labels: labels, size: arguments[Common.size])
    validation = try arguments[Train().validation].map {
      try DataSource.loadWhole($0, labels: labels, like: source.train)
    }
    for note in source.notes { console.message("note: \(note)") }
    self.source = source
    threadCount = arguments[Common.threads]
  }

  /// Numbers that are learnt, and multiply-adds of an image.
  func size(_ settings: TrainingSettings) throws -> (parameterCount: Int, multiplyAddCount: Int) {
    let network = try settings.network.network(for: source.train)
    let graph = network.graph
    return (network.trainedCount, graph.nodes.reduce(0) { $0 + graph.macCount(of: $1) })
  }

  /// Trains without a word.
  func train(
    _ settings: TrainingSettings, progress: (TrainingProgress) -> Void,
    epochEnded: (EpochRecord) -> Void, shouldStop: () -> Bool
  ) throws -> TrainingResult {
    let trainer = try Trainer(
      try Steps.network(settings.network, for: source.train, normalization: normalization),
      options: options(settings))
    return try Interruption.whilePolling {
      try trainer.train(
        source.train, validation: validation, progress: progress,
        epochEnded: { record, _ in epochEnded(record) }, shouldStop: shouldStop)
    }
  }

  /// Trains as 'train' does, with its table of epochs.
  func train(_ settings: TrainingSettings, console: Console) throws -> TrainingResult {
    try Steps.train(
      source, settings.network, options: options(settings), normalization: normalization,
      validation: validation, console: console)
  }

  private func options(_ settings: TrainingSettings) -> TrainingOptions {
    var options = settings.options
    options.threadCount = threadCount
    return options
  }
}
