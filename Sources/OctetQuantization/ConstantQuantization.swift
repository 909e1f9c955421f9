import OctetModel

extension Graph {
  /// Replaces the float constants that node `index` reads by int8 or int4 weights, int32 biases and
  /// int8 operands.
  ///
  /// - Parameters:
  ///   - rounded: the codes and biases of weights in floats; nil for the nearest.
  ///   - weightBits: the width of these codes.
  mutating func quantizeConstants(
    ofNode index: Int, rounded: WeightChannels.Rounded? = nil, weightBits: Int = 8
  ) throws(QuantizationError) {
    let node = nodes[index]
    if node.operation.weightChannelAxis != nil {
      try quantizeWeights(ofNode: index, rounded: rounded, weightBits: weightBits)
      return
    }
    for (position, input) in node.inputs.enumerated() {
      guard let values = tensors[input].floats else { continue }
      try requireFinite(values, tensors[input].name)
      // An operand of an operation that keeps scales has the scale of the result. So have zeros,
      // which have none of their own.
      let hasResults = node.operation.keepsGrid || values.allSatisfy { $0 == 0 }
      let shared = hasResults ? tensors[node.outputs[0]].quantization : nil
      if tensors[node.outputs[0]].elementType == .int16 {
        nodes[index].inputs[position] = addInt16(values, input, shared, node)
        continue
      }
      let range = ValueRange(lower: values.min() ?? 0, upper: values.max() ?? 0)
      let own = Quantization(
        scale: range.quantization.scale, zeroPoint: range.quantization.zeroPoint)
      let quantization = shared ?? own
      nodes[index].inputs[position] = add(
        Tensor(
          name: "\(tensors[input].name)/int8/\(node.name)", shape: tensors[input].shape,
          elementType: .int8, constant: .int8(quantization.codes(values, ties: .awayFromZero)),
          quantization: quantization))
    }
  }

  /// A constant operand as int16, whose payload has 32 bits.
  private mutating func addInt16(
    _ values: [Float], _ input: TensorIndex, _ shared: Quantization?, _ node: Node
  ) -> TensorIndex {
    let largest = values.reduce(0) { max($0, abs($1)) }
    let grid =
      shared ?? Quantization(scale: largest > 0 ? largest / 32_767 : 1, zeroPoint: 0)
    let codes = values.map {
      TieRule.awayFromZero.code(steps: Double($0 / grid.scales[0]), in: -32_768...32_767)
    }
    return add(
      Tensor(
        name: "\(tensors[input].name)/int16/\(node.name)", shape: tensors[input].shape,
        elementType: .int16, constant: .int32(codes), quantization: grid))
  }

  /// The real weights of node `index` with the scales that they get: symmetric, one an output
  /// channel. Nil for nodes without, and for those whose input has no grid.
  func weightChannels(
    ofNode index: Int, weightBits: Int = 8
  ) throws(QuantizationError) -> WeightChannels? {
    let node = nodes[index]
    guard let axis = node.operation.weightChannelAxis,
      let inputScale = tensors[node.inputs[0]].quantization?.scales.first,
      let values = tensors[node.inputs[1]].floats
    else { return nil }
    let weights = tensors[node.inputs[1]]
    try requireFinite(values, weights.name)
    let channelCount = weights.shape[axis]
    let inner = weights.shape[(axis + 1)...].reduce(1, *)
    var rows = [[Float]](repeating: [], count: channelCount)
    for (position, value) in values.enumerated() {
      rows[position / inner % channelCount].append(abs(value))
    }
    let bias = node.inputs.count > 2 ? tensors[node.inputs[2]].floats : nil
    if let bias { try requireFinite(bias, tensors[node.inputs[2]].name) }
    var scales: [Float] = []
    for channel in rows.indices {
      let scale = weightScale(
        rows[channel], bits: weightBits, bias: bias?[channel] ?? 0, inputScale: inputScale,
        biasBits: tensors[node.inputs[0]].elementType == .int16 ? 44 : 29)
      guard scale.isFinite else {
        throw .accumulatorOverflow(node: node.name, channel: channel, bound: .max)
      }
      scales.append(scale)
    }
    return WeightChannels(
      values: values, bias: bias, scales: scales, shape: weights.shape, axis: axis,
      bits: weightBits)
  }

