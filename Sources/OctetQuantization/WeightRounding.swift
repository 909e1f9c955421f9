import OctetModel

/// The real weights of a node, to be rounded to int8 channel by channel.
struct WeightChannels {
  let values: [Float]
  let bias: [Float]?
  let scales: [Float]
  let shape: [Int]
  let axis: Int

  private var channelCount: Int { shape[axis] }
  private var inner: Int { shape[(axis + 1)...].reduce(1, *) }

  /// The codes, in the order of `values`, and the real bias that goes with them.
  ///
  /// Where the statistics of the inputs are known, each weight's rounding error is made good by the
  /// weights not yet rounded, and what is left by the bias, so that the outputs on real inputs
  /// change least; otherwise weights are rounded to nearest.
  ///
  /// Source: Frantar et al., "GPTQ", ICLR 2023, after Hassibi and Stork, "Optimal Brain Surgeon",
  /// 1993; the column of ones for the bias is ours.
  func rounded(_ statistics: InputStatistics?) -> (codes: [Int8], bias: [Double]) {
    var codes = values.indices.map { code(Double(values[$0]), channel: $0 / inner % channelCount) }
    var biases = (0..<channelCount).map { Double(bias?[$0] ?? 0) }
    guard let statistics else { return (codes, biases) }
    for group in statistics.sums.indices {
      guard let order = ErrorFeedback(statistics, group: group) else { continue }
      for channel in group * statistics.channelsPerGroup..<(group + 1)
        * statistics.channelsPerGroup
      {
        let positions = positions(of: channel)
        var weights = positions.map { Double(values[$0]) } + [biases[channel]]
        order.round(&weights) { weight in
          Double(code(weight, channel: channel)) * Double(scales[channel])
        }
        for (index, position) in positions.enumerated() {
          codes[position] = code(weights[index], channel: channel)
        }
        biases[channel] = weights[positions.count]
      }
    }
    return (codes, biases)
  }

  private func code(_ weight: Double, channel: Int) -> Int8 {
    Int8(TieRule.awayFromZero.code(steps: weight / Double(scales[channel]), in: -127...127))
  }

  /// Where the weights of an output channel stand in `values`, in the order of a patch.
  private func positions(of channel: Int) -> [Int] {
    let outer = values.count / (channelCount * inner)
    return (0..<outer).flatMap { block in
      (0..<inner).map { (block * channelCount + channel) * inner + $0 }
    }
  }
}

/// The order in which weights are rounded, and how the error of each spreads over those after it.
struct ErrorFeedback {
  private let size: Int
  /// Indices of the patch, those with the most energy first, the bias last.
  private let order: [Int]
  /// The upper Cholesky factor of the inverse of the (damped, permuted) sums, row-major.
  private let factor: [Double]

  /// Added to the diagonal, as a share of its mean.
  private static let damping = 0.003

  /// Nil when the sums cannot be inverted, as when all inputs were 0.
  init?(_ statistics: InputStatistics, group: Int) {
    let size = statistics.size
    self.size = size
    let sums = statistics.sums[group]
    let energy = (0..<size).map { sums[$0 * size + $0] }
    order = (0..<size - 1).sorted { (energy[$1], $0) < (energy[$0], $1) } + [size - 1]
    let mean = energy.reduce(0, +) / Double(size)
    guard mean > 0, mean.isFinite else { return nil }
    var matrix = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row {
        let (a, b) = (order[row], order[column])
        matrix[row * size + column] = sums[max(a, b) * size + min(a, b)]
      }
      // The bias moves freely: it is not rounded.
      matrix[row * size + row] += mean * (row == size - 1 ? 1e-9 : Self.damping)
    }
    guard let lower = Self.choleskyFactor(matrix, size) else { return nil }
    guard let factor = Self.inverseFactor(lower, size) else { return nil }
    self.factor = factor
  }

  /// Replaces each weight but the last, in order, by `round` of it, and adds its error's share to
  /// all that follow.
  func round(_ weights: inout [Double], _ round: (Double) -> Double) {
    var ordered = order.map { weights[$0] }
    for index in 0..<size - 1 {
      let value = round(ordered[index])
      let error = (ordered[index] - value) / factor[index * size + index]
      ordered[index] = value
      for later in index + 1..<size { ordered[later] -= error * factor[index * size + later] }
    }
    for (position, index) in order.enumerated() { weights[index] = ordered[position] }
  }

  /// L with L · Lᵀ = the matrix whose lower triangle is given.
  private static func choleskyFactor(_ matrix: [Double], _ size: Int) -> [Double]? {
    var lower = matrix
    for row in 0..<size {
      for column in 0...row {
        var sum = lower[row * size + column]
        for k in 0..<column { sum -= lower[row * size + k] * lower[column * size + k] }
        if row == column {
          guard sum > 0, sum.isFinite else { return nil }
          lower[row * size + row] = sum.squareRoot()
        } else {
          lower[row * size + column] = sum / lower[column * size + column]
        }
      }
    }
    return lower
  }

  /// U with Uᵀ · U = (L · Lᵀ)⁻¹, upper triangular.
  private static func inverseFactor(_ lower: [Double], _ size: Int) -> [Double]? {
    // inverse = L⁻ᵀ · L⁻¹; its lower Cholesky factor, transposed, is U.
    var inverseLower = [Double](repeating: 0, count: size * size)
    for column in 0..<size {
      inverseLower[column * size + column] = 1 / lower[column * size + column]
      for row in column + 1..<max(size, column + 1) {
        var sum = 0.0
        for k in column..<row { sum -= lower[row * size + k] * inverseLower[k * size + column] }
        inverseLower[row * size + column] = sum / lower[row * size + row]
      }
    }
    var inverse = [Double](repeating: 0, count: size * size)
    for k in 0..<size {
      for row in 0...k {
        let factor = inverseLower[k * size + row]
        for column in 0...row {
          inverse[row * size + column] += factor * inverseLower[k * size + column]
        }
      }
    }
    guard let factor = choleskyFactor(inverse, size) else { return nil }
    var upper = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row { upper[column * size + row] = factor[row * size + column] }
    }
    return upper
  }
}
