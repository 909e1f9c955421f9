import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// Finds by name what is wrong with each layer: facts about its parameters, and hypotheses that
/// are computed on a few images with the layer's input exact.
///
/// The images are spread over the whole set, so that all shards find the same.
struct CauseFinder {
  typealias Finding = DiffReport.Finding

  let diff: Diff
  private let runner: LoadedModel.Runner?
  private let images: BenchImages

  /// Under so many dB a layer's own error is more than eight bits make; of float models, more than
  /// the order of sums.
  private static let healthyInt8 = 26.0
  /// The same of operators without weights, which cost little to look at.
  private static let healthyWithoutWeights = 60.0
  static let healthyFloat = 60.0
  /// Less is no longer the same values, however often they are rounded, or written in other
  /// functions that come near.
  static let alikeInt8 = 15.0
  static let alikeFloat = 30.0
  /// What explains a layer leaves so much, and is so much better than the reference's own layer.
  private static let explained = 20.0
  private static let better = 8.0
  /// Multiply-adds of the images that layers are looked at with.
  private static let macLimit = 2_000_000_000

  init(_ diff: Diff, _ runner: LoadedModel.Runner?) throws {
    self.diff = diff
    self.runner = runner
    let count = max(2, min(8, Self.macLimit / max(diff.reference.macCount, 1)))
    let step = max(1, diff.data.count / count)
    images = BenchImages(
      diff, Array(Array(stride(from: 0, to: diff.data.count, by: step)).prefix(count)))
  }

  /// What is wrong with the layer at a place, the gravest first; empty where nothing is known.
  ///
  /// - Parameter structure: how the layer differs from the reference's apart from its numbers.
  func findings(_ place: Int, structure: [StructuralDifference]) -> [Finding] {
    let found = unstructured(place, structure: structure)
    // What no hypothesis proves still has its name.
    if found.contains(where: { $0.kind == .differentStructure }) { return found }
    return structure.map { Finding($0.cause, $0.text, severity: 2000) } + found
  }

  private func unstructured(_ place: Int, structure: [StructuralDifference]) -> [Finding] {
    guard diff.candidate.places[place].operatorIndex != nil else { return [] }
    var found: [Finding] = []
    if let found = notNumbers(place) { return [found] }
    if let pair = WeightPair(diff, place), !isSame(pair) { found += parameters(place, pair) }
    if found.isEmpty { found += tables(place) }
    if !found.contains(where: \.isDefinite) { found += operands(place) }
    if !found.contains(where: \.isDefinite) || !structure.isEmpty {
      found += hypotheses(place, structure: structure)
    }
    if found.isEmpty { found += others(place) }
    if found.isEmpty { found += branches(place) }
    if found.isEmpty { found += rounding(place) }
    return found
  }

  /// Weights of a float model that are no numbers, where the reference's are.
  private func notNumbers(_ place: Int) -> Finding? {
    func weights(_ graph: Graph, _ tensor: TensorIndex, _ count: Int = 2) -> [Float] {
      guard let node = graph.weightedNode(behind: tensor), node.inputs.count > 1 else { return [] }
      return node.inputs.dropFirst().prefix(count).flatMap { graph.tensors[$0].reals ?? [] }
    }
    guard diff.candidate.isFloat, diff.candidate.places[place].maker.isWeighted,
      let twin = diff.twins[place]
    else { return nil }
    let (tensor, other) = (
      diff.candidate.places[place].tensor, diff.reference.places[twin].tensor
    )
    let own = weights(diff.candidate.real, tensor)
    let given = weights(diff.reference.real, other)
    let codes = weights(diff.candidate.real, tensor, 1)
    let twins = weights(diff.reference.real, other, 1)
    let isSwapped =
      codes.count == twins.count
      && zip(codes, twins).allSatisfy { $0.bitPattern == $1.bitPattern.byteSwapped }
    if isSwapped, Set(codes.prefix(64)).count > 1 {
      return Finding(
        .weightByteOrder, "the bytes of its weights stand in reverse order", severity: 500)
    }
    guard let position = own.firstIndex(where: { !$0.isFinite }),
      given.allSatisfy(\.isFinite)
    else { return nil }
    return Finding(
      .notNumbers,
      "\(own.count { !$0.isFinite }) of its \(own.count) weights and biases are no numbers: "
        + "number \(position) is \(own[position])", severity: 500)
  }

