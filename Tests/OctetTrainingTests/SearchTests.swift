import Foundation
import OctetTraining
import Testing

/// What a search draws, whom it stops, and what its journal keeps.
@Suite struct SearchTests {
  // MARK: Ranges

  @Test func rangesAreRead() throws {
    #expect(try SearchRange(parsing: "a,b") == .choices(["a", "b"]))
    #expect(try SearchRange(parsing: "x=1,y|none") == .choices(["x=1,y", "none"]))
    #expect(
      try SearchRange(parsing: "flip,crop=2|none", takesLists: true)
        == .choices(["flip,crop=2", "none"]))
    for (text, count) in [
      ("integer(3,7)", 5), ("uniform(0,1,0.25)", 5), ("uniform(16, 128, 16)", 8), ("a,b,c", 3),
      ("log(1e-4,1e-1)", nil), ("uniform(-1,1)", nil),
    ] as [(String, Int?)] {
      #expect(try SearchRange(parsing: text).valueCount == count, "\(text)")
    }
  }

  @Test(arguments: [
    "", "a", "a,", "a,,b", "a,a", "log(0,1)", "log(-1,1)", "log(1,1)", "uniform(2,1)",
    "uniform(0,1,2)", "uniform(0,1,0)", "uniform(0,1,-1)", "uniform(a,b)", "uniform(0)",
    "uniform(0,1,2,3)", "uniform(0,inf)", "uniform(nan,1)", "integer(0.5,2)", "normal(0,1)",
    "log(1e-4,1e-1", "uniform(0,1e400)", "uniform(0,0x10)",
  ])
  func whatIsNoRangeIsRefused(text: String) {
    #expect(throws: SearchRangeError.self) { _ = try SearchRange(parsing: text) }
  }

  /// Every value lies in its range, is reached, and comes back from its text.
  @Test func placesAndTextsGoTogether() throws {
    for text in [
      "integer(3,7)", "uniform(0,1,0.25)", "log(1e-4,0.3)", "uniform(-2,3)", "p,q,r",
    ] {
      let range = try SearchRange(parsing: text)
      var seen: Set<String> = []
      for index in 0...400 {
        let value = range.text(at: Double(index) / 400)
        seen.insert(value)
        let place = try #require(range.place(of: value))
        #expect(range.text(at: place) == value, "\(text): \(value)")
      }
      if let count = range.valueCount {
        #expect(seen == Set((0..<count).map { range.text(ofIndex: $0) }), "\(text)")
      }
    }
    let whole = SearchRange.span(try SearchSpan(16, 256, isLogarithmic: true).whole())
    let values = (0...1000).compactMap { Int(whole.text(at: Double($0) / 1000)) }
    #expect(values.first == 16 && values.last == 256 && values == values.sorted())
    // Half of them below the geometric mean.
    #expect((450...550).contains(values.count { $0 < 64 }))
  }

  // MARK: Samplers

  private static let dimensions = [
    ("rate", "log(1e-5,1)"), ("decay", "uniform(0,1)"), ("kind", "a,b,c,d"),
  ].compactMap { name, text in
    (try? SearchRange(parsing: text)).map { SearchDimension(name: name, range: $0) }
  }

  /// A bowl around rate 3e-3 and decay 0.2, deepest for the kind c.
  private static func depth(_ values: [String]) -> Double {
    let rate = log10(Double(values[0]) ?? 1) - log10(3e-3)
    let decay = (Double(values[1]) ?? 0) - 0.2
    return rate * rate / 4 + 4 * decay * decay + (values[2] == "c" ? 0 : 0.5)
  }

  /// The least depth that so many trials find.
  private static func search(_ method: SearchMethod, seed: UInt64, trialCount: Int) -> Double {
    let sampler = SearchSampler(dimensions, method: method, seed: seed)
    var found: [(values: [String], depth: Double)] = []
    for number in 0..<trialCount {
      found.sort { $0.depth < $1.depth }
      let values = sampler.values(
        number: number, evidence: SearchEvidence(judged: found.map { $0.values }))
      found.append((values, depth(values)))
    }
    return found.map(\.depth).min() ?? .infinity
  }

  /// Of twenty seeds the models win most, and their median is several times better.
  @Test func modelsFindMoreThanChance() {
    let seeds = (1...20).map { UInt64($0) }
    let random = seeds.map { Self.search(.random, seed: $0, trialCount: 60) }
    for method in [SearchMethod.tpe, .narrow] {
      let found = seeds.map { Self.search(method, seed: $0, trialCount: 60) }
      #expect(zip(found, random).count { $0 < $1 } >= 15, "\(method)")
      #expect(found.sorted()[10] < random.sorted()[10] / 3, "\(method)")
    }
  }

  @Test func drawsDependOnWhatIsSaidAlone() {
    for method in SearchMethod.allCases {
      let sampler = SearchSampler(Self.dimensions, method: method, seed: 7)
      let judged: [SearchValues] = (0..<15).map { number in
        sampler.values(number: number, evidence: SearchEvidence()).map { $0 }
      }
      let evidence = SearchEvidence(judged: judged)
      let first = sampler.values(number: 15, evidence: evidence)
      #expect(first == sampler.values(number: 15, evidence: evidence))
      #expect(first != sampler.values(number: 15, attempt: 1, evidence: evidence))
      #expect(first != sampler.values(number: 16, evidence: evidence))
      let other = SearchSampler(Self.dimensions, method: method, seed: 8)
      #expect(first != other.values(number: 15, evidence: evidence))
    }
    // At the start, and without evidence, all are the same.
    let draws = SearchMethod.allCases.map {
      SearchSampler(Self.dimensions, method: $0, seed: 7).values(
        number: 3, evidence: SearchEvidence())
    }
    #expect(draws[0] == draws[1] && draws[1] == draws[2])
  }

  /// A value that did not apply, and a text of no use, are no evidence, and stop nobody.
  @Test func missingValuesAreNoEvidence() {
    let judged = (0..<20).map { number -> SearchValues in
      [number % 2 == 0 ? nil : "0.01", nil, number % 3 == 0 ? "gone" : "a"]
    }
    for method in SearchMethod.allCases {
      let sampler = SearchSampler(Self.dimensions, method: method, seed: 1)
      for number in 20..<40 {
        let values = sampler.values(number: number, evidence: SearchEvidence(judged: judged))
        for (text, dimension) in zip(values, Self.dimensions) {
          #expect(dimension.range.place(of: text) != nil)
        }
      }
    }
  }

  /// Where others are at work nobody else goes.
  @Test func pendingTrialsPushAway() {
    let judged: [SearchValues] = (0..<20).map { ["\(pow(10, -Double($0) / 5))", "0.5", "a"] }
    let crowd = [SearchValues](repeating: judged[0], count: 30)
    func mean(_ evidence: SearchEvidence) -> Double {
      let sampler = SearchSampler(Self.dimensions, method: .tpe, seed: 3)
      return (100..<150).reduce(0) { sum, number in
        sum + abs(log10(Double(sampler.values(number: number, evidence: evidence)[0]) ?? 1))
      } / 50
    }
    #expect(
      mean(SearchEvidence(judged: judged))
        < mean(SearchEvidence(judged: judged, pending: crowd)) - 0.1)
  }

  // MARK: Halving

  private func trial(
    _ number: Int, _ accuracies: [Double], end: SearchTrial.End? = nil, parameterCount: Int = 100
  ) -> SearchTrial {
    var trial = SearchTrial(number: number)
    trial.parameterCount = parameterCount
    trial.end = end
    trial.epochs = accuracies.enumerated().map { index, accuracy in
      SearchTrial.Epoch(
        epoch: index + 1, trainLoss: 1, trainAccuracy: 0.5, validationLoss: 1 - accuracy,
        validationAccuracy: accuracy, seconds: 1)
    }
    return trial
  }

  @Test func rungsArePartsOfTheWhole() {
    #expect(SearchHalving(factor: 3, epochCount: 9).rungs == [1, 3])
    #expect(SearchHalving(factor: 3, epochCount: 10).rungs == [2, 4])
    #expect(SearchHalving(factor: 2, epochCount: 8).rungs == [1, 2, 4])
    #expect(SearchHalving(factor: 3, epochCount: 27).rungs == [1, 3, 9])
    #expect(SearchHalving(factor: 1, epochCount: 27).rungs.isEmpty)
    #expect(SearchHalving(factor: 3, epochCount: 1).rungs.isEmpty)
    #expect(SearchHalving(factor: 64, epochCount: 100_000).rungs == [25, 1563])
  }

  @Test func theBestThirdGoesOn() {
    let halving = SearchHalving(factor: 3, epochCount: 9)
    let others = [0.9, 0.8, 0.7, 0.6, 0.5].enumerated().map { trial($0.offset, [$0.element]) }
    func stops(_ accuracies: [Double], among others: [SearchTrial]) -> Bool {
      halving.reasonToStop(trial(9, accuracies), among: others) != nil
    }
    // Of six the best two.
    #expect(!stops([0.95], among: others) && !stops([0.85], among: others))
    #expect(stops([0.75], among: others) && stops([0.1], among: others))
    // Equal to the second is no worse.
    #expect(!stops([0.8], among: Array(others.prefix(3))))
    // Two say nothing yet; nor do other epochs, nor a trial's own former self.
    #expect(!stops([0.1], among: [others[0]]) && stops([0.1], among: Array(others.prefix(2))))
    #expect(!stops([0.1, 0.1], among: others))
    #expect(!stops([0.1], among: [trial(9, [0.99]), trial(9, [0.98]), trial(9, [0.97])]))
    // The best so far counts, not the last; those that did not come as far do not.
    #expect(!stops([0.1, 0.9, 0.2], among: (0..<5).map { trial($0, [0.95, 0.95]) }))
    #expect(!stops([0.1, 0.9, 0.2], among: (0..<5).map { trial($0, [0.5, 0.5, 0.8]) }))
    // Larger networks make no small one hopeless where small ones are looked for.
    var sized = halving
    sized.comparesSmallerOnly = true
    let large = (0..<5).map { trial($0, [0.9], parameterCount: 200) }
    #expect(sized.reasonToStop(trial(9, [0.1]), among: large) == nil)
    #expect(sized.reasonToStop(trial(9, [0.1], parameterCount: 200), among: large) != nil)
  }

  @Test func whatIsBetter() {
    let goal = SearchGoal()
    let trials = [
      trial(0, [0.9], end: .halved), trial(1, [0.5, 0.8], end: .done), trial(2, [], end: .refused),
      trial(3, [0.7, 0.7], end: .halved), trial(4, [0.8, 0.1], end: .done),
      trial(5, [0.99], end: .diverged), trial(6, [0.85, 0.6], end: .done), trial(7, [0.999]),
    ]
    #expect(goal.ranked(trials).map(\.number) == [6, 1, 4, 3, 0, 5, 2])
    #expect(goal.best(of: trials)?.number == 6 && trials[6].bestEpoch == 1)
    #expect(goal.best(of: [trials[0], trials[5]]) == nil)
    // The smallest at 80 %.
    let small = SearchGoal(sufficientAccuracy: 0.8)
    let sized = [
      trial(0, [0.99], end: .done, parameterCount: 300),
      trial(1, [0.81], end: .done, parameterCount: 100),
      trial(2, [0.79], end: .done, parameterCount: 10),
      trial(3, [0.9], end: .halved, parameterCount: 20),
    ]
    #expect(small.ranked(sized).map(\.number) == [1, 0, 2, 3])
    #expect(!small.isReached(by: sized[3]) && small.isReached(by: sized[1]))
  }

  // MARK: Journals

  private func lines(of trials: [SearchTrial]) -> [String] {
    var lines = [SearchLine.settings(["--epochs": "9"]).text]
    for trial in trials {
      var begun = trial
      (begun.epochs, begun.end) = ([], nil)
      lines.append(SearchLine.begun(begun).text)
      lines += trial.epochs.map { SearchLine.epoch(trial: trial.number, $0).text }
      if let end = trial.end {
        lines.append(SearchLine.ended(trial: trial.number, end, reason: nil).text)
      }
    }
    return lines
  }

  @Test func aJournalIsReadAsItWasWritten() throws {
    var first = trial(0, [0.5, 0.75], end: .done, parameterCount: 12)
    first.values = ["rate": "1e-05", "augment": "flip,crop=2", "naïve \"\n": "✓"]
    first.skippedCount = 3
    let second = trial(1, [0.1])
    let written = lines(of: [first, second])
    #expect(written.allSatisfy { !$0.contains("\n") })
    let journal = try SearchJournal(written)
    #expect(journal.settings == ["--epochs": "9"])
    #expect(journal.trials == [0: first, 1: second])
    // A trial that was begun again forgets what it did before.
    let again = try SearchJournal(written + Array(lines(of: [trial(1, [0.3, 0.4])]).dropFirst()))
    #expect(again.trials[1]?.epochs.count == 2)
  }

  @Test func damageIsFound() throws {
    let whole = lines(of: [trial(0, [0.5, 0.75], end: .done)])
    for index in whole.indices {
      var cut = whole
      cut[index] = String(cut[index].dropLast(3))
      #expect(throws: SearchJournalError.self) { _ = try SearchJournal(cut) }
      // The end, and the epoch before it, may be missing, as after a kill.
      guard index < whole.count - 2 else { continue }
      var missing = whole
      missing.remove(at: index)
      #expect(throws: SearchJournalError.self) { _ = try SearchJournal(missing) }
    }
    #expect(throws: SearchJournalError.self) { _ = try SearchJournal(whole + [whole[0]]) }
    #expect(throws: SearchJournalError.self) { _ = try SearchJournal(whole + [whole[2]]) }
    #expect(try SearchJournal([]).trials.isEmpty)
    do {
      _ = try SearchJournal(["{\"mine\":1}"])
    } catch { #expect(error.isForeign) }
  }

  @Test func journalsComeTogether() throws {
    let journals = try [
      [trial(0, [0.1]), trial(2, [0.5], end: .done)],
      [trial(0, [0.1, 0.2], end: .done), trial(1, [0.3])],
      [trial(1, [0.3, 0.4]), trial(2, [0.5], end: .done)],
    ].map { try SearchJournal(lines(of: $0)) }
    let merged = SearchJournal.merged(journals)
    #expect(merged.map(\.number) == [0, 1, 2])
    #expect(merged.map(\.epochs.count) == [2, 2, 1])
    #expect(merged == SearchJournal.merged(journals.reversed()))
  }

  @Test func differencesAreNamed() {
    let old = ["--epochs": "9", "--method": "tpe"]
    #expect(SearchJournal.difference(old, old) == nil)
    #expect(
      SearchJournal.difference(old, ["--epochs": "3", "--l1": "0.1"])
        == "--epochs was 9 and is 3; --l1 is new; --method was tpe and is not given")
  }
}