  /// Biases are int32 at `s_in · s_w[c]`.
  private mutating func quantizeWeights(
    ofNode index: Int, rounded: WeightChannels.Rounded?, weightBits: Int
  ) throws(QuantizationError) {
    let node = nodes[index]
    let weights = tensors[node.inputs[1]]
    guard let inputScale = tensors[node.inputs[0]].quantization?.scales.first else { return }
    let isWide = tensors[node.inputs[0]].elementType == .int16
    guard let channels = try weightChannels(ofNode: index, weightBits: weightBits) else {
      try quantizeBias(ofNode: index, inputScale: inputScale)
      return
    }
    let (scales, channelCount) = (channels.scales, channels.scales.count)
    let rounded = rounded ?? channels.nearest()
    let weightIndex = add(
      Tensor(
        name: "\(weights.name)/int\(channels.bits)/\(node.name)", shape: weights.shape,
        elementType: channels.bits == 4 ? .int4 : .int8, constant: .int8(rounded.codes),
        quantization: Quantization(
          scales: scales, zeroPoints: [Int32](repeating: 0, count: channelCount),
          axis: channels.axis)))
    let biasScales = scales.map { $0 * inputScale }
    let steps = scales.indices.map { channel in
      rounded.bias[channel] / (Double(inputScale) * Double(scales[channel]))
    }
    let codes: Payload =
      isWide
      ? .int64(steps.map { Int64($0.rounded()) })
      : .int32(steps.map { TieRule.awayFromZero.code(steps: $0, in: .min ... .max) })
    let biasIndex = add(
      Tensor(
        name: "\(node.name)/bias/int\(isWide ? 64 : 32)", shape: [channelCount],
        elementType: isWide ? .int64 : .int32, constant: codes,
        quantization: Quantization(
          scales: biasScales, zeroPoints: [Int32](repeating: 0, count: channelCount), axis: 0)))
    nodes[index].inputs = [node.inputs[0], weightIndex, biasIndex]
  }

  /// A bias beside weights that have scales already.
  private mutating func quantizeBias(
    ofNode index: Int, inputScale: Float
  ) throws(QuantizationError) {
    let node = nodes[index]
    guard node.inputs.count > 2, let values = tensors[node.inputs[2]].floats,
      let weightScales = tensors[node.inputs[1]].quantization?.scales
    else { return }
    try requireFinite(values, tensors[node.inputs[2]].name)
    let scales = weightScales.map { $0 * inputScale }
    let codes = values.indices.map { channel in
      let scale = Double(inputScale) * Double(weightScales[channel % weightScales.count])
      return TieRule.awayFromZero.code(
        steps: Double(values[channel]) / scale.magnitude, in: .min ... .max)
    }
    nodes[index].inputs[2] = add(
      Tensor(
        name: "\(node.name)/bias/int32", shape: [values.count], elementType: .int32,
        constant: .int32(codes),
        quantization: Quantization(
          scales: scales, zeroPoints: scales.map { _ in 0 }, axis: scales.count == 1 ? nil : 0)))
  }

  /// The scale of one output channel: its largest weight becomes ±127, or of 4 bits those near it
  /// ±7 and what is beyond is clipped, where that lessens the squared error. Unless the bias would
  /// then not fit: a channel with tiny weights and a large bias takes a coarser scale, which keeps
  /// |bias| ≤ 2²⁹ (ONNX Runtime's int32 bias overflow, pull request 25278), or as many bits as an
  /// int64 bias may have. Infinite when no scale is coarse enough.
  ///
  /// - Parameter magnitudes: of the channel's weights.
  private func weightScale(
    _ magnitudes: [Float], bits: Int, bias: Float, inputScale: Float, biasBits: Int
  ) -> Float {
    let fromBias = Double(abs(bias)) / Double(inputScale) / Double(1 << biasBits)
    let limit = WeightChannels.limit(bits: bits)
    var step = Double(magnitudes.max() ?? 0) / Double(limit)
    if bits < 8 { step *= clippedShare(magnitudes, step: step, limit: limit) }
    let scale = Float(max(step, fromBias))
    // So small that weights and bias are nothing: any scale will do.
    return scale < .leastNormalMagnitude ? 1 : scale
  }

  /// The share of a step, of 0.4 to 1, with which rounding and clipping change the weights least.
  private func clippedShare(_ magnitudes: [Float], step: Double, limit: Int32) -> Double {
    guard step > 0 else { return 1 }
    var best = (share: 1.0, error: Double.infinity)
    for hundredth in stride(from: 100, through: 40, by: -2) {
      let share = Double(hundredth) / 100
      let error = magnitudes.reduce(0.0) { sum, magnitude in
        let code = min((Double(magnitude) / (step * share)).rounded(), Double(limit))
        let difference = Double(magnitude) - code * step * share
        return sum + difference * difference
      }
      if error < best.error { best = (share, error) }
    }
    return best.share
  }

  private func requireFinite(_ values: [Float], _ name: String) throws(QuantizationError) {
    guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor: name) }
  }
}
