import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetPasses
import OctetReport

// Operators and tables that stand in the place of others.

extension CauseFinder {
  /// A table of another function than the reference's: compared at all codes, where nothing is
  /// rounded but its results, it shows what little a layer's results do.
  func tables(_ place: Int) -> [Finding] {
    guard let table = diff.tables[place], !table.isFunction, let part = diff.referencePart(place)
    else { return [] }
    var best: (fit: TableFit, hypothesis: Hypothesis)?
    for hypothesis in LayerVariants(part, zeroCodes: []).all {
      guard let fit = TableFit(diff, place: place, as: hypothesis.variant), fit.isFunction,
        fit.rmsSteps < min(table.rmsSteps / 2, best?.fit.rmsSteps ?? .infinity)
      else { continue }
      best = (fit, hypothesis)
    }
    guard let best else { return [] }
    return [
      Finding(
        best.hypothesis.cause,
        best.hypothesis.text + "; its table is off that by \(best.fit.rmsSteps.short) steps and "
          + "off the reference's by \(table.rmsSteps.short)", severity: 2000)
    ]
  }

  /// Operators too much, where the results are clearly others: one model may write in several
  /// operators, each with its rounding, what the other has as one.
  func added(_ trial: Trial) -> [Finding] {
    let enough = diff.candidate.isFloat ? Self.alikeFloat : Self.alikeInt8
    guard trial.bench.base < enough || plainDecibels(trial) < Self.alikeFloat,
      let first = trial.added.first(where: { !diff.candidate.places[$0].maker.onlyRenames })
    else { return [] }
    let place = diff.candidate.places[first]
    if let replaced = replacement(trial) { return [replaced] }
    return [
      Finding(
        .layerAdded,
        "'\(place.name)' (\(place.maker.name)) stands before it, which the reference has not; "
          + "with it the error is \(trial.bench.base.short) dB under the signal", severity: 1900)
    ]
  }

  /// Several operators in the place of one of the reference's that is none of them.
  private func replacement(_ trial: Trial) -> Finding? {
    let nodes = trial.part.nodes.filter { !Maker.node($0.operation).onlyRenames }
    let added = trial.added.map { diff.candidate.places[$0].maker }
    let own = trial.place.map { diff.candidate.places[$0].maker }
    guard let node = nodes.first, nodes.count == 1,
      !(added + [own].compactMap { $0 }).contains(where: {
        $0.canBeTwin(of: .node(node.operation))
      })
    else { return nil }
    let text =
      "it is computed by \(added.count + 1) operators "
      + "(\(Set(added.map(\.name)).sorted().joined(separator: ", "))…), which give something else "
      + "than the reference's '\(node.name)'"
    if case .resize(let attributes) = node.operation {
      return Finding(
        .resizeConvention,
        text + ": that is \(attributes.text)"
          + evidence(nil, trial.bench.base), severity: 1950)
    }
    return Finding(
      .operationOther, text + " (\(node.operation.name))" + evidence(nil, trial.bench.base),
      severity: 1950)
  }

  /// How near the operators are to the reference's in real numbers, before anything is rounded.
  private func plainDecibels(_ trial: Trial) -> Double {
    let places = diff.candidate.places
    guard let last = trial.place,
      let part = diff.candidate.real.cut(
        from: trial.sources.compactMap { $0.map { places[$0].tensor } },
        to: [places[last].tensor])
    else { return .infinity }
    return trial.bench.distance(of: part) ?? .infinity
  }
}
