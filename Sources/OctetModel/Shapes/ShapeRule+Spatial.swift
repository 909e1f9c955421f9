extension ShapeRule {
  func spatialOutput() throws(GraphError) -> [Int] {
    switch operation {
    case .convolution(let attributes): return try convolution(attributes)
    case .depthwiseConvolution(let attributes): return try depthwiseConvolution(attributes)
    case .transposedConvolution(let attributes): return try transposedConvolution(attributes)
    case .maxPool(let attributes), .averagePool(let attributes),
      .maxPoolIndices(let attributes, _):
      try requireInputs(1...1)
      try requireRank(4, of: 0, "x")
      let extent = try windows(
        kernel: attributes.kernel, stride: attributes.stride, dilation: attributes.dilation,
        padding: attributes.padding)
      return [inputs[0][0], extent.height, extent.width, inputs[0][3]]
    case .resize(let attributes): return try resize(attributes)
    default: throw invalid("has no spatial rule")
    }
  }

  /// x `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, bias `[O]`.
  private func convolution(_ attributes: ConvolutionAttributes) throws(GraphError) -> [Int] {
    try requireConvolutionInputs()
    let (x, weights) = (inputs[0], inputs[1])
    let groups = attributes.groups
    guard groups > 0, weights[0] % groups == 0, x[3] % groups == 0, weights[3] == x[3] / groups
    else {
      throw invalid(
        "cannot apply weights \(weights) to x \(x) in \(groups) groups "
          + "(weights are [O, KH, KW, I / groups])")
    }
    try requireBias(outputChannels: weights[0])
    let extent = try windows(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: attributes.dilation, padding: attributes.padding)
    return [x[0], extent.height, extent.width, weights[0]]
  }

  /// x `[N, H, W, I]`, weights `[1, KH, KW, I · depthMultiplier]`, bias `[I · depthMultiplier]`.
  private func depthwiseConvolution(
    _ attributes: ConvolutionAttributes
  ) throws(GraphError) -> [Int] {
    try requireConvolutionInputs()
    let (x, weights) = (inputs[0], inputs[1])
    guard weights[0] == 1, x[3] > 0, weights[3] % x[3] == 0 else {
      throw invalid(
        "cannot apply weights \(weights) to x \(x) (weights are [1, KH, KW, I · multiplier])")
    }
    try requireBias(outputChannels: weights[3])
    let extent = try windows(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: attributes.dilation, padding: attributes.padding)
    return [x[0], extent.height, extent.width, weights[3]]
  }

  /// x `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, bias `[O]`.
  private func transposedConvolution(
    _ attributes: TransposedConvolutionAttributes
  ) throws(GraphError) -> [Int] {
    try requireConvolutionInputs()
    let (x, weights) = (inputs[0], inputs[1])
    let groups = attributes.groups
    guard groups > 0, weights[0] % groups == 0, x[3] % groups == 0, weights[3] == x[3] / groups
    else { throw invalid("cannot apply weights \(weights) to x \(x) in \(groups) groups") }
    try requireBias(outputChannels: weights[0])
    try requirePositive(attributes.stride, "stride")
    try requirePositive(attributes.dilation, "dilation")
    try requireSmall(attributes.padding)
    return [
      x[0], attributes.outputExtent.height, attributes.outputExtent.width, weights[0],
    ]
  }

  private func requireConvolutionInputs() throws(GraphError) {
    try requireInputs(2...3)
    try requireRank(4, of: 0, "x")
    try requireRank(4, of: 1, "weights")
  }

  private func requireBias(outputChannels: Int) throws(GraphError) {
    if inputs.count == 3, inputs[2] != [outputChannels] {
      throw invalid("has a bias of shape \(inputs[2]), but \(outputChannels) output channels")
    }
  }

  private func requirePositive(_ extent: Extent, _ name: String) throws(GraphError) {
    let range = 1...(1 << 20)
    if !range.contains(extent.height) || !range.contains(extent.width) {
      throw invalid("has \(name) \(extent.height)×\(extent.width), which is out of range")
    }
  }

  private func requireSmall(_ padding: Padding) throws(GraphError) {
    let range = 0...(1 << 20)
    for amount in [padding.top, padding.left, padding.bottom, padding.right]
    where !range.contains(amount) {
      throw invalid("has padding \(amount), which is out of range")
    }
  }

  /// How many windows fit into the first input's height and width.
  private func windows(
    kernel: Extent, stride: Extent, dilation: Extent, padding: Padding
  ) throws(GraphError) -> Extent {
    try requirePositive(kernel, "kernel")
    try requirePositive(stride, "stride")
    try requirePositive(dilation, "dilation")
    try requireSmall(padding)
    // All terms are at most 2^28 and the products at most 2^40, so nothing overflows.
    let height = inputs[0][1] + padding.top + padding.bottom - (kernel.height - 1) * dilation.height
    let width = inputs[0][2] + padding.left + padding.right - (kernel.width - 1) * dilation.width
    guard height > 0, width > 0 else {
      throw invalid(
        "has a window of \(kernel.height)×\(kernel.width) that does not fit into its input "
          + "\(inputs[0])")
    }
    return Extent(
      height: (height - 1) / stride.height + 1, width: (width - 1) / stride.width + 1)
  }

  private func resize(_ attributes: ResizeAttributes) throws(GraphError) -> [Int] {
    try requireInputs(1...1)
    let x = inputs[0]
    if attributes.outputShape.count != x.count || attributes.scales.count != x.count {
      throw invalid("needs a size and a scale for each dimension of \(x)")
    }
    if !attributes.scales.allSatisfy({ $0 > 0 && $0.isFinite }) {
      throw invalid("needs positive scales, but has \(attributes.scales)")
    }
    if x.contains(0) { throw invalid("needs an input with elements") }
    return attributes.outputShape
  }
}
