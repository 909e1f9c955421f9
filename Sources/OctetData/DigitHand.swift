/// The hand that writes one digit: what is drawn at random once for each image.
struct Hand {
  /// Standard deviation of each knot's place, in hundredths of the digit's height.
  let untidiness: Double
  /// x' = xx·x + xy·y, y' = yx·x + yy·y: aspect, slant and rotation together.
  let xx: Double
  let xy: Double
  let yx: Double
  let yy: Double
  /// Half the width of the line, in pixels of the finished image.
  let radius: Double
  /// How much the line's width follows the pressure of the pen, as a fraction.
  let pressure: Double
  /// Width in pixels of the grey edge of a line.
  let softness: Double
  /// Displacement of a 4×4 grid of control points, in hundredths.
  let elasticity: Double

  /// The pen's mean radius by digit: after scaling to 20 pixels, digits that are written small have
  /// thicker lines.
  private static let meanRadius = [1.4, 1.3, 1.28, 1.24, 1.2, 1.14, 1.22, 1.26, 1.14, 1.12]
  /// Width relative to the glyph's, by digit.
  private static let meanAspect = [1.12, 0.9, 1.08, 1, 1.02, 1.08, 1, 1.05, 1.02, 0.98]

  init(digit: Int, using random: inout Xoshiro256) {
    untidiness = random.next(in: 1...5) * (digit == 0 || digit == 4 ? 0.7 : 1)
    // People lean to the right more than to the left; a 1 leans most.
    let slant = (digit == 1 ? 0.2 : 0.15) + (digit == 1 ? 0.3 : 0.22) * random.nextBell()
    // Narrow digits lose their loops, an 8 first.
    let narrowest = digit == 1 ? 0.5 : digit == 8 ? 0.75 : 0.62
    let aspect = Self.meanAspect[digit] * min(max(1 + 0.25 * random.nextBell(), narrowest), 1.9)
    // Half the angle's tangent gives sine and cosine without a library's `sin`.
    let halfTangent = 0.5 * 0.15 * random.nextBell()
    let divisor = 1 + halfTangent * halfTangent
    let cosine = (1 - halfTangent * halfTangent) / divisor
    let sine = 2 * halfTangent / divisor
    xx = cosine * aspect
    xy = -cosine * slant - sine
    yx = sine * aspect
    yy = cosine - sine * slant
    // Loops that are narrow or small (an 8's) would be filled by a thick line.
    let thickest = digit == 1 ? 2.9 : (digit == 8 ? 1.8 : 2.6) * min(aspect, 1)
    let spread = digit == 1 ? 0.5 : 0.36
    radius = min(max(Self.meanRadius[digit] + spread * random.nextBell(), 0.65), thickest)
    pressure = random.next(in: 0...0.35)
    // A line of any width is white in its middle.
    softness = min(random.next(in: 0.8...1.4), 2 * radius)
    // A 1 is soon no longer one.
    elasticity = random.next(in: 2...11) * (digit == 1 ? 0.6 : 1)
  }

  /// The glyph's strokes with every knot moved a little, as smooth paths.
  func write(_ glyph: DigitGlyphs.Glyph, using random: inout Xoshiro256) -> [Path] {
    let places = glyph.places.map { place in
      Point(
        x: place.x + untidiness * random.nextBell(), y: place.y + untidiness * random.nextBell())
    }
    return glyph.strokes.map { knots in
      var path: Path = []
      var start = 0
      for index in knots.indices.dropFirst()
      where knots[index].isCorner || index == knots.count - 1 {
        appendCurve(knots[start...index].map { places[$0.place] }, to: &path)
        start = index
      }
      press(&path, using: &random)
      return path
    }
  }

