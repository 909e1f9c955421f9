import OctetModel

/// A function of one number for sixteen numbers at a time: from the table of scalar functions,
/// value and derivative at every 64th of −16…16 with the cubic between them. That differs from the
/// function by less than a float's rounding where the function is smooth. Cells in which it does
/// not (corners, poles), and numbers beyond, take the function itself.
struct ScalarCurve: Sendable {
  private static let reach = 16, cellsPerUnit = 64

  let function: ScalarFunction
  /// The cubic's coefficients in the distance from a cell's left end, in cells; not a number in a
  /// cell that the cubic does not fit.
  private let cells: [SIMD4<Float>]

  init(_ function: ScalarFunction) {
    self.function = function
    let (step, first) = (1 / Double(Self.cellsPerUnit), -Double(Self.reach))
    cells = (0..<2 * Self.reach * Self.cellsPerUnit).map { index in
      let left = first + Double(index) * step
      let (a, b) = (function.value(left), function.value(left + step))
      let da = function.derivative(left) * step
      let db = function.derivative(left + step) * step
      let (c2, c3) = (3 * (b - a) - 2 * da - db, 2 * (a - b) + da + db)
      // Where a cubic of those ends goes wrong, it does so in the middle, in value or in slope.
      for t in [0.25, 0.5, 0.75] {
        let value = a + t * (da + t * (c2 + t * c3))
        let slope = (da + t * (2 * c2 + t * 3 * c3)) / step
        let x = left + t * step
        let (exact, exactSlope) = (function.value(x), function.derivative(x))
        guard abs(value - exact) <= 1e-7 * max(1, abs(exact)),
          abs(slope - exactSlope) <= 1e-5 * max(1, abs(exactSlope))
        else { return SIMD4(repeating: .nan) }
      }
      return SIMD4(Float(a), Float(da), Float(c2), Float(c3))
    }
  }

  /// y = f(x), element by element.
  func values(
    _ count: Int, _ x: UnsafePointer<Lanes>, into y: UnsafeMutablePointer<Lanes>
  ) {
    unsafe forEach(count, x) { c, t in
      c[0] + t * (c[1] + t * (c[2] + t * c[3]))
    } exact: {
      exactValue($0)
    } store: { index, result in
      unsafe y[index] = result
    }
  }

  /// dx = dy · f′(x), or that added to dx.
  func gradients(
    _ count: Int, x: UnsafePointer<Lanes>, dy: UnsafePointer<Lanes>,
    dx: UnsafeMutablePointer<Lanes>, accumulates: Bool
  ) {
    unsafe forEach(count, x) { c, t in
      (c[1] + t * (2 * c[2] + t * 3 * c[3])) * Float(Self.cellsPerUnit)
    } exact: {
      exactSlope($0)
    } store: { index, slopes in
      let product = unsafe slopes * dy[index]
      unsafe dx[index] = accumulates ? dx[index] + product : product
    }
  }

  /// What `cubic` makes of each x's cell, and `exact` of those that no cell is for.
  @inline(__always)
  private func forEach(
    _ count: Int, _ x: UnsafePointer<Lanes>, cubic: (SIMD4<Float>, Float) -> Float,
    exact: (Float) -> Float, store: (_ index: Int, _ result: Lanes) -> Void
  ) {
    unsafe cells.withUnsafeBufferPointer { cells in
      guard let cells = cells.baseAddress else { return }
      for index in 0..<count {
        let x = unsafe x[index]
        var result = Lanes()
        for lane in 0..<16 {
          guard let place = Self.place(x[lane]) else {
            result[lane] = exact(x[lane])
            continue
          }
          let value = unsafe cubic(cells[place.cell], place.distance)
          result[lane] = value == value ? value : exact(x[lane])
        }
        store(index, result)
      }
    }
  }

  @inline(__always)
  private static func place(_ x: Float) -> (cell: Int, distance: Float)? {
    guard abs(x) < Float(reach) else { return nil }
    let position = (x + Float(reach)) * Float(cellsPerUnit)
    let cell = min(Int(position), 2 * reach * cellsPerUnit - 1)
    // From x itself: the sum above has lost its last bits.
    let left = Float(cell) / Float(cellsPerUnit) - Float(reach)
    return (cell, (x - left) * Float(cellsPerUnit))
  }

  @inline(never)
  private func exactValue(_ x: Float) -> Float { Float(function.value(Double(x))) }
  @inline(never)
  private func exactSlope(_ x: Float) -> Float { Float(function.derivative(Double(x))) }
}
