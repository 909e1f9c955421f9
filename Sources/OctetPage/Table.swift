import OctetReport

/// An HTML table with row and column headings, in a box that scrolls sideways when the screen is
/// narrow.
struct Table {
  enum Column {
    case text(String)
    case number(String)

    var title: String {
      switch self {
      case .text(let title), .number(let title): title
      }
    }
    fileprivate var style: Markup {
      switch self {
      case .text: " class=\"text\""
      case .number: ""
      }
    }
  }

  struct Cell: ExpressibleByStringInterpolation {
    var content: Markup
    /// Length of the bar behind the content, 0…1.
    var bar: Double?
    var color = "float"

    init(_ content: Markup, bar: Double? = nil, color: String = "float") {
      self.content = content
      self.bar = bar
      self.color = color
    }

    init(_ text: String, bar: Double? = nil, color: String = "float") {
      self.init(Markup(text: text), bar: bar, color: color)
    }

    init(stringLiteral value: String) { self.init(value) }
  }

  /// What a screen reader announces, and shown above the table unless hidden.
  let caption: String
  let columns: [Column]
  var showsCaption = false
  private var rows: [[Cell]] = []
  private(set) var leftOutCount = 0

  /// Rows that are shown; hostile models have any number of layers.
  static let rowLimit = 256

  init(_ caption: String, _ columns: [Column]) {
    self.caption = caption
    self.columns = columns
  }

  /// - Parameter cells: one a column; the first is the row's heading.
  mutating func add(_ cells: [Cell]) {
    if rows.count < Self.rowLimit { rows.append(cells) } else { leftOutCount += 1 }
  }

  mutating func leaveOut(_ count: Int) { leftOutCount += count }

  var markup: Markup {
    // Visible captions stand outside the box, so that they do not scroll away.
    var result: Markup =
      showsCaption ? "<p class=\"caption\" aria-hidden=\"true\">\(caption)</p>\n" : ""
    result += """
      <div class="scroll" role="region" tabindex="0" aria-label="\(caption)"><table>
      <caption class="hidden">\(caption)</caption>
      <thead><tr>
      """
    for column in columns { result += "<th scope=\"col\"\(column.style)>\(column.title)</th>" }
    result += "</tr></thead>\n<tbody>"
    for row in rows {
      result += "<tr>"
      for (index, cell) in row.enumerated() {
        result += index == 0 ? "<th scope=\"row\">\(cell.content)</th>" : data(cell, columns[index])
      }
      result += "</tr>\n"
    }
    result += "</tbody></table></div>\n"
    if leftOutCount > 0 {
      result += "<p class=\"note\">\(Figures.count(leftOutCount, "more row")) left out.</p>\n"
    }
    return result
  }

  private func data(_ cell: Cell, _ column: Column) -> Markup {
    guard let bar = cell.bar else { return "<td\(column.style)>\(cell.content)</td>" }
    let share = bar.isFinite ? min(max(100 * bar, 0), 100) : 0
    return "<td class=\"bar \(cell.color)\" style=\"--s:\(share)%\">\(cell.content)</td>"
  }
}
