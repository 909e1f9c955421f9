import OctetReport

/// The range of every channel, float beside int8.
struct RangePlot {
  struct Range {
    var channel: Int
    /// Nil when not known.
    var float: (lower: Double, upper: Double)?
    var int8: (lower: Double, upper: Double)?
    /// More about the channel, for the table.
    var notes: [String] = []
  }

  let title: String
  let ranges: [Range]
  var noteNames: [String] = []
  /// What the columns are.
  var axisName = "channel"
  /// The channel to point at.
  var marked: Int?

  /// More would be thinner than a line.
  private static let columnLimit = 128
  static let tableLimit = 64

  var drawing: Drawing {
    var drawing = Drawing(height: 190, title: title)
    let columns = columns
    let all = columns.flatMap { [$0.float, $0.int8].compactMap(\.self) }
    let lower = min(0, all.map(\.lower).filter(\.isFinite).min() ?? 0)
    let upper = max(0, all.map(\.upper).filter(\.isFinite).max() ?? 1)
    let axis = Axis(lower, upper, from: 150, to: 12)
    for tick in axis.ticks(4) {
      drawing.line(44, tick.position, 396, tick.position, "rule")
      drawing.text(tick.label, x: 40, y: tick.position + 4, .end, "axis")
    }
    let step = 348 / Double(max(1, columns.count))
    let width = min(9, step * 0.36)
    var (float, int8) = (Drawing.Path(), Drawing.Path())
    for (index, column) in columns.enumerated() {
      let center = 46 + (Double(index) + 0.5) * step
      if let range = column.float {
        Self.bar(&float, center - width, center - width * 0.08, axis, range)
      }
      if let range = column.int8 {
        Self.bar(&int8, center + width * 0.08, center + width, axis, range)
      }
    }
    drawing.path(float, "float")
    drawing.path(int8, "int8")
    drawing.line(44, axis.position(0), 396, axis.position(0), "baseline")
    for (index, column) in columns.enumerated() {
      let x = 46 + (Double(index) + 0.5) * step
      if let marked, column.covers(marked) {
        drawing.text("▲ \(marked)", x: min(max(x, 60), 384), y: 182, .middle, "label strong")
      } else if columns.count <= 16 || index % ((columns.count + 7) / 8) == 0 {
        drawing.text("\(column.first)", x: x, y: 166, .middle, "axis")
      }
    }
    drawing.text(axisName, x: 0, y: 182, .start, "axis")
    return drawing
  }

  var table: Table {
    var table = Table(
      title,
      [
        .text(axisName), .number("float from"), .number("to"), .number("int8 from"),
        .number("to"),
      ] + noteNames.map { .number($0) })
    for range in ranges.prefix(Self.tableLimit) {
      let ends = [range.float?.lower, range.float?.upper, range.int8?.lower, range.int8?.upper]
      table.add(
        [.init("\(range.channel)")] + ends.map { .init($0.map(Figures.short) ?? "–") }
          + range.notes.map { .init($0) })
    }
    table.leaveOut(max(0, ranges.count - Self.tableLimit))
    return table
  }

  private static func bar(
    _ path: inout Drawing.Path, _ x1: Double, _ x2: Double, _ axis: Axis,
    _ range: (lower: Double, upper: Double)
  ) {
    let top = axis.position(range.upper)
    let base = axis.position(range.lower)
    path.bar(from: x1, to: x2, base: max(base, top + 1.5), top)
  }

  private struct Column {
    var first: Int
    var last: Int
    var float: (lower: Double, upper: Double)?
    var int8: (lower: Double, upper: Double)?

    func covers(_ channel: Int) -> Bool { (first...last).contains(channel) }
  }

  /// One a channel, or the widest of neighbours when there are too many.
  private var columns: [Column] {
    let size = max(1, (ranges.count + Self.columnLimit - 1) / Self.columnLimit)
    return stride(from: 0, to: ranges.count, by: size).map { start in
      let group = ranges[start..<min(start + size, ranges.count)]
      return Column(
        first: group.first?.channel ?? start, last: group.last?.channel ?? start,
        float: Self.hull(group.compactMap(\.float)), int8: Self.hull(group.compactMap(\.int8)))
    }
  }

  private static func hull(
    _ ranges: [(lower: Double, upper: Double)]
  ) -> (lower: Double, upper: Double)? {
    guard let lower = ranges.map(\.lower).min(), let upper = ranges.map(\.upper).max() else {
      return nil
    }
    return (lower, upper)
  }
}
