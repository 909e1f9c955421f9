import OctetModel

// Triangles and running sums, as PyTorch's masks are made of. Of integers they are computed where
// they are constants.

extension ONNXOperator {
  static let triangle = ONNXOperator(
    "Trilu",
    read: { (importer, node) throws(ImportFailure) in try importer.triangle(node) },
    evaluate: { (call) throws(ImportFailure) in [try call.triangle()] })

  static let runningSum = ONNXOperator(
    "CumSum",
    read: { (importer, node) throws(ImportFailure) in try importer.runningSum(node) },
    evaluate: { (call) throws(ImportFailure) in [try call.runningSum()] })
}

extension ONNXImporter {
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
    let triangle = ONNXValue(shape: [rows, columns], reals: factors).retyped(x.elementType)
    try broadcasting(view, .multiply(.none), [x, operand(view.name + "/triangle", triangle)])
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
    try emit(view, .reshape(x.shape), [sums], .plain)
  }
}

extension ONNXCall {
  /// The elements of a triangle of the last two dimensions, zeros elsewhere.
  func triangle() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let rank = x.shape.count
    guard rank >= 2 else { throw .invalid("x needs two dimensions, has \(x.shape)") }
    let k = try view.integersInput(1)?.first.map(\.ordinary) ?? 0
    let isUpper = try view.integer("upper", 1) != 0
    return try pick(x, x.shape) { index in
      let distance = index[rank - 1] - index[rank - 2]
      return (isUpper ? distance >= k : distance <= k) ? index : nil
    }
  }

  /// Each element and those before it along an axis, or after it, added up.
  func runningSum() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    guard let axes = try view.integersInput(1), axes.count == 1 else {
      throw .invalid("the axis should be one number")
    }
    let axis = try view.axis(axes[0].ordinary, rank: x.shape.count)
    let (isExclusive, isReverse) = (
      try view.integer("exclusive") != 0, try view.integer("reverse") != 0
    )
    let (length, inner) = (x.shape[axis], Array(x.shape[(axis + 1)...]).elementCount)
    _ = try count(x.shape)
    func summed<Number>(_ values: [Number], _ zero: Number, _ add: (Number, Number) -> Number)
      -> [Number]
    {
      var result = values
      for line in 0..<(length == 0 ? 0 : values.count / length) {
        let start = line / inner * inner * length + line % inner
        var sum = zero
        for step in 0..<length {
          let place = start + (isReverse ? length - 1 - step : step) * inner
          if isExclusive { result[place] = sum }
          sum = add(sum, values[place])
          if !isExclusive { result[place] = sum }
        }
      }
      return result
    }
    var result = x
    switch x.elements {
    case .real(let values): result.elements = .real(summed(values, 0, +))
    case .integer(let values):
      result.elements = .integer(summed(values, 0) { x.elementType.wrapped($0 &+ $1) })
    }
    return result
  }
}