  /// Weights and biases that are not the reference's.
  private func parameters(_ place: Int, _ pair: WeightPair) -> [Finding] {
    let source = diff.candidate.sources(of: place).first?.place
    if let source, diff.candidate.places[source].operatorIndex == nil,
      let affine = InputAffine(pair)
    {
      return affine.finding().map { [$0] } ?? []
    }
    let found = WeightCauses(
      pair, name: diff.candidate.places[place].name,
      isScores: diff.candidate.holdsScores(place, output: diff.candidateOutput)
    ).findings()
    if found.contains(where: \.isDefinite) { return found }
    let step = Double(diff.candidate.view(place)?.scale ?? 0)
    let causes = BiasCauses(pair: pair, step: step) { inputMeans(place, pair) }
    return found + (causes.finding().map { [$0] } ?? [])
  }

  private func isSame(_ pair: WeightPair) -> Bool {
    pair.own == pair.given && pair.ownBias == pair.givenBias
  }

  /// The mean of what a layer reads, by the input of its weights; nil where weights of one group do
  /// not read all of it.
  private func inputMeans(_ place: Int, _ pair: WeightPair) -> [Double]? {
    guard let count = pair.shape.last,
      let source = diff.candidate.sources(of: place).first?.place,
      let twin = diff.referencePlace(of: source)
    else { return nil }
    let last = diff.reference.places[twin].shape.last ?? 0
    guard last == count || pair.image?.elementCount == count else { return nil }
    return try? images.means(at: twin, count: count)
  }

  // MARK: Hypotheses

  /// A layer on exact inputs, with what the reference computes of them.
  struct Trial {
    var bench: LayerBench
    var part: Graph
    var sources: [Int?]
    /// Places that only the candidate has, between those sources and the layer.
    var added: [Int] = []
    /// The layer's own place, where there are such.
    var place: Int?
  }

  func trial(_ place: Int) -> Trial? {
    let sources = diff.candidate.sources(of: place).map(\.place)
    if let part = diff.referencePart(place) {
      guard let probe = diff.makeProbe(place, runner), let machines = try? images.machines(),
        let bench = LayerBench(diff, place: place, machines, probe)
      else { return nil }
      return Trial(bench: bench, part: part, sources: sources)
    }
    let known = diff.knownSources(of: place)
    let added = addedPlaces(before: place, known)
    guard !added.isEmpty, !known.isEmpty, let part = diff.referencePart(place, from: known),
      let segment = Segment(diff.candidate, from: known, to: place, runner),
      let machines = try? images.machines(),
      let bench = LayerBench(diff, place: place, behind: known, machines, part: part, segment)
    else { return nil }
    return Trial(bench: bench, part: part, sources: known, added: added, place: place)
  }

  private func hypotheses(_ place: Int, structure: [StructuralDifference]) -> [Finding] {
    guard let trial = trial(place) else { return [] }
    let (bench, part) = (trial.bench, trial.part)
    let isFloat = diff.candidate.isFloat
    let hasWeights = diff.candidate.places[place].maker.isWeighted
    let healthy =
      isFloat
      ? Self.healthyFloat : hasWeights ? Self.healthyInt8 : Self.healthyWithoutWeights
    guard bench.base < healthy || !structure.isEmpty else { return [] }
    let zeroCodes = trial.sources.map { source in
      source.flatMap { diff.candidate.view($0)?.real(0) } ?? 0
    }
    var best: (decibels: Double, hypothesis: Hypothesis)?
    let endsAtZero = diff.candidate.view(place)?.ends.lower == 0
    for hypothesis in LayerVariants(part, zeroCodes: zeroCodes, endsAtZero: endsAtZero).all {
      let decibels = bench.decibels(hypothesis.variant)
      // Of equals the first, which is the simplest.
      if decibels > (best?.decibels ?? -.infinity) + 0.5 { best = (decibels, hypothesis) }
    }
    let enough = max(isFloat ? 40 : Self.explained, bench.base + Self.better)
    if let best, best.decibels > enough {
      let evidence = evidence(best.decibels, bench.base)
      return [
        Finding(best.hypothesis.cause, best.hypothesis.text + evidence, severity: 2000)
      ]
    }
    guard structure.isEmpty else { return [] }
    let found = fitted(place, part, bench)
    return found.isEmpty ? added(trial) : found
  }

