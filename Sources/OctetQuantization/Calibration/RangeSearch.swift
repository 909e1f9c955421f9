import Foundation
import OctetModel
import OctetPasses

/// Chooses the calibrator of each activation by what the network's outputs lose.
///
/// 1. A quarter of the samples is held back; the ranges that are compared come from others.
/// 2. Each calibrator for the whole network: the one with the least error of the outputs stays.
/// 3. Layer after layer, or run after run of layers where there are many, the other calibrators:
///    one stays where it lowers the error by 1 % or more, and on either half of what was held back.
/// 4. The ranges that come from all samples differ from those that were compared: where with them
///    the choice is worse than the mean square error for all, that is taken.
///
/// Only activations are rounded: weights are no part of the choice. Every figure is a sum in a
/// fixed order, and the work is bounded by counts, not by time, so the choice is the same on every
/// machine and with any number of threads.
struct RangeSearch {
  private let graph: Graph
  private let options: Quantizer.Options
  /// The range of every activation, by calibrator.
  private var ranges: [Calibrator: [TensorIndex: ValueRange]] = [:]
  private let tables: [FunctionRegion]
  private let tabulated: Set<Int>
  let heldBack: CalibrationSamples
  /// What is compared: the outputs, or the scores that a softmax at the end takes.
  private let measured: [TensorIndex]
  /// The float values of `measured`, for each sample held back.
  private let references: [[[Float]]]
  /// What to divide squared errors by, for each measured tensor.
  private var powers: [Double] = []
  private var evaluationsLeft: Int

  /// A calibrator takes the place of another when it lowers the error by this share.
  static let leastGain = 0.01
  private static let heldBackLimit = 128
  private static let calibrationLimit = 128
  /// Inferences that a search may take for each sample of the calibration, as many as that takes
  /// itself; more where they are cheap: up to so many, of so many multiply-adds together.
  private static let runsPerSample = 3
  private static let cheapRuns = 256.0
  private static let cheapWork = 1e9
  /// The calibrator that others have to beat comes first.
  private static let candidates = [Calibrator.meanSquareError, .minMax, .percentile, .divergence]

  /// What was found.
  struct Choice: Sendable {
    /// The calibrators of single tensors; all others have that of the whole.
    var calibrators: [TensorIndex: Calibrator] = [:]
    var whole = Calibrator.meanSquareError
    /// Activations of int16.
    var int16: [Int16Unit] = []
    var summary: Quantizer.Search?
  }

  /// - Parameters:
  ///   - graph: simplified, with int8 forms.
  ///   - calibration: of all samples.
  static func choose(
    _ graph: Graph, _ samples: CalibrationSamples, _ options: Quantizer.Options,
    _ calibration: Calibration
  ) throws(QuantizationError) -> Choice {
    guard samples.count > 0 else { throw .noCalibrationSamples }
    var search = try RangeSearch(graph, samples, options)
    let choice = try search.run()
    return try search.confirmed(choice, calibration)
  }

  /// The choice, or the mean square error for all.
  private mutating func confirmed(
    _ choice: Choice, _ calibration: Calibration
  ) throws(QuantizationError) -> Choice {
    var plain = Choice()
    let inUse = Set(choice.calibrators.values).union([choice.whole])
    if inUse == [plain.whole] { return choice }
    let units = tensorsWithAChoice()
    for calibrator in inUse.union([plain.whole]) {
      ranges[calibrator] = Quantizer.chooseRanges(
        graph, calibration, options, Choice(whole: calibrator))
    }
    let error = try error(plain)
    if try self.error(choice).isWithin(error) { return choice }
    plain.summary = summary(plain, units, error, error)
    return plain
  }

