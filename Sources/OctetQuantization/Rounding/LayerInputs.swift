import OctetModel
import OctetPasses

/// What the weights of some layers are rounded by.
struct LayerInputs: Sendable {
  /// The sums by layer, of the samples that weights are fitted to and of those held back.
  var fitted: [Int: InputStatistics] = [:]
  var heldBack: [Int: InputStatistics] = [:]
  /// The means of all samples.
  var means: [Int: InputMeans] = [:]

  /// Which samples are held back: of every four the last.
  private static func isHeldBack(_ sample: Int) -> Bool { sample % 4 == 3 }
  /// Patches taken of all samples together, at least, where there are as many.
  private static let patchCount = 4096
  private static let leastPatchesPerSample = 32

  /// Runs both graphs up to the last of the layers.
  ///
  /// - Parameters:
  ///   - real: in floats.
  ///   - quantized: the same with grids, and rounded weights where those are known; the layers' own
  ///     inputs are where they are in `real`.
  ///   - layouts: the layers, by their index in `real`.
  ///   - needsProducts: whether more than means is wanted.
  static func gather(
    _ real: Graph, _ quantized: Graph, _ layouts: [Int: PatchLayout],
    _ samples: CalibrationSamples, needsProducts: Bool, threadCount: Int
  ) throws(QuantizationError) -> LayerInputs {
    let inputs = layouts.keys.map { real.nodes[$0].inputs[0] }
    let graphs = [real.prefix(making: inputs), quantized.prefix(making: inputs)]
    let perSample = max(
      leastPatchesPerSample, (patchCount + samples.count - 1) / max(samples.count, 1))
    let order = layouts.sorted { $0.key < $1.key }
    return try Calibration.pass(graphs, samples, threadCount) {
      LayerInputs()
    } visit: { sample, machines, state in
      for (index, layout) in order {
        let input = real.nodes[index].inputs[0]
        unsafe machines[0].withValue(of: input) { x in
          unsafe machines[1].withValue(of: input) { y in
            unsafe state.means[index, default: InputMeans(elementCount: x.count)]
              .add(real: x, quantized: y)
            guard needsProducts, layout.isSmall else { return }
            let side =
              isHeldBack(sample) ? \LayerInputs.heldBack : \LayerInputs.fitted
            unsafe state[keyPath: side][index, default: InputStatistics(layout)]
              .add(real: x, quantized: y, layout, patchesPerSample: perSample)
          }
        }
      }
    } merge: { into, from in
      into.merge(from)
    }
  }

  private mutating func merge(_ other: LayerInputs) {
    fitted.merge(other.fitted) { merged($0, $1) }
    heldBack.merge(other.heldBack) { merged($0, $1) }
    means.merge(other.means) { own, other in
      var own = own
      own.merge(other)
      return own
    }
  }

  /// The sums of both sides together.
  func all(_ layer: Int) -> InputStatistics? {
    guard let fitted = fitted[layer] else { return heldBack[layer] }
    return heldBack[layer].map { merged(fitted, $0) } ?? fitted
  }
}

private func merged(_ first: InputStatistics, _ second: InputStatistics) -> InputStatistics {
  var sum = first
  sum.merge(second)
  return sum
}

extension Graph {
  /// The graph without the nodes after the last that makes one of `tensors`, which are its outputs.
  fileprivate func prefix(making tensors: [TensorIndex]) -> Graph {
    let wanted = Set(tensors)
    let last = nodes.lastIndex { !wanted.isDisjoint(with: $0.outputs) }
    var part = self
    part.nodes = Array(nodes.prefix((last ?? -1) + 1))
    part.outputs = wanted.sorted()
    return part
  }
}
