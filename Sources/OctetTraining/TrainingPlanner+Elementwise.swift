import OctetModel

extension TrainingPlanner {
  mutating func planScalar(_ function: ScalarFunction) throws(TrainingError) {
    let source = buffer(node.inputs[0])
    let result = buffer(node.outputs[0])
    try require(source.count == result.count, "input and output differ in size")
    // Its step is that of the node before it.
    if root(node.outputs[0]) == root(node.inputs[0]) { return }
    let gradient = inputGradient()
    markTrained()
    if let bounds = function.bounds {
      steps.append(
        ClampStep(
          bounds: ActivationBounds(lower: bounds.lower, upper: bounds.upper), input: source,
          output: result, outputGradient: outputGradient(), inputGradient: gradient))
      return
    }
    steps.append(
      ScalarStep(
        curve: ScalarCurve(function), input: source, output: result,
        outputGradient: outputGradient(), inputGradient: gradient))
  }

  /// - Parameter trainsConstants: a constant of several elements is a parameter (a scale, a bias,
  ///   slopes); numbers stay as they are, but for slopes.
  mutating func planBinary(
    _ kind: BinaryStep.Kind, trainsConstants: Bool
  ) throws(TrainingError) {
    try require(node.inputs.count == 2, "it needs two inputs")
    let y = shape(node.outputs[0])
    var operands: [(buffer: BlockBuffer, gradient: InputGradient?)] = []
    var places: [[Int32]?] = []
    for index in 0..<2 {
      let operand = shape(node.inputs[index])
      let isNumber = operand.elementCount == 1 && kind != .slope
      operands.append(try self.operand(index, isTrained: trainsConstants && !isNumber))
      places.append(try self.places(of: operand, in: y))
    }
    markTrained(hasParameters: operands.contains { $0.gradient != nil })
    steps.append(
      BinaryStep(
        kind: kind, a: operands[0].buffer, b: operands[1].buffer,
        output: buffer(node.outputs[0]), aPlaces: places[0], bPlaces: places[1],
        outputGradient: outputGradient(), aGradient: operands[0].gradient,
        bGradient: operands[1].gradient))
  }

  /// The buffer of an operand and where its gradient goes; constants are lifted into a buffer.
  mutating func operand(
    _ index: Int, isTrained: Bool
  ) throws(TrainingError) -> (buffer: BlockBuffer, gradient: InputGradient?) {
    let tensor = node.inputs[index]
    guard graph.tensors[tensor].constant != nil else {
      return (buffer(tensor), inputGradient(index))
    }
    if let lifted = lifts[tensor] {
      try require(
        !parameters.contains { $0.tensor == tensor && $0.isTrained },
        "shared weights are not supported")
      return (lifted, nil)
    }
    let count = graph.tensors[tensor].elementCount
    let offset = try parameter(
      index, layout: .vector(count), start: .own, isTrained: isTrained)
    let lifted = memory.allocate(count)
    lifts[tensor] = lifted
    let gradient = isTrained && trains(index) ? memory.allocate(count) : nil
    steps.append(LiftStep(parameter: offset, output: lifted, outputGradient: gradient))
    return (lifted, gradient.map { InputGradient(buffer: $0, isFirst: true) })
  }

  mutating func planBatchNormalization(_ epsilon: Float) throws(TrainingError) {
    try require(node.inputs.count == 5, "it needs x and four parameters")
    let source = buffer(node.inputs[0])
    let channels = shape(node.inputs[0]).last ?? 1
    let isFrozen = !trains(1) && !trains(2)
    try require(trains(1) == trains(2), "scale and shift must be frozen together")
    if !isFrozen { cuts.append((steps.count, parameterCount)) }
    let vector = ParameterLayout.vector(channels)
    let gamma = try parameter(1, layout: vector, start: .one)
    let beta = try parameter(2, layout: vector)
    let mean = try parameter(3, layout: vector, isTrained: false)
    let variance = try parameter(4, layout: vector, start: .one, isTrained: false)
    let gradient = inputGradient()
    markTrained(hasParameters: !isFrozen)
    memory.needScratch(BatchNormalizationStep.elementCount(channels, floats: 2))
    let pairs = BatchNormalizationStep.elementCount(channels, floats: 2)
    steps.append(
      BatchNormalizationStep(
        input: source, output: buffer(node.outputs[0]), outputGradient: outputGradient(),
        inputGradient: gradient, epsilon: epsilon, gamma: gamma, beta: beta, mean: mean,
        variance: variance, bounds: bounds, takesActivationGradient: !outputIsMaskedByPool,
        isFrozen: isFrozen, moments: memory.allocate(pairs), gradientSums: memory.allocate(pairs),
        statistics: memory.allocate(
          BatchNormalizationStep.elementCount(channels, floats: 4)), channelCount: channels))
  }

  mutating func planNeighbours(
    size: Int, alpha: Float, beta: Float, bias: Float
  ) throws(TrainingError) {
    let source = buffer(node.inputs[0])
    let channels = shape(node.inputs[0]).last ?? 1
    try require((1...1 << 12).contains(size), "its size is out of range")
    let gradient = inputGradient()
    markTrained()
    memory.needScratch(channels)
    steps.append(
      NeighbourNormalizationStep(
        input: source, output: buffer(node.outputs[0]), sums: memory.allocate(source.count),
        outputGradient: outputGradient(), inputGradient: gradient, channelCount: channels,
        size: size, alpha: alpha, beta: beta, bias: bias))
  }

  /// Dropout of what the planned node makes; what comes later reads the values that are left.
  mutating func planDropout() throws(TrainingError) {
    let source = root(node.outputs[0])
    guard let rate = network.dropout.first(where: { root($0.key) == source })?.value else {
      return
    }
    try require(rate >= 0 && rate < 1, "dropout must be 0 or above and below 1")
    let full = buffer(source)
    let dropped = memory.allocate(full.count)
    steps.append(
      DropoutStep(
        input: full, output: dropped, gradient: isTrained(source) ? gradient(source) : nil,
        rate: rate, layer: dropoutCount))
    dropoutCount += 1
    buffers[source] = dropped
  }
}
