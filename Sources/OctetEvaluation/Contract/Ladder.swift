import Foundation
import OctetCompiler
import OctetModel
import OctetQuantization
import OctetReport

/// Quantizes a model in ever more careful ways until a contract holds on samples held back.
public struct Ladder {
  /// One way more than the rung before.
  public enum Rung: String, Sendable, CaseIterable {
    /// Ranges of activations; weights to the nearest code.
    case ranges
    /// Weights of int4 in the layers that stand it best, as many as the blob's limit takes.
    case int4
    /// Channels of one range across layers.
    case equalization
    /// Biases that make good for rounded weights.
    case biasCorrection = "bias-correction"
    /// Weights rounded by what the layer makes of them.
    case rounding
    /// Training in int8, where the ladder was given the means.
    case training
    /// Activations of int16 where they gain most: the fewest that lower the error by 3 dB.
    case int16
    /// The same for 8 dB.
    case moreInt16 = "more-int16"
    /// All activations but the model's inputs and outputs.
    case allInt16 = "all-int16"
    /// The rung with as many of the activations that gain most as flash, arena and cycles allow.
    case fittingInt16 = "fitting-int16"

    /// What int16 is to lower the activations' error by.
    fileprivate var decibels: Double? {
      switch self {
      case .int16: 3
      case .moreInt16: 8
      case .allInt16: .infinity
      case .ranges, .int4, .equalization, .biasCorrection, .rounding, .training, .fittingInt16: nil
      }
    }

    /// The clauses that the rung can help to hold: it is left out where only others are missed.
    var serves: Set<Contract.Clause.Kind> {
      switch self {
      case .ranges: [.maxDrop, .minSQNR, .maxFlash, .maxArena, .maxCycles]
      case .int4: [.maxFlash]
      case .equalization, .biasCorrection, .rounding, .training, .int16, .moreInt16, .allInt16,
        .fittingInt16:
        [.maxDrop, .minSQNR]
      }
    }
  }

  /// What a rung gave.
  public struct Step: Sendable {
    /// Which rung it is.
    public var rung: Rung
    /// The options that the model was quantized with.
    public var options: Quantizer.Options
    /// The int8 graph, and what was chosen for it.
    public var result: Quantizer.Result
    /// The blob, and what was shrunk.
    public var output: Compiler.Output
    /// Nil where no clause is judged on samples.
    public var judgement: Judgement?
    /// The modelled cycles of one inference; nil where they are not asked for, or where the model
    /// does not fit the board.
    public var cycleCount: Int?
    /// Every clause of the contract, and whether it holds.
    public var clauses: [Contract.Clause]
    /// What quantizing and compiling took.
    public var seconds: Double
    /// Whether who trains asks to stop here.
    fileprivate var endsClimb = false
    /// Whether every clause holds.
    public var holds: Bool { clauses.allSatisfy(\.holds) }

    /// How far the clauses are from holding, as shares of their limits: the less, the better.
    fileprivate var shortfall: Double {
      clauses.reduce(0) { $0 + $1.missedBy / max(abs($1.limit), 1e-9) }
    }

    /// Whether it costs more than one before it, which held what this one misses.
    fileprivate func costsMore(than last: Step) -> Bool {
      clauses.contains { own in
        own.kind.isCost && !own.holds && last.clauses.contains { $0.kind == own.kind && $0.holds }
      }
    }
  }

  /// What a climb found.
  public struct Climb: Sendable {
    /// Every rung that was tried, in order; at least one.
    public var steps: [Step]
    /// The step that is the answer: the first that holds, else the nearest to it.
    public var best: Int
    /// The confidence of the intervals that each rung was judged with.
    public var confidence: Double
    /// The samples that outputs were judged on; 0 where none were.
    public var heldBackCount: Int
    /// The float model's accuracy on them; nil without labels.
    public var floatAccuracy: Double?

    /// The answer.
    public var answer: Step { steps[best] }
  }

  private let graph: Graph
  private let samples: CalibrationSamples
  private let heldBack: HeldBack?
  private let contract: Contract
  private let shrinks: Bool
  private let countCycles: (Blob) throws -> Int?
  private let train: Training?

