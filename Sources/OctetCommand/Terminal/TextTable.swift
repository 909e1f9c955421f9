/// A table for the terminal: columns as wide as their widest cell, two spaces apart.
package struct TextTable: Sendable {
  package enum Alignment: Sendable { case left, right }

  package struct Cell: Sendable, ExpressibleByStringInterpolation {
    package var text: String
    package var style: Terminal.Style

    package init(_ text: String, _ style: Terminal.Style = .plain) {
      self.text = SafeText.escaped(text)
      self.style = style
    }

    package init(stringLiteral value: String) { self.init(value) }
  }

  package struct Column: Sendable {
    package var title: String
    package var alignment: Alignment

    package static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
    package static func right(_ title: String) -> Column {
      Column(title: title, alignment: .right)
    }
  }

  package var columns: [Column]
  package private(set) var rows: [[Cell]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Cells left out at the end are empty; cells beyond the columns are not shown.
  package mutating func add(_ cells: [Cell]) {
    let missing = max(0, columns.count - cells.count)
    rows.append(cells.prefix(columns.count) + [Cell](repeating: "", count: missing))
  }

  /// The lines, each with a newline. Titles are left out when all of them are empty.
  ///
  /// - Parameter terminal: decides on colours. Nothing is cut: wide tables wrap.
  package func text(for terminal: Terminal) -> String {
    let titles = columns.map { Cell($0.title, .bold) }
    let hasTitles = titles.contains { !$0.text.isEmpty }
    let lines = (hasTitles ? [titles] : []) + rows
    let widths = columns.indices.map { column in
      lines.map { SafeText.width($0[column].text) }.max() ?? 0
    }
    return lines.map { cells in
      let parts = columns.indices.map { column in
        let room = max(0, widths[column] - SafeText.width(cells[column].text))
        let padding = String(repeating: " ", count: room)
        let styled = terminal.styled(cells[column].text, cells[column].style)
        return columns[column].alignment == .left ? styled + padding : padding + styled
      }
      return parts.joined(separator: "  ").trimmingSuffix(while: { $0 == " " }) + "\n"
    }.joined()
  }
}
