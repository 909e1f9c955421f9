import OctetModel

// Choices between values, triangles and running sums, as PyTorch's masks are made of.

extension ONNXImporter {
  /// Where; that of a softplus and its argument, the same from some 9 on, is the softplus.
  mutating func choose(_ view: ONNXNodeView) throws(ImportFailure) {
    let operands = [try view.input(0), try view.input(1), try view.input(2)]
    if chooseSoftplus(operands) { return hold(operands[2], as: view.node.outputs[0]) }
    try broadcasting(view, .select, operands)
  }

  /// `a > t ? x : softplus(a) / β` with `a = β · x`, as PyTorch's exporter writes it.
  private func chooseSoftplus(_ operands: [ImportedValue]) -> Bool {
    guard case .tensor(let condition) = operands[0].source,
      case .tensor(let linear) = operands[1].source, case .tensor(var smooth) = operands[2].source,
      operands[1].layout == operands[2].layout, operands[1].shape == operands[2].shape,
      let comparison = producer(of: condition).map({ graph.nodes[$0] }),
      comparison.operation == .compare(.greater),
      let threshold = scalar(comparison.inputs[1]), threshold >= 9
    else { return false }
    var beta: Float = 1
    if let division = producer(of: smooth).map({ graph.nodes[$0] }),
      division.operation == .divide(.none), let divisor = scalar(division.inputs[1])
    {
      (beta, smooth) = (divisor, division.inputs[0])
    }
    let argument = comparison.inputs[0]
    guard let function = producer(of: smooth).map({ graph.nodes[$0] }),
      function.operation == .scalar(.softplus), function.inputs[0] == argument
    else { return false }
    if argument == linear { return beta == 1 }
    guard let product = producer(of: argument).map({ graph.nodes[$0] }),
      product.operation == .multiply(.none)
    else { return false }
    return product.inputs.contains(linear)
      && product.inputs.contains { scalar($0) == beta }
  }

  private func scalar(_ tensor: TensorIndex) -> Float? {
    guard case .float(let values) = graph.tensors[tensor].constant, values.count == 1 else {
      return nil
    }
    return values[0]
  }

  /// Shapes are fixed, so this is a constant.
  mutating func size(_ view: ONNXNodeView) throws(ImportFailure) {
    define(
      ONNXValue(shape: [], integers: [Int64(try view.input(0).shape.elementCount)]),
      named: view.node.outputs[0])
  }

  /// The upper or lower triangle of the last two dimensions: a product with ones and zeros.
  mutating func triangle(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard x.rank >= 2, x.elementType.isReal else {
      throw .unsupported("it takes the triangle of \(x.shape) \(x.elementType) elements")
    }
    let k = try view.integersInput(1)?.first.map(\.ordinary) ?? 0
    let isUpper = try view.integer("upper", 1) != 0
    let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
    try spend(rows * columns)
    let factors = (0..<rows).flatMap { row in
      (0..<columns).map { column -> Float in
        (isUpper ? column - row >= k : column - row <= k) ? 1 : 0
      }
    }
    let operand = ImportedValue(
      name: view.name + "/triangle", shape: [rows, columns], elementType: x.elementType,
      source: .constant(ONNXValue(shape: [rows, columns], reals: factors).retyped(x.elementType)),
      layout: .plain)
    try broadcasting(view, .multiply(.none), [x, operand])
  }

  /// Sums of all elements up to each along an axis: a product with a triangle of ones.
  mutating func runningSum(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard let axes = try view.integersInput(1), axes.count == 1 else {
      throw .invalid("the axis should be one number")
    }
    let axis = try view.axis(axes[0].ordinary, rank: x.rank)
    let (isExclusive, isReverse) = (
      try view.integer("exclusive") != 0, try view.integer("reverse") != 0
    )
    let length = x.shape[axis]
    guard x.elementType.isReal, length <= 4096 else {
      throw .unsupported("it sums \(length) \(x.elementType) elements; at most 4096 reals")
    }
    try spend(length * length)
    let weights = (0..<length).flatMap { row in
      (0..<length).map { column -> Float in
        let distance = isReverse ? column - row : row - column
        return distance > 0 || (distance == 0 && !isExclusive) ? 1 : 0
      }
    }
    let triangle = try constantTensor(
      view.name + "/triangle", ONNXValue(shape: [length, length], reals: weights), tag: "sum")
    let lines = try reshape(
      try tensor(x, .plain),
      [Array(x.shape[..<axis]).elementCount, length, Array(x.shape[(axis + 1)...]).elementCount])
    let sums = try step(view, .matrixMultiply, [triangle, lines], "/lines")
    let result = try emit(
      .reshape(x.shape), name: view.name, inputs: [sums], output: view.node.outputs[0])
    define(view, result, .plain)
  }
}
