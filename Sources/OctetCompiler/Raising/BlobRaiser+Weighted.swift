import OctetModel
import OctetRuntime

// Convolutions, fully connected operators and pools.

extension BlobRaiser {
  mutating func raiseConvolution(_ view: OperatorView) throws(CompilerError) {
    typealias Word = Convolution.Word
    let source = image(view)
    let (x, y) = (graph.tensors[source].shape, output(view).shape.fourDimensions)
    let groups = word(view, Word.groups)
    let kernel = Extent(height: word(view, Word.kernelHeight), width: word(view, Word.kernelWidth))
    let convolved = [y[0], word(view, Word.height), word(view, Word.width), y[3]]
    var attributes = ConvolutionAttributes()
    attributes.groups = groups
    attributes.stride = extent(view, Word.strideHeight, Word.strideWidth)
    attributes.dilation = extent(view, Word.dilationHeight, Word.dilationWidth)
    attributes.padding = padding(
      x, convolved, kernel, attributes.stride, attributes.dilation,
      top: word(view, Word.paddingTop),
      left: word(view, Word.paddingLeft))
    attributes.activation = activation(view, Word.lower, Word.upper)
    let constants = try weights(
      view, shape: [y[3], kernel.height, kernel.width, x[3] / groups], axis: 0,
      Words(
        weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers, shifts: Word.shifts))
    let pool = extent(view, Word.poolHeight, Word.poolWidth)
    let inputs = [source] + constants
    let stride = extent(view, Word.poolStrideHeight, Word.poolStrideWidth)
    guard pool != Extent(1) || stride != Extent(1) else {
      append(
        view, .convolution(attributes), inputs: inputs, outputs: [view.outputTensorIndex(0)])
      return
    }
    var middle = output(view)
    middle.name += "/convolution"
    middle.shape = convolved
    let index = add(middle)
    append(view, .convolution(attributes), inputs: inputs, outputs: [index])
    append(
      view, .maxPool(PoolAttributes(kernel: pool, stride: stride)), suffix: "/pool",
      inputs: [index], outputs: [view.outputTensorIndex(0)])
  }

  mutating func raiseDepthwiseConvolution(_ view: OperatorView) throws(CompilerError) {
    typealias Word = DepthwiseConvolution.Word
    let source = image(view)
    let (x, y) = (graph.tensors[source].shape, output(view).shape.fourDimensions)
    let kernel = Extent(height: word(view, Word.kernelHeight), width: word(view, Word.kernelWidth))
    var attributes = ConvolutionAttributes()
    attributes.stride = extent(view, Word.strideHeight, Word.strideWidth)
    attributes.dilation = extent(view, Word.dilationHeight, Word.dilationWidth)
    attributes.padding = padding(
      x, y, kernel, attributes.stride, attributes.dilation, top: word(view, Word.paddingTop),
      left: word(view, Word.paddingLeft))
    attributes.activation = activation(view, Word.lower, Word.upper)
    let constants = try weights(
      view, shape: [1, kernel.height, kernel.width, y[3]], axis: 3,
      Words(
        weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers, shifts: Word.shifts))
    append(
      view, .depthwiseConvolution(attributes), inputs: [source] + constants,
      outputs: [view.outputTensorIndex(0)])
  }

  mutating func raiseTransposedConvolution(_ view: OperatorView) throws(CompilerError) {
    typealias Word = TransposedConvolution.Word
    let source = image(view)
    let (x, y) = (graph.tensors[source].shape, output(view).shape.fourDimensions)
    let groups = word(view, Word.groups)
    let kernel = Extent(height: word(view, Word.kernelHeight), width: word(view, Word.kernelWidth))
    var attributes = TransposedConvolutionAttributes(
      outputExtent: Extent(height: y[1], width: y[2]))
    attributes.groups = groups
    attributes.stride = extent(view, Word.strideHeight, Word.strideWidth)
    attributes.dilation = extent(view, Word.dilationHeight, Word.dilationWidth)
    attributes.padding = padding(
      y, x, kernel, attributes.stride, attributes.dilation, top: word(view, Word.paddingTop),
      left: word(view, Word.paddingLeft))
    attributes.activation = activation(view, Word.lower, Word.upper)
    let constants = try weights(
      view, shape: [y[3], kernel.height, kernel.width, x[3] / groups], axis: 0, foldsBias: false,
      Words(
        weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers, shifts: Word.shifts))
    append(
      view, .transposedConvolution(attributes), inputs: [source] + constants,
      outputs: [view.outputTensorIndex(0)])
  }

