import Foundation

extension DiffReport {
  /// What labels say is lost of what the first output is for, and its name: the share of right
  /// answers, or of an area under the curve; nil where nothing says so.
  public var qualityDrop: (quality: String, drop: Double)? {
    if !floatTop1.isNaN { return ("accuracy", accuracyDrop) }
    return outputs.first?.ranking?.aucDifference.map { ("AUC", -$0.value) }
  }
}

extension DiffReport.Output {
  package init(_ facts: OutputFacts, _ sums: OutputSums) {
    let count = sums.sampleCount
    let neighbours = facts.metric == .embedding ? sums.vectors.compared() : nil
    // Of vectors it is the neighbours that agree.
    let trials = neighbours == nil ? count : sums.vectors.entries.count
    let successes = neighbours?.sameCount ?? sums.agreementCount
    self.init(
      name: facts.name, floatName: facts.floatName, shape: facts.shape, metric: facts.metric,
      reason: facts.reason, summary: "", sampleCount: count,
      sqnrDecibels: sums.error.sqnrDecibels, maxAbsError: sums.error.maxAbsError,
      cosine: sums.error.cosine,
      agreement: trials == 0 ? 1 : Double(successes) / Double(trials),
      agreementInterval: WilsonInterval(successCount: successes, trialCount: trials),
      agreementOn: Self.agreementOn(facts), samples: Self.samples(facts, sums))
    switch facts.metric {
    case .classification: classification = .init(sums.classes, count)
    case .regression: regression = .init(sums)
    case .scores: ranking = sums.scores.report
    case .embedding:
      embedding = .init(
        cosine: sums.cosines.estimate, lowestCosine: sums.cosineRange.ends.lower,
        neighbourSampleCount: trials, neighbourAgreement: agreement,
        fiveNeighbourOverlap: neighbours?.overlap ?? 1, floatNeighbourTop1: neighbours?.floatTop1,
        int8NeighbourTop1: neighbours?.int8Top1)
    case .detection: detection = .init(facts, sums, agreement)
    case .reconstruction:
      if let float = sums.referenceErrors, let int8 = sums.candidateErrors {
        reconstruction = .init(
          floatError: float.squared.estimate, int8Error: int8.squared.estimate,
          pairedTest: sums.paired.pairedTest)
        ranking = sums.scores.report
      }
      if facts.isPicture { picture = .init(sums, hasTargets: false) }
    case .picture: picture = .init(sums, hasTargets: true)
    case .signal: break
    }
    summary = sentence
  }

  private static func agreementOn(_ facts: OutputFacts) -> String {
    switch facts.metric {
    case .classification: "the class with the best score"
    case .scores: "the side of \(facts.threshold.short) that the score is on"
    case .embedding: "the nearest neighbour"
    case .detection: "the place with the highest value"
    case .regression, .reconstruction, .picture, .signal:
      "values within \((OutputFacts.likeShare * facts.range).short), a hundredth of their range"
    }
  }

  private static func samples(_ facts: OutputFacts, _ sums: OutputSums) -> [Sample] {
    let (low, high) = sums.range.ends
    return sums.worst.entries.map { entry in
      let (a, b) = (entry.reference.floats, entry.candidate.floats)
      let signal = Double(bitPattern: entry.signalBits)
      var sample = Sample(
        index: entry.index, rmse: entry.squared.squareRoot(),
        sqnrDecibels: entry.squared == 0 ? .infinity : 10 * log10(signal / entry.squared),
        floatValues: Array(a.prefix(WorstSamples.valueLimit)),
        int8Values: Array(b.prefix(WorstSamples.valueLimit)))
      if facts.isPicture, a.count == facts.shape.reduce(1, *) {
        func picture(_ values: [Float]) -> DiffReport.Picture {
          let scale = high > low && (high - low).isFinite ? 255 / (high - low) : 0
          return .init(
            height: facts.shape[1], width: facts.shape[2], channelCount: facts.shape[3],
            pixels: Data(
              values.map { value in
                let level = ((Double(value) - low) * scale).rounded()
                return level.isNaN ? 0 : UInt8(max(0, min(255, level)))
              }))
        }
        (sample.floatPicture, sample.int8Picture) = (picture(a), picture(b))
      }
      return sample
    }
  }
}

extension DiffReport.Output.Classification {
  fileprivate init(_ counts: OutputSums.ClassCounts, _ sampleCount: Int) {
    var counts = counts
    counts.sort()
    counts.trim()
    self.init(changedCount: counts.changedCount, changed: counts.changed)
    let count = counts.labelledCount
    guard count > 0, count == sampleCount else { return }
    floatTop1 = Double(counts.referenceRight) / Double(count)
    int8Top1 = Double(counts.candidateRight) / Double(count)
    floatTop1Interval = WilsonInterval(successCount: counts.referenceRight, trialCount: count)
    int8Top1Interval = WilsonInterval(successCount: counts.candidateRight, trialCount: count)
    let lost = counts.referenceRight - counts.bothRight
    let won = counts.candidateRight - counts.bothRight
    (rightToWrong, wrongToRight) = (lost, won)
    significance = McNemarTest(rightToWrong: lost, wrongToRight: won)
  }
}

extension DiffReport.Output.Regression {
  fileprivate init(_ sums: OutputSums) {
    self.init(difference: sums.difference.report)
    histograms = sums.scores.histograms(hasTargets: sums.referenceErrors != nil)
    guard let float = sums.referenceErrors, let int8 = sums.candidateErrors else { return }
    self.float = float.report
    self.int8 = int8.report
    pairedTest = sums.paired.pairedTest
  }
}

extension DiffReport.Output.Detection {
  fileprivate init(_ facts: OutputFacts, _ sums: OutputSums, _ agreement: Double) {
    let cells = sums.cells
    func share(_ count: Int, of total: Int) -> Double? {
      total == 0 ? nil : Double(count) / Double(total)
    }
    self.init(
      cellCount: facts.cellCount, channelCount: facts.channelCount, bestCellAgreement: agreement,
      channelAgreement: share(cells.sameChannelCount, of: cells.total) ?? 1,
      threshold: facts.threshold, floatCount: cells.referenceCount,
      int8Count: cells.candidateCount, bothCount: cells.bothCount,
      precision: share(cells.bothCount, of: cells.candidateCount),
      recall: share(cells.bothCount, of: cells.referenceCount))
  }
}

extension DiffReport.Output.PictureQuality {
  fileprivate init(_ sums: OutputSums, hasTargets: Bool) {
    let (low, high) = sums.range.ends
    let peak = high - low
    func decibels(_ squared: Double) -> Double {
      squared == 0 ? .infinity : 10 * log10(peak * peak / squared)
    }
    self.init(
      psnrDecibels: decibels(sums.difference.squared.mean),
      lowestPsnrDecibels: decibels(sums.worst.entries.first?.squared ?? 0), peak: peak)
    guard hasTargets, let float = sums.referenceErrors, let int8 = sums.candidateErrors else {
      return
    }
    floatPsnrDecibels = decibels(float.squared.mean)
    int8PsnrDecibels = decibels(int8.squared.mean)
  }
}
