import Testing

/// Documentation answers a reader who sees one declaration and nothing around it.
@Suite struct DocumentationTests {
  /// Protocol requirements that say what they do by their names.
  private static let known: Set = ["description", "encode", "init(from", "=="]

  @Test func publicDeclarationsAreExplained() {
    var violations: [String] = []
    for file in Repository.swift where file.path.hasPrefix("Sources/") {
      for (index, line) in file.lines.enumerated() where Self.isPublic(line) {
        var above = index - 1
        while above >= 0, Self.isAttribute(file.lines[above]) { above -= 1 }
        let isDocumented = above >= 0 && file.lines[above].trimmed.hasPrefix("///")
        if !isDocumented { violations.append("\(file.path):\(index + 1): \(line.trimmed)") }
      }
    }
    expectNone(violations)
  }

  /// A comment that begins with `Of …` or `And …` leaves out what the thing is.
  @Test func commentsBeginWithTheThing() {
    var violations: [String] = []
    for file in Repository.swift where file.path.hasPrefix("Sources/") {
      for (index, line) in file.lines.enumerated() where line.trimmed.hasPrefix("/// ") {
        let isFirst = index == 0 || !file.lines[index - 1].trimmed.hasPrefix("///")
        let word = line.trimmed.dropFirst(4).prefix { $0 != " " }
        if isFirst, Self.prepositions.contains(String(word)) {
          violations.append("\(file.path):\(index + 1): \(line.trimmed)")
        }
      }
    }
    expectNone(violations)
  }

  private static let prepositions: Set = [
    "And", "As", "At", "But", "By", "From", "In", "Of", "On", "To", "With", "Without",
  ]

  /// Attributes may stand before a declaration, on its line or on lines of their own.
  private static func isAttribute(_ line: Substring) -> Bool {
    line.trimmed.hasPrefix("@") && !isPublic(line)
  }

  private static func isPublic(_ line: Substring) -> Bool {
    var text = line.trimmed
    while text.hasPrefix("@"), let space = text.firstIndex(of: " ") {
      text = text[text.index(after: space)...]
    }
    guard text.hasPrefix("public "), !text.hasPrefix("public extension ") else { return false }
    // Swift that is written, not compiled.
    if text.contains("\\(") { return false }
    return !known.contains { text.contains(" \($0)") || text.contains("func \($0)") }
  }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " } }
}
