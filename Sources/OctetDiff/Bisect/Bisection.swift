import Foundation
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport

extension Diff {
  /// Finds the smallest set of layers of the candidate that, put into the reference, cost what the
  /// candidate loses: what it shares with the report are the samples and the layers' own errors.
  ///
  /// - Parameters:
  ///   - report: of this comparison; layers with the largest errors of their own are tried first.
  ///   - progress: called with the number of hybrids run.
  ///   - shouldStop: asked between hybrids; what was found until then is returned.
  /// - Throws: `EvaluationError` when no hybrid of the two can be run.
  public func bisection(
    of report: DiffReport, progress: @escaping (Int) -> Void = { _ in },
    shouldStop: @escaping () -> Bool = { false }
  ) throws -> DiffReport.Bisection {
    let search = try BisectionSearch(self, progress: progress, shouldStop: shouldStop)
    return search.run(suspects: suspects(report, among: search.exchangeable))
  }

  /// The search's own judgement of any set of layers.
  package func trial() throws -> BisectionTrial {
    let search = try BisectionSearch(self, progress: { _ in }, shouldStop: { false })
    return BisectionTrial(self, search)
  }

  /// Exchangeable places, those with the largest errors of their own first.
  private func suspects(_ report: DiffReport, among places: [Int]) -> [Int] {
    let errors = Dictionary(
      report.layers.map { ($0.name, $0.local?.sqnrDecibels ?? $0.judgedDecibels) },
      uniquingKeysWith: { a, _ in a })
    func error(_ place: Int) -> Double {
      let found = errors[candidate.places[place].name] ?? .infinity
      return found.isNaN ? -.infinity : found
    }
    return places.sorted { (error($0), $0) < (error($1), $1) }
  }
}

/// What a search for the smallest set goes by, for any set.
package struct BisectionTrial {
  /// The layers that can be exchanged.
  package let names: [String]
  package let measure: DiffReport.Bisection.Measure
  private let search: BisectionSearch
  private let places: [String: Int]

  fileprivate init(_ diff: Diff, _ search: BisectionSearch) {
    self.search = search
    measure = search.begin(Set(search.exchangeable))
    names = search.exchangeable.map { diff.candidate.places[$0].name }
    places = Dictionary(
      search.exchangeable.map { (diff.candidate.places[$0].name, $0) },
      uniquingKeysWith: { a, _ in a })
  }

  /// Whether these layers cost enough of what the candidate loses.
  package func fails(_ names: Set<String>) -> Bool {
    search.fails(Set(names.compactMap { places[$0] }))
  }
}

/// The search for the smallest set.
private final class BisectionSearch {
  /// What hybrids gave, summed over samples.
  private struct Tally {
    var right = 0
    var agreeing = 0
    /// Squares, by output.
    var signal: [Double]
    var noise: [Double]

    init(outputCount: Int) {
      signal = [Double](repeating: 0, count: outputCount)
      noise = signal
    }

    /// The error's energy beside the signal's, each output counting as much as every other.
    var error: Double {
      let shares = zip(signal, noise).map { $1 == 0 ? 0 : $1 / max($0, 1e-30) }
      return shares.reduce(0, +) / Double(max(shares.count, 1))
    }
    var decibels: Double { error == 0 ? .infinity : -10 * log10(error) }

    mutating func add(_ other: Tally) {
      right += other.right
      agreeing += other.agreeing
      for output in signal.indices {
        signal[output] += other.signal[output]
        noise[output] += other.noise[output]
      }
    }
  }

  private let diff: Diff
  private let workers: [Worker]
  private let samples: [Int]
  private let progress: (Int) -> Void
  private let shouldStop: () -> Bool
  private var known: [Set<Int>: Tally] = [:]
  private var measure = DiffReport.Bisection.Measure.sqnr

  /// Samples that a hybrid is run on, evenly spread, and hybrids that are run at most.
  private static let sampleLimit = 500
  private static let evaluationLimit = 200
  /// The share of what is lost that the set must cost: of counts, and of the error's energy.
  private static let countShare = 0.75
  private static let energyShare = 0.5

  init(
    _ diff: Diff, progress: @escaping (Int) -> Void, shouldStop: @escaping () -> Bool
  ) throws {
    self.diff = diff
    self.progress = progress
    self.shouldStop = shouldStop
    let indices = diff.indices
    let step = max(1, (indices.count + Self.sampleLimit - 1) / Self.sampleLimit)
    samples = stride(from: 0, to: indices.count, by: step).map { indices[$0] }
    let count = max(1, min(diff.options.threadCount, samples.count))
    let hasInvisible = diff.outputs.map {
      $0.metric == .classification && diff.candidate.holdsScores($0.candidate, output: $0.candidate)
    }
    workers = try (0..<count).map { _ in Worker(try Hybrid(diff), hasInvisible: hasInvisible) }
    guard workers[0].hybrid.isComplete, !samples.isEmpty else { throw EvaluationError.noSamples }
  }

  var exchangeable: [Int] { workers[0].hybrid.exchangeable }

  func run(suspects: [Int]) -> DiffReport.Bisection {
    let all = Set(suspects)
    _ = begin(all)
    let (none, whole) = (tally([]), tally(all))
    var found: [Int] = []
    // What is lost without any of them is not theirs.
    if cost(whole) > 0, !fails([]) { found = smallest(suspects, whole) }
    let names = { (places: [Int]) in places.sorted().map { self.diff.candidate.places[$0].name } }
    let isFixedToBlame = found.isEmpty && cost(none) > 0
    let only = tally(Set(found))
    let allBut = tally(all.subtracting(found))
    var reference = Tally(outputCount: diff.outputs.count)
    (reference.right, reference.agreeing) = (expectedRight, samples.count)
    return .init(
      measure: measure, layers: names(found),
      fixedLayers: isFixedToBlame || !found.isEmpty ? names(workers[0].hybrid.fixed) : [],
      evaluations: known.count, sampleCount: samples.count, reference: value(reference),
      candidate: value(whole), onlyThese: value(only), allButThese: value(allBut))
  }