  init(
    _ graph: Graph, _ samples: CalibrationSamples, _ options: Quantizer.Options
  ) throws(QuantizationError) {
    self.graph = graph
    self.options = options
    tables = graph.functionRegions()
    tabulated = graph.nodesInTables.union(tables.flatMap(\.nodes))
    // Every fourth, of which at most so many; all serve both ends where there are too few.
    let all = Array(0..<samples.count)
    let back = samples.count < 4 ? all : all.filter { $0 % 4 == 3 }
    let others = samples.count < 4 ? all : all.filter { $0 % 4 != 3 }
    func some(_ indices: [Int], _ limit: Int) -> CalibrationSamples {
      samples.picked(CalibrationSamples.spread(indices.count, atMost: limit).map { indices[$0] })
    }
    heldBack = some(back, Self.heldBackLimit)
    let calibration = try Calibration(
      graph, samples: some(others, Self.calibrationLimit), threadCount: options.threadCount)
    for calibrator in Self.candidates {
      ranges[calibrator] = Quantizer.chooseRanges(
        graph, calibration, options, Choice(whole: calibrator))
    }
    measured = graph.judgedTensors
    let cheap = Int(min(Self.cheapRuns, Self.cheapWork / max(graph.workEstimate, 1)))
    let runs = max(cheap, Self.runsPerSample * samples.count)
    evaluationsLeft = max(Self.candidates.count, runs / heldBack.count)
    let (judged, count) = (measured, heldBack.count)
    references = try Calibration.pass(graph, heldBack, options.threadCount) {
      [[[Float]]](repeating: [], count: count)
    } visit: { sample, interpreter, values in
      values[sample] = judged.map { interpreter.value(of: $0) }
    } merge: { into, from in
      for sample in into.indices where !from[sample].isEmpty { into[sample] = from[sample] }
    }
    powers = measured.indices.map { position in Self.variation(references.map { $0[position] }) }
  }

  /// The error of the outputs with one calibrator for all activations and weights rounded to
  /// nearest: what tells forms of one network apart.
  static func error(
    ofRounded graph: Graph, _ samples: CalibrationSamples, _ options: Quantizer.Options
  ) throws(QuantizationError) -> HalvedError {
    guard samples.count > 0 else { throw .noCalibrationSamples }
    var search = try RangeSearch(graph, samples, options)
    return try search.error(Choice(), roundsWeights: true)
  }

  private mutating func run() throws(QuantizationError) -> Choice {
    var best = Choice()
    var bestError = try error(best)
    let first = bestError
    for calibrator in Self.candidates.dropFirst() {
      let candidate = Choice(whole: calibrator)
      let error = try error(candidate)
      if error.isBelow(bestError) { (best, bestError) = (candidate, error) }
    }
    let units = tensorsWithAChoice()
    let rounds = Self.candidates.count - 1
    let runCount = min(units.count, max(evaluationsLeft, 0) / rounds)
    for run in 0..<runCount {
      let part = units[run * units.count / runCount..<(run + 1) * units.count / runCount]
      for calibrator in Self.candidates {
        var candidate = best
        for tensor in part { candidate.calibrators[tensor] = calibrator }
        if candidate.calibrators == best.calibrators { continue }
        let isSame = part.allSatisfy { (best.calibrators[$0] ?? best.whole) == calibrator }
        if isSame { continue }
        let error = try error(candidate)
        if error.isBelow(bestError) { (best, bestError) = (candidate, error) }
      }
    }
    best.summary = summary(best, units, first, bestError)
    return best
  }

  private func summary(
    _ choice: Choice, _ units: [TensorIndex], _ first: HalvedError, _ last: HalvedError
  ) -> Quantizer.Search {
    var counts: [Calibrator: Int] = [:]
    for tensor in units { counts[choice.calibrators[tensor] ?? choice.whole, default: 0] += 1 }
    let gain = last.total > 0 ? 10 * log10(first.total / last.total) : 0
    return Quantizer.Search(
      calibrator: choice.whole, tensorCounts: counts, gainedDecibels: gain,
      heldBackCount: heldBack.count)
  }

  /// Activations whose grid depends on the calibrator, in execution order.
  private func tensorsWithAChoice() -> [TensorIndex] {
    let ranges = Self.candidates.compactMap { self.ranges[$0] }
    let grids = GridPlan(MixedGraph(graph), ranges: ranges[0], tables: tables).grids
    let producers = graph.producers()
    return grids.keys.filter { tensor in
      let first = ranges[0][tensor]
      let passesOn = producers[tensor].map {
        graph.nodes[$0].operation.passesGridOn
      }
      return passesOn != true && ranges.contains { $0[tensor] != first }
    }.sorted { (producers[$0] ?? -1, $0) < (producers[$1] ?? -1, $1) }
  }

  // MARK: Errors

  /// Squared errors of the outputs over what these vary, or the divergence of class scores, of
  /// either half of the samples.
  struct HalvedError {
    var halves: [Double]
    /// Squared errors of class scores over what these vary. Where a network is sure of nearly all
    /// samples, few have a divergence at all, and these alone would choose.
    var scoreDistance: Double
    var total: Double { halves.reduce(0, +) }

    /// Whether it is no more than the other, and the scores are at most 3 dB worse.
    func isWithin(_ other: HalvedError) -> Bool {
      total <= other.total && scoreDistance <= 2 * other.scoreDistance
    }

