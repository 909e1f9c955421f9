import OctetData
import OctetReport

/// What pages show of a judged classifier: its classes, and single images.
package struct AssessmentParts {
  package let assessment: Assessment
  private let image: (Int) -> Image

  /// Classes that matrices and tables show at most.
  private static let classLimit = 32
  private static let pictureSide = 96

  /// - Parameter image: of a sample by its index.
  package init(_ assessment: Assessment, image: @escaping (Int) -> Image) {
    self.assessment = assessment
    self.image = image
  }

  /// The confusion matrix and every class's figures.
  var classes: HTMLReport.Section {
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

  /// A card for each of some samples, rightly judged or not.
  func gallery(_ samples: [Assessment.Mistake]) -> Markup {
    let cards = samples.map { sample -> Markup in
      var picture = image(sample.index)
      let longer = max(picture.height, picture.width)
      if longer > Self.pictureSide {
        picture = picture.resized(
          height: max(picture.height * Self.pictureSide / longer, 1),
          width: max(picture.width * Self.pictureSide / longer, 1))
      }
      let label = assessment.classes[sample.label].name.shortened(to: 40)
      let said = assessment.classes[sample.prediction].name.shortened(to: 40)
      let element = PlainPage.picture(picture, alt: "Image \(sample.index), labelled \(label)")
      let isRight = sample.label == sample.prediction
      let sign: (text: String, style: String) = isRight ? ("✓", "good") : ("✕", "bad")
      let rest: Markup =
        isRight ? "" : ", \(Figures.percent(sample.labelProbability)) for \(label)"
      return """
        <li class="flip">\(element)
        <div><h4>\(label) <small>image \(Figures.count(sample.index))</small></h4>
        <p><span class="\(sign.style)">\(said)\u{a0}\(sign.text)</span></p>
        <p class="note">\(Figures.percent(sample.probability)) sure\(rest)</p></div></li>

        """
    }
    return "<ul class=\"flips\">\(cards)</ul>\n"
  }
}

extension ErrorDiagnosis {
  /// The errors side by side and what they say.
  var markup: Markup { markup(isTested: true) }

  /// - Parameter isTested: whether the test images were judged yet.
  func markup(isTested: Bool) -> Markup {
    var table = Table("Errors side by side", [.text("On"), .number("Error"), .number("Gap")])
    for (name, error, gap, gapName) in [
      ("what can be hoped for", target, nil, ""),
      ("training images", train, bias, "bias"),
      ("development images", development, variance, "variance"),
      ("test images", test, mismatch, "mismatch"),
    ].prefix(isTested ? 4 : 3) as ArraySlice<(String, Double, Double?, String)> {
      table.add([
        Table.Cell(name), Table.Cell(Figures.percent(error)),
        Table.Cell(gap.map { "\(gapName) \(Figures.percent($0))" } ?? ""),
      ])
    }
    return """
      <h3>Bias and variance</h3>
      \(table.markup)<p>\(advice.joined(separator: " "))</p>

      """
  }
}
