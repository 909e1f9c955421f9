import OctetModel

// Plans the nodes of a `CodedGraph`: the steps of floats where these do the same to codes, and
// steps of their own where results are rounded to a grid.

extension TrainingPlanner {
  private var codes: CodedGraph? { network.codes }

  /// The steps that come before all nodes: they gather what is learned of grids, and make codes of
  /// pixels.
  ///
  /// - Returns: the buffer that pixels are loaded into.
  mutating func planCodedInput() throws(TrainingError) -> BlockBuffer {
    guard let codes, graph.inputs.count == 1, let grid = codes.grids[graph.inputs[0]] else {
      throw .graph(node: graph.name, reason: "one input is needed")
    }
    if let steps = codes.learnedSteps {
      let count = graph.tensors[steps].elementCount
      self.steps.append(
        LearnedStepsStep(
          offset: addVector(steps, count: count), slots: [[StepSlot]](repeating: [], count: count)))
    }
    let output = buffer(graph.inputs[0])
    let pixels = memory.allocate(output.count)
    let normalization = codes.int8.metadata.normalization
    let channels = zip(normalization?.mean ?? [0], normalization?.standardDeviation ?? [1])
    let quantization = Quantization(scale: grid.start, zeroPoint: grid.zeroPoint)
    let tables = channels.flatMap { mean, deviation in
      (0..<256).map { pixel in
        let code = quantization.code((Float(pixel) / 255 - mean) / deviation, ties: .awayFromZero)
        return Float(Int32(code) - grid.zeroPoint)
      }
    }
    self.steps.append(CodedInputStep(input: pixels, output: output, tables: tables))
    return pixels
  }

  mutating func planCodedLogits(_ output: TensorIndex) -> BlockBuffer {
    let source = buffer(output)
    let result = memory.allocate(source.count)
    steps.append(CodedLogitsStep(input: source, output: result, grid: grid(output)))
    return result
  }

  mutating func planCoded(_ codes: CodedGraph) throws(TrainingError) {
    if let table = codes.tables[node.outputs[0]] { return planTable(table) }
    switch node.operation {
    case .convolution, .depthwiseConvolution, .fullyConnected: try planCodedLayer(codes)
    case .maxPool(let attributes):
      try planPool(attributes, .max)
      try planCodedActivation(attributes.activation)
    case .averagePool(let attributes):
      try require(
        !attributes.countsPadding || attributes.padding == Padding(),
        "an average over padding has no operator in int8")
      try planPool(attributes, .average)
      if let pool = steps.removeLast() as? PoolStep {
        steps.append(
          CodedAveragePoolStep(pool: pool, zeroPoint: grid(node.outputs[0]).zeroPoint))
      }
      try planCodedActivation(attributes.activation)
    case .add(let activation): try planCodedBinary(.sum, activation)
    case .subtract(let activation): try planCodedBinary(.difference, activation)
    case .multiply(let activation): try planCodedBinary(.product, activation)
    case .minimum: try planCodedExtreme(.minimum)
    case .maximum: try planCodedExtreme(.maximum)
    case .mean(let axes, _): try planCodedMean(axes, isMean: true)
    case .reduce(.sum, let axes, _): try planCodedMean(axes, isMean: false)
    case .concatenation(_, activation: .none), .transpose, .slice, .split: try planMove()
    case .pad(_, _, .constant(let value)): try planCodedPad(value)
    case .resize(let attributes): try planResize(attributes)
    case .reshape, .identity: break
    case .transposedConvolution, .matrixMultiply, .maxPoolIndices, .divide, .squaredDifference,
      .power, .prelu, .compare, .logic, .scalar, .select, .cast, .softmax, .logSoftmax,
      .l2Normalization, .batchNormalization, .localResponseNormalization, .reduce, .extremum,
      .concatenation, .pad, .expand, .tile, .gather, .quantize, .dequantize:
      throw failure("there is no training of \(node.operation.name) in int8")
    }
  }

  // MARK: What is known of a tensor

  private func grid(_ tensor: TensorIndex) -> GridPlace {
    guard let codes, let grid = codes.grids[tensor] else {
      return GridPlace(start: 1, zeroPoint: 0, offset: nil)
    }
    let steps = codes.learnedSteps.flatMap { steps in
      parameters.first { $0.tensor == steps }?.offset
    }
    return GridPlace(
      start: grid.start, zeroPoint: grid.zeroPoint,
      offset: grid.place.flatMap { place in steps.map { $0 + place } })
  }

