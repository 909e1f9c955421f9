import OctetReport

extension HTMLReport {
  /// Whether a board computes the same bytes.
  var board: Section? { report.board.map { PeerSections.board($0, link: reference) } }

  /// The candidate's tensors beside another runtime's.
  var against: Section? { report.against.map { PeerSections.against($0, link: reference) } }

  typealias Mark = (sign: String, meaning: String)

  /// What is found by more than the layers' own errors: the sign that a box of the network bears,
  /// and its meaning, by the layer's name.
  var marks: [String: Mark] {
    var marks: [String: Mark] = [:]
    for layer in report.bisection?.layers ?? [] { marks[layer] = ("◆", "in the smallest set") }
    for tensor in report.against?.tensors ?? [] where tensor.origin == .new {
      marks[tensor.name] = ("≠", "differs there from the other runtime")
    }
    if let layer = report.board?.finding?.layer ?? report.board?.differingLayer {
      marks[layer] = ("≠", "first to differ on the board")
    }
    return marks
  }

  /// What the signs mean that occur.
  var markKeys: Markup {
    var seen: [String] = []
    for (sign, meaning) in marks.values.sorted(by: { $0 < $1 }) {
      let key = "\(sign) \(meaning)"
      if !seen.contains(key) { seen.append(key) }
    }
    return seen.isEmpty ? "" : " \(seen.joined(separator: "; "))."
  }
}

/// One model beside what other runtimes and boards make of it, as one HTML file like `HTMLReport`.
public struct PeerPage {
  private let model: String
  private let against: AgainstReport?
  private let board: DiffReport.BoardComparison?
  private let version: String

  /// Makes a page.
  ///
  /// - Parameters:
  ///   - model: the file's name.
  ///   - version: Octet's.
  public init(
    model: String, against: AgainstReport?, board: DiffReport.BoardComparison?, version: String
  ) {
    self.model = model
    self.against = against
    self.board = board
    self.version = version
  }

  /// The whole file.
  public func text() -> String {
    func link(_ name: String) -> Markup {
      "<strong class=\"name\">\(name.shortened(to: 60))</strong>"
    }
    let name = Page.baseName(model)
    let isGood =
      against?.first == nil && board?.outputsMatchHost != false && board?.selfTestPassed != false
    let sentences = [
      against?.summary,
      board.map { board in
        board.finding?.summary
          ?? "\(board.board) computes "
          + (board.outputsMatchHost ? "the same bytes as this machine" : "other bytes")
      },
    ].compactMap(\.self)
    let answers = sentences.enumerated().map { index, sentence -> Markup in
      let text = sentence.shortened(to: 600).capitalizedFirst
      return index == 0 ? "<h1>\(text).</h1>\n" : "<p class=\"action\">\(text).</p>\n"
    }
    let verdict = Page.Section(
      id: "verdict", name: "Verdict",
      content: """
        <p class="files"><strong>\(name)</strong></p>
        <p class="status \(isGood ? "good" : "bad")">\(isGood ? "✓ The same" : "✕ Other values")</p>
        \(answers)
        """)
    let sections = [
      verdict, against.map { PeerSections.against($0, link: link) },
      board.map { PeerSections.board($0, link: link) },
    ]
    return Page(
      title: "\(name) – octet diff", sections: sections.compactMap(\.self),
      footer: "Made by Octet \(version.shortened(to: 40)). This file needs nothing from outside."
    ).markup.source
  }
}