  /// Trains a quantized model; `isLast` where the climb is to end with that.
  public typealias Training = (Quantizer.Result) throws -> (result: Quantizer.Result, isLast: Bool)

  /// - Parameters:
  ///   - samples: to calibrate with.
  ///   - heldBack: to judge by, none of them among `samples`; nil where the contract has no clause
  ///     about outputs.
  ///   - shrinks: as for `Compiler.compile`.
  ///   - countCycles: the cycles of one inference, nil where a model does not fit the board; called
  ///     where the contract limits them.
  ///   - train: the means of the rung `training`; nil leaves it out.
  public init(
    _ graph: Graph, samples: CalibrationSamples, heldBack: HeldBack?, contract: Contract,
    shrinks: Bool, countCycles: @escaping (Blob) throws -> Int? = { _ in nil },
    train: Training? = nil
  ) {
    (self.graph, self.samples, self.heldBack) = (graph, samples, heldBack)
    (self.contract, self.shrinks, self.countCycles) = (contract, shrinks, countCycles)
    self.train = train
  }

  /// Climbs until the contract holds, or to the end.
  ///
  /// - Parameters:
  ///   - options: what was chosen by hand stays on every rung.
  ///   - progress: called with each step as it ends.
  public func climb(
    _ options: Quantizer.Options, progress: (Step) -> Void = { _ in }
  ) throws -> Climb {
    // Where nothing is judged there is nothing to climb for but fewer bytes.
    var rungs = heldBack == nil ? Self.rungsByBytes(options) : Self.rungs(options)
    if train != nil {
      let place = rungs.firstIndex { $0.0.decibels != nil } ?? rungs.endIndex
      rungs.insert((.training, rungs[place - 1].1), at: place)
    }
    let mayCost = rungs.contains { $0.0.decibels != nil } && contract.limitsCosts
    // As many looks, so that luck has no more chances than with one.
    let confidence = 1 - Contract.risk / Double(rungs.count + (mayCost ? 1 : 0))
    var steps: [Step] = []
    var int4Layers: [String] = []
    for (rung, ownOptions) in rungs {
      if let last = steps.last {
        let missed = last.clauses.filter { !$0.holds }.map(\.kind)
        // Where nothing is judged, who asks for training is given it.
        let isAsked = rung == .training && heldBack == nil && missed.isEmpty
        if rung.serves.isDisjoint(with: missed), !isAsked { continue }
        if rung == .int4 { int4Layers = try self.int4Layers(last) }
      }
      var options = ownOptions
      for layer in int4Layers { options.weightBits[layer] = 4 }
      options.ranksInt16 = contract.limitsCosts
      let last = steps.last
      let step = try step(rung, options, confidence)
      steps.append(step)
      progress(step)
      if step.endsClimb { break }
      guard rung.decibels != nil, let last, step.costsMore(than: last) else { continue }
      if let fitting = try fitting(step, beside: last, confidence) {
        steps.append(fitting)
        progress(fitting)
      }
      break
    }
    let nearest = steps.indices.min { steps[$0].shortfall < steps[$1].shortfall } ?? 0
    let best = steps.lastIndex(where: \.holds) ?? nearest
    return Climb(
      steps: steps, best: best, confidence: confidence,
      heldBackCount: heldBack?.samples.count ?? 0, floatAccuracy: heldBack?.floatAccuracy)
  }

  /// The options of each rung: what no hand has chosen is off until its rung comes. Rungs that
  /// would change nothing are left out.
  static func rungs(_ options: Quantizer.Options) -> [(Rung, Quantizer.Options)] {
    var current = options
    if options.equalization == .automatic { current.equalization = .none }
    // Every gain counts here.
    current.equalizationGain = 0.03
    if options.biasCorrection == .automatic { current.biasCorrection = .none }
    if options.rounding == .automatic { current.rounding = .nearest }
    var result = [(Rung.ranges, current)]
    if options.isInt8 { result.append((.int4, current)) }
    for rung in Rung.allCases.dropFirst(2).dropLast() {
      let before = current
      switch rung {
      case .ranges, .int4, .training, .fittingInt16: break
      case .equalization: current.equalization = options.equalization
      case .biasCorrection: current.biasCorrection = options.biasCorrection
      case .rounding: current.rounding = options.rounding
      case .int16, .moreInt16, .allInt16:
        // What a hand has chosen stays.
        if options.int16 == .none, let decibels = rung.decibels {
          current.int16 = .automatic(decibels: decibels)
        }
      }
      if current != before { result.append((rung, current)) }
    }
    return result
  }

