import COctetFloatKernels
import OctetModel

extension TrainingPlanner {
  mutating func planNode() throws(TrainingError) {
    if let codes = network.codes { return try planCoded(codes) }
    switch node.operation {
    case .convolution(let attributes):
      try planConvolution(attributes, isDepthwise: false)
    case .depthwiseConvolution(let attributes):
      try planConvolution(attributes, isDepthwise: true)
    case .transposedConvolution(let attributes): try planTransposedConvolution(attributes)
    case .fullyConnected(let attributes): try planFullyConnected(attributes)
    case .maxPool(let attributes): try planPool(attributes, .max)
    case .averagePool(let attributes): try planPool(attributes, .average)
    case .scalar(let function): try planScalar(function)
    case .add where isPlainSum(node): planAdd()
    case .add: try planBinary(.add, trainsConstants: true)
    case .subtract: try planBinary(.subtract, trainsConstants: true)
    case .multiply: try planBinary(.multiply, trainsConstants: true)
    case .divide: try planBinary(.divide, trainsConstants: false)
    case .minimum: try planBinary(.minimum, trainsConstants: false)
    case .maximum: try planBinary(.maximum, trainsConstants: false)
    case .squaredDifference: try planBinary(.squaredDifference, trainsConstants: false)
    case .prelu: try planBinary(.slope, trainsConstants: true)
    case .batchNormalization(let epsilon): try planBatchNormalization(epsilon)
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      try planNeighbours(size: size, alpha: alpha, beta: beta, bias: bias)
    case .mean(let axes, _): try planReduction(axes, isMean: true)
    case .reduce(.sum, let axes, _): try planReduction(axes, isMean: false)
    case .concatenation, .pad, .transpose, .slice, .expand, .tile, .gather, .split:
      try planMove()
    case .resize(let attributes): try planResize(attributes)
    case .reshape, .identity:
      try require(
        shape(node.inputs[0]).elementCount == shape(node.outputs[0]).elementCount,
        "the number of elements must stay the same")
    case .matrixMultiply: try planProduct()
    case .softmax(let axis, let beta): try planSoftmax(axis: axis, beta: beta, isLogarithm: false)
    case .logSoftmax(let axis): try planSoftmax(axis: axis, beta: 1, isLogarithm: true)
    case .maxPoolIndices, .power, .compare, .logic, .select, .cast, .l2Normalization, .reduce,
      .extremum, .quantize, .dequantize:
      throw failure("there is no backward pass for \(node.operation.name)")
    }
  }

