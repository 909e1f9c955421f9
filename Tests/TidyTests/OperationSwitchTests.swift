import Testing

/// A new operation must not compile until every place has answered for it: a switch over operations
/// names them all. (Where one or two are meant, `if case` says so.)
@Suite struct OperationSwitchTests {
  @Test func switchesOverOperationsHaveNoDefault() throws {
    let files = Repository.swift.filter { !$0.path.hasPrefix("Tests/") }
    var violations: [String] = []
    for file in files {
      violations += Self.defaults(in: file.source?.tokens ?? []).map { "\(file.path):\($0)" }
    }
    expectNone(violations)
  }

  @Test func findsDefaults() {
    let text = """
      switch node.operation {
      case .add(let activation):
        switch activation { case .none: 1; default: 2 }
      default: break
      }
      switch view.kind { case .add: 1; default: 2 }
      switch operation { case .add: 1; case .subtract: 2 }
      """
    #expect(Self.defaults(in: SourceText(text).tokens) == [1])
  }

  /// The lines of switches over an operation that have a `default` of their own.
  private static func defaults(in tokens: [SourceText.Token]) -> [Int] {
    tokens.indices.filter { tokens[$0].text == "switch" }.compactMap { start in
      guard let open = tokens[start...].firstIndex(where: { $0.text == "{" }), open > start + 1,
        tokens[open - 1].text == "operation"
      else { return nil }
      var depth = 0
      for token in tokens[open...] {
        if token.text == "{" { depth += 1 }
        if token.text == "}" { depth -= 1 }
        if depth == 0 { return nil }
        if depth == 1, token.text == "default" { return tokens[start].line }
      }
      return nil
    }
  }
}