  /// Where no outputs are judged: everything at once, then smaller weights.
  private static func rungsByBytes(
    _ options: Quantizer.Options
  ) -> [(Rung, Quantizer.Options)] {
    [(.rounding, options)] + (options.isInt8 ? [(.int4, options)] : [])
  }

  /// The layers that are to get weights of int4 so that the blob, as `step` made it, holds its
  /// limit.
  private func int4Layers(_ step: Step) throws -> [String] {
    let excess = step.clauses.first { $0.kind == .maxFlash }?.missedBy ?? 0
    return try Quantizer.int4Layers(
      graph, saving: Int(excess.rounded(.up)), samples: samples, options: step.options)
  }

  private func step(
    _ rung: Rung, _ options: Quantizer.Options, _ confidence: Double
  ) throws -> Step {
    try judged(candidate(rung, options), confidence)
  }

  /// A model with what it costs; only clauses about that are set.
  private func candidate(_ rung: Rung, _ options: Quantizer.Options) throws -> Step {
    let start = ContinuousClock.now
    var result = try Quantizer.quantize(graph, samples: samples, options: options)
    var endsClimb = false
    if rung == .training, let train { (result, endsClimb) = try train(result) }
    let (output, arena) = try compile(result.graph)
    let cycles = contract.maxCycles == nil ? nil : try countCycles(output.blob)
    let measure = Contract.Measure(
      fileByteCount: output.blob.count, arenaByteCount: arena, cycleCount: cycles)
    return Step(
      rung: rung, options: options, result: result, output: output, judgement: nil,
      cycleCount: cycles, clauses: contract.costClauses(measure),
      seconds: (ContinuousClock.now - start).inSeconds, endsClimb: endsClimb)
  }

  /// The same judged on the samples held back.
  private func judged(_ candidate: Step, _ confidence: Double) throws -> Step {
    guard let heldBack else { return candidate }
    var step = candidate
    let judgement = try heldBack.judge(LoadedModel(step.output.blob))
    step.judgement = judgement
    step.clauses =
      contract.outputClauses(judgement, confidence: confidence) + candidate.clauses
    return step
  }

  /// The most of the activations that `costly` has in int16, those first that gain most, that cost
  /// no more than is allowed; nil where one is too much.
  private func fitting(
    _ costly: Step, beside last: Step, _ confidence: Double
  ) throws -> Step? {
    let ranking = costly.result.int16Ranking
    var options = costly.options
    var (fits, isTooMuch) = (0, ranking.count)
    var best: Step?
    while isTooMuch - fits > 1 {
      let count = (fits + isTooMuch) / 2
      options.int16 = .layers(Array(ranking.prefix(count)))
      let step = try candidate(.fittingInt16, options)
      if step.costsMore(than: last) {
        isTooMuch = count
      } else {
        (fits, best) = (count, step)
      }
    }
    return try best.map { try judged($0, confidence) }
  }

  /// The blob and its arena; where the arena's limit cannot be met, the blob without it and the
  /// least arena that was found.
  private func compile(_ graph: Graph) throws -> (Compiler.Output, Int) {
    do throws(CompilerError) {
      let output = try Compiler.compile(graph, shrinks: shrinks, arenaLimit: contract.maxArena)
      return (output, output.plan.byteCount)
    } catch .arenaTooSmall(_, let least, _) {
      return (try Compiler.compile(graph, shrinks: shrinks), least)
    }
  }
}

extension Quantizer.Options {
  /// Whether no weights of other widths were chosen by hand.
  fileprivate var isInt8: Bool { weightBits.isEmpty && commonWeightBits == 8 }
}
