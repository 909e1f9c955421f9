import OctetReport

extension HTMLReport {
  /// Both receiver operating characteristics.
  func rocPlot(_ output: DiffReport.Output) -> Markup {
    guard let ranking = output.ranking, let float = ranking.floatCurve,
      let int8 = ranking.int8Curve
    else { return "" }
    let names = names
    let plot = CurvePlot(
      title: "Receiver operating characteristic of \(output.name.shortened(to: 40))",
      acrossName: "negative samples over the threshold", upName: "positive",
      curves: [
        .init(name: names.reference, style: "float", points: float),
        .init(name: names.candidate, style: "int8", points: int8),
      ])
    return Figure(
      drawing: plot.drawing,
      caption: """
        <strong>All thresholds.</strong> Up: the share of positive samples over one; across: that \
        of negative ones. The nearer the upper left corner, the better; the diagonal is chance.
        """,
      table: plot.table
    ).markup
  }

  /// How the errors of a regression are spread.
  func errorPlot(_ output: DiffReport.Output) -> Markup {
    guard let errors = output.regression?.histograms else { return "" }
    let names = names
    var panels = [
      HistogramPlot.Panel(
        name: "\(names.candidate) − \(names.reference)", style: "soft", histogram: errors.difference)
    ]
    if let float = errors.float, let int8 = errors.int8 {
      panels += [
        .init(name: "\(names.reference) − target", style: "float", histogram: float),
        .init(name: "\(names.candidate) − target", style: "int8", histogram: int8),
      ]
    }
    let plot = HistogramPlot(
      title: "Errors of \(output.name.shortened(to: 40)) by sample", axisName: "error",
      panels: panels)
    return Figure(
      drawing: plot.drawing,
      caption: """
        <strong>Errors by sample.</strong> All on one axis; each panel has its own height.
        """,
      table: plot.table
    ).markup
  }
}