  /// A centripetal Catmull–Rom curve through `points` (Barry, Goldman 1988; Yuksel 2011): it
  /// makes no loops of its own, and its knots need square roots only.
  private func appendCurve(_ points: [Point], to path: inout Path) {
    guard let first = points.first, let last = points.last, points.count > 1 else { return }
    // Ends are mirrored, so that the curve starts and ends straight.
    let ahead = Point(x: 2 * first.x - points[1].x, y: 2 * first.y - points[1].y)
    let before = points[points.count - 2]
    let behind = Point(x: 2 * last.x - before.x, y: 2 * last.y - before.y)
    let all = [ahead] + points + [behind]
    let pieceCount = 6
    for index in 1..<all.count - 2 {
      let curve = CatmullRom(all[index - 1], all[index], all[index + 1], all[index + 2])
      for piece in 0..<pieceCount {
        path.append(curve.dot(at: Double(piece) / Double(pieceCount)))
      }
    }
    path.append(Dot(x: last.x, y: last.y, radius: 1))
  }

  /// Line width from three random pressures along the stroke.
  private func press(_ path: inout Path, using random: inout Xoshiro256) {
    let start = 1 + pressure * random.nextBell() / 2
    let middle = 1 + pressure * random.nextBell() / 2
    let end = 1 + pressure * random.nextBell() / 2
    for index in path.indices {
      let t = Double(index) / Double(max(path.count - 1, 1))
      let width = t < 0.5 ? start + (middle - start) * 2 * t : middle + (end - middle) * (2 * t - 1)
      path[index].radius = min(max(width + 0.06 * random.nextBell(), 0.5), 1.6)
    }
  }

  /// Slant, aspect, rotation, and an elastic distortion: each of the 16 control points of a
  /// bicubic Bézier patch over the digit is moved at random (free-form deformation, Sederberg
  /// and Parry 1986).
  func warp(_ paths: inout [Path], using random: inout Xoshiro256) {
    // A control point's own weight is at most 4/9, so it must move further than the digit does.
    let shifts = (0..<16).map { _ in
      Point(x: 2 * elasticity * random.nextBell(), y: 2 * elasticity * random.nextBell())
    }
    for path in paths.indices {
      for index in paths[path].indices {
        var dot = paths[path][index]
        let across = Self.bernstein(min(max(dot.x / 70, 0), 1))
        let down = Self.bernstein(min(max(dot.y / 100, 0), 1))
        var x = dot.x
        var y = dot.y
        for row in 0..<4 {
          for column in 0..<4 {
            let weight = down[row] * across[column]
            x += weight * shifts[4 * row + column].x
            y += weight * shifts[4 * row + column].y
          }
        }
        dot.x = xx * x + xy * y
        dot.y = yx * x + yy * y
        paths[path][index] = dot
      }
    }
  }

  private static func bernstein(_ t: Double) -> SIMD4<Double> {
    let s = 1 - t
    return SIMD4(s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)
  }
}

/// One piece of a centripetal Catmull–Rom curve, from `b` to `c`.
private struct CatmullRom {
  let a: Point
  let b: Point
  let c: Point
  let d: Point
  /// The parameter at `b`, `c` and `d`; it is 0 at `a`.
  let tb: Double
  let tc: Double
  let td: Double

  init(_ a: Point, _ b: Point, _ c: Point, _ d: Point) {
    (self.a, self.b, self.c, self.d) = (a, b, c, d)
    tb = Self.step(a, b)
    tc = tb + Self.step(b, c)
    td = tc + Self.step(c, d)
  }

  /// The square root of the distance, not 0.
  private static func step(_ p: Point, _ q: Point) -> Double {
    let squared = (q.x - p.x) * (q.x - p.x) + (q.y - p.y) * (q.y - p.y)
    return max(squared.squareRoot().squareRoot(), 1e-3)
  }

  /// `fraction` 0 is at `b`, 1 at `c`.
  func dot(at fraction: Double) -> Dot {
    let t = tb + (tc - tb) * fraction
    let ab = mix(a, b, t / tb)
    let bc = mix(b, c, (t - tb) / (tc - tb))
    let cd = mix(c, d, (t - tc) / (td - tc))
    let abc = mix(ab, bc, t / tc)
    let bcd = mix(bc, cd, (t - tb) / (td - tb))
    let point = mix(abc, bcd, (t - tb) / (tc - tb))
    return Dot(x: point.x, y: point.y, radius: 1)
  }

  private func mix(_ p: Point, _ q: Point, _ t: Double) -> Point {
    Point(x: p.x + (q.x - p.x) * t, y: p.y + (q.y - p.y) * t)
  }
}
