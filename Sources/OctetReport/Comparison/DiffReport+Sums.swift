import Foundation

extension DiffReport {
  /// The report is a function of what was known before and of the sums, so that shards give what
  /// the whole run gives.
  package init(_ context: DiffContext, _ state: DiffState) {
    let outputs = zip(context.outputs, state.outputs).map { Output($0, $1) }
    let count = state.sampleCount
    let isWasteful = WastedRanges(context, state).areLayersOwn
    let layers = zip(zip(context.layers, state.layers), isWasteful).map {
      Layer(context, $0.0, $0.1, wastesItself: $1)
    }
    let warnings = context.premises.warnings(
      state.classes, referenceName: context.comparison.names.reference)
    let standing =
      state.classes.map { Standing(context, $0) } ?? Standing(context, outputs, count)
    let verdict = Verdict(context, standing, layers, warnings: warnings)
    let classes = state.classes ?? PairedClassification(classCount: 1)
    let isLabelled = state.classes != nil
    let difference = zip(classes.candidate.counts, classes.reference.counts).map { $0 - $1 }
    func interval(_ matrix: ConfusionMatrix) -> WilsonInterval {
      WilsonInterval(successCount: matrix.correctCount, trialCount: classes.sampleCount)
    }
    self.init(
      verdict: verdict, comparison: context.comparison, data: context.premises.data,
      warnings: warnings, structure: context.structure, sampleCount: count, outputs: outputs,
      floatTop1: isLabelled ? classes.reference.accuracy : .nan,
      int8Top1: isLabelled ? classes.candidate.accuracy : .nan,
      floatTop1Interval: interval(classes.reference),
      int8Top1Interval: interval(classes.candidate),
      agreement: isLabelled ? classes.agreement : (outputs.first?.agreement ?? 1),
      rightToWrong: classes.rightToWrong, wrongToRight: classes.wrongToRight,
      significance: classes.significance, classNames: context.classNames,
      floatConfusion: isLabelled ? classes.reference.counts : [],
      int8Confusion: isLabelled ? classes.candidate.counts : [],
      confusionDifference: isLabelled ? difference : [], flips: state.flips,
      margins: state.margins, layers: layers, localSampleCount: state.localSampleCount,
      cost: context.cost, reproduce: context.reproduce, seconds: state.seconds)
    network = context.network
    insides = state.insides
  }
}

extension DiffReport.Layer {
  init(
    _ context: DiffContext, _ facts: DiffContext.Layer, _ sums: LayerSums, wastesItself: Bool
  ) {
    let findings = Diagnosis(
      facts: facts, sums: sums, wastesItself: wastesItself,
      isFloatPair: facts.isFloat && context.comparison.reference.arithmetic == "float",
      normalizationNote: context.normalizationNote,
      normalizationCause: context.normalizationCause ?? .inputNormalization
    ).findings()
    let grid = facts.isFloat ? (lower: 0, upper: 0) : facts.grid
    let error = sums.error
    let scale = facts.isFloat ? 1 : facts.scale
    let bounds = sums.range.isEmpty ? (lower: 0, upper: 0) : sums.range.ends
    self.init(
      name: facts.name, operator: facts.kind, tensor: facts.tensorName,
      floatTensor: facts.floatTensorName, shape: facts.shape, scale: facts.scale,
      zeroPoint: facts.zeroPoint,
      elementType: facts.isFloat ? nil : facts.isInt16 == true ? "int16" : "int8",
      sqnrDecibels: error.sqnrDecibels,
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