  func evidence(_ decibels: Double?, _ base: Double) -> String {
    guard let decibels else { return "; its error is \(base.underSignal)" }
    return "; computed so, the reference gives what it gives: \(decibels.short) dB over the error "
      + "instead of \(base.short) dB"
  }

  /// Sizes and offsets that are fitted to the results.
  private func fitted(_ place: Int, _ part: Graph, _ bench: LayerBench) -> [Finding] {
    let enough = max(Self.explained, bench.base + Self.better)
    func finding(_ cause: DiffReport.Cause, _ text: String, _ decibels: Double) -> [Finding] {
      [Finding(cause, text + evidence(decibels, bench.base), severity: 120)]
    }
    if case .add? = part.nodes.first?.operation, part.nodes.count == 1,
      let (a, b) = bench.mixture(), abs(a - b) > 0.05 * abs(b)
    {
      let values = bench.inputs.map { operands in
        zip(operands[0], operands[1]).map { Float(a) * $0 + Float(b) * $1 }
      }
      let decibels = bench.decibels(clamped(values, part))
      if decibels > enough {
        return finding(
          .operandScales,
          "its first operand counts \(a.short) times and its second \(b.short) times", decibels)
      }
    }
    guard let line = bench.line(bench.references) else { return [] }
    let steps = bench.step > 0 ? line.offset / Double(bench.step) : 0
    let shift = steps.rounded()
    if bench.step > 0, abs(line.gain - 1) < 0.05, abs(shift) >= 1 {
      let off = Float(shift) * bench.step
      let decibels = bench.decibels(bench.references.map { $0.map { $0 + off } })
      if decibels > enough {
        return finding(
          .outputOffset,
          "all its results are off by \(shift.short) steps: the zero point that writes them is not "
            + "the one that reads them", decibels)
      }
    }
    if abs(line.gain - 1) > 0.1 {
      let gain = Float(line.gain)
      let decibels = bench.decibels(bench.references.map { $0.map { $0 * gain } })
      if decibels > enough {
        return finding(
          .outputScaled, "its results are \(line.gain.short) times the reference's", decibels)
      }
    }
    return permuted(bench)
  }

  private func clamped(_ values: [[Float]], _ part: Graph) -> [[Float]] {
    let bounds = part.nodes.last?.operation.activation?.bounds ?? Activation.none.bounds
    return values.map { $0.map { max(bounds.lower, min(bounds.upper, $0)) } }
  }

  /// Channels of the results in another order.
  private func permuted(_ bench: LayerBench) -> [Finding] {
    guard let count = bench.shape.last, (3...256).contains(count) else { return [] }
    func rows(_ samples: [[Float]]) -> ChannelRows {
      let all = samples.flatMap { $0 }
      return ChannelRows(all, shape: [all.count / count, count], axis: 1)
    }
    guard let order = rows(bench.results).permutation(of: rows(bench.references)) else {
      return []
    }
    let decibels = bench.decibels(
      bench.references.map { values in
        values.indices.map { values[$0 / count * count + order[$0 % count]] }
      })
    guard decibels > max(Self.explained, bench.base + Self.better) else { return [] }
    let first = order.indices.first { order[$0] != $0 } ?? 0
    return [
      Finding(
        .channelsPermuted,
        "its output channels are exchanged: channel \(first) gives what the reference's "
          + "channel \(order[first]) gives" + evidence(decibels, bench.base), channel: first,
        severity: 140)
    ]
  }

  // MARK: Rounding

  /// Two blobs' operators of the same numbers that differ by one step here and there.
  private func rounding(_ place: Int) -> [Finding] {
    guard let own = diff.candidate.loaded?.blob.arithmetic,
      let given = diff.reference.loaded?.blob.arithmetic, own != given,
      let probe = diff.makeProbe(place, runner), let machines = try? images.machines(),
      let bench = LayerBench(diff, place: place, machines, probe), bench.step > 0
    else { return [] }
    var (count, differing, worst) = (0, 0, Float(0))
    for (result, reference) in zip(bench.results, bench.references) {
      for (a, b) in zip(result, reference) {
        count += 1
        let steps = abs(a - b) / bench.step
        if steps > 0.5 { differing += 1 }
        worst = max(worst, steps)
      }
    }
    guard differing > 0, worst < 1.5 else { return [] }
    return [
      Finding(
        .roundsOtherwise,
        "\(differing) of \(count) results are off by one step: it rounds as \(own.name) does, the "
          + "reference as \(given.name)", severity: 1, isDefinite: false)
    ]
  }
}