  /// The values of a row are the last dimension of the graph's input, which may take a reshape.
  mutating func raiseFullyConnected(_ view: OperatorView) throws(CompilerError) {
    typealias Word = FullyConnected.Word
    let (x, y) = (input(view), output(view))
    let channels = y.shape.last ?? 1
    let rowCount = y.elementCount / channels
    let depth = x.elementCount / rowCount
    var attributes = FullyConnectedAttributes()
    attributes.activation = activation(view, Word.lower, Word.upper)
    attributes.keepsLeadingDimensions = y.shape.count != 2
    let constants = try weights(
      view, shape: [channels, depth], axis: 0,
      Words(
        weights: Word.weights, bias: Word.bias, multipliers: Word.multipliers, shifts: Word.shifts))
    var source = view.inputTensorIndex(0)
    let shape: [Int] = y.shape.dropLast() + [depth]
    if x.shape != shape {
      var flat = x
      flat.name += "/flat"
      flat.shape = shape
      flat.constant = nil
      let index = add(flat)
      append(
        view, .reshape(flat.shape), suffix: "/reshape", inputs: [source], outputs: [index])
      source = index
    }
    append(
      view, .fullyConnected(attributes), inputs: [source] + constants,
      outputs: [view.outputTensorIndex(0)])
  }

  mutating func raisePool(_ view: OperatorView) {
    typealias Word = MaxPool.Word
    var attributes = PoolAttributes(
      kernel: extent(view, Word.kernelHeight, Word.kernelWidth),
      stride: extent(view, Word.strideHeight, Word.strideWidth))
    attributes.dilation = extent(view, Word.dilationHeight, Word.dilationWidth)
    let source = image(view)
    attributes.padding = padding(
      graph.tensors[source].shape, output(view).shape.fourDimensions, attributes.kernel,
      attributes.stride,
      attributes.dilation, top: word(view, Word.paddingTop), left: word(view, Word.paddingLeft))
    attributes.activation = activation(view, Word.lower, Word.upper)
    if view.kind == .averagePool, word(view, AveragePool.Word.roundsToEven) != 0 {
      graph.metadata.roundsOnce = true
    }
    append(
      view, view.kind == .maxPool ? .maxPool(attributes) : .averagePool(attributes),
      inputs: [source], outputs: [view.outputTensorIndex(0)])
  }

  /// The operator's input with four dimensions; leading ones come and go in a blob.
  private mutating func image(_ view: OperatorView) -> TensorIndex {
    let index = view.inputTensorIndex(0)
    var tensor = graph.tensors[index]
    guard tensor.shape.count < 4 else { return index }
    tensor.name += "/image"
    tensor.shape = tensor.shape.fourDimensions
    tensor.constant = nil
    let image = add(tensor)
    append(
      view, .reshape(tensor.shape), suffix: "/image", inputs: [index], outputs: [image])
    return image
  }

  // MARK: Windows

  private func extent(_ view: OperatorView, _ height: Int, _ width: Int) -> Extent {
    Extent(height: word(view, height), width: word(view, width))
  }

  /// What stands after the input follows from the sizes: as much as the last window reads.
  private func padding(
    _ x: [Int], _ y: [Int], _ kernel: Extent, _ stride: Extent, _ dilation: Extent, top: Int,
    left: Int
  ) -> Padding {
    func after(_ axis: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int) -> Int {
      max(0, (y[axis] - 1) * stride + (kernel - 1) * dilation + 1 - before - x[axis])
    }
    return Padding(
      top: top, left: left,
      bottom: after(1, kernel.height, stride.height, dilation.height, top),
      right: after(2, kernel.width, stride.width, dilation.width, left))
  }
}
