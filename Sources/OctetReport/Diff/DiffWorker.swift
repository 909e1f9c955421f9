import OctetCompiler
import OctetModel
import OctetQuantization

/// One thread's models and sums.
final class DiffWorker {
  private let diff: Diff
  private let context: DiffContext
  private let reference: DiffMachine
  private let candidate: DiffMachine
  /// By layer; nil where an operator cannot be run alone.
  private let probes: [LocalProbe?]
  /// By place of the candidate, its layer.
  private let layerOfPlace: [Int?]
  private(set) var state: DiffState
  private(set) var error: ReportError?
  private var scores: [Float] = []
  private var visibleReference: [Float] = []
  private var visibleCandidate: [Float] = []

  init(_ diff: Diff, _ context: DiffContext, _ scout: Scout) throws {
    self.diff = diff
    self.context = context
    reference = try DiffMachine(
      diff.reference, encoder: diff.referenceEncoder, keepsReals: true)
    candidate = try DiffMachine(
      diff.candidate, encoder: diff.candidateEncoder, keepsReals: false)
    let runner = try diff.candidate.loaded?.makeRunner()
    probes = diff.layers.map { diff.makeProbe($0, runner) }
    var layerOfPlace = [Int?](repeating: nil, count: diff.candidate.places.count)
    for (layer, place) in diff.layers.enumerated() { layerOfPlace[place] = layer }
    self.layerOfPlace = layerOfPlace
    let margins = Histogram(0...scout.margin, binCount: 40)
    state = DiffState(
      classes: PairedClassification(classCount: diff.classCount),
      layers: diff.layers.indices.map { layer in
        let channelCount = context.layers[layer].shape.last ?? 1
        return LayerSums(
          histogramRange: scout.ranges[layer],
          channelCount: min(channelCount, DiffReport.Layer.channelLimit))
      },
      margins: .init(flips: margins, others: margins))
    for layer in context.layers.indices where context.layers[layer].isScores {
      state.layers[layer].visible = SignalError()
    }
  }

  /// Runs both models on image `index` of the whole set.
  func compare(_ index: Int) {
    let pixels = diff.data.pixelSlice(index)
    reference.run(pixels)
    candidate.run(pixels) { place in
      if let layer = layerOfPlace[place] { tap(layer, place) }
      if place == diff.candidateOutput { candidate.copyReals(place, into: &scores) }
    }
    if index % diff.localStride == 0 {
      state.localSampleCount += 1
      for layer in diff.layers.indices { probe(layer) }
    }
    classify(index)
  }

  // MARK: As it runs

  private func tap(_ layer: Int, _ place: Int) {
    guard let twin = diff.twins[place] else { return }
    reference.withReals(twin) { reals in
      if let view = diff.candidate.view(place) {
        candidate.withCodes(place) { codes in
          state.layers[layer].error.add(
            reference: reals.span, codes: codes.span, scale: view.scale,
            zeroPoint: view.zeroPoint)
          state.layers[layer].usage.add(codes.span)
        }
      } else {
        candidate.withReals(place) { others in
          state.layers[layer].error.add(reference: reals.span, other: others.span)
        }
      }
      state.layers[layer].range.add(reals)
      guard context.layers[layer].isScores else { return }
      candidate.copyReals(place, into: &visibleCandidate)
      makeVisible(reals, layer, &visibleCandidate)
      state.layers[layer].visible?.add(
        reference: visibleReference.span, other: visibleCandidate.span)
      visibleReference.withUnsafeBufferPointer { state.layers[layer].judgedRange.add($0) }
    }
  }

  /// Raises scores that nobody can see, in `visibleReference` and in `other`.
  private func makeVisible(
    _ reals: UnsafeBufferPointer<Float>, _ layer: Int, _ other: inout [Float]
  ) {
    let isScores = context.layers[layer].isScores
    let threshold =
      isScores ? (reals.max() ?? 0) - Quantizer.invisibleBelow : -Float.infinity
    visibleReference.removeAll(keepingCapacity: true)
    for value in reals { visibleReference.append(max(value, threshold)) }
    guard isScores else { return }
    for index in other.indices { other[index] = max(other[index], threshold) }
  }

  // MARK: Alone

  private func probe(_ layer: Int) {
    let place = diff.layers[layer]
    guard let twin = diff.twins[place] else { return }
    reference.withReals(twin) { reals in
      let facts = context.layers[layer]
      var result: [Float] = []
      if let probe = probes[layer] {
        probe.run(reference, isSplitting: probe.canSplit)
        result = probe.result
      }
      makeVisible(reals, layer, &result)
      for value in reals { state.layers[layer].histogram.add(Double(value)) }
      addExcess(layer, facts)
      guard let probe = probes[layer], result.count == reals.count else {
        addChannels(layer, result: [], weighted: [], clamped: [])
        return
      }
      var local = state.layers[layer].local ?? SignalError()
      local.add(reference: visibleReference.span, other: result.span)
      state.layers[layer].local = local
      addChannels(
        layer, result: result, weighted: probe.withWeights,
        clamped: probe.canSplit ? probe.withClipping : [])
      if probe.canSplit { addSplit(layer, facts, probe) }
    }
  }

