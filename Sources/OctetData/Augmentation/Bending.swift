/// A smooth random field of ways, one for each pixel: uniform cubic B-splines over a grid of bell-
/// shaped numbers, which is as smooth as Gaussian blur and costs a tenth of it.
struct Bending {
  /// Where each pixel comes from, relative to its own place.
  private(set) var field: [SIMD2<Float>]
  private let height, width: Int
  private let gridHeight, gridWidth: Int
  private let rows, columns: [Knot]
  private let deviation: Double
  private var grid, across: [SIMD2<Float>]

  /// The four grid points that a pixel takes from, along one axis.
  private struct Knot {
    var first: Int
    var weights: SIMD4<Float>
  }

  /// The mean of Σ w² along one axis. Along two the variance of the field is its square times that
  /// of the grid, so that the deviation is this times the grid's.
  private static let shrinkage = 2416.0 / 5040

  /// - Parameters: pixels from grid point to grid point, and the deviation of the ways in pixels.
  init(height: Int, width: Int, spacing: Double, deviation: Double) {
    self.height = height
    self.width = width
    rows = Self.knots(height, spacing)
    columns = Self.knots(width, spacing)
    gridHeight = (rows.last?.first ?? 0) + 4
    gridWidth = (columns.last?.first ?? 0) + 4
    self.deviation = deviation / Self.shrinkage
    let isUsed = deviation > 0
    field = .init(repeating: .zero, count: isUsed ? height * width : 0)
    grid = .init(repeating: .zero, count: isUsed ? gridHeight * gridWidth : 0)
    across = .init(repeating: .zero, count: isUsed ? gridHeight * width : 0)
  }

  private static func knots(_ count: Int, _ spacing: Double) -> [Knot] {
    (0..<count).map { pixel in
      let place = Double(pixel) / spacing
      let first = Int(place)
      let t = Float(place - Double(first))
      let (t2, t3) = (t * t, t * t * t)
      let weights = SIMD4<Float>(
        (1 - t) * (1 - t) * (1 - t), 3 * t3 - 6 * t2 + 4, 3 * (t + t2 - t3) + 1, t3)
      return Knot(first: first, weights: weights / 6)
    }
  }

  mutating func draw(_ random: inout Xoshiro256) {
    for i in grid.indices {
      grid[i] = SIMD2(
        Float(random.nextBell() * deviation), Float(random.nextBell() * deviation))
    }
    for y in 0..<gridHeight {
      for x in 0..<width {
        across[y * width + x] = mix(grid, y * gridWidth + columns[x].first, 1, columns[x].weights)
      }
    }
    for y in 0..<height {
      for x in 0..<width {
        field[y * width + x] = mix(across, rows[y].first * width + x, width, rows[y].weights)
      }
    }
  }

  @inline(__always)
  private func mix(
    _ values: [SIMD2<Float>], _ first: Int, _ stride: Int, _ weights: SIMD4<Float>
  ) -> SIMD2<Float> {
    let near = values[first] * weights[0] + values[first + stride] * weights[1]
    return near + values[first + 2 * stride] * weights[2] + values[first + 3 * stride] * weights[3]
  }
}
