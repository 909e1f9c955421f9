import Foundation

extension DiffReport {
  /// The report is a function of what was known before and of the sums, so that shards give what
  /// the whole run gives.
  package init(_ context: DiffContext, _ state: DiffState) {
    let classes = state.classes
    let count = classes.sampleCount
    let layers = zip(context.layers, state.layers).map { Layer(context, $0, $1) }
    let difference = zip(classes.candidate.counts, classes.reference.counts).map { $0 - $1 }
    let warnings = context.premises.warnings(
      classes, referenceName: context.comparison.names.reference)
    self.init(
      verdict: Verdict(context, classes, layers, warnings: warnings),
      comparison: context.comparison, data: context.premises.data, warnings: warnings,
      sampleCount: count, floatTop1: classes.reference.accuracy,
      int8Top1: classes.candidate.accuracy,
      floatTop1Interval: WilsonInterval(
        successCount: classes.reference.correctCount, trialCount: count),
      int8Top1Interval: WilsonInterval(
        successCount: classes.candidate.correctCount, trialCount: count),
      agreement: classes.agreement, rightToWrong: classes.rightToWrong,
      wrongToRight: classes.wrongToRight, significance: classes.significance,
      classNames: context.classNames, floatConfusion: classes.reference.counts,
      int8Confusion: classes.candidate.counts, confusionDifference: difference,
      flips: state.flips, margins: state.margins, layers: layers,
      localSampleCount: state.localSampleCount, cost: context.cost,
      reproduce: context.reproduce, seconds: state.seconds)
  }
}

extension DiffReport.Layer {
  init(_ context: DiffContext, _ facts: DiffContext.Layer, _ sums: LayerSums) {
    let findings = Diagnosis(
      facts: facts, sums: sums, normalizationNote: context.normalizationNote,
      normalizationCause: context.normalizationCause ?? .inputNormalization
    ).findings()
    let grid = facts.isFloat ? (lower: 0, upper: 0) : facts.grid
    let error = sums.error
    let scale = facts.isFloat ? 1 : facts.scale
    let bounds = sums.range.isEmpty ? (lower: 0, upper: 0) : sums.range.ends
    self.init(
      name: facts.name, operator: facts.kind, tensor: facts.tensorName,
      floatTensor: facts.floatTensorName, shape: facts.shape, scale: facts.scale,
      zeroPoint: facts.zeroPoint, sqnrDecibels: error.sqnrDecibels,
      visibleSqnrDecibels: sums.visible?.sqnrDecibels,
      visibleRmseOverScale: sums.visible?.rmseOverScale(scale), maxAbsError: error.maxAbsError,
      rmseOverScale: error.rmseOverScale(scale), cosine: error.cosine,
      clippedShare: facts.isFloat ? 0 : error.clippedShare,
      saturatedShare: sums.usage.saturatedShare(at: [.low, .high]),
      neverUsedShare: facts.isFloat ? 0 : sums.usage.neverUsedShare(),
      local: sums.local.map {
        .init(
          sqnrDecibels: $0.sqnrDecibels, rmseOverScale: $0.rmseOverScale(scale),
          cosine: $0.cosine, maxAbsError: $0.maxAbsError)
      },
      split: sums.split?.report, splitNote: facts.splitNote,
      range: .init(
        floatLower: bounds.lower, floatUpper: bounds.upper, gridLower: grid.lower,
        gridUpper: grid.upper, histogram: sums.histogram,
        codeCounts: facts.isFloat ? [] : sums.usage.counts),
      weights: facts.weights,
      channels: sums.channels.filter { !$0.reference.isEmpty }.map { channel in
        let (float, int8) = (channel.reference.ends, channel.candidate.ends)
        return .init(
          floatLower: float.lower, floatUpper: float.upper, int8Lower: int8.lower,
          int8Upper: int8.upper, sqnrDecibels: channel.sqnrDecibels)
      },
      condition: findings.first?.kind ?? .healthy,
      finding: findings.first?.detail ?? "nothing stands out",
      remedy: findings.first?.remedy ?? "", findings: findings)
  }
}
