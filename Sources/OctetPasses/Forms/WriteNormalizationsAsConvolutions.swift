import OctetModel

extension Graph {
  /// Writes each batch normalization as a depthwise convolution of 1×1, with a weight scale for
  /// each channel; other ranks than NHWC's are reshaped.
  ///
  /// Of normalizations whose statistics are constants, one for each index of the last axis. Outputs
  /// keep their values, but for the rounding of floats.
  package mutating func writeNormalizationsAsConvolutions() {
    replaceFreeNodes { graph, node in
      let shape = graph.tensors[node.inputs[0]].shape
      guard let (weights, bias) = graph.normalizationConstants(node),
        let count = shape.last, count == bias.shape[0]
      else { return nil }
      let constants = [graph.add(weights), graph.add(bias)]
      let convolution = Operation.depthwiseConvolution(ConvolutionAttributes())
      var result = Replacement(of: node)
      if shape.count == 4 { return result.ended(convolution, [node.inputs[0]] + constants) }
      let image = [1, 1, shape.dropLast().reduce(1, *), count]
      let flat = result.add(.reshape(image), [node.inputs[0]], "image", image, to: &graph)
      let normal = result.add(
        convolution, [flat] + constants, "normalized", image, node: "", to: &graph)
      return result.ended(.reshape(shape), [normal], node: "shape")
    }
  }

  /// The weights `[1, 1, 1, C]` and the bias `[C]` of the depthwise convolution that a batch
  /// normalization is: real, or, of an operand on a grid, codes.
  ///
  /// Codes of weights are all ±127 and each channel's scale is its own, so that the gain is exact.
  /// Nil where a channel's gain or offset cannot be written so.
  ///
  /// - Parameter inputScale: the scale of the operand's grid; nil for reals.
  package func normalizationConstants(
    _ node: Node, inputScale: Float? = nil
  ) -> (weights: Tensor, bias: Tensor)? {
    guard let (gain, offset) = normalizationLine(node) else { return nil }
    var weights = Tensor(name: "\(node.name)/gain", shape: [1, 1, 1, gain.count])
    var bias = Tensor(name: "\(node.name)/offset", shape: [gain.count])
    guard let inputScale else {
      weights.constant = .float(gain.map { Float($0) })
      bias.constant = .float(offset.map { Float($0) })
      return (weights, bias)
    }
    var codes: [Int32] = []
    let scales = gain.map { Float(abs($0) / 127) }
    for (offset, scale) in zip(offset, scales) {
      guard scale.isFinite, scale.isNormal,
        // As much room as `AccumulatorProof` asks for.
        let code = TieRule.awayFromZero.exactCode(
          steps: offset / (Double(inputScale) * Double(scale)), in: -(1 << 29) + 1...(1 << 29) - 1)
      else { return nil }
      codes.append(code)
    }
    let zeros = codes.map { _ in Int32(0) }
    (weights.elementType, bias.elementType) = (.int8, .int32)
    weights.constant = .int8(gain.map { $0 < 0 ? -127 : 127 })
    weights.quantization = Quantization(scales: scales, zeroPoints: zeros, axis: 3)
    bias.constant = .int32(codes)
    bias.quantization = Quantization(
      scales: scales.map { $0 * inputScale }, zeroPoints: zeros, axis: 0)
    return (weights, bias)
  }
}
