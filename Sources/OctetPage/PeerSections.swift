import OctetReport

/// What other runtimes and boards make of a model, as sections of a page.
enum PeerSections {
  private static let noteLimit = 12
  private static let nameLimit = 24

  // MARK: Another runtime

  /// Every tensor beside another runtime's.
  ///
  /// - Parameter link: a layer's name as it is shown, leading to the layer where it has a place.
  static func against(_ report: AgainstReport, link: (String) -> Markup) -> Page.Section {
    let runtime = (report.runtime ?? "another runtime").shortened(to: 60)
    let mark: Markup =
      report.onlyRounds
      ? "<span class=\"badge warn\">! rounded otherwise</span>"
      : badge(report.first == nil, "the same values", "other values")
    var content: Markup = """
      <h2>Beside \(runtime)</h2>
      <p>\(mark) \(report.summary.shortened(to: 800).capitalizedFirst).</p>
      <p class="note"><code>--against \(report.against.shortened(to: 200))</code>, \
      \(Figures.count(report.sampleCount, "sample")): \(inputs(report)).</p>

      """
    if let tensor = report.tensors.first(where: { $0.difference != nil }),
      let difference = tensor.difference
    {
      content += """
        <p><strong>First:</strong> \(link(tensor.name)): \(difference.text.shortened(to: 600)).</p>

        """
    }
    content += tensors(report, link).markup
    let notes = report.tensors.compactMap { tensor in
      tensor.note.map { "<li>\(link(tensor.name)): \($0.shortened(to: 300))</li>" as Markup }
    }
    if !notes.isEmpty {
      content += "<p class=\"caption\">Codes</p><ul class=\"findings\">"
      content += Markup(joining: notes.prefix(noteLimit)) + "</ul>\n"
    }
    content += names(report.unmatched, "Only there: ") + names(report.missing, "Only in Octet: ")
    return Page.Section(id: "against", name: "Other runtime", content: content)
  }

  private static func inputs(_ report: AgainstReport) -> String {
    switch report.inputs {
    case "dump": "the inputs came with its tensors"
    case "data": "images of --data"
    default: "pseudo-random inputs, always the same"
    }
  }

  private static func tensors(_ report: AgainstReport, _ link: (String) -> Markup) -> Table {
    var table = Table(
      "Every tensor that both give, in the order of execution",
      [
        .text("tensor"), .number("differ"), .number("most"), .text("looks like"),
        .text("arises"), .text("there"),
      ])
    table.showsCaption = true
    for tensor in report.tensors {
      let found = tensor.difference
      let share = found.map { Double($0.differingCount) / Double(max(1, $0.elementCount)) }
      let most = found.map { difference in
        difference.maxSteps.map {
          Figures.decimal($0, $0 == $0.rounded() ? 0 : 2) + Figures.gap + "steps"
        } ?? Figures.short(difference.maxAbsError)
      }
      let origin =
        switch tensor.origin {
        case .new: "✕ here"
        case .follows: "before"
        case .same: "✓ same"
        }
      table.add([
        .init(link(tensor.name)),
        .init(found.map { Figures.count($0.differingCount) } ?? "–", bar: share, color: "int8"),
        .init(most ?? "–"), .init(found?.pattern.title ?? "–"),
        .init(tensor.origin == .new ? "<strong>\(origin)</strong>" : Markup(text: origin)),
        .init(
          "<small class=\"name\">\(tensor.otherName.shortened(to: 40))</small>" as Markup),
      ])
    }
    return table
  }

  private static func names(_ names: [String], _ what: String) -> Markup {
    guard !names.isEmpty else { return "" }
    let shown = names.prefix(nameLimit).map { $0.shortened(to: 40) }
    let more = names.count > shown.count ? " and \(names.count - shown.count) more" : ""
    return
      "<p class=\"note\"><strong>\(what)</strong>\(shown.joined(separator: ", "))\(more).</p>\n"
  }

  // MARK: A board

  /// Whether a board computes the same bytes, and where it first does not.
  static func board(
    _ board: DiffReport.BoardComparison, link: (String) -> Markup
  ) -> Page.Section {
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
    if let finding = board.finding {
      content += self.finding(finding, link)
    } else if let layer = board.differingLayer {
      content += """
        <p>The first layer that differs is \(link(layer))\
        \(board.detail.map { ": \($0.shortened(to: 400))" as Markup } ?? "").</p>

        """
    }
    return Page.Section(id: "board", name: "Board", content: content)
  }

  private static func finding(_ finding: BoardFinding, _ link: (String) -> Markup) -> Markup {
    var table = Table("Where the board departs", [.text("what"), .text("found")])
    func add(_ name: String, _ value: Markup?) {
      value.map { table.add([.init(name), .init($0)]) }
    }
    add("at fault", "<strong>\(finding.kind.title)</strong>")
    add(
      "operator",
      finding.layer.map { layer in
        let index = finding.operatorIndex.map { " (number \($0))" } ?? ""
        return "\(link(layer))\(index)"
      })
    add("tensor", finding.tensor.map { "<span class=\"name\">\($0.shortened(to: 60))</span>" })
    add("what it reads", finding.inputsMatch.map { $0 ? "is right" : "is wrong" })
    add("element", finding.element.map { "\($0)" })
    add("byte of the model", finding.blobOffset.map { "\(Figures.count($0))" })
    add(
      "its value",
      finding.expectedByte.map { expected in
        "\(finding.actualByte.map { "\($0)" } ?? "nothing") where \(expected) is expected"
      })
    add(
      "bytes of the arena",
      finding.arenaRange.flatMap { $0.count == 2 ? "\($0[0]) … \($0[1])" : nil })
    add("values", finding.difference.map { "\($0.differingCount) of \($0.elementCount) differ" })
    add("first", finding.difference.map { "\($0.place): \($0.values)" })
    add(
      "looks like",
      finding.difference.map { difference in
        "\(difference.pattern.title)\(difference.detail.isEmpty ? "" : ": \(difference.detail)")"
      })
    add("again", finding.isRepeatable.map { $0 ? "the same wrong bytes" : "other bytes each time" })
    let reasons = finding.reasons.prefix(noteLimit).map {
      "<li>\($0.shortened(to: 400).capitalizedFirst).</li>" as Markup
    }
    let likely: Markup =
      reasons.isEmpty
      ? "" : "<p class=\"caption\">Likeliest first</p><ul class=\"findings\">\(reasons)</ul>\n"
    return """
      <p>\(finding.summary.shortened(to: 600).capitalizedFirst).</p>
      <div class="facts">\(table.markup)</div>\(likely)
      """
  }

  private static func badge(_ isGood: Bool, _ good: String, _ bad: String) -> Markup {
    "<span class=\"badge \(isGood ? "good" : "bad")\">\(isGood ? "✓ " + good : "✕ " + bad)</span>"
  }
}

extension AgainstReport {
  /// Whether there are differences, and all are rounding.
  var onlyRounds: Bool {
    first != nil && tensors.allSatisfy { [nil, .rounding].contains($0.difference?.pattern) }
  }
}

extension BoardFinding.Kind {
  /// A few words for a table.
  var title: String {
    switch self {
    case .misaligned: "an address"
    case .oldLibrary: "an old library"
    case .otherModel: "another model"
    case .truncatedModel: "a model that ends early"
    case .damagedModel: "a damaged model"
    case .refused: "refused by the library"
    case .inputDamaged: "the input"
    case .memoryOverwritten: "memory written over"
    case .stopped: "the program on the board"
    case .wrongResult: "the operator"
    }
  }
}
