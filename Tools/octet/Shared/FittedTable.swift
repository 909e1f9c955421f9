import OctetCommand
import OctetReport

/// A table that fits the terminal: the names in its first column are shortened, and columns that
/// matter least are left out.
struct FittedTable {
  struct Column {
    var column: TextTable.Column
    /// The highest goes first; nil for what is always shown.
    var dropOrder: Int?

    static func always(_ column: TextTable.Column) -> Self { .init(column: column) }
    static func drop(_ order: Int, _ column: TextTable.Column) -> Self {
      .init(column: column, dropOrder: order)
    }
  }

  /// Names are not cut below this for the sake of a column that may go.
  private static let comfortableNameWidth = 18
  private static let gap = 2

  let columns: [Column]
  private var rows: [[TextTable.Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ cells: [TextTable.Cell]) { rows.append(cells) }

  /// The lines, each with a newline; the last says which columns are left out.
  func text(for terminal: Terminal) -> String {
    let widths = columns.indices.map { column in
      max(
        SafeText.width(columns[column].column.title),
        rows.map { SafeText.width($0[column].text) }.max() ?? 0)
    }
    let wanted = min(widths[0], Self.comfortableNameWidth)
    var shown = Array(columns.indices)
    func nameRoom() -> Int {
      terminal.width - shown.dropFirst().reduce(0) { $0 + widths[$1] + Self.gap }
    }
    while nameRoom() < wanted,
      let dropped = shown.filter({ columns[$0].dropOrder != nil }).max(by: {
        (columns[$0].dropOrder ?? 0) < (columns[$1].dropOrder ?? 0)
      })
    {
      shown.removeAll { $0 == dropped }
    }
    let names = ShortNames.fit(rows.map { $0[0].text }, width: nameRoom())
    var table = TextTable(shown.map { columns[$0].column })
    for (row, name) in zip(rows, names) {
      var cells = shown.map { row[$0] }
      cells[0].text = name
      table.add(cells)
    }
    let hidden = columns.indices.filter { !shown.contains($0) }.map { columns[$0].column.title }
    return table.text(for: terminal)
      + (hidden.isEmpty
        ? ""
        : "left out at this width, all in --json: \(hidden.joined(separator: ", "))"
          .wrapped(for: terminal) + "\n")
  }
}

extension String {
  /// Each line in at most the terminal's width, broken at spaces, or within words that are wider
  /// than the terminal; what follows is indented as far.
  func wrapped(for terminal: Terminal) -> String {
    split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let indent = String(line.prefix { $0 == " " }).cut(to: max(0, terminal.width - 8))
      var lines: [String] = []
      for word in line.drop(while: { $0 == " " }).split(separator: " ") {
        if let last = lines.last,
          SafeText.width(last) + 1 + SafeText.width(String(word)) <= terminal.width
        {
          lines[lines.count - 1] += " " + word
          continue
        }
        var rest = String(word)
        while SafeText.width(indent + rest) > terminal.width {
          let piece = rest.cut(to: terminal.width - SafeText.width(indent))
          guard !piece.isEmpty else { break }
          lines.append(indent + piece)
          rest = String(rest.dropFirst(piece.count))
        }
        lines.append(indent + rest)
      }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n")
  }

  /// The beginning that takes at most so many columns.
  func cut(to width: Int) -> String {
    var (end, room) = (startIndex, width)
    while end < endIndex {
      room -= SafeText.width(String(self[end]))
      if room < 0 { break }
      end = index(after: end)
    }
    return String(self[..<end])
  }
}
