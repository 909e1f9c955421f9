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
  /// `BlobLimits.sumMagnitude`, as the runtime's validator demands.
  ///
  /// - Parameter allowingWrap: otherwise also after the shift to the left that requantization
  ///   begins with where `s_in · s_w / s_out` is 1 or more. There TensorFlow Lite for
  ///   Microcontrollers wraps around, and so do the kernels.
  package func proveAccumulators(allowingWrap: Bool = false) throws(QuantizationError) {
    for index in nodes.indices {
      for (channel, bound) in accumulatorBounds(ofNode: index).enumerated() {
        let shift = allowingWrap ? 0 : leftShift(of: nodes[index], channel: channel)
        let shifted = bound.multipliedReportingOverflow(by: Int64(1) << shift)
        guard !shifted.overflow, shifted.partialValue <= BlobLimits.sumMagnitude else {
          throw .accumulatorOverflow(
            node: nodes[index].name, channel: channel,
            bound: shifted.overflow ? .max : shifted.partialValue)
        }
      }
    }
  }

  /// Whether requantizing a sum of node `index` can wrap around: then the larger of two sums need
  /// not become the larger code.
  package func canWrap(node index: Int) -> Bool {
    accumulatorBounds(ofNode: index).enumerated().contains { channel, bound in
      bound >> (31 - leftShift(of: nodes[index], channel: channel)) > 0
    }
  }

  /// The largest magnitude of any partial sum, for each output channel of a node with weights.
  private func accumulatorBounds(ofNode index: Int) -> [Int64] {
    let node = nodes[index]
    // What reads int16 adds up in 64 bits, or is proven when it is lowered.
    guard let axis = node.operation.weightChannelAxis, node.inputs.count >= 2,
      tensors[node.inputs[0]].elementType != .int16,
      case .int8(let weights) = tensors[node.inputs[1]].constant
    else { return [] }
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
    return (0..<shape[axis]).map { channel in
      let folded = abs(biases[channel] - zeroPoint * sums[channel]) + 128 * magnitudes[channel]
      return max(folded, abs(biases[channel]) + reach * magnitudes[channel])
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
