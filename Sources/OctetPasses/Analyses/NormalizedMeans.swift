import Foundation
import OctetModel

extension Graph {
  /// The mean of each channel that batch normalization promises, by the name of the tensor: its
  /// beta, and what an activation after it makes of a normal distribution of that mean and of the
  /// deviation |gamma|. Means go on through averages without padding, and sums have the sum.
  ///
  /// Source: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias
  /// Correction", ICCV 2019, section 4.2.1 and appendix C, the clipped normal distribution.
  package func normalizedMeans() -> [String: [Double]] {
    var means: [TensorIndex: [Double]] = [:]
    var deviations: [TensorIndex: [Double]] = [:]
    for node in nodes {
      guard let output = node.outputs.first, let input = node.inputs.first else { continue }
      if case .batchNormalization = node.operation, let gamma = tensors[node.inputs[1]].floats,
        let beta = tensors[node.inputs[2]].floats
      {
        means[output] = beta.map { Double($0) }
        deviations[output] = gamma.map { abs(Double($0)) }
        continue
      }
      if let (lower, upper) = node.operation.asActivation?.bounds, let mean = means[input],
        let deviation = deviations[input]
      {
        means[output] = zip(mean, deviation).map {
          clippedMean($0, $1, lower: Double(lower), upper: Double(upper))
        }
        continue
      }
      if case .identity = node.operation {
        (means[output], deviations[output]) = (means[input], deviations[input])
      } else if case .averagePool(let attributes) = node.operation {
        guard attributes.padding == Padding(), attributes.activation == .none else { continue }
        means[output] = means[input]
      } else if case .mean(let axes, _) = node.operation {
        guard !axes.contains(tensors[input].shape.count - 1) else { continue }
        means[output] = means[input]
      } else if case .add(.none) = node.operation {
        let parts = node.inputs.compactMap { means[$0] }
        guard parts.count == 2, parts[0].count == parts[1].count else { continue }
        means[output] = zip(parts[0], parts[1]).map { $0 + $1 }
      }
    }
    let named = means.map { (tensors[$0.key].name, $0.value) }
    return Dictionary(named) { first, _ in first }
  }
}

/// The mean of a normal variable that is clipped to lower…upper.
private func clippedMean(
  _ mean: Double, _ deviation: Double, lower: Double, upper: Double
) -> Double {
  guard deviation > 0 else { return min(max(mean, lower), upper) }
  func density(_ z: Double) -> Double { z.isFinite ? exp(-z * z / 2) / (2 * .pi).squareRoot() : 0 }
  func share(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }
  let (a, b) = ((lower - mean) / deviation, (upper - mean) / deviation)
  let inside = mean * (share(b) - share(a)) + deviation * (density(a) - density(b))
  // What lies beyond an end is that end.
  return inside + (lower.isFinite ? lower * share(a) : 0)
    + (upper.isFinite ? upper * (1 - share(b)) : 0)
}