  mutating func planConvolution(
    _ attributes: ConvolutionAttributes, isDepthwise: Bool
  ) throws(TrainingError) {
    let (x, w, y) = try imageShapes()
    let groups = isDepthwise ? x[3] : attributes.groups
    let outputs = isDepthwise ? w[3] : w[0]
    try require(
      groups > 0 && x[0] == 1 && x[3] % groups == 0 && outputs % groups == 0 && y[3] == outputs
        && (isDepthwise ? w[0] == 1 : w[3] == x[3] / groups),
      "weights \(w) do not fit input \(x) and output \(y) with \(groups) groups")
    let weights = ConvolutionWeights(
      groups: groups, kernelHeight: w[1], kernelWidth: w[2], inputs: x[3] / groups,
      outputs: outputs / groups)
    let geometry = ConvolutionGeometry(
      wide: x, narrow: y, weights, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    try check(geometry, attributes.padding)
    let expected = [
      geometry.rows.outputCount(paddingAfter: attributes.padding.bottom),
      geometry.columns.outputCount(paddingAfter: attributes.padding.right),
    ]
    try require(Array(y[1...2]) == expected, "output \(y) should be \(expected) pixels")
    try planConvolution(
      weights, isDepthwise ? .depthwise(weights) : .convolution(weights), geometry,
      isTransposed: false, hasReLU: hasReLU || attributes.activation == .relu)
  }

  private mutating func planTransposedConvolution(
    _ attributes: TransposedConvolutionAttributes
  ) throws(TrainingError) {
    let (x, w, y) = try imageShapes()
    let groups = attributes.groups
    try require(
      groups > 0 && x[0] == 1 && x[3] % groups == 0 && w[0] % groups == 0 && y[3] == w[0]
        && w[3] == x[3] / groups,
      "weights \(w) do not fit input \(x) and output \(y) with \(groups) groups")
    let weights = ConvolutionWeights(
      groups: groups, kernelHeight: w[1], kernelWidth: w[2], inputs: w[0] / groups,
      outputs: w[3])
    let geometry = ConvolutionGeometry(
      wide: y, narrow: x, weights, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    try check(geometry, attributes.padding)
    try planConvolution(
      weights, .transposed(weights), geometry, isTransposed: true,
      hasReLU: hasReLU || attributes.activation == .relu)
  }

  private func imageShapes() throws(TrainingError) -> (x: [Int], w: [Int], y: [Int]) {
    try require((2...3).contains(node.inputs.count), "it needs x, weights and at most a bias")
    let shapes = (shape(node.inputs[0]), shape(node.inputs[1]), shape(node.outputs[0]))
    try require(
      shapes.0.count == 4 && shapes.1.count == 4 && shapes.2.count == 4,
      "its tensors must have 4 axes")
    return shapes
  }

  private mutating func planConvolution(
    _ weights: ConvolutionWeights, _ layout: ParameterLayout, _ geometry: ConvolutionGeometry,
    isTransposed: Bool, hasReLU: Bool
  ) throws(TrainingError) {
    let reach = weights.kernelHeight * weights.kernelWidth
    let (inputs, outputs) = (weights.inputs, weights.outputs)
    let weightOffset = try parameter(
      1, layout: layout, fanIn: reach * (isTransposed ? outputs : inputs),
      fanOut: reach * (isTransposed ? inputs : outputs))
    let biasOffset = try planBias(shape(node.outputs[0])[3])
    let source = buffer(node.inputs[0])
    let gradient = inputGradient()
    markTrained(hasParameters: trains(1) || trains(2))
    let step = ConvolutionStep(
      input: source, output: buffer(node.outputs[0]), outputGradient: outputGradient(),
      inputGradient: gradient, weightOffset: weightOffset, biasOffset: biasOffset,
      trainsWeights: trains(1), trainsBias: trains(2), connections: connections(weights),
      weights: weights, geometry: geometry, isTransposed: isTransposed, hasReLU: hasReLU,
      takesReLUGradient: !outputIsMaskedByPool, isExact: network.codes != nil)
    memory.needScratch(step.scratchCount)
    steps.append(step)
  }

  private func check(
    _ geometry: ConvolutionGeometry, _ padding: Padding
  ) throws(TrainingError) {
    try require(
      [geometry.rows, geometry.columns].allSatisfy {
        (1..<1 << 16).contains($0.stride) && (1..<1 << 16).contains($0.dilation)
      }
        && [padding.top, padding.left, padding.bottom, padding.right].allSatisfy {
          (0..<1 << 12).contains($0)
        }, "stride, dilation or padding is out of range")
  }

  private mutating func planBias(_ outputs: Int) throws(TrainingError) -> Int? {
    guard node.inputs.count > 2 else { return nil }
    return try parameter(2, layout: .vector(outputs), fanIn: 1, fanOut: 1)
  }

  /// A factor of 1 or 0 for each weight, in the trainer's order; nil when all exist.
  private func connections(_ weights: ConvolutionWeights) -> [Float]? {
    guard let exists = network.connections[node.inputs[1]] else { return nil }
    let places = ParameterLayout.convolution(weights).indices()
    var result = [Float](repeating: 0, count: places.count)
    for (exists, place) in zip(exists, places) { result[place] = exists ? 1 : 0 }
    return result
  }

  mutating func planFullyConnected(
    _ attributes: FullyConnectedAttributes
  ) throws(TrainingError) {
    try require((2...3).contains(node.inputs.count), "it needs x, weights and at most a bias")
    let w = shape(node.inputs[1])
    let source = buffer(node.inputs[0])
    let result = buffer(node.outputs[0])
    try require(
      w.count == 2 && source.count == w[1] && result.count == w[0],
      "weights \(w) do not fit \(source.count) inputs and \(result.count) outputs")
    let weightOffset = try parameter(
      1, layout: .matrix(outputs: w[0], inputs: w[1]), fanIn: w[1], fanOut: w[0])
    let biasOffset = try planBias(w[0])
    let gradient = inputGradient()
    markTrained(hasParameters: trains(1) || trains(2))
    steps.append(
      FullyConnectedStep(
        input: source, output: result, outputGradient: outputGradient(),
        inputGradient: gradient, weightOffset: weightOffset, biasOffset: biasOffset,
        trainsWeights: trains(1), trainsBias: trains(2),
        hasReLU: hasReLU || attributes.activation == .relu, takesReLUGradient: !outputIsMaskedByPool
      ))
  }

  mutating func planPool(
    _ attributes: PoolAttributes, _ kind: PoolStep.Kind
  ) throws(TrainingError) {
    let x = shape(node.inputs[0])
    let y = shape(node.outputs[0])
    let padding = attributes.padding
    let small = 0..<1 << 12
    let positive = 1..<1 << 12
    try require(
      x.count == 4 && y.count == 4 && x[0] == 1 && y[3] == x[3],
      "input \(x) and output \(y) do not fit")
    try require(
      [attributes.kernel, attributes.stride, attributes.dilation].allSatisfy {
        positive.contains($0.height) && positive.contains($0.width)
      } && [padding.top, padding.left, padding.bottom, padding.right].allSatisfy(small.contains),
      "kernel, stride, dilation or padding is out of range")
    let source = buffer(node.inputs[0])
    let gradient = inputGradient()
    markTrained()
    steps.append(
      PoolStep(
        kind: kind,
        shape: PoolKernel(
          height: x[1], width: x[2], channelCount: x[3], outputHeight: y[1], outputWidth: y[2],
          kernel: attributes.kernel, stride: attributes.stride, dilation: attributes.dilation,
          padding: padding, countsPadding: attributes.countsPadding),
        input: source, output: buffer(node.outputs[0]), outputGradient: outputGradient(),
        inputGradient: gradient, takesReLUGradient: inputIsMaskedByPool))
  }

  /// Whether a node adds two activations of the same shape.
  func isPlainSum(_ node: Node) -> Bool {
    guard case .add = node.operation else { return false }
    return node.inputs.count == 2
      && node.inputs.allSatisfy {
        graph.tensors[$0].constant == nil && shape($0) == shape(node.outputs[0])
      }
  }

  private mutating func planAdd() {
    let sources = (buffer(node.inputs[0]), buffer(node.inputs[1]))
    let gradients = [inputGradient(0), inputGradient(1)].compactMap(\.self)
    markTrained()
    steps.append(
      AddStep(
        inputs: sources, output: buffer(node.outputs[0]), outputGradient: outputGradient(),
        inputGradients: gradients, hasReLU: hasReLU, takesReLUGradient: !outputIsMaskedByPool))
  }
}
