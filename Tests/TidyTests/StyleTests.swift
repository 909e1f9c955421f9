import Testing

/// STYLE.md's measures: files of at most 400 lines, functions of 70, 100 columns, no tabs.
@Suite struct StyleTests {
  static let all = Repository.swift + Repository.c + Repository.scripts

  @Test func thereIsSomethingToCheck() {
    #expect(Repository.swift.count > 20)
  }

  @Test func filesAreShort() {
    let violations = Self.all.filter { $0.lines.count > 400 }
      .map { "\($0.path): \($0.lines.count) lines; at most 400" }
    expectNone(violations)
  }

  @Test func functionsAreShort() {
    var violations: [String] = []
    for file in Repository.swift + Repository.c {
      guard let text = file.source else { continue }
      let functions = file.path.hasSuffix(".swift") ? text.swiftFunctions : text.cFunctions
      violations += functions.filter { $0.lineCount > 70 }.map {
        "\(file.path):\($0.line): '\($0.name)' has \($0.lineCount) lines; at most 70"
      }
    }
    expectNone(violations)
  }

  @Test func linesAreShort() {
    expectNone(lines { $0.count > 100 ? "\($0.count) columns; at most 100" : nil })
  }

  @Test func noTabsAndNoTrailingSpaces() {
    expectNone(
      lines { line in
        line.contains("\t") ? "a tab" : line.last?.isWhitespace == true ? "trailing space" : nil
      })
  }

  private func lines(_ fault: (Substring) -> String?) -> [String] {
    var violations: [String] = []
    for file in Self.all {
      for (index, line) in file.lines.enumerated() {
        if let fault = fault(line) { violations.append("\(file.path):\(index + 1): \(fault)") }
      }
    }
    return violations
  }
}

/// One message with every place, ready to walk through.
func expectNone(
  _ violations: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    violations.isEmpty, "\n\(violations.joined(separator: "\n"))", sourceLocation: sourceLocation)
}
