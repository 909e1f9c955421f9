import OctetData
import OctetReport

/// What `octet evaluate` found, as one file.
package struct AssessmentPage {
  /// Names and accuracies of the models where there are several.
  package var members: [(file: String, accuracy: Double)] = []
  package var diagnosis: ErrorDiagnosis?
  private let assessment: Assessment
  private let title: String
  private let footer: String
  private let image: (Int) -> Image

  /// Classes that matrices and tables show at most.
  private static let classLimit = 32
  private static let pictureSide = 96

  /// - Parameter image: of a sample by its index.
  package init(
    _ assessment: Assessment, title: String, footer: String, image: @escaping (Int) -> Image
  ) {
    self.assessment = assessment
    self.title = title
    self.footer = footer
    self.image = image
  }

  package var text: String {
    var page = PlainPage(maker: "octet evaluate", title: title, footer: Markup(text: footer))
    page.sections = [summary, classes, calibration, mistakes]
    return page.text
  }

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
    if let diagnosis { content += markup(diagnosis) }
    return .init(id: "summary", name: "Summary", content: content)
  }

  private func markup(_ diagnosis: ErrorDiagnosis) -> Markup {
    var table = Table("Errors side by side", [.text("On"), .number("Error"), .number("Gap")])
    for (name, error, gap, gapName) in [
      ("what can be hoped for", diagnosis.target, nil, ""),
      ("training images", diagnosis.train, diagnosis.bias, "bias"),
      ("development images", diagnosis.development, diagnosis.variance, "variance"),
      ("test images", diagnosis.test, diagnosis.mismatch, "mismatch"),
    ] as [(String, Double, Double?, String)] {
      table.add([
        Table.Cell(name), Table.Cell(Figures.percent(error)),
        Table.Cell(gap.map { "\(gapName) \(Figures.percent($0))" } ?? ""),
      ])
    }
    return """
      <h3>Bias and variance</h3>
      \(table.markup)<p>\(diagnosis.advice.joined(separator: " "))</p>

      """
  }

  private var classes: HTMLReport.Section {
    let shown = Array(assessment.classes.indices.prefix(Self.classLimit))
    let map = HeatMap(
      title: "Confusion matrix", kind: .counts,
      names: shown.map { assessment.classes[$0].name.shortened(to: 40) },
      values: shown.flatMap { row in shown.map { assessment.confusion[row][$0] } })
    let figure = Figure(
      drawing: map.drawing, caption: "Right answers on the diagonal.", table: map.table)
    var table = Table(
      "Classes",
      [.text("Class"), .number("Images"), .number("Precision"), .number("Recall"), .number("F1")])
    func share(_ value: Double?) -> Table.Cell {
      value.map { Table.Cell(Figures.percent($0), bar: $0) } ?? Table.Cell("–")
    }
    for item in assessment.classes {
      table.add([
        Table.Cell(item.name.shortened(to: 40)), Table.Cell(Figures.count(item.sampleCount)),
        share(item.precision), share(item.recall), share(item.f1),
      ])
    }
    let left = assessment.classes.count - shown.count
    let note: Markup =
      left > 0 ? "<p class=\"note\">The matrix shows the first \(shown.count) classes.</p>" : ""
    return .init(
      id: "classes", name: "Classes",
      content: """
        <h2>Classes</h2>
        \(note)<div class="grid"><div>\(figure.markup)</div><div>\(table.markup)</div></div>

        """)
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
    let cards = assessment.worst.map { mistake -> Markup in
      var picture = image(mistake.index)
      let longer = max(picture.height, picture.width)
      if longer > Self.pictureSide {
        picture = picture.resized(
          height: max(picture.height * Self.pictureSide / longer, 1),
          width: max(picture.width * Self.pictureSide / longer, 1))
      }
      let label = assessment.classes[mistake.label].name.shortened(to: 40)
      let said = assessment.classes[mistake.prediction].name.shortened(to: 40)
      let element = PlainPage.picture(
        picture, alt: "Image \(mistake.index), labelled \(label)")
      return """
        <li class="flip">\(element)
        <div><h4>\(label) <small>image \(Figures.count(mistake.index))</small></h4>
        <p><span class="bad">\(said)\u{a0}✕</span></p>
        <p class="note">\(Figures.percent(mistake.probability)) sure, \
        \(Figures.percent(mistake.labelProbability)) for \(label)</p></div></li>

        """
    }
    content += "<ul class=\"flips\">\(cards)</ul>\n"
    return .init(id: "mistakes", name: "Mistakes", content: content)
  }
}
