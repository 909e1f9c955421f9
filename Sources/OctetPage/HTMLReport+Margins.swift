import OctetReport

extension HTMLReport {
  /// How sure the reference was, of flips and of the others.
  var margins: Section {
    let names = names
    let plot = HistogramPlot(
      title: "Margin of the \(names.reference) model on flipped and on other images",
      axisName: "\(names.reference) margin",
      panels: [
        .init(name: "same answer", style: "float", histogram: report.margins.others),
        .init(name: "flipped", style: "int8", histogram: report.margins.flips),
      ])
    let figure = Figure(
      drawing: plot.drawing, caption: "Each panel has its own height.", table: plot.table)
    let content: Markup = """
      <h2>Margins</h2>
      <div class="grid"><div>\(figure.markup)</div><div><p>\(sentence)</p></div></div>

      """
    return Section(id: "margins", name: "Margins", content: content)
  }

  private var sentence: Markup {
    guard let flips = report.margins.flips.median, let others = report.margins.others.median else {
      return "Nothing to compare: no image was flipped, or all were."
    }
    let meaning: Markup =
      flips < 0.5 * others
      ? """
      So the flips are images that were nearly undecided before: eight bits only tip the scale. \
      A wider margin (more training, augmentation) removes them; a better calibrator helps little.
      """
      : """
      So images that were clear before are flipped too: that is damage, not rounding. Look at the \
      layers above.
      """
    return """
      Half of the flipped images had a margin below \(Figures.short(flips)); half of the others \
      below \(Figures.short(others)). \(meaning)
      """
  }
}
