import OctetCommand
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization

// The part of `quantize` that splits samples off and climbs until a contract holds.

extension Quantize {
  /// A model with what it is calibrated by, and what may be held back.
  struct Prepared {
    var graph: Graph
    var samples: CalibrationSamples
    /// Inputs that are not among `samples`, and their classes where they have some.
    var heldBack: CalibrationSamples?
    var labels: [Int]?
    /// What may be learnt from, none of it held back; nil where there is no training.
    var trainingImages: Dataset?
  }

  /// What the user asks the model to keep; nil where nothing but RAM is limited.
  func contract(_ arguments: Arguments) -> Contract? {
    var contract = Contract()
    contract.maxDrop = arguments[maxDrop]
    contract.minSQNR = arguments[minSQNR]
    contract.maxFlash = arguments[maxFlash]
    contract.maxCycles = arguments[maxCycles]
    if contract == Contract() { return nil }
    contract.maxArena = arguments[Common.arenaLimit]
    contract.boardName = arguments[board] ?? "cortex-m4"
    return contract
  }

  /// Samples are split before anything is chosen, by the seed alone.
  func prepare(
    _ graph: Graph, _ arguments: Arguments, _ training: QuantizedTraining?, console: Console
  ) throws -> Prepared {
    let isJudged = contract(arguments)?.judgesOutputs ?? false
    if isJudged, arguments.contains(maxDrop) { try requireDecisions(of: graph) }
    let normalization = try Common.normalization(arguments)
    guard let path = arguments[rawInput] else {
      // No label decides anything but in a contract or in training.
      let usesLabels = isJudged || training?.usesLabels == true
      let source = try Steps.load(
        arguments[Common.data], labels: usesLabels ? .checked : .asTheyAre,
        for: graph.inputs.first.map { graph.tensors[$0].shape } ?? [], console: console)
      return try naming(arguments[model]) {
        try prepare(graph, source, normalization, isJudged, arguments, trains: training != nil)
      }
    }
    if training != nil {
      throw CommandError(.usage, "--train-epochs learns from images; give --data")
    }
    guard normalization == nil, !arguments.contains(Common.data) else {
      throw CommandError(
        .usage, "--raw-input takes the place of --data and of its normalisation; give one of them")
    }
    _ = try naming(arguments[model]) { try graph.floatInputCounts() }
    let raw = try TensorSamples(path: path, for: graph)
    let order = Dataset.shuffledIndices(count: raw.count, seed: arguments[seed])
    guard isJudged else {
      return Prepared(
        graph: graph, samples: CalibrationSamples(raw, Array(order.prefix(arguments[samples]))))
    }
    guard raw.count > 1 else {
      throw CommandError(
        .badData, "\(path): one sample; of two or more, some are held back to judge by")
    }
    let spare = max(raw.count - arguments[samples], raw.count / 2)
    let count = HeldBack.count(of: spare, for: graph)
    return Prepared(
      graph: graph,
      samples: CalibrationSamples(raw, Array(order.dropFirst(count).prefix(arguments[samples]))),
      heldBack: CalibrationSamples(raw, Array(order.prefix(count))))
  }

  /// Of images, those of the test set are held back first: the model has not learnt from them.
  private func prepare(
    _ graph: Graph, _ source: DataSource, _ normalization: Normalization?, _ isJudged: Bool,
    _ arguments: Arguments, trains: Bool
  ) throws -> Prepared {
    let graph = try Steps.fit(graph, to: source, normalization: normalization)
    let (count, seed) = (arguments[samples], arguments[seed])
    var prepared = Prepared(
      graph: graph,
      samples: try CalibrationSamples(
        source.train, count: count, seed: seed, graph: graph, normalization: nil))
    prepared.trainingImages = trains ? source.train : nil
    guard isJudged else { return prepared }
    // What is held back is lost to training: a quarter at most.
    let spare = trains ? source.train.count / 4 : source.train.count
    let wanted = HeldBack.count(of: source.test.count + spare, for: graph)
    let tests = Dataset.shuffledIndices(count: source.test.count, seed: seed).prefix(wanted)
    let others = Dataset.shuffledIndices(count: source.train.count, seed: seed)
      .dropFirst(count).prefix(wanted - tests.count)
    var images = source.test.subset(tests)
    let more = source.train.subset(others)
    images.pixels += more.pixels
    images.labels += more.labels
    prepared.heldBack = try CalibrationSamples(images, graph: graph)
    prepared.labels = images.labels.map { Int($0) }
    if trains, !others.isEmpty {
      let heldBack = Set(others)
      prepared.trainingImages = source.train.subset(
        source.train.labels.indices.filter { !heldBack.contains($0) })
    }
    return prepared
  }

  /// A drop is one of decisions: between classes, by the highest score.
  private func requireDecisions(of graph: Graph) throws {
    let shape = graph.outputs.first.map { graph.tensors[$0].shape } ?? []
    guard shape.elementCount > 1, shape.last == shape.elementCount else {
      throw CommandError(
        .usage,
        "an output of \(shape.shapeText) is no list of class scores, so nothing is decided that "
          + "--max-drop could count; ask for --min-sqnr")
    }
  }

  func climb(
    _ prepared: Prepared, _ contract: Contract, _ options: Quantizer.Options,
    _ training: QuantizedTraining?, _ arguments: Arguments, _ console: Console
  ) throws -> Ladder.Climb {
    try naming(arguments[model]) {
      try Steps.requireRoom(for: prepared.graph)
      let heldBack = try prepared.heldBack.map { samples in
        console.message("\(samples.count) samples held back to judge by")
        return try HeldBack(
          prepared.graph, samples, labels: prepared.labels, threadCount: options.threadCount)
      }
      let counter = contract.maxCycles == nil ? nil : try CycleCounter(contract.boardName)
      let ladder = Ladder(
        prepared.graph, samples: prepared.samples, heldBack: heldBack, contract: contract,
        shrinks: !arguments[Common.noShrink],
        countCycles: { blob in try counter?.cycles(of: blob) },
        train: training.map { training in
          { try training.train($0, prepared, seed: arguments[seed]) }
        })
      return try ladder.climb(options) { step in
        console.message(ContractReport.Step(step).sentence)
      }
    }
  }

