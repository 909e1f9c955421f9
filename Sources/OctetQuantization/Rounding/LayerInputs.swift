import OctetModel
import OctetPasses

/// What the weights of some layers are rounded by.
struct LayerInputs: Sendable {
  /// The sums by layer, of the samples that weights are fitted to and of those held back.
  var fitted: [Int: InputStatistics] = [:]
  var heldBack: [Int: InputStatistics] = [:]
  /// The means of all samples.
  var means: [Int: InputMeans] = [:]
  /// Values of the real and of the quantized graph that are kept, by sample.
  private var kept: [Int: [[[Float]]]] = [:]

  /// Which samples are held back: of every four the last.
  private static func isHeldBack(_ sample: Int) -> Bool { sample % 4 == 3 }
  /// Patches taken of all samples together, at least, where there are as many.
  private static let patchCount = 4096
  private static let leastPatchesPerSample = 32

  /// Runs both graphs from what is kept up to the last of the layers.
  ///
  /// - Parameters:
  ///   - real: in floats.
  ///   - quantized: the same with grids, and rounded weights where those are known; the layers' own
  ///     inputs are where they are in `real`.
  ///   - layouts: the layers, by their index in `real`.
  ///   - later: layers whose inputs will be wanted afterwards.
  ///   - kept: replaced by values nearer to those, where these are not too many.
  ///   - needsProducts: whether more than means is wanted.
  static func gather(
    _ real: Graph, _ quantized: Graph, _ layouts: [Int: PatchLayout], later: [Int],
    kept: inout BothKept, needsProducts: Bool, threadCount: Int
  ) throws(QuantizationError) -> LayerInputs {
    let inputs = Set(layouts.keys.map { real.nodes[$0].inputs[0] }).sorted()
    let next = kept.next(
      real, quantized, inputs, later: Set(later.map { real.nodes[$0].inputs[0] }).sorted())
    let parts = [
      GraphPart(of: real, making: inputs + next.real, from: kept.real.tensors),
      GraphPart(of: quantized, making: inputs + next.quantized, from: kept.quantized.tensors),
    ]
    let count = kept.sampleCount
    let perSample = max(leastPatchesPerSample, (patchCount + count - 1) / max(count, 1))
    let order = layouts.sorted { $0.key < $1.key }
    let feeds = [
      kept.real.inputs(at: parts[0].inputPositions),
      kept.quantized.inputs(at: parts[1].inputPositions),
    ]
    var result = try Calibration.pass(parts.map(\.graph), feeds, threadCount) {
      LayerInputs()
    } visit: { sample, machines, state in
      for (index, layout) in order {
        let input = real.nodes[index].inputs[0]
        unsafe machines[0].withValue(of: parts[0][input]) { x in
          unsafe machines[1].withValue(of: parts[1][input]) { y in
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
      if next.isNearer {
        state.kept[sample] = [
          next.real.map { machines[0].value(of: parts[0][$0]) },
          next.quantized.map { machines[1].value(of: parts[1][$0]) },
        ]
      }
    } merge: { into, from in
      into.merge(from)
    }
    if next.isNearer { kept.advance(to: next, result.kept) }
    result.kept = [:]
    return result
  }

  private mutating func merge(_ other: LayerInputs) {
    fitted.merge(other.fitted) { merged($0, $1) }
    heldBack.merge(other.heldBack) { merged($0, $1) }
    kept.merge(other.kept) { own, _ in own }
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
