/// Which bytes of the arena hold what while the operators run.
struct ArenaPlot {
  let title: String
  let places: [InspectReport.Placement]
  /// By index; across.
  let operators: [String]

  /// More rectangles than these say nothing.
  static let placeLimit = 200

  private var byteCount: Int { places.map(\.end).max() ?? 0 }
  private var columnCount: Int {
    // No more than a picture could show, whatever a file says.
    max(1, operators.count, 1 + min(max(0, places.map(\.lastUse).max() ?? 0), 1000))
  }

  private var columnNames: [String] {
    let names = operators.map { $0.shortened(to: 11) }
    // What the last operator leaves is read after it.
    return operators.count < columnCount ? names + ["output"] : names
  }

  var drawing: Drawing {
    let (left, right, top, bottom) = (62.0, 396.0, 10.0, 220.0)
    let names = columnNames
    let longest = names.map(\.unicodeScalars.count).max() ?? 0
    var drawing = Drawing(height: bottom + 14 + 6.5 * Double(longest), title: title)
    let axis = Axis(0, Double(max(1, byteCount)), from: bottom, to: top)
    for tick in axis.ticks(4) {
      drawing.line(left, tick.position, right, tick.position, "rule")
    }
    for tick in axis.ticks(4) {
      drawing.text(tick.label, x: left - 6, y: tick.position + 4, .end, "axis")
    }
    let step = (right - left) / Double(columnCount)
    for (index, place) in places.prefix(Self.placeLimit).enumerated() {
      let first = min(max(0, place.firstUse), columnCount - 1)
      let last = min(max(first, place.lastUse), columnCount - 1)
      let x1 = left + Double(first) * step
      let x2 = left + Double(last + 1) * step
      let y1 = axis.position(Double(place.end))
      let y2 = axis.position(Double(place.offset))
      drawing.rectangle(
        x: x1 + 1, y: y1 + 0.5, width: x2 - x1 - 2, height: max(1, y2 - y1 - 1),
        "area area\(index % 3)")
      let room = Int((x2 - x1 - 8) / 6.4)
      if y2 - y1 >= 14, room >= 4 {
        let isScratch = place.name.hasPrefix("scratch of ") && place.name.count > room
        drawing.text(
          (isScratch ? "scratch" : place.name).shortened(to: room), x: (x1 + x2) / 2,
          y: (y1 + y2) / 2 + 4, .middle, "plain")
      }
    }
    drawing.line(left, bottom, right, bottom, "baseline")
    let every = (columnCount + 15) / 16
    for (index, name) in names.enumerated() where index % every == 0 {
      let x = left + (Double(index) + 0.5) * step + 4
      drawing.uprightText(name, x: x, y: bottom + 7, .end, "axis")
    }
    drawing.text("bytes", x: 0, y: top + 4, .start, "axis")
    return drawing
  }

  var table: Table {
    var table = Table(
      title,
      [
        .text("area"), .number("from byte"), .number("to"), .number("bytes"),
        .text("first operator"), .text("last operator"),
      ])
    for place in places {
      table.add([
        .init(place.name.shortened()), .init(Figures.count(place.offset)),
        .init(Figures.count(place.end)), .init(Figures.count(place.byteCount)),
        .init(name(place.firstUse)), .init(name(place.lastUse)),
      ])
    }
    return table
  }

  private func name(_ index: Int) -> String {
    operators.indices.contains(index) ? operators[index].shortened() : "\(index)"
  }
}

extension InspectReport.Placement {
  /// One past the last byte.
  var end: Int {
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    return overflow ? .max : end
  }
}
