import OctetReport

/// Curves in the unit square with its diagonal.
struct CurvePlot {
  struct Curve {
    var name: String
    var style: String
    /// Pairs, each 0…1.
    var points: [[Double]]
  }

  let title: String
  let acrossName: String
  let upName: String
  let curves: [Curve]

  private static let (left, top, side) = (44.0, 18.0, 250.0)
  private static let tableRows = 11

  var drawing: Drawing {
    let (left, top, side) = (Self.left, Self.top, Self.side)
    var drawing = Drawing(height: top + side + 40, title: title)
    let across = Axis(0, 1, from: left, to: left + side)
    let up = Axis(0, 1, from: top + side, to: top)
    drawing.scale(across, 4, from: top, to: top + side)
    for tick in up.ticks(4) {
      drawing.line(left, tick.position, left + side, tick.position, "rule")
      drawing.text(tick.label, x: left - 6, y: tick.position + 4, .end, "axis")
    }
    drawing.line(left, top + side, left + side, top, "stroke dotted")
    for (index, curve) in curves.enumerated() {
      var path = Drawing.Path()
      for (number, point) in drawable(curve).enumerated() {
        let (x, y) = (across.position(point[0]), up.position(point[1]))
        if number == 0 { path.move(x, y) } else { path.line(x, y) }
      }
      // The second would hide the first where both are the same.
      drawing.path(path, "curve \(curve.style)\(index == 0 ? " broad" : "")")
      let y = top + 40 + 20 * Double(index)
      drawing.line(left + side + 12, y - 4, left + side + 28, y - 4, "stroke \(curve.style) thick")
      drawing.text(curve.name, x: left + side + 34, y: y)
    }
    drawing.text(acrossName, x: left + side, y: top + side + 30, .end, "axis")
    drawing.text(upName, x: 0, y: 10, .start, "axis")
    return drawing
  }

  private func drawable(_ curve: Curve) -> [[Double]] { curve.points.filter { $0.count == 2 } }

  /// The height of each curve at round places across.
  var table: Table {
    var table = Table(title, [.text(acrossName)] + curves.map { .number($0.name) })
    for row in 0..<Self.tableRows {
      let place = Double(row) / Double(Self.tableRows - 1)
      table.add(
        [.init(Figures.percent(place, digits: 0))]
          + curves.map { curve in
            let heights = drawable(curve).filter { $0[0] <= place }.map { $0[1] }
            return .init(Figures.percent(heights.max() ?? 0, digits: 1))
          })
    }
    return table
  }
}
