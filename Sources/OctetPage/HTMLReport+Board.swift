import OctetReport

extension HTMLReport {
  /// Whether a board computes the same bytes.
  var board: Section? {
    guard let board = report.board else { return nil }
    func badge(_ isGood: Bool, _ good: String, _ bad: String) -> Markup {
      "<span class=\"badge \(isGood ? "good" : "bad")\">\(isGood ? "✓ " + good : "✕ " + bad)</span>"
    }
    var content: Markup = """
      <h2>On the board</h2>
      <p><strong>\(board.board.shortened())</strong> on \
      \(Figures.count(board.sampleCount, "image")): \
      \(badge(board.outputsMatchHost, "same bytes as this machine", "other bytes")) \
      \(badge(board.selfTestPassed, "self-test passed", "self-test failed"))</p>

      """
    if let index = board.differingSampleIndex {
      content += "<p>The first image that differs is \(Figures.count(index)).</p>\n"
    }
    if let layer = board.differingLayer {
      content += """
        <p>The first layer that differs is <strong class="name">\(layer.shortened())</strong>\
        \(board.detail.map { ": \($0.shortened(to: 400))" as Markup } ?? "").</p>

        """
    }
    return Section(id: "board", name: "Board", content: content)
  }
}
