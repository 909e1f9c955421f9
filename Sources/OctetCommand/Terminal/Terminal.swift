import Foundation
import OctetSystem

/// What one of the standard streams can show.
package struct Terminal: Sendable, Equatable {
  package enum Style: String, Sendable {
    case plain = "0"
    case bold = "1"
    case bad = "31"
    case good = "32"
    case warning = "33"
  }

  /// A person is looking, and the cursor can be moved.
  package var isInteractive: Bool
  package var hasColor: Bool
  /// The locale's encoding is UTF-8 and the terminal is not a dumb one.
  package var hasUnicode: Bool
  /// Columns; 80 when unknown.
  package var width: Int

  package init(isInteractive: Bool, hasColor: Bool, hasUnicode: Bool, width: Int) {
    self.isInteractive = isInteractive
    self.hasColor = hasColor
    self.hasUnicode = hasUnicode
    self.width = width
  }

  /// - Parameters:
  ///   - descriptor: 1 for standard output, 2 for standard error.
  ///   - environment: `NO_COLOR` (no-color.org), `TERM`, `COLUMNS` and the locale count.
  package init(
    descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.init(
      isTerminal: Posix.isTerminal(descriptor), environment: environment,
      columnCount: Posix.columnCount(of: descriptor))
  }

  /// The decision, apart from the asking.
  package init(isTerminal: Bool, environment: [String: String], columnCount: Int?) {
    let isDumb = environment["TERM"] == "dumb"
    isInteractive = isTerminal && !isDumb
    // An empty NO_COLOR counts as unset.
    hasColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
    // The first that is set decides, as in setlocale(3).
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy
      .compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let encoding = locale.uppercased()
    hasUnicode = !isDumb && (encoding.hasSuffix("UTF-8") || encoding.hasSuffix("UTF8"))
    let columns = environment["COLUMNS"].flatMap { Int($0) } ?? columnCount ?? 80
    width = min(max(columns, 20), 1000)
  }

  /// The text in the style, or as it is where colours are unwanted. For `Console`, which alone
  /// turns the marks of a style into what terminals understand.
  package func styled(_ text: String, _ style: Style) -> String {
    guard hasColor, style != .plain, !text.isEmpty else { return text }
    return code(style.rawValue) + text + code(Style.plain.rawValue)
  }

  /// The codes of one style (ECMA-48, SGR), behind the mark in place of the escape character.
  func code(_ parameters: String) -> String { "\(SafeText.styleMark)[\(parameters)m" }
}
