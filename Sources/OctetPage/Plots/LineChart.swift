import Foundation
import OctetReport

/// Curves over the same axis across.
struct LineChart {
  struct Curve {
    var name: String
    /// A colour of the style sheet's lines.
    var style: String
    var points: [(x: Double, y: Double)]
  }

  var title: String
  var xTitle: String
  var curves: [Curve]
  /// Axes end there at least.
  var lower: Double?, upper: Double?
  /// Whether each step up is a factor; values that are not above 0 are left out then.
  var isLogarithmic = false

  /// More would be nearer to each other than a screen shows.
  private static let pointLimit = 400
  /// Room for the numbers of the axis upwards.
  private static let left = 54.0

  var drawing: Drawing {
    var drawing = Drawing(height: 230, title: title)
    let shown = curves.map(drawable)
    let points = shown.flatMap(\.points)
    let values = points.map(\.y)
    let x = Axis(
      points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 1, from: Self.left,
      to: drawing.width - 8)
    let y = Axis(
      min(height(lower) ?? .infinity, values.min() ?? 0),
      max(height(upper) ?? -.infinity, values.max() ?? 1), from: 184, to: 24)
    drawing.scale(x, 5, from: 24, to: 184)
    for tick in isLogarithmic ? powers(y) : y.ticks(4) {
      drawing.line(Self.left, tick.position, drawing.width - 8, tick.position, "rule")
      drawing.text(tick.label, x: Self.left - 4, y: tick.position + 4, .end, "axis")
    }
    drawing.text(xTitle, x: drawing.width - 8, y: 220, .end, "axis")
    var left = Self.left
    for curve in shown {
      drawing.rectangle(x: left, y: 8, width: 10, height: 4, "fill \(curve.style)")
      drawing.text(curve.name, x: left + 14, y: 14, .start, "label")
      left += 30 + 7 * Double(curve.name.count)
      var path = Drawing.Path()
      for (index, point) in curve.points.enumerated() {
        let (px, py) = (x.position(point.x), y.position(point.y))
        if index == 0 { path.move(px, py) } else { path.line(px, py) }
        if curve.points.count < 60 {
          drawing.circle(x: px, y: py, radius: 2.2, "fill \(curve.style)")
        }
      }
      drawing.path(path, "stroke \(curve.style)")
    }
    return drawing
  }

  /// What stands for a value on the axis.
  private func height(_ value: Double?) -> Double? {
    guard let value, isLogarithmic else { return value }
    return value > 0 ? log10(value) : nil
  }

  /// The curve in heights, thinned evenly; its last point stays.
  private func drawable(_ curve: Curve) -> Curve {
    var result = curve
    let all = curve.points.compactMap { point -> (x: Double, y: Double)? in
      guard point.y.isFinite, let y = height(point.y) else { return nil }
      return (point.x, y)
    }
    let step = max(1, (all.count + Self.pointLimit - 1) / Self.pointLimit)
    result.points = stride(from: (all.count + step - 1) % step, to: all.count, by: step).map {
      all[$0]
    }
    return result
  }

  /// The powers of ten on an axis of logarithms, and 2 and 5 times them where those are few.
  private func powers(_ axis: Axis) -> [(position: Double, label: String)] {
    let factors = axis.upper - axis.lower > 2.5 ? [1.0] : [1, 2, 5]
    let exponents = Int(axis.lower.rounded(.down))...Int(axis.upper.rounded(.up))
    let step = max(1, exponents.count / 6)
    return exponents.filter { $0 % step == 0 }.flatMap { exponent in
      factors.compactMap { factor in
        let value = Double(exponent) + log10(factor)
        guard (axis.lower...axis.upper).contains(value) else { return nil }
        return (axis.position(value), Figures.short(factor * pow(10, Double(exponent))))
      }
    }
  }
}
