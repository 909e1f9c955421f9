/// a `[…, M, K]` · b `[…, K, N]`, leading dimensions broadcast, 1-D operands as in NumPy.
struct MatrixMultiplyDefinition: OperationDefinition {
  var name: String { "matrixMultiply" }
  var inputCount: ClosedRange<Int> { 2...2 }
  var traits: OperationTraits { OperationTraits(takesConstantOperands: true) }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    var (a, b) = (inputs[0], inputs[1])
    if a.isEmpty || b.isEmpty { throw inputs.invalid("takes no scalars") }
    let (isVectorA, isVectorB) = (a.count == 1, b.count == 1)
    if isVectorA { a.insert(1, at: 0) }
    if isVectorB { b.append(1) }
    guard a[a.count - 1] == b[b.count - 2] else {
      throw inputs.invalid("cannot multiply \(inputs[0]) by \(inputs[1])")
    }
    var result = try inputs.broadcast(Array(a.dropLast(2)), Array(b.dropLast(2)))
    if !isVectorA { result.append(a[a.count - 2]) }
    if !isVectorB { result.append(b[b.count - 1]) }
    return [result]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.matrixMultiply() }
}

extension StepContext {
  /// a `[…, M, K]` · b `[…, K, N]` → y `[…, M, N]`, leading dimensions broadcast.
  func matrixMultiply() -> InterpreterStep {
    let (a, b, y) = (inputs[0], inputs[1], self.y)
    let aShape = a.shape.count == 1 ? [1] + a.shape : a.shape
    let bShape = b.shape.count == 1 ? b.shape + [1] : b.shape
    let (rows, depth, columns) = (
      aShape[aShape.count - 2], aShape[aShape.count - 1], bShape[bShape.count - 1]
    )
    let batch = BroadcastOffsets(Array(aShape.dropLast(2)), Array(bShape.dropLast(2)))
    return {
      for index in 0..<batch.count {
        let left = unsafe a.base + batch.a[index] * rows * depth
        let right = unsafe b.base + batch.b[index] * depth * columns
        for row in 0..<rows {
          let target = unsafe y.base + (index * rows + row) * columns
          for column in 0..<columns { unsafe target[column] = 0 }
          for k in 0..<depth {
            let factor = unsafe left[row * depth + k]
            let line = unsafe right + k * columns
            for column in 0..<columns { unsafe target[column] += factor * line[column] }
          }
        }
      }
    }
  }
}
