import OctetReport

extension HTMLReport {
  /// The answer, before anything else.
  var verdict: Section {
    let (a, b) = (report.comparison.reference, report.comparison.candidate)
    let status = status
    var content: Markup = """
      <p class="files"><strong>\(baseName(a.file))</strong> (\(a.arithmetic.shortened())) against \
      <strong>\(baseName(b.file))</strong> (\(b.arithmetic.shortened())), \
      \(Figures.count(report.sampleCount, sampleNoun))\(dataName)</p>
      <p class="status \(status.style)">\(status.mark) \(status.text)</p>
      \(warnings)<h1>\(sentence(answer, limit: 600))</h1>
      <p class="action">\(todo)\(sentence(report.verdict.action, limit: 1200))</p>

      """
    content += damages
    content += gateList
    content += keyFigures
    return Section(id: "verdict", name: "Verdict", content: content)
  }

  private var sampleNoun: String { report.floatTop1.isNaN ? "sample" : "image" }

  private var dataName: String {
    let data = report.data
    if data.name.isEmpty { return "" }
    return " of ‘\(data.name.shortened())’" + (data.isDefault ? ", as no other were named" : "")
  }

  private static let damageLimit = 12

  /// The other damaged layers, the worst first, each with what cures it.
  private var damages: Markup {
    let others = report.verdict.others
    guard !others.isEmpty else { return "" }
    let items = others.prefix(Self.damageLimit).map { blame -> Markup in
      """
      <li>\(reference(to: blame.layer)), \((blame.cause?.title ?? blame.kind.title)): \
      \(blame.detail.shortened(to: 300)). <strong>Remedy:</strong> \
      \(blame.remedy.shortened(to: 300)).</li>
      """
    }
    return """
      <p class="caption">Damaged too, the worst first</p>
      <ol class="findings">\(items)</ol>
      \(more(others.count - Self.damageLimit, "layer"))
      """
  }

  /// What must be known before the answer.
  private var warnings: Markup {
    guard !report.warnings.isEmpty else { return "" }
    let items = report.warnings.map { "<li>\(sentence($0, limit: 400))</li>" as Markup }
    return "<ul class=\"warnings\" aria-label=\"To know first\">\(items)</ul>\n"
  }

  /// The summary without the warnings, which stand before it.
  private var answer: String {
    let warnings = report.warnings.joined(separator: " ")
    let summary = report.verdict.summary
    return !warnings.isEmpty && summary.hasPrefix(warnings)
      ? String(summary.dropFirst(warnings.count + 1)) : summary
  }

  private func sentence(_ text: String, limit: Int) -> String {
    // A number and its unit stay on one line.
    text.shortened(to: limit).replacing(" %", with: Figures.gap + "%")
  }

  private var todo: Markup {
    report.verdict.action.hasPrefix("Noth") ? "" : "<strong>What to do.</strong> "
  }

  private var status: (mark: String, text: String, style: String) {
    guard !report.floatTop1.isNaN else { return unlabelledStatus }
    let drop = report.floatTop1 - report.int8Top1
    let isLost =
      drop >= DiffReport.Verdict.smallDrop && report.significance.isSignificant
    if isLost { return ("✕", "Accuracy lost", "bad") }
    if report.verdict.kind != .healthy { return ("!", "Accuracy kept, but damaged", "warn") }
    if drop > 0, report.significance.isSignificant { return ("!", "Slightly worse", "warn") }
    return ("✓", "Accuracy kept", "good")
  }

  /// Where nothing is known of right and wrong answers: of layers that have a weakness but cost
  /// nothing, none is called damaged, and none healthy.
  private var unlabelledStatus: (mark: String, text: String, style: String) {
    if report.verdict.kind != .healthy { return ("✕", "Damaged", "bad") }
    if report.outputs.contains(where: \.judgement.hasLost) { return ("✕", "Quality lost", "bad") }
    return report.layers.allSatisfy { $0.condition == .healthy }
      ? ("✓", "No layer is damaged", "good")
      : ("✓", "Quality kept: see what to do for more", "good")
  }

  private var gateList: Markup {
    guard !gates.isEmpty else {
      return """
        <p class="note">No gates were set. <code>--max-drop</code>, <code>--min-agreement</code> \
        and <code>--min-layer-sqnr</code> turn this report into a test.</p>

        """
    }
    let items = gates.map { gate -> Markup in
      """
      <li><span class="badge \(gate.isMet ? "good" : "bad")">\
      \(gate.isMet ? "✓ met" : "✕ missed")</span> <code>\(gate.condition.shortened())</code> \
      \(gate.outcome.shortened(to: 200))</li>
      """
    }
    return "<ul class=\"gates\" aria-label=\"Gates\">\(items)</ul>\n"
  }

  private var keyFigures: Markup {
    if report.floatTop1.isNaN, let output = report.outputs.first { return keyFigures(of: output) }
    let names = names
    let change = report.int8Top1 - report.floatTop1
    let figures: [KeyFigure] = [
      (
        "\(names.reference) accuracy", Figures.percent(report.floatTop1),
        range(report.floatTop1Interval)
      ),
      (
        "\(names.candidate) accuracy", Figures.percent(report.int8Top1),
        range(report.int8Top1Interval)
      ),
      (
        "Change", Figures.points(change) + Figures.gap + "pt",
        report.significance.text
          + (report.significance.isSignificant ? ", real" : ", chance")
      ),
      (
        "Same answer", Figures.percent(report.agreement),
        "\(Figures.count(report.rightToWrong)) lost, \(Figures.count(report.wrongToRight)) won"
      ),
    ]
    return list(figures)
  }

  private typealias KeyFigure = (name: String, value: String, note: String)

  /// Those of an output that is none of a classifier, or without labels.
  private func keyFigures(of output: DiffReport.Output) -> Markup {
    list([
      ("signal over error", Figures.decibels(output.sqnrDecibels), output.name.shortened(to: 24)),
      (
        "alike", Figures.percent(output.agreement), range(output.agreementInterval)
      ),
      ("cosine", Figures.decimal(output.cosine, 5), "1 is the same direction"),
      ("largest difference", Figures.short(output.maxAbsError), "of a value"),
    ])
  }

  private func list(_ figures: [KeyFigure]) -> Markup {
    let items = figures.map { figure -> Markup in
      """
      <div><dt>\(figure.name)</dt><dd>\(figure.value)<small>\(figure.note)</small></dd></div>

      """
    }
    return "<dl class=\"key\">\(items)</dl>\n"
  }

  func range(_ interval: WilsonInterval) -> String {
    "\(Figures.decimal(100 * interval.lower, 2)) – \(Figures.percent(interval.upper))"
  }
}
