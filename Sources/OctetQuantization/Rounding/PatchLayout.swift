import OctetModel

/// Where the patches of a node lie in its input.
struct PatchLayout: Sendable {
  let patchCount: Int
  let groupCount: Int
  let channelsPerGroup: Int
  let positionCount: Int
  private let input: [Int]
  private let outputWidth: Int
  private let kernel: Extent
  private let attributes: ConvolutionAttributes
  private let inputChannelsPerGroup: Int

  /// Whether products of all elements of a patch are worth their time and memory.
  let isSmall: Bool

  /// Nil for nodes without weights, and for transposed convolutions, whose outputs read patches of
  /// several forms.
  init?(_ graph: Graph, _ node: Node) {
    guard node.inputs.count > 1 else { return nil }
    let shape = graph.tensors[node.inputs[0]].shape
    let weights = graph.tensors[node.inputs[1]].shape
    let output = graph.tensors[node.outputs[0]].shape
    if case .convolution(let attributes) = node.operation {
      self.attributes = attributes
      groupCount = attributes.groups
      channelsPerGroup = weights[0] / groupCount
      (input, kernel) = (shape, Extent(height: weights[1], width: weights[2]))
      inputChannelsPerGroup = weights[3]
      (positionCount, outputWidth) = (output[1] * output[2], output[2])
    } else if case .depthwiseConvolution(let attributes) = node.operation {
      self.attributes = attributes
      groupCount = shape[3]
      channelsPerGroup = weights[3] / groupCount
      (input, kernel) = (shape, Extent(height: weights[1], width: weights[2]))
      inputChannelsPerGroup = 1
      (positionCount, outputWidth) = (output[1] * output[2], output[2])
    } else if case .fullyConnected = node.operation {
      attributes = ConvolutionAttributes()
      (groupCount, channelsPerGroup) = (1, weights[0])
      (input, kernel) = ([1, shape.elementCount / weights[1], 1, weights[1]], Extent(1))
      inputChannelsPerGroup = weights[1]
      (positionCount, outputWidth) = (shape.elementCount / weights[1], 1)
    } else {
      return nil
    }
    patchCount = kernel.height * kernel.width * inputChannelsPerGroup
    isSmall =
      patchCount < InputStatistics.sizeLimit && groupCount * patchCount * patchCount <= 1 << 24
  }

  /// Positions of the kernel.
  var kernelCount: Int { kernel.height * kernel.width }

  /// Writes the patch of an output position; padding reads as 0.
  func fill(
    _ patch: UnsafeMutablePointer<Float>, from values: UnsafeBufferPointer<Float>, position: Int,
    group: Int
  ) {
    let top = position / outputWidth * attributes.stride.height - attributes.padding.top
    let left = position % outputWidth * attributes.stride.width - attributes.padding.left
    var next = 0
    for row in 0..<kernel.height {
      let y = top + row * attributes.dilation.height
      for column in 0..<kernel.width {
        let x = left + column * attributes.dilation.width
        let isInside = y >= 0 && y < input[1] && x >= 0 && x < input[2]
        let start = (y * input[2] + x) * input[3] + group * inputChannelsPerGroup
        for channel in 0..<inputChannelsPerGroup {
          unsafe patch[next] = unsafe isInside ? values[start + channel] : 0
          next += 1
        }
      }
    }
  }
}
