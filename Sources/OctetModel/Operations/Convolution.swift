/// Attributes of a convolution and of a depthwise convolution.
public struct ConvolutionAttributes: Sendable, Equatable {
  /// Elements of the input between neighbours of the output; at least 1.
  public var stride = Extent(1)
  /// Elements of the input between neighbours of the kernel; at least 1.
  public var dilation = Extent(1)
  /// Zeros around the input.
  public var padding = Padding()
  /// Parts of the channels that are computed apart; divides inputs and outputs. A depthwise
  /// convolution has as many as input channels and ignores it.
  public var groups = 1
  /// What is applied to the sums.
  public var activation = Activation.none

  /// Stride and dilation 1, one group, without padding and activation.
  public init() {}
}

/// x `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, bias `[O]` → `[N, OH, OW, O]`.
struct ConvolutionDefinition: WeightedOperation, FusingOperation {
  let attributes: ConvolutionAttributes

  var name: String { "convolution" }
  var weightChannelAxis: Int { 0 }
  var activation: Activation { attributes.activation }

  func replacing(activation: Activation) -> Operation {
    var attributes = attributes
    attributes.activation = activation
    return .convolution(attributes)
  }

  func multiplyAddCount(x: [Int], weights: [Int], output: [Int]) -> Int {
    output.elementCount * Array(weights.dropFirst()).elementCount
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let (x, weights) = try inputs.imageAndWeights()
    try inputs.requireGroups(attributes.groups)
    try inputs.requireBias(outputChannels: weights[0])
    let extent = try inputs.windows(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: attributes.dilation, padding: attributes.padding)
    return [[x[0], extent.height, extent.width, weights[0]]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.convolution(attributes) }
}

extension StepContext {
  /// x `[N, H, W, I]`, weights `[O, KH, KW, I / G]`, bias `[O]` → y `[N, OH, OW, O]`.
  ///
  /// Patches of x are laid out as rows (im2col), at most `patchLimit` floats at a time, and
  /// multiplied by the weights.
  func convolution(_ attributes: ConvolutionAttributes) -> InterpreterStep {
    let (weights, x, y) = (inputs[1], self.x, self.y)
    let bias = unsafe inputs.count == 3 ? inputs[2].base : nil
    let groups = attributes.groups
    let (groupInputs, groupOutputs) = (weights.shape[3], weights.shape[0] / groups)
    let patch = PatchShape(
      height: x.shape[1], width: x.shape[2], channels: x.shape[3], groupChannels: groupInputs,
      kernel: Extent(height: weights.shape[1], width: weights.shape[2]), attributes: attributes)
    let depth = patch.kernel.height * patch.kernel.width * groupInputs
    let (rowCount, columnCount) = (y.shape[1], y.shape[2])
    let positions = rowCount * columnCount
    let tile = max(1, min(positions, patchLimit / max(depth, 1)))
    let patches = TensorBuffer(count: tile * depth, isInteger: false)
    let outputChannels = y.shape[3]

    return followed(by: attributes.activation) {
      for image in 0..<x.shape[0] {
        let source = unsafe x.base + image * patch.height * patch.width * patch.channels
        for group in 0..<groups {
          var first = 0
          while first < positions {
            let rows = min(tile, positions - first)
            for row in 0..<rows {
              let (top, left) = (first + row).quotientAndRemainder(dividingBy: columnCount)
              unsafe patch.copy(
                from: source + group * groupInputs, top: top, left: left,
                to: patches.base + row * depth)
            }
            let channel = group * groupOutputs
            unsafe multiplyByTransposed(
              a: patches.base, b: weights.base + channel * depth,
              bias: bias.map { unsafe $0 + channel },
              c: unsafe y.base + (image * positions + first) * outputChannels + channel,
              size: ProductSize(
                rows: rows, columns: groupOutputs, depth: depth, rowStride: outputChannels))
            first += rows
          }
        }
      }
    }
  }
}

/// Floats of im2col scratch: small enough to stay in the second-level cache.
private let patchLimit = 1 << 15

/// Where the patches of a convolution lie in its input.
struct PatchShape {
  let height, width, channels: Int
  /// Channels that one group reads.
  let groupChannels: Int
  let kernel: Extent
  let attributes: ConvolutionAttributes

  /// Copies the patch of output position (`top`, `left`) as `[KH, KW, groupChannels]`, with zeros
  /// where it lies outside the image.
  func copy(
    from source: UnsafePointer<Float>, top: Int, left: Int, to target: UnsafeMutablePointer<Float>
  ) {
    let firstRow = top * attributes.stride.height - attributes.padding.top
    let firstColumn = left * attributes.stride.width - attributes.padding.left
    var target = unsafe target
    // Neighbouring pixels of one group are one run of memory.
    let isContiguous = attributes.dilation.width == 1 && groupChannels == channels
    for ky in 0..<kernel.height {
      let row = firstRow + ky * attributes.dilation.height
      let line = unsafe source + row * width * channels
      if row < 0 || row >= height {
        unsafe fill(target, kernel.width * groupChannels)
        unsafe target += kernel.width * groupChannels
      } else if isContiguous {
        let skipped = max(0, min(kernel.width, -firstColumn))
        let end = max(skipped, min(kernel.width, width - firstColumn))
        unsafe fill(target, skipped * channels)
        unsafe copyFloats(
          line + (firstColumn + skipped) * channels, target + skipped * channels,
          (end - skipped) * channels)
        unsafe fill(target + end * channels, (kernel.width - end) * channels)
        unsafe target += kernel.width * channels
      } else {
        for kx in 0..<kernel.width {
          let column = firstColumn + kx * attributes.dilation.width
          if column >= 0 && column < width {
            unsafe copyFloats(line + column * channels, target, groupChannels)
          } else {
            unsafe fill(target, groupChannels)
          }
          unsafe target += groupChannels
        }
      }
    }
  }
}

// Runs of a few floats, for which calling `memmove` costs more than the copy.

@inline(__always)
private func copyFloats(
  _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int
) {
  for k in 0..<count { unsafe target[k] = source[k] }
}

@inline(__always)
private func fill(_ target: UnsafeMutablePointer<Float>, _ count: Int) {
  for k in 0..<count { unsafe target[k] = 0 }
}
