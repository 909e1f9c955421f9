import OctetModel

/// Convolution or transposed convolution, grouped or depthwise, with bias and optionally a ReLU on
/// its result.
///
/// Of its two images one is seen through the window of the other's pixels: `wide` is x of a
/// convolution and y of a transposed one. With w `[KH][KW][wide channels][narrow channels]` of one
/// group:
///
///     gathered  narrow[r, p, o] = Σ wide[r·s − t + i·d, p·s − l + j·d, c] · w[i, j, c, o]
///     spread    wide[r·s − t + i·d, p·s − l + j·d, c] += Σ_o w[i, j, c, o] · narrow[r, p, o]
///     weights   dw[i, j, c, o] = Σ wide[r·s − t + i·d, p·s − l + j·d, c] · narrow[r, p, o]
///
/// A convolution goes forward by the first and back by the second, a transposed one the other way
/// round. What lies outside the image is no tap, so nothing is padded. Many channels go by
/// `TileConvolution` where that is faster; with `isExact` none do, so that whole numbers stay so.
struct ConvolutionStep: TrainingStep {
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  /// nil when nothing before this step needs it.
  var inputGradient: InputGradient?
  var weightOffset: Int
  var biasOffset: Int?
  var trainsWeights, trainsBias: Bool
  /// A factor of 1 or 0 for each weight's gradient; nil when all weights exist.
  var connections: [Float]?
  var weights: ConvolutionWeights
  var isTransposed: Bool
  var hasReLU: Bool
  /// False when the step after has already taken the ReLU's gradient.
  var takesReLUGradient: Bool
  /// Elements of scratch that it needs.
  var scratchCount: Int { max(tiles?.scratchCount ?? 0, correlation.scratchCount) }

  private let gathered, spread: WindowProduct
  private let correlation: Correlation
  private let geometry: ConvolutionGeometry
  /// The faster way, where there is one, for the directions and the weights.
  private var tiles: TileConvolution?
  private var gathersTiles = false, spreadsTiles = false, correlatesTiles = false
  private var outputChannelCount: Int {
    (isTransposed ? weights.inputs : weights.outputs) * weights.groups
  }

  init(
    input: BlockBuffer, output: BlockBuffer, outputGradient: BlockBuffer,
    inputGradient: InputGradient?, weightOffset: Int, biasOffset: Int?, trainsWeights: Bool,
    trainsBias: Bool, connections: [Float]?, weights: ConvolutionWeights,
    geometry: ConvolutionGeometry, isTransposed: Bool, hasReLU: Bool, takesReLUGradient: Bool,
    isExact: Bool
  ) {
    self.input = input
    self.output = output
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.weightOffset = weightOffset
    self.biasOffset = biasOffset
    self.trainsWeights = trainsWeights
    self.trainsBias = trainsBias
    self.connections = connections
    self.weights = weights
    self.geometry = geometry
    self.isTransposed = isTransposed
    self.hasReLU = hasReLU
    self.takesReLUGradient = takesReLUGradient
    let (rows, columns) = (geometry.rows, geometry.columns)
    let (wide, narrow) = (weights.inputs * weights.groups, weights.outputs * weights.groups)
    let wideSteps = WindowProduct.Steps(pixel: wide, row: columns.inputCount * wide)
    let narrowSteps = WindowProduct.Steps(pixel: narrow, row: columns.outputCount * narrow)
    let isDepthwise = weights.isDepthwise
    let (b, channels) = (weights.inputs * weights.outputs, weights.groups)
    let a = weights.kernelWidth * b
    gathered = WindowProduct(
      rows: rows.gathering(), columns: columns.gathering(), source: wideSteps,
      target: narrowSteps,
      weights: .init(a: a, b: b, k: weights.outputs, j: isDepthwise ? weights.groupCount : 1),
      outputCount: isDepthwise ? channels : weights.outputs, kCount: weights.inputs,
      isDepthwise: isDepthwise)
    spread = WindowProduct(
      rows: rows.spreading(), columns: columns.spreading(), source: narrowSteps,
      target: wideSteps,
      weights: .init(a: a, b: b, k: 1, j: isDepthwise ? weights.groupCount : weights.outputs),
      outputCount: isDepthwise ? channels : weights.inputs, kCount: weights.outputs,
      isDepthwise: isDepthwise)
    let lanes = TrainingNetwork.blockSize
    correlation = Correlation(
      rows: rows, columns: columns, outputCount: weights.outputs,
      kCount: isDepthwise ? channels : weights.inputs, xPixel: wide * lanes,
      xRow: wideSteps.row * lanes, yPixel: narrow * lanes, yRow: narrowSteps.row * lanes,
      sumA: a, sumB: b, sumK: isDepthwise ? weights.groupCount : weights.outputs,
      isDepthwise: isDepthwise)
    guard !isExact, let tiles = TileConvolution(weights, geometry) else { return }
    gathersTiles = tiles.isFaster(.gathered, geometry)
    spreadsTiles = tiles.isFaster(.spread, geometry)
    correlatesTiles = tiles.isFaster(nil, geometry)
    if gathersTiles || spreadsTiles || correlatesTiles { self.tiles = tiles }
  }

