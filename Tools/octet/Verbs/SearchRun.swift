import OctetCommand
import OctetData
import OctetReport
import OctetTraining

/// What a search is to do.
struct SearchPlan {
  let options: SearchOptions
  let sampler: SearchSampler
  let halving: SearchHalving
  let goal: SearchGoal
  /// How many parameters and multiply-adds a network may have.
  let parameterLimit, multiplyAddLimit: Int?
  let trialCount: Int
  let shard: DiffShard.Part?

  init(_ arguments: Arguments, _ verb: Search, _ options: SearchOptions) {
    self.options = options
    let settings = (try? TrainingSettings(texts: options.texts)) ?? TrainingSettings()
    sampler = SearchSampler(
      options.dimensions, method: arguments[verb.method], seed: settings.options.seed)
    goal = SearchGoal(sufficientAccuracy: arguments[verb.smallest])
    halving = SearchHalving(
      factor: arguments[verb.halving], epochCount: settings.options.epochCount,
      comparesSmallerOnly: goal.sufficientAccuracy != nil)
    parameterLimit = arguments[verb.parameterLimit]
    multiplyAddLimit = arguments[verb.multiplyAddLimit]
    trialCount = arguments[verb.trials]
    shard = arguments[verb.shard]
  }

  /// The trials that this run goes by: with shards its own, so that what it does depends on
  /// nothing else.
  func ours(_ trials: [SearchTrial]) -> [SearchTrial] { trials.filter { isOurs($0.number) } }

  func isOurs(_ number: Int) -> Bool {
    shard.map { number % $0.count == $0.index - 1 } ?? true
  }

  /// The most parameters that are of use: with a sufficient accuracy fewer than the best trial has.
  func parameterLimit(after trials: [SearchTrial]) -> Int? {
    guard let best = goal.best(of: trials), goal.isReached(by: best) else { return parameterLimit }
    return min(parameterLimit ?? .max, best.parameterCount - 1)
  }
}

/// The trials of one process.
struct SearchRun {
  enum Ending: Equatable {
    /// No trial is left to begin.
    case through
    /// There is nothing more to draw, for the reason of the sentence.
    case exhausted(String)
    case interrupted
  }

  let plan: SearchPlan
  let setting: TrialSetting
  let folder: SearchFolder
  let console: Console

  /// Draws for one trial at most.
  static let drawLimit = 200
  /// Spaces of at most so many trials are looked through where draws find nothing.
  static let listLimit = 10_000

  mutating func run() throws -> Ending {
    let epochCount = plan.halving.epochCount
    let bar = console.progress("searching", total: plan.trialCount * epochCount)
    defer { bar.finish() }
    var titleIsPrinted = false
    while true {
      let trials = plan.ours(try folder.trials())
      bar.update(trials.count { $0.end != nil } * epochCount, note: bestNote(trials))
      guard let claim = try nextClaim(trials) else { return .through }
      // Another may have ended it since.
      let latest = plan.ours(try folder.trials())
      if latest.contains(where: { $0.number == claim.piece && $0.end != nil }) { continue }
      let draw = try draw(claim.piece, latest)
      guard case .trial(var trial, let candidate, let refusal) = draw else {
        folder.claims.giveUp(claim)
        guard case .nothing(let sentence) = draw else { return .through }
        return .exhausted(sentence)
      }
      try folder.add(.begun(trial))
      if let refusal {
        (trial.end, trial.reason) = (.refused, refusal)
      } else {
        try train(&trial, candidate.settings, claim, bar)
      }
      guard let end = trial.end else {
        folder.claims.giveUp(claim)
        return .interrupted
      }
      guard folder.claims.isOurs(claim) else {
        console.message("note: another worker took over trial \(trial.number + 1)")
        continue
      }
      try folder.add(.ended(trial: trial.number, end, reason: trial.reason))
      if !titleIsPrinted { console.print(SearchText.title) }
      titleIsPrinted = true
      let isBest = plan.goal.best(of: plan.ours(try folder.trials()))?.number == trial.number
      console.print(SearchText.row(.init(trial, plan), isBest: isBest))
    }
  }

  private func bestNote(_ trials: [SearchTrial]) -> String? {
    plan.goal.best(of: trials)?.score.map { "best \($0.accuracy.percent)" }
  }

  private func nextClaim(_ trials: [SearchTrial]) throws -> WorkClaims.Claim? {
    let ended = Set(trials.filter { $0.end != nil }.map(\.number))
    for number in 0..<plan.trialCount where plan.isOurs(number) && !ended.contains(number) {
      guard let claim = try folder.claims.take(number) else { continue }
      if let former = claim.takenFrom, former != folder.name {
        console.message(
          "note: trial \(number + 1) is begun anew; who was at it (\(former)) is gone")
      }
      return claim
    }
    return nil
  }

  // MARK: Drawing

  private enum Draw {
    /// - refusal: why it cannot be trained.
    case trial(SearchTrial, SearchOptions.Candidate, refusal: String?)
    case nothing(String)
  }

