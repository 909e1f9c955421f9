import OctetReport

/// Estimates with their confidence intervals on one axis.
struct IntervalPlot {
  struct Row {
    var name: String
    var value: Double
    var lower: Double
    var upper: Double
    var style: String
  }

  let title: String
  let rows: [Row]

  var drawing: Drawing {
    let bottom = 12 + 30 * Double(rows.count)
    var drawing = Drawing(height: bottom + 34, title: title)
    let low = rows.map(\.lower).min() ?? 0
    let high = rows.map(\.upper).max() ?? 1
    let room = max(high - low, 0.001) * 0.12
    let axis = Axis(max(0, low - room) * 100, min(1, high + room) * 100, from: 52, to: 386)
    for tick in axis.ticks(5) {
      drawing.line(tick.position, 6, tick.position, bottom, "rule")
      drawing.text(tick.label, x: tick.position, y: bottom + 14, .middle, "axis")
    }
    drawing.text("% right", x: 386, y: bottom + 29, .end, "axis")
    for (index, row) in rows.enumerated() {
      let y = 24 + 30 * Double(index)
      let (x1, x2) = (axis.position(100 * row.lower), axis.position(100 * row.upper))
      drawing.text(row.name, x: 0, y: y + 4)
      drawing.line(x1, y, x2, y, "stroke \(row.style) thick")
      for x in [x1, x2] { drawing.line(x, y - 5, x, y + 5, "stroke \(row.style)") }
      drawing.circle(x: axis.position(100 * row.value), y: y, radius: 5, row.style)
    }
    return drawing
  }
}
