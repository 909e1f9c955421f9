import OctetReport

/// A value or two by layer on one axis, one row a layer: a filled dot and a ring.
struct SignalPlot {
  struct Row {
    var name: String
    var filled: Double?
    var ring: Double?
    /// The words after the dots: `✕ clipped`.
    var note: String
  }

  let title: String
  let axisName: String
  let filledName: String
  let ringName: String
  let rows: [Row]
  /// Vertical lines with their names.
  var marks: [(value: Double, name: String)] = []
  /// The part of the axis that is shown at least.
  var span: ClosedRange<Double>
  /// What lies above is shown at the end of the axis with its number.
  var cap = Double.infinity

  private static let left = 126.0
  private static let nameLength = 15
  static let rowLimit = 80

  var drawing: Drawing {
    let shown = rows.prefix(Self.rowLimit)
    let top = 26.0 + (marks.isEmpty ? 0 : 14)
    let bottom = top + 24 * Double(shown.count)
    var drawing = Drawing(height: bottom + 34, title: title)
    let finite = shown.flatMap { [$0.filled, $0.ring] }.compactMap(\.self).filter(\.isFinite)
    let lower = min(span.lowerBound, finite.min() ?? 0)
    let upper = min(cap, max(span.upperBound, finite.max() ?? 0))
    let axis = Axis(lower, upper, from: Self.left + 8, to: 388)
    for tick in axis.ticks(5) {
      drawing.line(tick.position, top, tick.position, bottom, "rule")
      drawing.text(tick.label, x: tick.position, y: bottom + 14, .middle, "axis")
    }
    drawing.text(axisName, x: 388, y: bottom + 29, .end, "axis")
    legend(&drawing)
    for (index, mark) in marks.enumerated() {
      let x = axis.position(mark.value)
      drawing.line(x, top - 4, x, bottom, index == 0 ? "stroke float" : "stroke int8")
      let isLeft = marks.count > 1 && mark.value == marks.map(\.value).min()
      drawing.text(mark.name, x: isLeft ? x - 4 : x + 4, y: top - 4, isLeft ? .end : .start, "axis")
    }
    let names = ShortNames.fit(shown.map { $0.name.shortened(to: 200) }, width: Self.nameLength)
    for (index, row) in shown.enumerated() {
      let y = top + 12 + 24 * Double(index)
      drawing.text(names[index], x: Self.left, y: y + 4, .end)
      let ends = [row.filled, row.ring].compactMap(\.self).map(axis.position)
      if ends.count == 2 { drawing.line(ends[0], y, ends[1], y, "stroke soft") }
      if let ring = row.ring {
        drawing.circle(x: axis.position(ring), y: y, radius: 4.5, "ring")
      }
      if let filled = row.filled {
        drawing.circle(x: axis.position(filled), y: y, radius: 4.5, "int8")
      }
      let largest = [row.filled, row.ring].compactMap(\.self).max() ?? 0
      let beyond = largest > upper ? Figures.decimal(largest, 0) + " →" : ""
      note(row.note.isEmpty ? beyond : row.note, ends, y, &drawing)
    }
    return drawing
  }

  private func legend(_ drawing: inout Drawing) {
    drawing.circle(x: 6, y: 8, radius: 4.5, "int8")
    drawing.text(filledName, x: 15, y: 12, .start, "axis")
    drawing.circle(x: 206, y: 8, radius: 4.5, "ring")
    drawing.text(ringName, x: 215, y: 12, .start, "axis")
  }

  /// Writes a note on the side where there is more room.
  private func note(_ text: String, _ ends: [Double], _ y: Double, _ drawing: inout Drawing) {
    guard !text.isEmpty else { return }
    let (low, high) = (ends.min() ?? Self.left, ends.max() ?? Self.left)
    let isRight = 388 - high > low - Self.left
    // Where there is no room for words, the sign before them stays.
    let room = (isRight ? 396 - high : low - Self.left) - 9
    let shown = Double(text.count) * 7 > room ? String(text.prefix { $0 != " " }) : text
    drawing.text(
      shown, x: isRight ? high + 9 : low - 9, y: y + 4, isRight ? .start : .end, "label strong")
  }
}