  func forward(_ context: StepContext) {
    unsafe run(
      isTransposed ? .spread : .gathered, context, from: context.pointer(input),
      to: context.pointer(output), relu: hasReLU, accumulates: false,
      bias: biasOffset.map { unsafe context.parameters + $0 })
  }

  func backward(_ context: StepContext) {
    let dy = unsafe context.pointer(outputGradient)
    let masks = hasReLU && takesReLUGradient
    let bias = trainsBias ? biasOffset : nil
    if masks || bias != nil {
      unsafe context.kernels.mask_sums(
        output.count / outputChannelCount, outputChannelCount,
        masks ? UnsafePointer(context.pointer(output)) : nil, dy,
        bias.map { unsafe context.gradients + $0 })
    }
    if trainsWeights { unsafe weightGradient(context, dy) }
    guard let inputGradient else { return }
    unsafe run(
      isTransposed ? .gathered : .spread, context, from: dy,
      to: context.pointer(inputGradient.buffer), relu: false,
      accumulates: !inputGradient.isFirst, bias: nil)
  }

  /// All groups of one direction.
  private func run(
    _ direction: TileConvolution.Direction, _ context: StepContext,
    from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, relu: Bool,
    accumulates: Bool, bias: UnsafePointer<Float>?
  ) {
    if let tiles, direction == .gathered ? gathersTiles : spreadsTiles {
      return unsafe tiles.run(
        direction, context.kernels, scratch: context.scratch, source: source,
        w: context.parameters + weightOffset, bias: bias, relu: relu, accumulates: accumulates,
        target: target)
    }
    let product = direction == .gathered ? gathered : spread
    let (wide, narrow) = (weights.inputs, weights.outputs)
    let (from, to) = direction == .gathered ? (wide, narrow) : (narrow, wide)
    for group in 0..<(weights.isDepthwise ? 1 : weights.groups) {
      unsafe product.run(
        context.kernels, source: element(source, group * from),
        w: context.parameters + weightOffset + group * weights.groupCount,
        bias: bias.map { unsafe $0 + group * to }, relu: relu, accumulates: accumulates,
        target: element(target, group * to))
    }
  }

  /// dw of every group.
  private func weightGradient(_ context: StepContext, _ dy: UnsafePointer<Float>) {
    let x = unsafe UnsafePointer(context.pointer(input))
    let (wide, narrow) = unsafe isTransposed ? (dy, x) : (x, dy)
    if let tiles, correlatesTiles {
      unsafe tiles.correlate(
        context.kernels, scratch: context.scratch, x: wide, dy: narrow,
        sums: context.gradients + weightOffset)
    } else {
      unsafe correlate(context, wide, narrow)
    }
    let sums = unsafe context.gradients + weightOffset
    for (index, factor) in (connections ?? []).enumerated() { unsafe sums[index] *= factor }
  }

  private func correlate(
    _ context: StepContext, _ wide: UnsafePointer<Float>, _ narrow: UnsafePointer<Float>
  ) {
    let (rows, columns) = (geometry.rows, geometry.columns)
    let start = unsafe wide - rows.padding * correlation.xRow - columns.padding * correlation.xPixel
    let sums = unsafe context.gradients + weightOffset
    unsafe sums.update(repeating: 0, count: weights.groups * weights.groupCount)
    for group in 0..<(weights.isDepthwise ? 1 : weights.groups) {
      unsafe correlation.run(
        context.kernels, scratch: context.scratch, x: element(start, group * weights.inputs),
        dy: element(narrow, group * weights.outputs), sums: sums + group * weights.groupCount)
    }
  }
}

/// How the two images of a convolution lie to each other: of a convolution `inputCount` counts
/// x's rows or columns, of a transposed one y's.
package struct ConvolutionGeometry: Sendable {
  var rows, columns: WindowAxis

  /// - Parameters:
  ///   - wide: the shape `[1, H, W, C]` of the image that is seen through windows.
  ///   - narrow: that of the other one.
  package init(
    wide: [Int], narrow: [Int], _ weights: ConvolutionWeights, stride: Extent, dilation: Extent,
    padding: Padding
  ) {
    rows = WindowAxis(
      inputCount: wide[1], outputCount: narrow[1], kernel: weights.kernelHeight,
      stride: stride.height, dilation: dilation.height, padding: padding.top)
    columns = WindowAxis(
      inputCount: wide[2], outputCount: narrow[2], kernel: weights.kernelWidth,
      stride: stride.width, dilation: dilation.width, padding: padding.left)
  }
}

/// The element `count` further on, of sixteen images.
func element(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) -> UnsafeMutablePointer<Float> {
  unsafe pointer + count * TrainingNetwork.blockSize
}

func element(_ pointer: UnsafePointer<Float>, _ count: Int) -> UnsafePointer<Float> {
  unsafe pointer + count * TrainingNetwork.blockSize
}
