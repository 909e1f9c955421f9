import OctetData
import OctetReport

/// What `octet evaluate` found, as one file.
package struct AssessmentPage {
  /// Names and accuracies of the models where there are several.
  package var members: [(file: String, accuracy: Double)] = []
  package var diagnosis: ErrorDiagnosis?
  private let parts: AssessmentParts
  private let title: String
  private let footer: String

  /// - Parameter image: of a sample by its index.
  package init(
    _ assessment: Assessment, title: String, footer: String, image: @escaping (Int) -> Image
  ) {
    parts = AssessmentParts(assessment, image: image)
    self.title = title
    self.footer = footer
  }

  package var text: String {
    var page = PlainPage(maker: "octet evaluate", title: title, footer: Markup(text: footer))
    page.sections = [summary, parts.classes, calibration, mistakes]
    return page.text
  }

  private var assessment: Assessment { parts.assessment }

  private var summary: HTMLReport.Section {
    let interval = assessment.accuracyInterval
    var content: Markup = """
      <h1>\(title): \(Figures.percent(assessment.accuracy)) right</h1>
      <p>of \(Figures.count(assessment.sampleCount, "image")), with 95\u{a0}% certainty from \
      \(Figures.percent(interval[0])) to \(Figures.percent(interval[1])).</p>

      """
    var table = Table("Figures", [.text("Figure"), .number("Value")])
    for (index, share) in assessment.topAccuracies.enumerated().dropFirst() {
      table.add([
        Table.Cell("label among the \(index + 1) likeliest"), Table.Cell(Figures.percent(share)),
      ])
    }
    table.add([Table.Cell("macro F1"), Table.Cell(Figures.decimal(assessment.macroF1, 4))])
    table.add([Table.Cell("log loss"), Table.Cell(Figures.decimal(assessment.logLoss, 4))])
    for member in members {
      table.add([
        Table.Cell("\(member.file) alone"), Table.Cell(Figures.percent(member.accuracy)),
      ])
    }
    content += table.markup
    if let diagnosis { content += diagnosis.markup }
    return .init(id: "summary", name: "Summary", content: content)
  }

  private var calibration: HTMLReport.Section {
    let bins = assessment.calibration.bins
    let plot = LineChart(
      title: "Accuracy by confidence", xTitle: "probability of the likeliest class",
      curves: [
        .init(name: "right", style: "float", points: bins.map { ($0.confidence, $0.accuracy) }),
        .init(name: "as it should be", style: "soft", points: [(0, 0), (1, 1)]),
      ], lower: 0, upper: 1)
    var table = Table(
      "Bins", [.text("Probability"), .number("Images"), .number("Mean"), .number("Right")])
    for bin in bins {
      table.add([
        Table.Cell("\(Figures.decimal(bin.lower, 1)) – \(Figures.decimal(bin.upper, 1))"),
        Table.Cell(Figures.count(bin.sampleCount)), Table.Cell(Figures.percent(bin.confidence)),
        Table.Cell(Figures.percent(bin.accuracy)),
      ])
    }
    let figure = Figure(
      drawing: plot.drawing,
      caption: """
        <strong>Reliability.</strong> Expected calibration error \
        \(Figures.percent(assessment.calibration.expectedError)).
        """, table: table)
    return .init(
      id: "calibration", name: "Calibration",
      content: """
        <h2>Calibration</h2>
        <div class="grid"><div>\(figure.markup)</div></div>

        """)
  }

  private var mistakes: HTMLReport.Section {
    var content: Markup = "<h2>Worst mistakes</h2>\n"
    if assessment.worst.isEmpty { content += "<p>There are none.</p>\n" }
    content += parts.gallery(assessment.worst)
    return .init(id: "mistakes", name: "Mistakes", content: content)
  }
}
