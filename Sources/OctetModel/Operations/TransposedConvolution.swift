/// Attributes of a transposed convolution.
public struct TransposedConvolutionAttributes: Sendable, Equatable {
  /// Elements of the result between neighbours of the input; at least 1.
  public var stride = Extent(1)
  /// Elements of the result between neighbours of the kernel; at least 1.
  public var dilation = Extent(1)
  /// Cropped from the full result.
  public var padding = Padding()
  /// Parts of the channels that are computed apart; divides inputs and outputs.
  public var groups = 1
  /// What is applied to the sums.
  public var activation = Activation.none
  /// Height and width of the result.
  public var outputExtent: Extent

  /// Stride and dilation 1, one group, nothing cropped.
  public init(outputExtent: Extent) { self.outputExtent = outputExtent }
}

/// x `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, bias `[O]` → `[N, OH, OW, O]`.
struct TransposedConvolutionDefinition: WeightedOperation, FusingOperation {
  let attributes: TransposedConvolutionAttributes

  var name: String { "transposedConvolution" }
  var weightChannelAxis: Int { 0 }
  var takesNarrowWeights: Bool { false }
  var activation: Activation { attributes.activation }

  func replacing(activation: Activation) -> Operation {
    var attributes = attributes
    attributes.activation = activation
    return .transposedConvolution(attributes)
  }

  func multiplyAddCount(x: [Int], weights: [Int], output: [Int]) -> Int {
    x.elementCount * weights[0] * weights[1] * weights[2]
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let (x, weights) = try inputs.imageAndWeights()
    try inputs.requireGroups(attributes.groups)
    try inputs.requireBias(outputChannels: weights[0])
    try inputs.requirePositive(attributes.stride, "stride")
    try inputs.requirePositive(attributes.dilation, "dilation")
    try inputs.requireSmall(attributes.padding)
    return [
      [x[0], attributes.outputExtent.height, attributes.outputExtent.width, weights[0]]
    ]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.transposedConvolution(attributes)
  }
}

extension StepContext {
  /// x `[N, H, W, I]`, weights `[O, KH, KW, I / G]`, bias `[O]` → y `[N, OH, OW, O]`.
  ///
  /// Each input pixel adds a weighted kernel to the output; the padding is cropped.
  func transposedConvolution(_ attributes: TransposedConvolutionAttributes) -> InterpreterStep {
    let (weights, x, y) = (inputs[1], self.x, self.y)
    let bias = unsafe inputs.count == 3 ? inputs[2].base : nil
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let (outputHeight, outputWidth, outputs) = (y.shape[1], y.shape[2], y.shape[3])
    let (kernelHeight, kernelWidth, groupInputs) = (
      weights.shape[1], weights.shape[2], weights.shape[3]
    )
    let groupOutputs = outputs / attributes.groups

    return followed(by: attributes.activation) {
      for position in 0..<(x.shape[0] * outputHeight * outputWidth) {
        for o in 0..<outputs { unsafe y.base[position * outputs + o] = bias?[o] ?? 0 }
      }
      for position in 0..<(x.shape[0] * height * width) {
        let (image, pixel) = position.quotientAndRemainder(dividingBy: height * width)
        let (inputRow, inputColumn) = pixel.quotientAndRemainder(dividingBy: width)
        let source = unsafe x.base + position * channels
        for ky in 0..<kernelHeight {
          let row =
            inputRow * attributes.stride.height + ky * attributes.dilation.height
            - attributes.padding.top
          if row < 0 || row >= outputHeight { continue }
          for kx in 0..<kernelWidth {
            let column =
              inputColumn * attributes.stride.width + kx * attributes.dilation.width
              - attributes.padding.left
            if column < 0 || column >= outputWidth { continue }
            let target =
              unsafe y.base + ((image * outputHeight + row) * outputWidth + column) * outputs
            for o in 0..<outputs {
              let tap =
                unsafe weights.base + ((o * kernelHeight + ky) * kernelWidth + kx) * groupInputs
              unsafe target[o] += dotProduct(
                source + o / groupOutputs * groupInputs, tap, groupInputs)
            }
          }
        }
      }
    }
  }
}
