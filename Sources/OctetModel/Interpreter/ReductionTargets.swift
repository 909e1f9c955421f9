extension StepContext {
  /// For each element of x, in row-major order, the element of y that it goes into.
  func reductionTargets(axes: [Int]) -> [Int] {
    let reduced = Set(axes)
    let kept = x.shape.indices.map { reduced.contains($0) ? 1 : x.shape[$0] }
    let strides = zip(kept, rowMajorStrides(kept)).map { $0 == 1 ? 0 : $1 }
    var targets: [Int] = []
    forEachIndex(in: x.shape) { index in
      targets.append(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 })
    }
    return targets
  }
}