  /// The planned node's result, which is rounded to its grid.
  private mutating func codeResult(_ activation: Activation) -> CodeResult {
    let output = node.outputs[0]
    var result = CodeResult(
      grid: grid(output), activation: activation, output: buffer(output),
      outputGradient: outputGradient(), slot: nil)
    if let place = codes?.grids[output]?.place, var gathering = steps.first as? LearnedStepsStep {
      let slot = StepSlot(buffer: memory.allocate(1), index: 0)
      gathering.slots[place].append(slot)
      steps[0] = gathering
      result.slot = slot
    }
    return result
  }

  /// A vector of numbers near 0 that are trained beside the constants of nodes.
  private mutating func addVector(_ tensor: TensorIndex, count: Int) -> Int {
    var segment = ParameterSegment(
      tensor: tensor, offset: parameterCount, layout: .vector(count), fanIn: 1, fanOut: 1)
    segment.start = .own
    parameters.append(segment)
    parameterCount += (count + 15) / 16 * 16
    return segment.offset
  }

  // MARK: Layers

  private mutating func planCodedLayer(_ codes: CodedGraph) throws(TrainingError) {
    guard let grid = codes.weights[node.inputs[1]] else { throw failure("it has no int8 weights") }
    let activation = node.operation.activation ?? .none
    let before = steps.count
    let plain = node.operation.withoutActivation
    if case .convolution(let attributes) = plain {
      try planConvolution(attributes, isDepthwise: false)
    } else if case .depthwiseConvolution(let attributes) = plain {
      try planConvolution(attributes, isDepthwise: true)
    } else if case .fullyConnected(let attributes) = plain {
      try planFullyConnected(attributes)
    }
    guard steps.count == before + 1, var layer = steps.removeLast() as? any WeightedStep,
      let segment = parameters.first(where: { $0.tensor == node.inputs[1] })
    else { throw failure("there is no training of \(node.operation.name) in int8") }
    let (groups, rows, outputs) = segment.layout.rows
    let largest = rows * 255 * Int(grid.limit)
    let isExact = largest < CodedWeights.exactLimit
    // Of two parts none is beyond 8.
    try require(
      isExact || rows * 255 * 8 < CodedWeights.exactLimit,
      "it adds up \(rows) products, more than training in int8 can")
    let weightCount = (segment.count + 15) / TrainingNetwork.blockSize
    let channelCount = groups * outputs
    let biasOffset = layer.biasOffset
    (layer.weightOffset, layer.biasOffset, layer.trainsBias) = (0, nil, false)
    let result = codeResult(activation)
    let sums = (0..<(isExact ? 1 : 2)).map { _ in memory.allocate(result.output.count) }
    let parts = sums.map { buffer in
      var part = layer
      part.output = buffer
      return part
    }
    steps.append(
      CodedLayerStep(
        parts: parts,
        weights: CodedWeights(
          offset: segment.offset, groups: groups, rows: rows, outputs: outputs, grid: grid,
          stepOffset: grid.learnedSteps.map { addVector($0, count: channelCount) },
          parts: sums.map { _ in memory.allocate(weightCount) },
          gradients: memory.allocate(weightCount),
          steps: memory.allocate((2 * channelCount + 15) / TrainingNetwork.blockSize)),
        biasOffset: biasOffset, input: self.grid(node.inputs[0]), result: result, sums: sums,
        channelCount: channelCount,
        factors: memory.allocate((2 * channelCount + 15) / TrainingNetwork.blockSize)))
  }

  // MARK: Other operations

  private mutating func planTable(_ table: CodeTable) {
    let (source, result) = (buffer(node.inputs[0]), buffer(node.outputs[0]))
    let gradient = inputGradient()
    markTrained()
    steps.append(
      CodeTableStep(
        table: table, input: source, output: result,
        firstCode: grid(node.inputs[0]).zeroPoint + 128, outputGradient: outputGradient(),
        inputGradient: gradient))
  }

