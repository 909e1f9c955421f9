import Testing

/// Documentation answers a reader who sees one declaration and nothing around it.
@Suite struct DocumentationTests {
  /// Modules whose users find every public declaration explained.
  static let explained = [
    "OctetData", "OctetDiff", "OctetEvaluation", "OctetPage", "OctetReport", "OctetTraining",
  ]

  /// Protocol requirements that say what they do by their names.
  private static let known: Set = ["description", "encode", "init(from", "=="]

  @Test func publicDeclarationsAreExplained() {
    var violations: [String] = []
    for file in Repository.swift where Self.isExplained(file.path) {
      for (index, line) in file.lines.enumerated() where Self.isPublic(line) {
        var above = index - 1
        while above >= 0, file.lines[above].trimmed.hasPrefix("@") { above -= 1 }
        let isDocumented = above >= 0 && file.lines[above].trimmed.hasPrefix("///")
        if !isDocumented { violations.append("\(file.path):\(index + 1): \(line.trimmed)") }
      }
    }
    expectNone(violations)
  }

  /// A comment that begins with `Of …` or `And …` leaves out what the thing is.
  @Test func commentsBeginWithTheThing() {
    var violations: [String] = []
    for file in Repository.swift where Self.isExplained(file.path) {
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

  private static func isExplained(_ path: String) -> Bool {
    explained.contains { path.hasPrefix("Sources/\($0)/") }
  }

  private static func isPublic(_ line: Substring) -> Bool {
    let text = line.trimmed
    guard text.hasPrefix("public "), !text.hasPrefix("public extension ") else { return false }
    return !known.contains { text.contains(" \($0)") || text.contains("func \($0)") }
  }
}

extension Substring {
  fileprivate var trimmed: Substring { drop { $0 == " " } }
}
