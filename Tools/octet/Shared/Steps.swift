import Foundation
import OctetCommand
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetTraining

/// The steps that `demo` takes one after the other and that verbs take alone.
enum Steps {
  static func train(
    _ source: DataSource, _ choice: NetworkChoice = NetworkChoice(), options: TrainingOptions,
    normalization: Normalization? = nil, validation: Dataset? = nil,
    checkpoints: Checkpoints? = nil, watch: TrainingWatch? = nil, console: Console
  ) throws -> TrainingResult {
    for note in source.notes { console.message("note: \(note)") }
    let images = source.train
    let network = try network(choice, for: images, normalization: normalization)
    let trainer = try Trainer(network, options: options)
    let scale = 1000
    let bar = console.progress("training", total: options.epochCount * scale)
    defer { bar.finish() }
    console.print(EpochLine.title)
    return try Interruption.whilePolling {
      try trainer.train(
        images, validation: validation, checkpoints: checkpoints, watch: watch
      ) { state in
        let done = (state.epoch - 1) * scale + state.batch * scale / max(state.batchCount, 1)
        bar.update(
          done,
          note: "epoch \(state.epoch)/\(state.epochCount)  loss "
            + "\(state.loss.formatted(digits: 4))  accuracy \(state.accuracy.percent)  "
            + "\(Int(state.imagesPerSecond)) images/s")
      } epochEnded: { record, isBest in
        console.print(EpochLine.text(record, isBest: isBest))
      } shouldStop: {
        Interruption.isRequested
      }
    }
  }

  /// The network to train, with the labels and the normalisation that it will have.
  static func network(
    _ choice: NetworkChoice, for images: Dataset, normalization: Normalization?
  ) throws -> TrainableGraph {
    var network = try choice.network(for: images)
    network.graph.metadata.labels = images.labelNames
    // Said, not left to be guessed: 'diff' tells a wrong normalisation by it. What a model has
    // learnt with, it goes on with.
    let own = choice.source == nil ? nil : network.graph.metadata.normalization
    network.graph.metadata.normalization = normalization ?? own ?? images.usualNormalization
    return network
  }

  struct Quantized {
    var result: Quantizer.Result
    var output: Compiler.Output
  }

  static func quantize(
    _ graph: Graph, _ source: DataSource, options: Quantizer.Options, sampleCount: Int,
    seed: UInt64, normalization: Normalization?, shrinks: Bool = true, arenaLimit: Int? = nil
  ) throws -> Quantized {
    let graph = try fit(graph, to: source, normalization: normalization)
    let samples = try CalibrationSamples(
      source.train, count: sampleCount, seed: seed, graph: graph, normalization: nil)
    return try quantize(
      graph, samples, options: options, shrinks: shrinks, arenaLimit: arenaLimit)
  }

  /// The graph with the normalisation and the labels of the images that it is used with.
  static func fit(
    _ graph: Graph, to source: DataSource, normalization: Normalization?
  ) throws -> Graph {
    var graph = graph
    let shape = graph.inputs.first.map { graph.tensors[$0].shape } ?? []
    if let normalization { graph.metadata.normalization = normalization }
    if let count = graph.metadata.normalization?.mean.count, count != 1,
      count != source.train.channelCount
    {
      throw EvaluationError.normalizationChannels(count, model: shape.last ?? 1)
    }
    if graph.metadata.labels.isEmpty,
      graph.tensors[graph.outputs[0]].elementCount == source.train.classNames.count
    {
      graph.metadata.labels = source.train.labelNames
    }
    return graph
  }

  /// Refuses what no blob can hold.
  static func requireRoom(for graph: Graph) throws { try Compiler.requireRoom(for: graph) }

  static func quantize(
    _ graph: Graph, _ samples: CalibrationSamples, options: Quantizer.Options,
    shrinks: Bool = true, arenaLimit: Int? = nil,
    refining refine: (Quantizer.Result) throws -> Quantizer.Result = { $0 }
  ) throws -> Quantized {
    try Compiler.requireRoom(for: graph)
    let result = try refine(try Quantizer.quantize(graph, samples: samples, options: options))
    return Quantized(
      result: result,
      output: try Compiler.compile(result.graph, shrinks: shrinks, arenaLimit: arenaLimit))
  }

  /// - Parameter labels: `.asTheyAre` where the labels decide nothing.
  static func load(
    _ argument: String, labels: LabelPolicy = .checked, size: PictureSize? = nil
  ) throws -> DataSource {
    try DataSource.load(argument, labels: labels, size: size)
  }

  /// The same for a model: pictures of folders become what its input takes, which is said.
  static func load(
    _ argument: String, labels: LabelPolicy = .checked, for inputShape: [Int], console: Console
  ) throws -> DataSource {
    let source = try load(argument, labels: labels, size: pictureSize(for: inputShape))
    for remark in source.remarks { console.message("note: \(remark)") }
    return source
  }

  /// The pictures that an input takes; nil where it takes none.
  static func pictureSize(for inputShape: [Int]) -> PictureSize? {
    inputShape.count == 4 ? PictureSize(height: inputShape[1], width: inputShape[2]) : nil
  }
}

/// The table of epochs, a line as each one ends.
enum EpochLine {
  static let title = line(["epoch ", "loss", "training", "validation", "s", "images/s"])

  /// - Parameter isBest: the best so far, marked by a star.
  static func text(_ record: EpochRecord, isBest: Bool) -> String {
    line([
      "\(record.epoch)\(isBest ? "*" : " ")", record.trainLoss.formatted(digits: 4),
      record.trainAccuracy.percent, record.validationAccuracy?.percent ?? "-",
      record.seconds.formatted(digits: 1), "\(Int(record.imagesPerSecond))",
    ])
  }

  private static func line(_ cells: [String]) -> String {
    zip(cells, [6, 8, 9, 10, 7, 9]).map { cell, width in
      String(repeating: " ", count: max(0, width - cell.count)) + cell
    }.joined(separator: "  ")
  }
}

extension Dataset {
  /// The classes' names as models hold them: one a line, so a name with a line break is escaped.
  fileprivate var labelNames: [String] {
    classNames.map { $0.contains(where: \.isNewline) ? SafeText.escaped($0) : $0 }
  }

  /// The normalisation that a network of ours learns with. Gray pixels stay 0 … 1, so that a byte
  /// reaches the int8 input as it is and black ground is 0; colours are centred and scaled by what
  /// this set has.
  fileprivate var usualNormalization: Normalization {
    channelCount > 1 ? ownNormalization : Normalization(mean: [0], standardDeviation: [1])
  }

  /// By the mean and deviation of each channel here. A channel that never changes is centred only.
  var ownNormalization: Normalization {
    let channels = channelStatistics
    return Normalization(
      mean: channels.map { Float($0.mean) },
      standardDeviation: channels.map {
        $0.standardDeviation > 0 ? Float($0.standardDeviation) : 1
      })
  }
}