  /// What is missed, clause by clause.
  static func missed(_ climb: Ladder.Climb?) -> String {
    let missed = climb?.answer.clauses.filter { !$0.holds }.map(\.missedText) ?? []
    return missed.joined(separator: "\n") + "\nno rung of the ladder holds the contract; nothing "
      + "was written"
  }
}

/// The limits that were set, and what became of them.
struct ContractReport: Encodable {
  struct Clause: Encodable {
    /// The option without dashes.
    var name: String
    var limit: Double
    /// What was found, or the end of its interval on the wrong side; nil where it is infinite.
    var value: Double?
    /// By how much the value is on the wrong side; 0 where the clause holds.
    var missedBy: Double?
    var holds: Bool
    var text: String
  }

  /// A rung, with what it gained and cost.
  struct Step: Encodable {
    var rung: String
    var equalization: String
    var biasCorrection: String
    var rounding: String
    /// The layers, or inputs, whose results are int16.
    var int16Layers: [String]
    /// The layers whose weights are int4.
    var int4Layers: [String]
    /// With labels: the shares that are recognized.
    var floatAccuracy: Double?
    var int8Accuracy: Double?
    /// The share of samples that both models decide alike.
    var agreement: Double?
    var drop: Double?
    /// Signal over error of the worst output; nil without an error.
    var sqnrDecibels: Double?
    var fileByteCount: Int
    var arenaByteCount: Int
    /// Of one inference, modelled; nil without --max-cycles, or where the board is too small.
    var cyclesPerInference: Int?
    var seconds: Double
    var holds: Bool
    var clauses: [Clause]
  }

  var holds: Bool
  /// The rung whose model was written, or which comes nearest.
  var rung: String
  /// Of the intervals that each rung was judged with.
  var confidence: Double
  var heldBackSampleCount: Int
  var clauses: [Clause]

  static func of(_ climb: Ladder.Climb) -> (ContractReport, [Step]) {
    let steps = climb.steps.map { Step($0) }
    let best = steps[climb.best]
    return (
      ContractReport(
        holds: best.holds, rung: best.rung, confidence: climb.confidence,
        heldBackSampleCount: climb.heldBackCount, clauses: best.clauses), steps
    )
  }
}

extension ContractReport.Step {
  init(_ step: Ladder.Step) {
    rung = step.rung.rawValue
    equalization = step.options.equalization.rawValue
    biasCorrection = step.options.biasCorrection.rawValue
    rounding = step.options.rounding.rawValue
    int16Layers = step.result.int16Layers
    int4Layers = step.result.narrowLayers
    floatAccuracy = step.judgement?.floatAccuracy
    int8Accuracy = step.judgement?.accuracy
    agreement = step.judgement?.agreement
    drop = step.judgement?.drop
    sqnrDecibels = step.judgement.flatMap { $0.sqnrDecibels.isFinite ? $0.sqnrDecibels : nil }
    fileByteCount = step.output.blob.count
    arenaByteCount = step.output.plan.byteCount
    cyclesPerInference = step.cycleCount
    seconds = step.seconds
    holds = step.holds
    clauses = step.clauses.map { clause in
      ContractReport.Clause(
        name: clause.kind.rawValue, limit: clause.limit,
        value: clause.value.isFinite ? clause.value : nil,
        missedBy: clause.missedBy.isFinite ? clause.missedBy : nil, holds: clause.holds,
        text: clause.text)
    }
  }

  /// One line while the ladder is climbed.
  var sentence: String {
    let missed = clauses.filter { !$0.holds }.map { "--\($0.name)" }
    let first = clauses.first.map { "; \($0.text)" } ?? ""
    return "\(rung): \(holds ? "holds" : "misses " + missed.joined(separator: ", ")) after "
      + "\(seconds.formatted(digits: 1)) s\(first)"
  }
}

extension QuantizeReport {
  /// A line for each rung, and one for each clause; nil without a contract.
  func contractText(for terminal: Terminal) -> String? {
    guard let contract, let ladder else { return nil }
    // A column for what was asked for.
    let hasCycles = contract.clauses.contains { $0.name == "max-cycles" }
    var table = TextTable(
      [
        .left("rung"), .right("accuracy"), .right("agreement"), .right("dB"), .right("bytes"),
        .right("arena"),
      ] + (hasCycles ? [.right("cycles")] : []) + [.right("s"), .left("")])
    if let accuracy = ladder.first?.floatAccuracy {
      table.add(["float", .init(accuracy.percent)])
    }
    for step in ladder {
      table.add(
        [
          .init(step.rung), .init(step.int8Accuracy?.percent ?? "-"),
          .init(step.agreement?.percent ?? "-"),
          .init(step.sqnrDecibels?.formatted(digits: 1) ?? "-"), "\(step.fileByteCount)",
          "\(step.arenaByteCount)",
        ] + (hasCycles ? [.init(step.cyclesPerInference.map { "\($0)" } ?? "-")] : []) + [
          .init(step.seconds.formatted(digits: 1)), .init(step.holds ? "holds" : "misses"),
        ])
    }
    let lines = contract.clauses.map { clause in
      "\n--\(clause.name): \(clause.holds ? "holds" : "missed"): \(clause.text)"
    }
    return "\n\n" + table.text(for: terminal) + lines.joined()
  }
}
