import OctetModel

// Operations that have no int8 operator of their own, written as operations that have. The
// rewritten graph computes the same function.

extension Graph {
  mutating func writeIntegerForms() {
    self = withKernelForms()
    let inTables = nodesInTables
    var old: [Node] = []
    swap(&old, &nodes)
    for (index, node) in old.enumerated() {
      let isSettled = !(node.inputs + node.outputs).contains { isFree($0) }
      nodes += (isSettled || inTables.contains(index) ? nil : integerForm(of: node)) ?? [node]
    }
    self = inFewerDimensions()
  }

  private mutating func integerForm(of node: Node) -> [Node]? {
    switch node.operation {
    case .batchNormalization(let epsilon): normalizationAsConvolution(node, epsilon: epsilon)
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      normalizationByNeighbours(node, size: size, alpha: alpha, beta: beta, bias: bias)
    case .averagePool(let pool): poolAsMean(node, pool)
    case .reduce(let reduction, let axes, let keepsDimensions):
      reductionAsPool(node, reduction, axes: axes, keepsDimensions: keepsDimensions)
    case .add(.none): maskInRange(node)
    case .select: choiceAsProducts(node)
    case .divide(let activation): divisionAsProduct(node, activation)
    case .power: powerAsFunction(node)
    case .prelu: preluOfOneSlope(node)
    case .convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected,
      .matrixMultiply, .maxPool, .maxPoolIndices, .add, .subtract, .multiply, .minimum, .maximum,
      .squaredDifference, .l2Normalization, .compare, .logic, .scalar, .identity, .cast, .softmax,
      .logSoftmax, .mean,
      .extremum, .concatenation, .pad, .reshape, .transpose, .slice, .expand, .tile, .gather,
      .split, .resize, .quantize, .dequantize:
      nil
    }
  }

  /// The graph in forms that kernels have, whose tensors keep their operands' grids: padding that
  /// repeats what is there as concatenations, windows that lie in padding over padding that is
  /// there, softmax over another axis than the last between transpositions, four axes at most.
  public func withKernelForms() -> Graph {
    var graph = self
    graph.nodes = []
    for node in nodes {
      guard let form = graph.kernelForm(of: node) else {
        graph.nodes.append(node)
        continue
      }
      var source = graph.tensors[node.inputs[0]]
      for made in form {
        // What follows the function has the grid of its result.
        if case .softmax = made.operation { source = graph.tensors[node.outputs[0]] }
        if case .logSoftmax = made.operation { source = graph.tensors[node.outputs[0]] }
        for output in made.outputs where graph.isFree(output) {
          graph.tensors[output].elementType = source.elementType
          graph.tensors[output].quantization = source.quantization
        }
      }
      graph.nodes += form
    }
    return graph.inFewerDimensions()
  }

  private mutating func kernelForm(of node: Node) -> [Node]? {
    switch node.operation {
    case .pad(let before, let after, let mode):
      padAsConcatenation(node, before: before, after: after, mode)
    case .softmax(let axis, let beta):
      betweenTranspositions(node, axis) { .softmax(axis: $0, beta: beta) }
    case .logSoftmax(let axis): betweenTranspositions(node, axis) { .logSoftmax(axis: $0) }
    case .convolution(let attributes), .depthwiseConvolution(let attributes):
      convolutionOfPadded(node, attributes)
    case .averagePool(let pool): poolOfPadded(node, pool)
    case .expand(let target): copies(node, expandedTo: target)
    case .tile(let counts): copies(node, counts)
    case .transposedConvolution, .fullyConnected, .matrixMultiply, .maxPool, .maxPoolIndices, .add,
      .subtract, .multiply, .divide, .minimum, .maximum, .squaredDifference, .power, .prelu,
      .compare, .logic, .scalar, .identity, .select, .cast, .l2Normalization, .batchNormalization,
      .localResponseNormalization, .mean, .reduce, .extremum, .concatenation, .reshape,
      .transpose, .slice, .gather, .split, .resize, .quantize, .dequantize:
      nil
    }
  }

