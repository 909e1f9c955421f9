/// A square of grey pixels that strokes are drawn into, anti-aliased.
struct DigitCanvas {
  private let side: Int
  /// Pixels over which a line's edge fades.
  private let softness: Double
  /// 0 black … 1 white, row by row.
  private var coverage: [Double]

  init(side: Int, softness: Double) {
    self.side = side
    self.softness = softness
    coverage = [Double](repeating: 0, count: side * side)
  }

  /// Draws the path with round ends; crossing strokes do not add up.
  mutating func stroke(_ path: Path) {
    for index in path.indices.dropFirst() { line(path[index - 1], path[index]) }
  }

  /// One line from `start` to `end`, as wide as the mean of their widths: a pixel is covered by how
  /// far its centre is within the line.
  private mutating func line(_ start: Dot, _ end: Dot) {
    let radius = (start.radius + end.radius) / 2
    let reach = radius + softness / 2
    let left = clamped(min(start.x, end.x) - reach)
    let right = clamped(max(start.x, end.x) + reach)
    let top = clamped(min(start.y, end.y) - reach)
    let bottom = clamped(max(start.y, end.y) + reach)
    let dx = end.x - start.x
    let dy = end.y - start.y
    let lengthSquared = max(dx * dx + dy * dy, 1e-12)
    for row in top...bottom {
      for column in left...right {
        let px = Double(column) + 0.5 - start.x
        let py = Double(row) + 0.5 - start.y
        let along = min(max((px * dx + py * dy) / lengthSquared, 0), 1)
        let ex = px - along * dx
        let ey = py - along * dy
        let distance = (ex * ex + ey * ey).squareRoot()
        let value = min((reach - distance) / softness, 1)
        let index = row * side + column
        if value > coverage[index] { coverage[index] = value }
      }
    }
  }

  private func clamped(_ coordinate: Double) -> Int {
    Int(min(max(coordinate, 0), Double(side - 1)))
  }

  /// The canvas in the middle of a larger square of `side`, moved by whole pixels so that its
  /// centre of mass is nearest to the middle, as bytes.
  func centred(side outer: Int) -> [UInt8] {
    var mass = 0.0
    var momentX = 0.0
    var momentY = 0.0
    for row in 0..<side {
      for column in 0..<side {
        let value = coverage[row * side + column]
        mass += value
        momentX += value * (Double(column) + 0.5)
        momentY += value * (Double(row) + 0.5)
      }
    }
    let room = Double(outer - side)
    let middle = Double(outer) / 2
    let left = mass > 0 ? Int(min(max(middle - momentX / mass, 0), room) + 0.5) : 0
    let top = mass > 0 ? Int(min(max(middle - momentY / mass, 0), room) + 0.5) : 0
    var pixels = [UInt8](repeating: 0, count: outer * outer)
    for row in 0..<side {
      for column in 0..<side {
        pixels[(row + top) * outer + column + left] =
          UInt8(coverage[row * side + column] * 255 + 0.5)
      }
    }
    return pixels
  }
}