  /// An operand, in codes; constants have a buffer that is filled with them.
  private mutating func codedOperand(_ index: Int) throws(TrainingError) -> CodedOperand {
    let tensor = node.inputs[index]
    let places = try places(of: shape(tensor), in: shape(node.outputs[0]))
    guard let codes, graph.tensors[tensor].constant != nil else {
      return CodedOperand(
        buffer: buffer(tensor), grid: grid(tensor), places: places, gradient: inputGradient(index))
    }
    guard case .int8(let values) = codes.int8.tensors[tensor].constant,
      let grid = codes.int8.tensors[tensor].quantization, grid.axis == nil
    else { throw failure("one of its operands is no constant on a grid of int8") }
    let buffer = memory.allocate(values.count)
    steps.append(
      CodedConstantStep(
        codes: values.map { Float(Int32($0) - grid.zeroPoints[0]) }, output: buffer))
    return CodedOperand(
      buffer: buffer,
      grid: GridPlace(start: grid.scales[0], zeroPoint: grid.zeroPoints[0], offset: nil),
      places: places, gradient: nil)
  }

  private mutating func planCodedBinary(
    _ kind: CodedBinaryStep.Kind, _ activation: Activation
  ) throws(TrainingError) {
    let (a, b) = (try codedOperand(0), try codedOperand(1))
    markTrained()
    steps.append(
      CodedBinaryStep(kind: kind, a: a, b: b, result: codeResult(activation)))
  }

  /// Operands and result have one grid.
  private mutating func planCodedExtreme(_ kind: BinaryStep.Kind) throws(TrainingError) {
    let (a, b) = (try codedOperand(0), try codedOperand(1))
    markTrained()
    steps.append(
      BinaryStep(
        kind: kind, a: a.buffer, b: b.buffer, output: buffer(node.outputs[0]), aPlaces: a.places,
        bPlaces: b.places, outputGradient: outputGradient(), aGradient: a.gradient,
        bGradient: b.gradient))
  }

  private mutating func planCodedMean(_ axes: [Int], isMean: Bool) throws(TrainingError) {
    try planReduction(axes, isMean: false)
    guard var reduction = steps.removeLast() as? ReductionStep else { return }
    let count = reduction.input.count / reduction.output.count
    try require(
      count * 255 < CodedWeights.exactLimit, "it adds up \(count) values, more than can be trained")
    let result = codeResult(.none)
    reduction.output = memory.allocate(result.output.count)
    steps.append(
      CodedMeanStep(
        reduction: reduction, divisor: isMean ? count : 1, input: grid(node.inputs[0]),
        result: result))
  }

  /// The activation of the pool that was planned last, as a step between codes.
  private mutating func planCodedActivation(_ activation: Activation) throws(TrainingError) {
    guard activation != .none else { return }
    let own = grid(node.outputs[0])
    let bounds = activation.codes(scale: own.start, zeroPoint: own.zeroPoint)
    let output = buffer(node.outputs[0])
    let (middle, gradient) = (memory.allocate(output.count), memory.allocate(output.count))
    let outputGradient = outputGradient()
    switch steps.removeLast() {
    case var pool as PoolStep:
      (pool.output, pool.outputGradient) = (middle, gradient)
      steps.append(pool)
    case var average as CodedAveragePoolStep:
      (average.pool.output, average.pool.outputGradient) = (middle, gradient)
      steps.append(average)
    default: throw failure("there is no training of its activation in int8")
    }
    steps.append(
      ClampStep(
        bounds: ActivationBounds(
          lower: Float(bounds.lowerBound - own.zeroPoint),
          upper: Float(bounds.upperBound - own.zeroPoint)), input: middle, output: output,
        outputGradient: outputGradient,
        inputGradient: InputGradient(buffer: gradient, isFirst: true)))
  }

  private mutating func planCodedPad(_ value: Float) throws(TrainingError) {
    try planMove()
    guard var move = steps.removeLast() as? MoveStep else { return }
    let own = grid(node.outputs[0])
    let code = TieRule.awayFromZero.code(
      steps: Double(value / own.start), zeroPoint: own.zeroPoint)
    move.filler = Float(code - own.zeroPoint)
    steps.append(move)
  }
}

extension ParameterLayout {
  /// Weights as rows of one weight for each output of a group; vectors are one row.
  var rows: (groups: Int, rows: Int, outputs: Int) {
    switch self {
    case .vector(let count): (1, 1, count)
    case .matrix(let outputs, let inputs): (1, inputs, outputs)
    // Transposed convolutions are not trained in codes.
    case .convolution(let w), .depthwise(let w), .transposed(let w):
      (w.groups, w.groupCount / w.outputs, w.outputs)
    }
  }
}
