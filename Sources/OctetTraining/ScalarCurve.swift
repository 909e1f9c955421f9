import OctetModel

/// A function of one number for sixteen numbers at a time: from the table of scalar functions,
/// value and derivative at every 64th of −16…16 with the cubic between them. That differs from the
/// function by less than a float's rounding where the function is smooth. Cells in which it does
/// not (corners, poles), and numbers beyond, take the function itself.
struct ScalarCurve: Sendable {
  private static let reach = 16, cellsPerUnit = 64

  let function: ScalarFunction
  /// The cubic's coefficients in the distance from a cell's left end, in cells; not a number in a
  /// cell that the cubic does not fit, and after the last.
  private let cells: [SIMD4<Float>]

  init(_ function: ScalarFunction) {
    self.function = function
    let (step, first) = (1 / Double(Self.cellsPerUnit), -Double(Self.reach))
    let cells = (0..<2 * Self.reach * Self.cellsPerUnit).map { index -> SIMD4<Float> in
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
    self.cells = cells + [SIMD4(repeating: .nan)]
  }

  /// y = f(x), element by element.
  func values(
    _ count: Int, _ x: UnsafePointer<Lanes>, into y: UnsafeMutablePointer<Lanes>
  ) {
    unsafe forEach(count, x, isSlope: false) { unsafe y[$0] = $1 }
  }

  /// dx = dy · f′(x), or that added to dx.
  func gradients(
    _ count: Int, x: UnsafePointer<Lanes>, dy: UnsafePointer<Lanes>,
    dx: UnsafeMutablePointer<Lanes>, accumulates: Bool
  ) {
    unsafe forEach(count, x, isSlope: true) { index, slopes in
      let product = unsafe slopes * dy[index]
      unsafe dx[index] = accumulates ? dx[index] + product : product
    }
  }

  /// The cubic or its slope in each x's cell, and the function's own where no cell is for it.
  @inline(__always)
  private func forEach(
    _ count: Int, _ x: UnsafePointer<Lanes>, isSlope: Bool,
    store: (_ index: Int, _ result: Lanes) -> Void
  ) {
    unsafe cells.withUnsafeBufferPointer { cells in
      guard let cells = cells.baseAddress else { return }
      for index in 0..<count {
        let (low, high) = unsafe (x[index].lowHalf, x[index].highHalf)
        let a = unsafe four(low.lowHalf, cells, isSlope)
        let b = unsafe four(low.highHalf, cells, isSlope)
        let c = unsafe four(high.lowHalf, cells, isSlope)
        let d = unsafe four(high.highHalf, cells, isSlope)
        store(
          index,
          Lanes(lowHalf: SIMD8(lowHalf: a, highHalf: b), highHalf: SIMD8(lowHalf: c, highHalf: d)))
      }
    }
  }

  /// Four numbers at a time, as that is the width that every machine has.
  @inline(__always)
  private func four(
    _ x: SIMD4<Float>, _ cells: UnsafePointer<SIMD4<Float>>, _ isSlope: Bool
  ) -> SIMD4<Float> {
    let reach = Float(Self.reach), cellsPerUnit = Float(Self.cellsPerUnit)
    let isInside = (x .< reach) .& (x .> -reach)
    let inside = SIMD4<Float>().replacing(with: x, where: isInside)
    // Added to 1.5 · 2²³, a number is rounded to an integer, which then is the sum's last bits. A
    // cell's end may come out as either of two cells: both cubics go through it.
    let shift: Float = 12_582_912
    let shifted = ((inside + reach) * cellsPerUnit - 0.5) + shift
    let cell =
      unsafe unsafeBitCast(shifted, to: SIMD4<Int32>.self)
      &- Int32(bitPattern: shift.bitPattern)
    // From x itself: the sum above has lost its last bits.
    let left = (shifted - shift) * (1 / cellsPerUnit) - reach
    let t = (inside - left) * cellsPerUnit
    let (p, q) = unsafe (cells[Int(cell[0])], cells[Int(cell[1])])
    let (r, s) = unsafe (cells[Int(cell[2])], cells[Int(cell[3])])
    let c1 = SIMD4(p[1], q[1], r[1], s[1])
    let c2 = SIMD4(p[2], q[2], r[2], s[2])
    let c3 = SIMD4(p[3], q[3], r[3], s[3])
    var result: SIMD4<Float>
    if isSlope {
      result = (c1 + t * (2 * c2 + t * 3 * c3)) * cellsPerUnit
    } else {
      result = SIMD4(p[0], q[0], r[0], s[0]) + t * (c1 + t * (c2 + t * c3))
    }
    let isDone = (result .== result) .& isInside
    let words = unsafe unsafeBitCast(isDone, to: SIMD2<UInt64>.self)
    if words[0] & words[1] != .max {
      for lane in 0..<4 where !isDone[lane] {
        result[lane] = isSlope ? exactSlope(x[lane]) : exactValue(x[lane])
      }
    }
    return result
  }

  @inline(never)
  private func exactValue(_ x: Float) -> Float { Float(function.value(Double(x))) }
  @inline(never)
  private func exactSlope(_ x: Float) -> Float { Float(function.derivative(Double(x))) }
}
