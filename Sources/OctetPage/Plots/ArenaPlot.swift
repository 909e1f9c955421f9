import OctetReport

/// Which bytes of the arena hold what while the operators run.
struct ArenaPlot {
  let title: String
  let places: [ArenaPlacement]
  /// The operators' names by index; across.
  let operators: [String]

  /// More rectangles than these say nothing.
  static let placeLimit = 200

  private var byteCount: Int { places.map(\.end).max() ?? 0 }
  private var columnCount: Int {
    // No more than a picture could show, whatever a file says.
    max(1, operators.count, 1 + min(max(0, places.map(\.lastUse).max() ?? 0), 1000))
  }

  private var columnNames: [String] {
    let names = ShortNames.fit(operators, width: 11)
    // What the last operator leaves is read after it.
    return operators.count < columnCount ? names + ["output"] : names
  }

  var drawing: Drawing {
    let (left, right, top, bottom) = (62.0, 396.0, 28.0, 238.0)
    let names = columnNames
    let longest = names.map(\.unicodeScalars.count).max() ?? 0
    var drawing = Drawing(height: bottom + 14 + 7.6 * Double(longest), title: title)
    let axis = Axis(0, Double(max(1, byteCount)), from: bottom, to: top)
    for tick in axis.ticks(4) {
      drawing.line(left, tick.position, right, tick.position, "rule")
    }
    for tick in axis.ticks(4) {
      drawing.text(tick.label, x: left - 6, y: tick.position + 4, .end, "axis")
    }
    let step = (right - left) / Double(columnCount)
    let short = ShortNames.fit(places.map(\.name), width: 40)
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
      let room = Self.characters(x2 - x1)
      if y2 - y1 >= Self.textHeight, room >= Self.leastCharacters {
        let isScratch = place.isScratch && short[index].count > room
        drawing.text(
          isScratch ? "scratch" : ShortNames.fit(short, width: room)[index],
          x: (x1 + x2) / 2, y: (y1 + y2) / 2 + 4, .middle, "plain")
      }
    }
    drawing.line(left, bottom, right, bottom, "baseline")
    let every = (columnCount + 15) / 16
    for (index, name) in names.enumerated() where index % every == 0 {
      let x = left + (Double(index) + 0.5) * step + 4
      drawing.uprightText(name, x: x, y: bottom + 7, .end, "axis")
    }
    drawing.text("bytes", x: 0, y: 10, .start, "axis")
    return drawing
  }

  private static let textHeight = 14.0
  private static let leastCharacters = 4

  /// The number of characters that fit a box.
  private static func characters(_ width: Double) -> Int { Int((width - 8) / 7.2) }

  /// Areas whose boxes are too small for their names.
  var unnamed: [ArenaPlacement] {
    let height = 210 / Double(max(1, byteCount))
    let step = 334 / Double(columnCount)
    return places.prefix(Self.placeLimit).filter { place in
      let columns = Double(max(1, min(place.lastUse, columnCount - 1) - max(0, place.firstUse) + 1))
      return Double(place.byteCount) * height < Self.textHeight
        || Self.characters(columns * step) < Self.leastCharacters
    }
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

extension ArenaPlacement {
  var isScratch: Bool { name.hasPrefix("scratch of ") }

  /// One past the last byte.
  var end: Int {
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    return overflow ? .max : end
  }
}