  private func draw(_ number: Int, _ trials: [SearchTrial]) throws -> Draw {
    let others = trials.filter { $0.number != number }
    let names = plan.options.dimensions.map(\.name)
    func values(_ trial: SearchTrial) -> SearchValues { names.map { trial.values[$0] } }
    let evidence = SearchEvidence(
      judged: plan.goal.ranked(others).filter { $0.end != .refused }.map(values),
      pending: others.filter { $0.end == nil }.map(values))
    var state = DrawState(
      known: Set(others.map(\.values)), parameterLimit: plan.parameterLimit(after: others))
    for attempt in 0..<Self.drawLimit {
      let texts = plan.sampler.values(number: number, attempt: attempt, evidence: evidence)
      if let draw = try look(number, try plan.options.candidate(texts), &state) { return draw }
    }
    if let count = plan.options.combinationCount, count <= Self.listLimit {
      for index in 0..<count {
        let candidate = try plan.options.candidate(ofIndex: index)
        if let draw = try look(number, candidate, &state) { return draw }
      }
      if state.skippedCount == 0 { return .nothing("all \(count) combinations have been tried") }
    }
    guard state.skippedCount > 0 else {
      return .nothing("\(Self.drawLimit) draws gave nothing new; widen --over")
    }
    return .nothing(
      "no network as small as is asked for is left among \(Self.drawLimit) draws; the smallest "
        + "drawn has \(state.leastParameterCount) parameters and needs \(state.leastWorkCount) "
        + "multiply-adds")
  }

  private struct DrawState {
    var known: Set<[String: String]>
    var parameterLimit: Int?
    var skippedCount = 0
    var leastParameterCount = Int.max, leastWorkCount = Int.max
  }

  /// The draw of a candidate; nil where it is not new, or too large.
  private func look(
    _ number: Int, _ candidate: SearchOptions.Candidate, _ state: inout DrawState
  ) throws -> Draw? {
    guard !state.known.contains(candidate.values) else { return nil }
    var trial = SearchTrial(number: number)
    trial.values = candidate.values
    trial.skippedCount = state.skippedCount
    do {
      (trial.parameterCount, trial.multiplyAddCount) = try setting.size(candidate.settings)
    } catch {
      guard let reason = Self.refusal(error) else { throw error }
      return .trial(trial, candidate, refusal: reason)
    }
    guard trial.parameterCount <= state.parameterLimit ?? .max,
      trial.multiplyAddCount <= plan.multiplyAddLimit ?? .max
    else {
      state.known.insert(candidate.values)
      state.skippedCount += 1
      state.leastParameterCount = min(state.leastParameterCount, trial.parameterCount)
      state.leastWorkCount = min(state.leastWorkCount, trial.multiplyAddCount)
      return nil
    }
    return .trial(trial, candidate, refusal: nil)
  }

  /// Why a trial, and no more than it, is impossible; nil for what ends the search.
  private static func refusal(_ error: any Error) -> String? {
    if let error = error as? CommandError, error.status == .usage { return error.message }
    guard let error = error as? TrainingError else { return nil }
    switch error {
    case .graph, .option: return error.description
    case .data, .diverged, .checkpoint: return nil
    }
  }

  // MARK: Training

  /// Trains until the end, or until there is no hope; leaves `end` nil when interrupted.
  private func train(
    _ trial: inout SearchTrial, _ settings: TrainingSettings, _ claim: WorkClaims.Claim,
    _ bar: ProgressBar
  ) throws {
    var own = trial
    var failure: (any Error)?
    var hopelessness: String?
    let renewal = Stopwatch()
    var renewedAt = 0.0
    let base = bar.count
    do {
      let result = try setting.train(settings) { progress in
        bar.update(base + own.epochs.count)
        guard renewal.seconds - renewedAt > WorkClaims.renewalSeconds else { return }
        renewedAt = renewal.seconds
        folder.claims.renew(claim)
      } epochEnded: { record in
        let epoch = SearchTrial.Epoch(record)
        own.epochs.append(epoch)
        do {
          try folder.add(.epoch(trial: own.number, epoch))
          if plan.halving.rungs.contains(epoch.epoch) {
            hopelessness = plan.halving.reasonToStop(
              own, among: plan.ours(try folder.trials()))
          }
        } catch {
          failure = error
        }
      } shouldStop: {
        hopelessness != nil || failure != nil || Interruption.isRequested
      }
      if let hopelessness {
        (own.end, own.reason) = (.halved, hopelessness)
      } else if !result.wasStopped {
        own.end = .done
      }
    } catch let error as TrainingError {
      guard case .diverged = error else {
        guard let reason = Self.refusal(error) else { throw error }
        (own.end, own.reason) = (.refused, reason)
        trial = own
        return
      }
      (own.end, own.reason) = (.diverged, error.description)
    }
    if let failure { throw failure }
    trial = own
  }
}
