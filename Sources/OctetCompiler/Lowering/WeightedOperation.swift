import OctetModel
import OctetRuntime

/// The weights of a convolution or fully connected node in the form that kernels take: folded bias,
/// a multiplier and a shift for each output channel.
struct WeightedOperation {
  var weights: [Int8]
  var weightZeroPoint: Int
  var bias: [Int32]
  /// `bias − z_in · Σ(w − z_w)`
  var foldedBias: [Int32]
  var multipliers: [Int32]
  var shifts: [Int8]
}

extension Lowering {
  /// Reads the constants of node `index`, whose weights have their output channels along `axis`.
  func weightedOperation(
    _ index: Int, axis: Int
  ) throws(CompilerError) -> WeightedOperation {
    let node = graph.nodes[index]
    guard node.inputs.count >= 2, case .int8(let weights) = graph.tensors[node.inputs[1]].constant,
      let quantization = graph.tensors[node.inputs[1]].quantization
    else { throw .invalid(node: node.name, reason: "its weights are not int8 constants") }
    let shape = graph.tensors[node.inputs[1]].shape
    let channelCount = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    guard quantization.scales.count == 1 || quantization.scales.count == channelCount,
      Set(quantization.zeroPoints).count == 1
    else {
      throw .invalid(
        node: node.name,
        reason: "its weights have \(quantization.scales.count) scales for "
          + "\(channelCount) output channels")
    }
    let weightZeroPoint = Int(quantization.zeroPoints[0])
    var sums = [Int64](repeating: 0, count: channelCount)
    for (position, weight) in weights.enumerated() {
      sums[position / inner % channelCount] += Int64(weight) - Int64(weightZeroPoint)
    }
    var bias = [Int32](repeating: 0, count: channelCount)
    if node.inputs.count > 2 {
      guard case .int32(let values) = graph.tensors[node.inputs[2]].constant,
        values.count == channelCount
      else { throw .invalid(node: node.name, reason: "its bias is not an int32 constant") }
      bias = values
    }
    let inputZeroPoint = Int64(zeroPoint(node.inputs[0]))
    var result = WeightedOperation(
      weights: weights, weightZeroPoint: weightZeroPoint, bias: bias, foldedBias: [],
      multipliers: [], shifts: [])
    for channel in 0..<channelCount {
      // `proveAccumulators` bounds the folded bias.
      result.foldedBias.append(
        Int32(truncatingIfNeeded: Int64(bias[channel]) - inputZeroPoint * sums[channel]))
      let weightScale = quantization.scales[quantization.scales.count == 1 ? 0 : channel]
      let multiplier = FixedPointMultiplier(
        Double(scale(node.inputs[0])) * Double(weightScale) / Double(scale(node.outputs[0])),
        roundsOnce: graph.metadata.roundsOnce)
      result.multipliers.append(multiplier.multiplier)
      result.shifts.append(Int8(multiplier.shift))
    }
    return result
  }
}