  /// A function of rows along `axis`; nil when that is the last already.
  private mutating func betweenTranspositions(
    _ node: Node, _ axis: Int, _ operation: (Int) -> Operation
  ) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    let last = shape.count - 1
    if axis == last { return nil }
    // Its own inverse.
    var exchange = Array(shape.indices)
    exchange.swapAt(axis, last)
    var exchanged = shape
    exchanged.swapAt(axis, last)
    let (rows, results) = (between(node, "rows", exchanged), between(node, "results", exchanged))
    return [
      Node(
        name: "\(node.name)/rows", operation: .transpose(exchange), inputs: [node.inputs[0]],
        outputs: [rows]),
      Node(name: node.name, operation: operation(last), inputs: [rows], outputs: [results]),
      Node(
        name: "\(node.name)/back", operation: .transpose(exchange), inputs: [results],
        outputs: node.outputs),
    ]
  }

  /// A tensor of `shape` for a value between the nodes that take the place of `node`.
  mutating func between(_ node: Node, _ name: String, _ shape: [Int]) -> TensorIndex {
    add(Tensor(name: "\(tensors[node.outputs[0]].name)/\(name)", shape: shape))
  }

  /// Batch normalization that no convolution takes in is a depthwise one of 1×1, with a weight
  /// scale for each channel; other ranks than NHWC's are reshaped.
  private mutating func normalizationAsConvolution(_ node: Node, epsilon: Float) -> [Node]? {
    guard let (gain, offset) = gainAndOffset(node, epsilon: epsilon),
      let count = tensors[node.inputs[0]].shape.last, count == gain.count
    else { return nil }
    let shape = tensors[node.inputs[0]].shape
    let weights = add(
      Tensor(name: "\(node.name)/gain", shape: [1, 1, 1, count], constant: .float(gain)))
    let bias = add(
      Tensor(name: "\(node.name)/offset", shape: [count], constant: .float(offset)))
    var convolution = Node(
      name: node.name, operation: .depthwiseConvolution(ConvolutionAttributes()),
      inputs: [node.inputs[0], weights, bias], outputs: node.outputs)
    if shape.count == 4 { return [convolution] }
    let image = [1, 1, shape.dropLast().reduce(1, *), count]
    let flat = between(node, "image", image)
    let result = between(node, "normalized", image)
    convolution.inputs[0] = flat
    convolution.outputs = [result]
    return [
      Node(
        name: "\(node.name)/image", operation: .reshape(image), inputs: [node.inputs[0]],
        outputs: [flat]),
      convolution,
      Node(
        name: "\(node.name)/shape", operation: .reshape(shape), inputs: [result],
        outputs: node.outputs),
    ]
  }

  /// A parametric ReLU with one slope for all is a leaky one.
  private func preluOfOneSlope(_ node: Node) -> [Node]? {
    guard let slopes = tensors[node.inputs[1]].floats, let slope = slopes.first, slope.isFinite,
      slopes.allSatisfy({ $0 == slope })
    else { return nil }
    var leaky = node
    leaky.operation = .scalar(.leakyRelu(alpha: slope))
    leaky.inputs = [node.inputs[0]]
    return [leaky]
  }

  /// Padding with what is there is a concatenation of slices, one axis after the other.
  private mutating func padAsConcatenation(
    _ node: Node, before: [Int], after: [Int], _ mode: PadMode
  ) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    // What an axis of n elements has to give on each side.
    func most(_ n: Int) -> Int? {
      switch mode {
      case .reflect: n - 1
      case .edge: 254
      case .wrap: n
      case .constant: nil
      }
    }
    let axes = shape.indices.filter { before[$0] != 0 || after[$0] != 0 }
    for axis in axes {
      guard let most = most(shape[axis]), (0...most).contains(before[axis]),
        (0...most).contains(after[axis]), before[axis] + after[axis] < 255
      else { return nil }
    }
    var result: [Node] = []
    var source = node.inputs[0]
    for axis in axes {
      let isLast = axis == axes.last
      var padded = tensors[source].shape
      padded[axis] += before[axis] + after[axis]
      let target = isLast ? node.outputs[0] : between(node, "\(axis)", padded)
      var parts: [TensorIndex] = []
      for side in [before[axis], 0, -after[axis]] {
        if side == 0 {
          if parts.last != source { parts.append(source) }
          continue
        }
        let slice = slice(node, source, axis: axis, side: side, mode)
        let copies = mode == .edge ? abs(side) : 1
        parts += [TensorIndex](repeating: slice.outputs[0], count: copies)
        result.append(slice)
      }
      result.append(
        Node(
          name: isLast ? node.name : "\(node.name)/\(axis)",
          operation: .concatenation(axis: axis, activation: .none), inputs: parts,
          outputs: [target]))
      source = target
    }
    return result.isEmpty ? nil : result
  }

  /// What stands before an axis (`side` > 0 elements of it) or after it (−`side`).
  private mutating func slice(
    _ node: Node, _ source: TensorIndex, axis: Int, side: Int, _ mode: PadMode
  ) -> Node {
    let shape = tensors[source].shape
    let n = shape[axis]
    var begin = [Int](repeating: 0, count: shape.count)
    var stride = [Int](repeating: 1, count: shape.count)
    var count = shape
    count[axis] = mode == .edge ? 1 : abs(side)
    switch mode {
    case .reflect:
      begin[axis] = side > 0 ? side : n - 2
      stride[axis] = -1
    case .wrap: begin[axis] = side > 0 ? n - side : 0
    default: begin[axis] = side > 0 ? 0 : n - 1
    }
    let name = "\(axis).\(side > 0 ? "before" : "after")"
    let output = between(node, name, count)
    return Node(
      name: "\(node.name)/\(name)",
      operation: .slice(begin: begin, count: count, stride: stride), inputs: [source],
      outputs: [output])
  }
}
