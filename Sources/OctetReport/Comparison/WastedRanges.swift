/// How much farther than its values each layer's codes reach, and where that begins.
///
/// Samples that are few, or others than those that a model was calibrated with, use less of every
/// range, the less the deeper a layer lies. A range that is too wide shows in one step.
struct WastedRanges {
  /// Whether the waste of a layer begins at it, or at one before it.
  private(set) var areLayersOwn: [Bool] = []

  init(_ context: DiffContext, _ state: DiffState) {
    var ratios: [Double] = []
    for (facts, sums) in zip(context.layers, state.layers) {
      let values = (sums.judgedRange.isEmpty ? sums.range : sums.judgedRange).withZero
      let (width, reach) = (values.upper - values.lower, facts.grid.upper - facts.grid.lower)
      let ratio = !facts.isFloat && width > 0 && reach.isFinite ? reach / width : 1
      // Shards of an older Octet do not say what a layer reads.
      let sources = (facts.sources ?? []).filter { $0 < ratios.count }
      let before = sources.map { ratios[$0] }.max() ?? 1
      areLayersOwn.append(
        facts.sources == nil || ratio >= Diagnosis.Limit.ownWastedRatio * max(before, 1)
          || sources.contains { areLayersOwn[$0] })
      ratios.append(ratio)
    }
  }
}
