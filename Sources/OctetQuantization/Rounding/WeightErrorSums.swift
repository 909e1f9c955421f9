/// The squared error of a group's outputs as a function of its weights: `(v − t)ᵀ · A · (v − t)`
/// and a constant, with A = Σ x̂ · x̂ᵀ.
struct WeightErrorSums {
  private let size: Int
  /// Indices of the patch, those with the most energy first, the bias last.
  private let order: [Int]
  /// A, damped, in that order.
  private let matrix: [Double]
  /// The upper Cholesky factor of A's inverse, row-major.
  private let factor: [Double]
  /// What one real weight more or less moves the others' best values by: Σ (x̂ − x)x̂ᵀ · A⁻¹, in the
  /// order of a patch.
  private let drift: [Float]

  /// Added to the diagonal, as a share of its mean: weights that the samples say little of stay
  /// near what they are.
  private static let dampingShare = 0.003
  private static let sweepLimit = 32

  /// Nil when the sums cannot be inverted, as when all inputs were 0.
  init?(_ statistics: InputStatistics, group: Int) {
    let size = statistics.size
    self.size = size
    let sums = statistics.quantized[group]
    let energy = (0..<size).map { sums[$0 * size + $0] }
    let order = (0..<size - 1).sorted { (energy[$1], $0) < (energy[$0], $1) } + [size - 1]
    let mean = energy.reduce(0, +) / Double(size)
    guard mean > 0, mean.isFinite else { return nil }
    var matrix = order.flatMap { row in order.map { sums[row * size + $0] } }
    for row in 0..<size {
      // The bias moves freely: it is not rounded.
      matrix[row * size + row] += mean * (row == size - 1 ? 1e-9 : Self.dampingShare)
    }
    guard let lower = Cholesky.factor(matrix, size) else { return nil }
    let inverse = Cholesky.inverse(lower, size)
    guard let factor = Cholesky.upperFactor(inverse, size) else { return nil }
    (self.order, self.matrix, self.factor) = (order, matrix, factor)
    var unordered = [Float](repeating: 0, count: size * size)
    for (row, target) in order.enumerated() {
      for (column, other) in order.enumerated() {
        unordered[target * size + other] = Float(
          inverse[max(row, column) * size + min(row, column)])
      }
    }
    drift = product(statistics.difference(group: group), unordered, size)
  }

  /// For each row of weights, the bias last, the real ones whose outputs on quantized inputs are
  /// nearest to those of the row on the float layer's.
  func targets(_ weights: [Float]) -> [Float] {
    zip(weights, product(weights, drift, size)).map { $0 - $1 }
  }

  /// Replaces each weight but the last, in order, by `round` of it, and adds its error's share to
  /// all that follow.
  func feedErrorsBack(_ weights: inout [Double], _ round: (Double) -> Double) {
    var ordered = order.map { weights[$0] }
    for index in 0..<size - 1 {
      let value = round(ordered[index])
      let error = (ordered[index] - value) / factor[index * size + index]
      ordered[index] = value
      add(-error, factor, index, to: &ordered, from: index + 1)
    }
    weights = inPatchOrder(ordered)
  }

  /// Moves one weight after the other to the value of `round` that leaves the least error, the bias
  /// following, until none moves. The error never rises.
  func descend(_ weights: inout [Double], to target: [Double], _ round: (Double) -> Double) {
    let last = size - 1
    let free = matrix[last * size + last]
    var values = order.map { weights[$0] }
    let goal = order.map { target[$0] }
    // Half the slope of the error along each weight.
    var slopes = (0..<size).map { row in
      (0..<size).reduce(0.0) { $0 + matrix[row * size + $1] * (values[$1] - goal[$1]) }
    }
    func move(_ index: Int, by step: Double) {
      values[index] += step
      add(step, matrix, index, to: &slopes, from: 0)
    }
    move(last, by: -slopes[last] / free)
    for _ in 0..<Self.sweepLimit {
      var isMoved = false
      for index in 0..<last {
        let side = matrix[index * size + last]
        let curvature = matrix[index * size + index] - side * side / free
        guard curvature > 0 else { continue }
        let value = round(values[index] - slopes[index] / curvature)
        let step = value - values[index]
        // The change of the error, with the bias that follows.
        guard step != 0, step * (2 * slopes[index] + step * curvature) < 0 else { continue }
        move(index, by: step)
        move(last, by: -slopes[last] / free)
        isMoved = true
      }
      if !isMoved { break }
    }
    weights = inPatchOrder(values)
  }

  /// Adds a multiple of a matrix's row to values, from an index on.
  private func add(
    _ factor: Double, _ matrix: [Double], _ row: Int, to values: inout [Double], from first: Int
  ) {
    unsafe matrix.withUnsafeBufferPointer { matrix in
      unsafe values.withUnsafeMutableBufferPointer { values in
        for index in first..<max(size, first) {
          unsafe values[index] += factor * matrix[row * size + index]
        }
      }
    }
  }

  private func inPatchOrder(_ ordered: [Double]) -> [Double] {
    var result = ordered
    for (position, index) in order.enumerated() { result[index] = ordered[position] }
    return result
  }
}