  // MARK: Measures

  private var expectedRight = 0

  /// Runs both ends and chooses the measure.
  fileprivate func begin(_ all: Set<Int>) -> DiffReport.Bisection.Measure {
    choose(tally([]), tally(all))
    return measure
  }

  /// The first measure that the candidate has lost something by. Only scores of classes have a best
  /// one.
  private func choose(_ none: Tally, _ whole: Tally) {
    guard diff.isClassifier else { return }
    let count = samples.count
    if diff.options.data.isLabelled, expectedRight - whole.right >= max(2, count / 200) {
      measure = .accuracy
    } else if count - whole.agreeing >= max(2, count / 200) {
      measure = .agreement
    }
  }

  private func value(_ tally: Tally) -> Double {
    switch measure {
    case .accuracy: Double(tally.right) / Double(samples.count)
    case .agreement: Double(tally.agreeing) / Double(samples.count)
    case .sqnr: tally.decibels
    }
  }

  /// What a hybrid has lost against the reference.
  private func cost(_ tally: Tally) -> Double {
    switch measure {
    case .accuracy: Double(expectedRight - tally.right)
    case .agreement: Double(samples.count - tally.agreeing)
    case .sqnr: tally.error
    }
  }

  fileprivate func fails(_ places: Set<Int>) -> Bool {
    let share = measure == .sqnr ? Self.energyShare : Self.countShare
    return cost(tally(places)) >= share * cost(tally(Set(exchangeable)))
  }

  private var isOver: Bool { known.count >= Self.evaluationLimit || shouldStop() }

  // MARK: Hybrids

  private func tally(_ places: Set<Int>) -> Tally {
    if let tally = known[places] { return tally }
    nonisolated(unsafe) let crew = workers
    let (samples, diff) = (samples, diff)
    DispatchQueue.concurrentPerform(iterations: workers.count) { thread in
      let worker = unsafe crew[thread]
      worker.tally = Tally(outputCount: diff.outputs.count)
      worker.expectedRight = 0
      for position in stride(from: thread, to: samples.count, by: unsafe crew.count) {
        let sample = samples[position]
        worker.add(sample, label: diff.data.label(sample), candidateAt: places)
      }
    }
    var total = Tally(outputCount: diff.outputs.count)
    expectedRight = 0
    for worker in workers {
      total.add(worker.tally)
      expectedRight += worker.expectedRight
    }
    known[places] = total
    progress(known.count)
    return total
  }

  /// One thread's models and sums.
  private final class Worker {
    let hybrid: Hybrid
    var tally = Tally(outputCount: 0)
    var expectedRight = 0
    /// Whether scores of a class far under the best do not matter, by output.
    private let hasInvisible: [Bool]

    init(_ hybrid: Hybrid, hasInvisible: [Bool]) {
      self.hybrid = hybrid
      self.hasInvisible = hasInvisible
    }

    func add(_ sample: Int, label: Int?, candidateAt places: Set<Int>) {
      let outputs = hybrid.run(sample, candidateAt: places)
      if let (given, own) = outputs.first {
        let (top, ownTop) = (Self.top(given), Self.top(own))
        expectedRight += top == label ? 1 : 0
        tally.right += ownTop == label ? 1 : 0
        tally.agreeing += ownTop == top ? 1 : 0
      }
      for (output, (given, own)) in outputs.enumerated() {
        // Scores that nobody can see are raised to where they begin to be seen, as everywhere.
        let threshold =
          hasInvisible[output] && given.count > 1
          ? (given.max() ?? 0) - Quantizer.invisibleBelow : -Float.infinity
        for (a, b) in zip(given, own) {
          let (x, y) = (Double(max(a, threshold)), Double(max(b, threshold)))
          tally.signal[output] += x * x
          tally.noise[output] += (x - y) * (x - y)
        }
      }
    }

    private static func top(_ scores: [Float]) -> Int {
      unsafe scores.withUnsafeBufferPointer { unsafe Scores.top($0) ?? 0 }
    }
  }

  // MARK: The search

  /// The shortest list of the worst suspects that fails, less those that it fails without.
  private func smallest(_ suspects: [Int], _ whole: Tally) -> [Int] {
    var (passing, failing) = (0, suspects.count)
    // Galloping first: most often it is one layer or a few.
    var length = 1
    while length < failing, !isOver {
      if fails(Set(suspects.prefix(length))) {
        failing = length
      } else {
        passing = length
        length *= 2
      }
    }
    while failing - passing > 1, !isOver {
      let middle = (passing + failing) / 2
      if fails(Set(suspects.prefix(middle))) { failing = middle } else { passing = middle }
    }
    let last = suspects[failing - 1]
    return [last] + explain([last], isChanged: true, Array(suspects.prefix(failing - 1)))
  }

  /// Junker's QuickXplain: those of `suspects` that are needed beside `kept` for a failure.
  private func explain(_ kept: Set<Int>, isChanged: Bool, _ suspects: [Int]) -> [Int] {
    if isChanged, fails(kept) { return [] }
    if suspects.count <= 1 || isOver { return suspects }
    let (first, second) = (
      Array(suspects.prefix(suspects.count / 2)), Array(suspects.dropFirst(suspects.count / 2))
    )
    let needed = explain(kept.union(first), isChanged: !first.isEmpty, second)
    let others = explain(kept.union(needed), isChanged: !needed.isEmpty, first)
    return needed + others
  }
}
