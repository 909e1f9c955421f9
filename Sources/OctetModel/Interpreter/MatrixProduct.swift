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
        let left = a.base + batch.a[index] * rows * depth
        let right = b.base + batch.b[index] * depth * columns
        for row in 0..<rows {
          let target = y.base + (index * rows + row) * columns
          for column in 0..<columns { target[column] = 0 }
          for k in 0..<depth {
            let factor = left[row * depth + k]
            let line = right + k * columns
            for column in 0..<columns { target[column] += factor * line[column] }
          }
        }
      }
    }
  }
}
