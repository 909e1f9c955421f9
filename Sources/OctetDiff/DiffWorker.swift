import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport

/// One thread's models and sums.
final class DiffWorker {
  private let diff: Diff
  private let context: DiffContext
  private let reference: DiffMachine
  private let candidate: DiffMachine
  /// The probes by layer; nil where an operator cannot be run alone.
  private let probes: [LocalProbe?]
  /// The layer by place of the candidate.
  private let layerOfPlace: [Int?]
  private(set) var state: DiffState
  private(set) var error: ReportError?
  /// What both models gave, by output.
  private var samples: [OutputSample]
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
    samples = diff.outputs.map { _ in OutputSample(index: 0) }
    state = DiffState(
      classCount: diff.classCount, outputCount: diff.outputs.count,
      layers: diff.layers.indices.map { layer in
        let channelCount = context.layers[layer].shape.last ?? 1
        return LayerSums(
          histogramRange: scout.ranges[layer],
          channelCount: min(channelCount, DiffReport.Layer.channelLimit))
      },
      margin: scout.margin)
    for layer in context.layers.indices where context.layers[layer].isScores {
      state.layers[layer].visible = SignalError()
    }
  }

  /// Runs both models on image `index` of the whole set.
  func compare(_ index: Int) {
    reference.run(index)
    candidate.run(index) { place in
      if let layer = layerOfPlace[place] { tap(layer, place) }
      for (output, pair) in diff.outputs.enumerated() where place == pair.candidate {
        candidate.copyReals(place, into: &samples[output].candidate)
      }
    }
    state.sampleCount += 1
    judgeOutputs(index)
    if index % diff.localStride == 0 {
      state.localSampleCount += 1
      for layer in diff.layers.indices { probe(layer) }
    }
    if state.classes != nil { classify(index) }
  }

  // MARK: As it runs

  private func tap(_ layer: Int, _ place: Int) {
    guard let twin = diff.twins[place] else { return }
    unsafe reference.withReals(twin) { reals in
      if let view = diff.candidate.view(place) {
        unsafe candidate.withCodes(place) { codes in
          guard view.isInt16 else {
            unsafe state.layers[layer].error.add(
              reference: reals.span, codes: codes.span, scale: view.scale,
              zeroPoint: view.zeroPoint)
            unsafe state.layers[layer].usage.add(codes.span)
            return
          }
          unsafe UnsafeRawBufferPointer(codes).withMemoryRebound(to: Int16.self) { codes in
            unsafe state.layers[layer].error.add(
              reference: reals.span, codes: codes.span, scale: view.scale)
            unsafe state.layers[layer].usage.add(codes.span)
          }
        }
      } else {
        unsafe candidate.withReals(place) { others in
          unsafe state.layers[layer].error.add(reference: reals.span, other: others.span)
        }
      }
      unsafe state.layers[layer].range.add(reals)
      guard context.layers[layer].isScores else { return }
      candidate.copyReals(place, into: &visibleCandidate)
      unsafe makeVisible(reals, layer, &visibleCandidate)
      state.layers[layer].visible?.add(
        reference: visibleReference.span, other: visibleCandidate.span)
      unsafe visibleReference.withUnsafeBufferPointer {
        unsafe state.layers[layer].judgedRange.add($0)
      }
    }
  }

  /// Brings scores that nobody can see, in `visibleReference` and in `other`, to the ends of what
  /// is returned: those far below the highest, and what the highest has far above the second.
  @discardableResult
  private func makeVisible(
    _ reals: UnsafeBufferPointer<Float>, _ layer: Int, _ other: inout [Float]
  ) -> ClosedRange<Float> {
    let isScores = context.layers[layer].isScores
    let visible = unsafe isScores ? Quantizer.visibleScores(reals) : -Float.infinity ... .infinity
    visibleReference.removeAll(keepingCapacity: true)
    for index in reals.indices {
      unsafe visibleReference.append(reals[index].clamped(to: visible))
    }
    if isScores {
      for index in other.indices { other[index] = other[index].clamped(to: visible) }
    }
    return visible
  }

  // MARK: Alone

  private func probe(_ layer: Int) {
    let place = diff.layers[layer]
    guard let twin = diff.twins[place] else { return }
    unsafe reference.withReals(twin) { reals in
      var result: [Float] = []
      if let probe = probes[layer] {
        probe.run(reference, isSplitting: probe.canSplit)
        result = probe.result
      }
      var sample = unsafe LocalSample(
        reference: [], visible: makeVisible(reals, layer, &result))
      sample.reference = visibleReference
      if let probe = probes[layer], result.count == reals.count {
        sample.result = result
        sample.withWeights = probe.withWeights
        sample.parts = probe.parts
      }
      unsafe state.layers[layer].add(sample, reals: reals, context.layers[layer])
    }
  }

  // MARK: Outputs

  private func judgeOutputs(_ index: Int) {
    for (output, pair) in diff.outputs.enumerated() {
      samples[output].index = index
      unsafe reference.withReals(pair.reference) { reals in
        samples[output].reference.removeAll(keepingCapacity: true)
        unsafe samples[output].reference.append(contentsOf: reals)
      }
      diff.fill(&samples[output], output: output)
      state.outputs[output].add(samples[output], context.outputs[output])
    }
  }

  private func classify(_ index: Int) {
    let label = diff.data.label(index) ?? 0
    let scores = samples[0].candidate
    unsafe reference.withReals(diff.referenceOutput) { reals in
      let (float, int8) = (unsafe Scores.top(reals) ?? 0, Scores.top(scores) ?? 0)
      let margin = unsafe Scores.margin(reals) ?? 0
      do throws(ReportError) {
        try state.classes?.add(label: label, reference: float, candidate: int8)
      } catch {
        self.error = error
      }
      guard float != int8 else {
        state.margins.others.add(Double(margin))
        return
      }
      state.margins.flips.add(Double(margin))
      unsafe state.flips.append(
        .init(
          index: index, label: label, floatPrediction: float, int8Prediction: int8,
          floatMargin: margin, int8Margin: Scores.margin(scores) ?? 0, floatScores: Array(reals),
          int8Scores: scores))
    }
  }
}
