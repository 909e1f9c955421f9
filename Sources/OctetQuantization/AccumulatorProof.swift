import OctetModel
import OctetRuntime

// No input can overflow an int32 accumulator: proven from the integer weights before a model is
// written, so that kernels add without checks.

extension Graph {
  /// Throws the first output channel some input could overflow.
  ///
  /// Kernels start from the folded bias `b − z·Σw` and add `w · q` with `q` in −128…127 in any
  /// order, so every partial sum is at most `|b − z·Σw| + 128 · Σ|w|`. The reference adds
  /// `w · (q − z)` to `b`, at most `|b| + Σ|w| · max|q − z|`. Both must stay within
  /// `BlobLimits.sumMagnitude`, as the runtime's validator demands, also after the shift to the
  /// left that requantization begins with where `s_in · s_w / s_out` is 1 or more.
  public func proveAccumulators() throws(QuantizationError) {
    for node in nodes {
      guard let axis = node.operation.weightChannelAxis, node.inputs.count >= 2,
        case .int8(let weights) = tensors[node.inputs[1]].constant
      else { continue }
      let shape = tensors[node.inputs[1]].shape
      let zeroPoint = Int64(tensors[node.inputs[0]].quantization?.zeroPoints.first ?? 0)
      let weightZeroPoints = tensors[node.inputs[1]].quantization?.zeroPoints ?? [0]
      var biases = [Int64](repeating: 0, count: shape[axis])
      if node.inputs.count > 2, case .int32(let values) = tensors[node.inputs[2]].constant {
        biases = values.map { Int64($0) }
      }
      var sums = [Int64](repeating: 0, count: shape[axis])
      var magnitudes = sums
      let inner = shape[(axis + 1)...].reduce(1, *)
      for (position, weight) in weights.enumerated() {
        let channel = position / inner % shape[axis]
        let offset = Int64(weightZeroPoints[channel % weightZeroPoints.count])
        sums[channel] += Int64(weight) - offset
        magnitudes[channel] += abs(Int64(weight)) + abs(offset)
      }
      let reach = max(abs(-128 - zeroPoint), abs(127 - zeroPoint))
      for channel in 0..<shape[axis] {
        let folded = abs(biases[channel] - zeroPoint * sums[channel]) + 128 * magnitudes[channel]
        let bound = max(folded, abs(biases[channel]) + reach * magnitudes[channel])
        let shifted = bound.multipliedReportingOverflow(
          by: Int64(1) << leftShift(of: node, channel: channel))
        guard !shifted.overflow, shifted.partialValue <= BlobLimits.sumMagnitude else {
          throw .accumulatorOverflow(
            node: node.name, channel: channel,
            bound: shifted.overflow ? .max : shifted.partialValue)
        }
      }
    }
  }
  /// The bits by which requantization shifts an accumulator to the left, at most 30.
  private func leftShift(of node: Node, channel: Int) -> Int64 {
    guard let input = tensors[node.inputs[0]].quantization?.scales.first,
      let output = tensors[node.outputs[0]].quantization?.scales.first,
      let weights = tensors[node.inputs[1]].quantization?.scales
    else { return 0 }
    let real = Double(input) * Double(weights[channel % weights.count]) / Double(output)
    // As `frexp` has it: real = fraction · 2^exponent with a fraction in 0.5 ..< 1.
    return real >= 1 ? min(30, Int64(real.exponent) + 1) : 0
  }
}
