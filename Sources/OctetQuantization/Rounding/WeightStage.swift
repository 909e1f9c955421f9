import Dispatch
import OctetModel
import OctetPasses

/// Rounds the weights of a graph, layer after layer: each by what it reads when all before it are
/// rounded already. Of layers that are rounded at once each makes good what those before it lose,
/// and all together too much; so only those are for which there is no memory otherwise.
struct WeightStage {
  /// The float graph, and the same with grids.
  let real: Graph
  let changes: [GridChange]
  let samples: CalibrationSamples
  let options: Quantizer.Options
  /// The means of channels that batch normalization promises, by tensor name.
  let promisedMeans: [String: [Double]]
  /// How the weights of each layer were rounded, by node.
  private(set) var roundings: [String: Rounding] = [:]

  /// Multiply-adds, roughly, that all runs together may take, and how many runs may always be.
  private static let workLimit = 1.5e11
  private static let leastRuns = 4
  /// Numbers that the statistics of one run may have.
  private static let valueLimit = 1 << 22

  init(
    _ real: Graph, _ changes: [GridChange], _ samples: CalibrationSamples,
    _ options: Quantizer.Options, _ promisedMeans: [String: [Double]]
  ) {
    (self.real, self.changes, self.promisedMeans) = (real, changes, promisedMeans)
    (self.samples, self.options) = (samples, options)
  }

  /// Replaces the weights in floats of `graph`, which is `real` with grids.
  ///
  /// - Parameter settled: nodes that stay as they are.
  mutating func round(
    _ graph: inout Graph, except settled: Set<Int>
  ) throws(QuantizationError) {
    var channels: [Int: WeightChannels] = [:]
    for index in graph.nodes.indices where !settled.contains(index) {
      channels[index] = try graph.weightChannels(
        ofNode: index, weightBits: graph.weightBits(ofNode: index, options))
    }
    let layouts = channels.keys.reduce(into: [Int: PatchLayout]()) { layouts, index in
      layouts[index] = PatchLayout(real, real.nodes[index])
    }
    if options.rounding != .nearest || options.biasCorrection != .none {
      var kept = BothKept(real, samples)
      var rest = layouts.keys.sorted()
      while let run = next(&rest, layouts, isNear: kept.isNear) {
        var quantized = graph
        quantized.insertGrids(changes, functions: [])
        let own = layouts.filter { run.contains($0.key) }
        let inputs = try LayerInputs.gather(
          real, quantized, own, later: rest, kept: &kept,
          needsProducts: options.rounding != .nearest, threadCount: options.threadCount)
        let layers = run.compactMap { index in channels[index].map { (index, $0) } }
        let stage = self
        let rounded = each(layers) { index, channels in
          stage.rounded(channels, inputs, index, own[index])
        }
        for ((index, _), rounded) in zip(layers, rounded) {
          roundings[real.nodes[index].name] = rounded.rounding
          try graph.quantizeConstants(
            ofNode: index, rounded: rounded,
            weightBits: graph.weightBits(ofNode: index, options))
        }
      }
    }
  }

  /// The next layer; as many as the work asks for where all before them has to be run again.
  private func next(
    _ rest: inout [Int], _ layouts: [Int: PatchLayout], isNear: Bool
  ) -> [Int]? {
    guard let first = rest.first else { return nil }
    let pass = max(1, 2 * real.workEstimate * Double(samples.count))
    let runs = max(Self.leastRuns, Int(min(Self.workLimit / pass, 1e6)))
    let most = isNear ? 1 : (layouts.count + runs - 1) / runs
    var (count, size) = (1, valueCount(layouts[first], first))
    while count < min(most, rest.count) {
      size += valueCount(layouts[rest[count]], rest[count])
      if size > Self.valueLimit { break }
      count += 1
    }
    defer { rest.removeFirst(count) }
    return Array(rest.prefix(count))
  }

  /// Numbers that the statistics of a layer have.
  private func valueCount(_ layout: PatchLayout?, _ index: Int) -> Int {
    guard let layout else { return 0 }
    let patch = layout.patchCount + 1
    return (layout.isSmall ? 2 * layout.groupCount * patch * patch : 0)
      + 2 * real.tensors[real.nodes[index].inputs[0]].elementCount
  }

  private func rounded(
    _ channels: WeightChannels, _ inputs: LayerInputs, _ index: Int, _ layout: PatchLayout?
  ) -> WeightChannels.Rounded {
    var result = channels.nearest()
    if options.rounding != .nearest, let all = inputs.all(index), !all.quantized.isEmpty {
      let chosen =
        options.rounding == .automatic ? best(channels, inputs, index) : options.rounding
      result = channels.rounded(chosen, all) ?? result
    }
    if options.biasCorrection.readsSamples, let layout, let means = inputs.means[index] {
      result.bias = channels.correctedBias(result.codes, means.patches(layout))
    } else if options.biasCorrection == .analytic, let layout,
      let means = promisedMeans[real.tensors[real.nodes[index].inputs[0]].name]
    {
      result.bias = channels.correctedBias(result.codes, layout.patches(means))
    }
    return result
  }

  /// The rounding with the least error on the samples held back, of weights fitted to the others.
  private func best(_ channels: WeightChannels, _ inputs: LayerInputs, _ index: Int) -> Rounding {
    guard let fitted = inputs.fitted[index], let heldBack = inputs.heldBack[index] else {
      return .errorFeedback
    }
    var best = (Rounding.nearest, channels.error(channels.nearest(), heldBack))
    for rounding in [Rounding.errorFeedback, .adaptive] {
      guard let candidate = channels.rounded(rounding, fitted) else { continue }
      let error = channels.error(candidate, heldBack)
      if error < best.1 { best = (rounding, error) }
    }
    return best.0
  }

  /// Calls `body` for each layer, spread over threads.
  private func each(
    _ layers: [(Int, WeightChannels)],
    _ body: @Sendable (Int, WeightChannels) -> WeightChannels.Rounded
  ) -> [WeightChannels.Rounded] {
    var results = [WeightChannels.Rounded?](repeating: nil, count: layers.count)
    let threads = max(1, min(options.threadCount, layers.count))
    unsafe results.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let slots = unsafe buffer
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for position in stride(from: thread, to: layers.count, by: threads) {
          unsafe slots[position] = body(layers[position].0, layers[position].1)
        }
      }
    }
    return results.compactMap { $0 }
  }
}

extension PatchLayout {
  /// The mean patch of each group where every pixel has the means of its channels.
  fileprivate func patches(_ means: [Double]) -> [[(real: Double, quantized: Double)]] {
    let perGroup = patchCount / kernelCount
    return (0..<groupCount).map { group in
      (0..<patchCount).map { index in
        let mean = means[(group * perGroup + index % perGroup) % means.count]
        return (mean, mean)
      }
    }
  }
}

extension BiasCorrection {
  /// Whether biases follow what layers were seen to give.
  var readsSamples: Bool { self == .automatic || self == .data }
}