    /// - Parameter gain: the share by which the error has to be less.
    func isBelow(_ other: HalvedError, by gain: Double = RangeSearch.leastGain) -> Bool {
      total < other.total * (1 - gain)
        && zip(halves, other.halves).allSatisfy { $0 <= $1 }
    }
  }

  mutating func error(
    _ choice: Choice, roundsWeights: Bool = false
  ) throws(QuantizationError) -> HalvedError {
    evaluationsLeft -= 1
    var chosen = ranges[choice.whole, default: [:]]
    for (tensor, calibrator) in choice.calibrators {
      chosen[tensor] = ranges[calibrator]?[tensor] ?? chosen[tensor]
    }
    let mixed = MixedGraph(graph, choice.int16, tabulated)
    // Of a graph with changes of width other nodes are the same functions.
    let tables = choice.int16.isEmpty ? self.tables : mixed.graph.functionRegions()
    let plan = GridPlan(mixed, ranges: chosen, tables: tables)
    var rounded = mixed.graph
    rounded.takeGrids(plan.grids, int16: mixed.wide)
    if roundsWeights {
      for index in rounded.nodes.indices
      where rounded.nodes[index].operation.weightChannelAxis != nil {
        try rounded.quantizeConstants(ofNode: index)
      }
    }
    // Adds tensors and nodes; those that are judged keep their places.
    rounded.insertGrids(plan.changes, functions: [])
    return try error(of: rounded)
  }

  /// What a graph's outputs are off by; its tensors begin with those of the float graph.
  func error(of rounded: Graph) throws(QuantizationError) -> HalvedError {
    let (judged, references, powers) = (measured, references, powers)
    let scores = graph.classScores
    let errors = try Calibration.pass(rounded, heldBack, options.threadCount) {
      [0.0, 0.0, 0.0]
    } visit: { sample, interpreter, errors in
      for (position, tensor) in judged.enumerated() {
        let reference = references[sample][position]
        let (distance, lost) = unsafe interpreter.withValue(of: tensor) { values in
          unsafe (
            squaredDistance(values, reference) / powers[position],
            tensor == scores ? divergence(of: values, from: reference) : nil
          )
        }
        errors[sample % 2] += lost ?? distance
        if lost != nil { errors[2] += distance }
      }
    } merge: { into, from in
      for half in into.indices { into[half] += from[half] }
    }
    return HalvedError(halves: Array(errors[..<2]), scoreDistance: errors[2])
  }

  /// Σ (x − mean)² over all samples, or Σ x² of a constant; at least the least number.
  private static func variation(_ samples: [[Float]]) -> Double {
    var (count, sum, square) = (0.0, 0.0, 0.0)
    for value in samples.joined() {
      count += 1
      sum += Double(value)
      square += Double(value) * Double(value)
    }
    let variation = square - sum * sum / max(count, 1)
    return max(variation > 1e-12 * square ? variation : square, .leastNormalMagnitude)
  }
}

private func squaredDistance(_ values: UnsafeBufferPointer<Float>, _ others: [Float]) -> Double {
  unsafe zip(values, others).reduce(0) { sum, pair in
    let difference = Double(pair.0) - Double(pair.1)
    return sum + difference * difference
  }
}

/// The Kullback-Leibler divergence of the probabilities that class scores stand for: it weighs
/// scores by what they decide, and those that nobody can see not at all.
private func divergence(of scores: UnsafeBufferPointer<Float>, from reference: [Float]) -> Double {
  func logarithmOfSum(_ values: some Collection<Float>) -> Double {
    let highest = Double(values.max() ?? 0)
    return highest + log(values.reduce(0) { $0 + exp(Double($1) - highest) })
  }
  let (own, real) = unsafe (logarithmOfSum(scores), logarithmOfSum(reference))
  return unsafe zip(scores, reference).reduce(0) { sum, pair in
    let probability = Double(pair.1) - real
    return sum + exp(probability) * (probability - (Double(pair.0) - own))
  }
}

extension Graph {
  /// What a choice is judged by: each output, or, where a softmax makes it, what that takes, of
  /// which a probability shows little.
  fileprivate var judgedTensors: [TensorIndex] {
    let producers = producers()
    return outputs.map { output in
      guard let producer = producers[output] else { return output }
      var makesProbabilities = false
      if case .softmax = nodes[producer].operation { makesProbabilities = true }
      if case .logSoftmax = nodes[producer].operation { makesProbabilities = true }
      let scores = nodes[producer].inputs[0]
      return makesProbabilities && tensors[scores].constant == nil ? scores : output
    }
  }
}
