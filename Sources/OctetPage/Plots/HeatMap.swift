import OctetReport

/// A square matrix by label (down) and prediction (across) with the counts in its cells.
struct HeatMap {
  enum Kind {
    /// The more, the darker.
    case counts
    /// Right answers gained and mistakes avoided against right answers lost and mistakes made.
    case change
  }

  let title: String
  let kind: Kind
  let names: [String]
  /// Row by label, column by prediction, row-major.
  let values: [Int]

  var drawing: Drawing {
    let count = names.count
    let left = count == 0 ? 0 : 12 + min(76, names.map { textWidth($0) }.max() ?? 0)
    let cell = (Drawing.usualWidth - left - 2) / Double(max(1, count))
    let areLong = names.contains { textWidth($0) > cell - 2 }
    let top = areLong ? left + 6 : 34
    var drawing = Drawing(height: top + cell * Double(count) + 4, title: title)
    drawing.text("label ↓  predicted →", x: 0, y: areLong ? 10 : 8, .start, "axis")
    for (index, name) in names.enumerated() {
      let center = (Double(index) + 0.5) * cell
      let short = name.shortened(to: 12)
      if areLong {
        drawing.uprightText(short, x: left + center + 4, y: top - 5)
      } else {
        drawing.text(short, x: left + center, y: top - 6, .middle)
      }
      drawing.text(short, x: left - 6, y: top + center + 4, .end)
    }
    let largest = values.map(\.magnitude).max() ?? 0
    for (position, value) in values.enumerated() where count > 0 {
      let (row, column) = (position / count, position % count)
      let x = left + Double(column) * cell
      let y = top + Double(row) * cell
      drawing.rectangle(
        x: x + 0.5, y: y + 0.5, width: cell - 1, height: cell - 1,
        style(value, isRight: row == column), opacity: opacity(value, of: largest))
      if value != 0 {
        drawing.text(
          text(value), x: x + cell / 2, y: y + cell / 2 + 4, .middle,
          count > 12 || text(value).count > 3 ? "cell small" : "cell")
      }
    }
    return drawing
  }

  var table: Table {
    var table = Table(
      title, [.text("label")] + names.map { .number($0.shortened()) })
    for (row, name) in names.enumerated() {
      let cells = values[row * names.count..<(row + 1) * names.count]
      table.add([.init(name.shortened())] + cells.map { .init(text($0)) })
    }
    return table
  }

  private func text(_ value: Int) -> String {
    kind == .change ? Figures.change(value) : Figures.count(value)
  }

  private func style(_ value: Int, isRight: Bool) -> String {
    switch kind {
    case .counts: value == 0 ? "empty" : "float"
    case .change: value == 0 ? "empty" : (value > 0) == isRight ? "better" : "worse"
    }
  }

  /// Never so dark that the number on it is hard to read. Square roots, so that rare confusions
  /// can be seen beside the diagonal.
  private func opacity(_ value: Int, of largest: UInt) -> Double? {
    guard value != 0, largest > 0 else { return nil }
    return 0.08 + 0.34 * (Double(value.magnitude) / Double(largest)).squareRoot()
  }

  private func textWidth(_ text: String) -> Double {
    6.6 * Double(text.unicodeScalars.prefix(12).count)
  }
}
