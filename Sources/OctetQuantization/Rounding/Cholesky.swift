/// Factors of symmetric, positive matrices, row-major; of the given ones the lower triangle is
/// read.
enum Cholesky {
  /// L with L · Lᵀ = the matrix; nil where there is none.
  static func factor(_ matrix: [Double], _ size: Int) -> [Double]? {
    var lower = matrix
    let isPositive = unsafe lower.withUnsafeMutableBufferPointer { lower in
      for row in 0..<size {
        for column in 0...row {
          var sum = unsafe lower[row * size + column]
          for k in 0..<column {
            unsafe sum -= lower[row * size + k] * lower[column * size + k]
          }
          if row == column {
            guard sum > 0, sum.isFinite else { return false }
            unsafe lower[row * size + row] = sum.squareRoot()
          } else {
            unsafe lower[row * size + column] = sum / lower[column * size + column]
          }
        }
      }
      return true
    }
    return isPositive ? lower : nil
  }

  /// The lower triangle of (L · Lᵀ)⁻¹.
  static func inverse(_ lower: [Double], _ size: Int) -> [Double] {
    // inverse = L⁻ᵀ · L⁻¹; rows of L⁻ᵀ are kept, so that neighbours are read.
    var columns = [Double](repeating: 0, count: size * size)
    var inverse = columns
    unsafe lower.withUnsafeBufferPointer { lower in
      unsafe columns.withUnsafeMutableBufferPointer { columns in
        for column in 0..<size {
          unsafe columns[column * size + column] = unsafe 1 / lower[column * size + column]
          for row in column + 1..<max(size, column + 1) {
            var sum = 0.0
            for k in column..<row {
              unsafe sum -= lower[row * size + k] * columns[column * size + k]
            }
            unsafe columns[column * size + row] = unsafe sum / lower[row * size + row]
          }
        }
        unsafe inverse.withUnsafeMutableBufferPointer { inverse in
          for row in 0..<size {
            for column in 0...row {
              var sum = 0.0
              for k in row..<size {
                unsafe sum += columns[row * size + k] * columns[column * size + k]
              }
              unsafe inverse[row * size + column] = sum
            }
          }
        }
      }
    }
    return inverse
  }

  /// U with Uᵀ · U = the matrix, upper triangular; nil where there is none.
  static func upperFactor(_ matrix: [Double], _ size: Int) -> [Double]? {
    guard let factor = factor(matrix, size) else { return nil }
    var upper = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in 0...row { upper[column * size + row] = factor[row * size + column] }
    }
    return upper
  }
}
