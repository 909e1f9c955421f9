import OctetModel

extension TrainingPlanner {
  /// Plans an operation that only arranges elements.
  mutating func planMove() throws(TrainingError) {
    let (origins, activations, filler) = try origins()
    let counts = activations.map { shape(node.inputs[$0]).elementCount }
    let gradients = activations.map { inputGradient($0) }
    markTrained()
    for (position, output) in node.outputs.enumerated() {
      let (runs, areUsedOnce) = MoveStep.runs(origins[position], counts: counts)
      // Of several outputs the one whose step runs last backwards is the first; so the last of
      // them clears the gradient and the others add.
      let isLast = position == node.outputs.count - 1
      steps.append(
        MoveStep(
          runs: runs, filler: filler, inputs: activations.map { buffer(node.inputs[$0]) },
          output: buffer(output), outputGradient: gradient(root(output)),
          inputGradients: gradients.map { gradient in
            gradient.map { InputGradient(buffer: $0.buffer, isFirst: $0.isFirst && isLast) }
          }, areUsedOnce: areUsedOnce))
    }
  }

  /// For each output the number of each of its elements, counted from 1 through the inputs that are
  /// no constants (0: none), by running the node on such numbers.
  private func origins() throws(TrainingError) -> (
    origins: [[Int]], activations: [Int], filler: Float
  ) {
    var operation = node.operation
    var filler: Float = 0
    if case .pad(let before, let after, .constant(let value)) = operation {
      filler = value
      operation = .pad(before: before, after: after, mode: .constant(0))
    }
    var probe = Graph(name: node.name)
    var values: [[Float]] = []
    var inputs: [TensorIndex] = []
    var activations: [Int] = []
    var next = 1
    for (index, input) in node.inputs.enumerated() {
      var tensor = graph.tensors[input]
      tensor.name = "x\(index)"
      inputs.append(probe.add(tensor))
      if tensor.constant != nil {
        try require(tensor.constant?.isIntegers == true, "its operands must not be constants")
        continue
      }
      probe.inputs.append(inputs[index])
      activations.append(index)
      values.append((next..<next + tensor.elementCount).map { Float($0) })
      next += tensor.elementCount
    }
    try require(next < 1 << 24, "it has more than 2²⁴ elements")
    for (index, output) in node.outputs.enumerated() {
      probe.outputs.append(probe.add(Tensor(name: "y\(index)", shape: shape(output))))
    }
    probe.nodes = [
      Node(name: node.name, operation: operation, inputs: inputs, outputs: probe.outputs)
    ]
    return (try run(probe, values).map { $0.map { Int($0) } }, activations, filler)
  }

  func run(_ probe: Graph, _ values: [[Float]]) throws(TrainingError) -> [[Float]] {
    do {
      return try FloatInterpreter(probe).run(inputs: values)
    } catch {
      throw failure("\(error)")
    }
  }

  /// For each element of a tensor of `result` the element of one of `shape` that is broadcast to
  /// it; nil when they are the same.
  func places(of shape: [Int], in result: [Int]) throws(TrainingError) -> [Int32]? {
    if shape.elementCount == result.elementCount { return nil }
    var probe = Graph(name: node.name)
    probe.inputs = [probe.add(Tensor(name: "x", shape: shape))]
    probe.outputs = [probe.add(Tensor(name: "y", shape: result))]
    probe.nodes = [
      Node(
        name: node.name, operation: .expand(result), inputs: probe.inputs, outputs: probe.outputs)
    ]
    try require(result.elementCount < 1 << 24, "it has more than 2²⁴ elements")
    let values = try run(probe, [(0..<shape.elementCount).map { Float($0) }])
    return values[0].map { Int32($0) }
  }

  mutating func planReduction(_ axes: [Int], isMean: Bool) throws(TrainingError) {
    let x = shape(node.inputs[0])
    try require(axes.allSatisfy(x.indices.contains), "it has no axes \(axes)")
    var kept = x
    for axis in axes { kept[axis] = 1 }
    let source = buffer(node.inputs[0])
    let targets =
      try places(of: kept, in: x) ?? (0..<source.count).map { Int32($0) }
    let gradient = inputGradient()
    markTrained()
    steps.append(
      ReductionStep(
        input: source, output: buffer(node.outputs[0]), targets: targets,
        factor: isMean ? Float(kept.elementCount) / Float(x.elementCount) : 1,
        outputGradient: outputGradient(), inputGradient: gradient))
  }

  mutating func planResize(_ attributes: ResizeAttributes) throws(TrainingError) {
    switch attributes.method {
    case .nearest: try planMove()
    case .bilinear: try planBlend(attributes)
    }
  }
}

extension Payload {
  fileprivate var isIntegers: Bool {
    switch self {
    case .int64, .int32: true
    case .float, .int8: false
    }
  }
}

extension Operation {
  /// Whether the operation is the end of a classifier that the loss replaces.
  var isSoftmax: Bool {
    switch self {
    case .softmax, .logSoftmax: true
    default: false
    }
  }

  /// Whether the operation's step takes a ReLU after it along.
  var takesReLU: Bool {
    if case .batchNormalization = self { return true }
    return weightChannelAxis != nil
  }
}

extension Graph {
  /// The same with a node for each fused activation, but for ReLUs of what takes them along. New
  /// tensors and nodes come without moving the tensors that were there.
  func withSeparateActivations() -> Graph {
    var result = self
    result.nodes = []
    for node in nodes {
      guard let activation = node.operation.activation, activation != .none,
        !(activation == .relu && node.operation.takesReLU),
        let plain = node.operation.withoutActivation, let output = node.outputs.first,
        tensors.indices.contains(output)
      else {
        result.nodes.append(node)
        continue
      }
      var sum = result.tensors[output]
      sum.name += "_before_activation"
      let middle = result.add(sum)
      result.nodes.append(
        Node(name: node.name, operation: plain, inputs: node.inputs, outputs: [middle]))
      let bounds = activation.bounds
      result.nodes.append(
        Node(
          name: node.name,
          operation: .scalar(
            activation == .relu ? .relu : .clip(lower: bounds.lower, upper: bounds.upper)),
          inputs: [middle], outputs: node.outputs))
    }
    return result
  }
}
