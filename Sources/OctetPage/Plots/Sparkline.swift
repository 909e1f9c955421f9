import Foundation

/// The course of a number beside it in a table; each step up is a factor.
struct Sparkline {
  var title: String
  var values: [Double]

  private static let pointLimit = 64

  var markup: Markup {
    var drawing = Drawing(width: 96, height: 20, title: title)
    let step = max(1, (values.count + Self.pointLimit - 1) / Self.pointLimit)
    let shown = values.enumerated().filter {
      ($0.offset + 1) % step == 0 && $0.element > 0 && $0.element.isFinite
    }.map { log10($0.element) }
    guard shown.count > 1 else { return drawing.markup }
    let x = Axis(0, Double(shown.count - 1), from: 2, to: 92)
    // A course that hardly changes is shown as such, not stretched to the full height.
    let middle = ((shown.min() ?? 0) + (shown.max() ?? 0)) / 2
    let half = max((shown.max() ?? 0) - middle, 0.15)
    let y = Axis(middle - half, middle + half, from: 17, to: 3)
    var path = Drawing.Path()
    for (index, value) in shown.enumerated() {
      let (px, py) = (x.position(Double(index)), y.position(value))
      if index == 0 { path.move(px, py) } else { path.line(px, py) }
    }
    drawing.path(path, "stroke float")
    drawing.circle(x: 92, y: y.position(shown[shown.count - 1]), radius: 2, "float")
    return drawing.markup
  }
}
