extension ShapeRule {
  /// x `[N, H, W, I]` and weights of four dimensions.
  func imageAndWeights() throws(GraphError) -> (x: [Int], weights: [Int]) {
    try requireRank(4, of: 0, "x")
    try requireRank(4, of: 1, "weights")
    return (self[0], self[1])
  }

  /// x `[N, H, W, I]` fits weights `[O, KH, KW, I / groups]`.
  func requireGroups(_ groups: Int) throws(GraphError) {
    let (x, weights) = (self[0], self[1])
    guard groups > 0, weights[0] % groups == 0, x[3] % groups == 0, weights[3] == x[3] / groups
    else {
      throw invalid(
        "cannot apply weights \(weights) to x \(x) in \(groups) groups "
          + "(weights are [O, KH, KW, I / groups])")
    }
  }

  func requireBias(outputChannels: Int) throws(GraphError) {
    if count == 3, self[2] != [outputChannels] {
      throw invalid("has a bias of shape \(self[2]), but \(outputChannels) output channels")
    }
  }

  /// One element for each window of a pool of x `[N, H, W, C]`.
  func pooled(_ attributes: PoolAttributes) throws(GraphError) -> [Int] {
    try requireRank(4, of: 0, "x")
    let extent = try windows(
      kernel: attributes.kernel, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    return [self[0][0], extent.height, extent.width, self[0][3]]
  }

  func requirePositive(_ extent: Extent, _ name: String) throws(GraphError) {
    let range = 1...(1 << 20)
    if !range.contains(extent.height) || !range.contains(extent.width) {
      throw invalid("has \(name) \(extent.height)×\(extent.width), which is out of range")
    }
  }

  func requireSmall(_ padding: Padding) throws(GraphError) {
    let range = 0...(1 << 20)
    for amount in [padding.top, padding.left, padding.bottom, padding.right]
    where !range.contains(amount) {
      throw invalid("has padding \(amount), which is out of range")
    }
  }

  /// How many windows fit into the first input's height and width.
  func windows(
    kernel: Extent, stride: Extent, dilation: Extent, padding: Padding
  ) throws(GraphError) -> Extent {
    try requirePositive(kernel, "kernel")
    try requirePositive(stride, "stride")
    try requirePositive(dilation, "dilation")
    try requireSmall(padding)
    // All terms are at most 2^28 and the products at most 2^40, so nothing overflows.
    let height = self[0][1] + padding.top + padding.bottom - (kernel.height - 1) * dilation.height
    let width = self[0][2] + padding.left + padding.right - (kernel.width - 1) * dilation.width
    guard height > 0, width > 0 else {
      throw invalid(
        "has a window of \(kernel.height)×\(kernel.width) that does not fit into its input "
          + "\(self[0])")
    }
    return Extent(
      height: (height - 1) / stride.height + 1, width: (width - 1) / stride.width + 1)
  }
}
