import OctetModel
import OctetPasses

extension Graph {
  /// The graph with channels that are normalized one by one brought to one deviation on `samples`.
  func withEqualChannels(
    _ samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) -> Graph {
    let norms = channelNorms()
    if norms.isEmpty || samples.count == 0 { return self }
    let picked = samples.picked(
      CalibrationSamples.spread(samples.count, atMost: Self.normSampleLimit))
    let counts = norms.map { tensors[$0.centred].shape.last ?? 1 }
    let squares = try Calibration.pass(self, picked, threadCount) {
      counts.map { [Double](repeating: 0, count: $0) }
    } visit: { _, interpreter, sums in
      for (position, norm) in norms.enumerated() {
        interpreter.addSquares(of: norm.centred, into: &sums[position])
      }
    } merge: { into, from in
      for position in into.indices {
        for channel in into[position].indices { into[position][channel] += from[position][channel] }
      }
    }
    var graph = self
    for (position, norm) in norms.enumerated() {
      let count = tensors[norm.centred].elementCount / counts[position] * picked.count
      graph.equalizeChannels(of: norm, variances: squares[position].map { $0 / Double(count) })
    }
    return graph.canonical()
  }

  private static let normSampleLimit = 64
}

extension FloatInterpreter {
  /// Adds up the squares of a value by channel, the last axis.
  fileprivate func addSquares(of tensor: TensorIndex, into sums: inout [Double]) {
    unsafe withValue(of: tensor) { values in
      for index in values.indices {
        let value = Double(unsafe values[index])
        sums[index % sums.count] += value * value
      }
    }
  }
}
