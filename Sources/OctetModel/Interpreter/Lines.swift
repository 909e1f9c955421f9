extension StepContext {
  /// Calls `body` with x and y at the first element of each line along `axis`, the number of its
  /// elements, and how far apart they are.
  func forEachLine(
    along axis: Int,
    _ body: @escaping (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int) -> Void
  ) -> InterpreterStep {
    let (x, y) = (self.x, self.y)
    let count = x.shape[axis]
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    let outer = x.shape[..<axis].reduce(1, *)
    return {
      for block in 0..<outer {
        for line in 0..<inner {
          let offset = block * count * inner + line
          unsafe body(x.base + offset, y.base + offset, count, inner)
        }
      }
    }
  }
}

/// The largest of `count` elements, `stride` apart.
func maximum(_ source: UnsafePointer<Float>, _ count: Int, _ stride: Int) -> Float {
  var result = -Float.infinity
  for k in 0..<count { result = unsafe max(result, source[k * stride]) }
  return result
}