  /// What lies outside the grid, of the visible reference.
  private func addExcess(_ layer: Int, _ facts: DiffContext.Layer) {
    guard !facts.isFloat else { return }
    let (lower, upper) = facts.grid
    var (signal, excess) = (0.0, 0.0)
    for value in visibleReference {
      let real = Double(value)
      let outside = real - max(lower, min(upper, real))
      signal += real * real
      excess += outside * outside
    }
    state.layers[layer].signal.add(signal)
    state.layers[layer].excess.add(excess)
  }

  private func addChannels(
    _ layer: Int, result: [Float], weighted: [Float], clamped: [Float]
  ) {
    let channelCount = context.layers[layer].shape.last ?? 1
    let counted = state.layers[layer].channels.count
    guard channelCount > 0 else { return }
    let hasResult = result.count == visibleReference.count
    let hasWeighted = weighted.count == visibleReference.count
    let hasClamped = clamped.count == visibleReference.count
    for channel in 0..<counted {
      var sums = state.layers[layer].channels[channel]
      var (signal, noise, sum, otherSum, square, product) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
      for index in stride(from: channel, to: visibleReference.count, by: channelCount) {
        let r = visibleReference[index]
        sums.reference.add(r)
        if hasResult {
          let e = Double(r) - Double(result[index])
          sums.candidate.add(result[index])
          signal += Double(r) * Double(r)
          noise += e * e
        }
        if hasWeighted { sums.weighted.add(weighted[index]) }
        if hasClamped { sums.clamped.add(clamped[index]) }
        if hasWeighted, r != 0, weighted[index] != 0 {
          let (a, b) = (Double(r), Double(weighted[index]))
          sums.activeCount += 1
          sum += a
          otherSum += b
          square += a * a
          product += a * b
        }
      }
      sums.signal.add(signal)
      sums.noise.add(noise)
      if hasWeighted {
        sums.sum.add(sum)
        sums.otherSum.add(otherSum)
        sums.square.add(square)
        sums.product.add(product)
      }
      state.layers[layer].channels[channel] = sums
    }
  }

  private func addSplit(_ layer: Int, _ facts: DiffContext.Layer, _ probe: LocalProbe) {
    let (lower, upper) = (Float(facts.grid.lower), Float(facts.grid.upper))
    let threshold =
      facts.isScores
      ? (visibleReference.max() ?? 0) - Quantizer.invisibleBelow : -Float.infinity
    var (signal, weight, activation, clipping, requantization) = (0.0, 0.0, 0.0, 0.0, 0.0)
    func difference(_ a: Float, _ b: Float) -> Double {
      Double(max(a, threshold)) - Double(max(b, threshold))
    }
    func square(_ a: Float, _ b: Float) -> Double {
      let difference = difference(a, b)
      return difference * difference
    }
    // What a blob gives as reference is rounded itself: its own rounding is no fault of the other.
    let isRounded = probe.withReference.count == visibleReference.count
    for index in visibleReference.indices {
      let given = visibleReference[index]
      let exact = isRounded ? probe.withReference[index] : given
      let clipped = probe.withClipping[index]
      let clamped = max(lower, min(upper, clipped))
      signal += Double(given) * Double(given)
      weight += square(probe.withWeights[index], exact)
      activation += square(probe.withRounding[index], probe.withWeights[index])
      clipping += square(clipped, probe.withRounding[index]) + square(clamped, clipped)
      let rounding = difference(probe.result[index], clamped) - difference(given, exact)
      requantization += rounding * rounding
    }
    var split = state.layers[layer].split ?? SplitSums()
    split.signal.add(signal)
    split.weight.add(weight)
    split.activation.add(activation)
    split.clipping.add(clipping)
    split.requantization.add(requantization)
    state.layers[layer].split = split
  }

  // MARK: Classes

  private func classify(_ index: Int) {
    let label = Int(diff.data.labels[index])
    reference.withReals(diff.referenceOutput) { reals in
      let (float, int8) = (Scores.top(reals) ?? 0, Scores.top(scores) ?? 0)
      let margin = Scores.margin(reals) ?? 0
      do throws(ReportError) {
        try state.classes.add(label: label, reference: float, candidate: int8)
      } catch {
        self.error = error
      }
      guard float != int8 else {
        state.margins.others.add(Double(margin))
        return
      }
      state.margins.flips.add(Double(margin))
      state.flips.append(
        .init(
          index: index, label: label, floatPrediction: float, int8Prediction: int8,
          floatMargin: margin, int8Margin: Scores.margin(scores) ?? 0, floatScores: Array(reals),
          int8Scores: scores))
    }
  }
}
