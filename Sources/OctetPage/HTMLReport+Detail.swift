import OctetReport

extension HTMLReport {
  private static let findingLimit = 8

  /// One layer with its pictures.
  func detail(_ layer: DiffReport.Layer, index: Int) -> Markup {
    let isBlamed = layer.name == report.verdict.layer
    let name = layer.name.shortened()
    let shape = layer.shape.prefix(8).map(String.init).joined(separator: "×")
    var pictures = [gridFigure(layer)]
    if let split = layer.split { pictures.append(splitFigure(layer, split)) }
    if let weights = layer.weights { pictures.append(weightFigure(layer, weights)) }
    if let scatter = layer.weights?.scatter { pictures.append(scatterFigure(layer, scatter)) }
    if layer.channels.count > 1 { pictures.append(channelFigure(layer)) }
    return """
      <details class="layer"\(isBlamed ? " open=\"open\"" as Markup : "")><summary>\
      <strong class="name">\(name)</strong> <small>\(layer.operator.shortened()) \(shape)</small> \
      \(layer.badge) <span class="tally">\(Figures.decibels(layer.judgedDecibels))</span></summary>
      <div id="layer-\(index)" class="place"></div>\(findings(layer))\(splitNote(layer))
      <div class="grid">\(pictures.map { "<div>\($0.markup)</div>\n" as Markup })</div>
      \(layer.weights?.filters.map(filterPictures) ?? "")\
      <p class="note">Tensor <code>\(layer.tensor.shortened())</code> (scale \
      \(Figures.short(Double(layer.scale))), zero point \(Figures.count(layer.zeroPoint))) against \
      <code>\(layer.floatTensor.shortened())</code>.</p></details>

      """
  }

  private func splitNote(_ layer: DiffReport.Layer) -> Markup {
    guard let note = layer.splitNote else { return "" }
    return "<p class=\"note\">Its error cannot be taken apart: \(note.shortened(to: 400)).</p>"
  }

  private func findings(_ layer: DiffReport.Layer) -> Markup {
    guard !layer.findings.isEmpty else {
      return "<p>\(layer.finding.shortened(to: 400).capitalizedFirst).</p>"
    }
    let items = layer.findings.prefix(Self.findingLimit).map { finding -> Markup in
      """
      <li><strong>\((finding.cause?.title ?? finding.kind.title).capitalizedFirst):</strong> \
      \(finding.detail.shortened(to: 400)). <strong>Remedy:</strong> \
      \(finding.remedy.shortened(to: 400)).</li>
      """
    }
    return "<ul class=\"findings\">\(items)</ul>"
  }

  private func gridFigure(_ layer: DiffReport.Layer) -> Figure {
    let name = layer.name.shortened(to: 40)
    let type = layer.elementType ?? "int8"
    let plot = GridPlot(
      title: "Float values of \(name) on the \(type) grid", use: layer.range, type: type)
    let use = layer.range
    let hasGrid = use.gridUpper > use.gridLower
    let grid: Markup =
      hasGrid
      ? """
      ; the codes reach from \(Figures.short(use.gridLower)) to \(Figures.short(use.gridUpper)) \
      (the bar in the middle; hatched: out of reach)
      """ : ""
    return Figure(
      drawing: plot.drawing,
      caption: """
        <strong>Values and grid.</strong> Float values go from \(Figures.short(use.floatLower)) to \
        \(Figures.short(use.floatUpper))\(grid). Logarithmic heights. \
        \(Figures.percent(layer.clippedShare, digits: 3)) clipped.
        """,
      table: plot.table)
  }

  private func splitFigure(
    _ layer: DiffReport.Layer, _ split: DiffReport.ErrorSplit
  ) -> Figure {
    let plot = ErrorPartsPlot(
      title: "Sources of the own error of \(layer.name.shortened(to: 40))", split: split)
    return Figure(
      drawing: plot.drawing,
      caption: """
        <strong>Where its own error comes from.</strong> Shares of the error, and the signal over \
        each source.
        """,
      table: plot.table)
  }

  private func weightFigure(
    _ layer: DiffReport.Layer, _ weights: DiffReport.Weights
  ) -> Figure {
    let ranges = weights.channels.enumerated().map { index, channel in
      var float: (lower: Double, upper: Double)?
      if let lower = channel.floatLower, let upper = channel.floatUpper {
        float = (Double(lower), Double(upper))
      }
      return RangePlot.Range(
        channel: index, float: float,
        int8: (Double(channel.int8Lower), Double(channel.int8Upper)),
        notes: [
          Figures.short(Double(channel.scale)), channel.gain.map { Figures.decimal($0, 3) } ?? "–",
          channel.floatBias.map { Figures.short(Double($0)) } ?? "–",
          channel.int8Bias.map { Figures.short(Double($0)) } ?? "–",
        ])
    }
    var plot = RangePlot(
      title: "Range of the weights of \(layer.name.shortened(to: 40)) by channel", ranges: ranges)
    plot.noteNames = ["scale", "gain", "float bias", "int8 bias"]
    plot.marked = markedChannel(layer)
    let missing: Markup =
      weights.isCompared ? "" : " The float model’s weights could not be set beside them."
    return Figure(
      drawing: plot.drawing,
      caption: """
        <strong>Weights by channel.</strong> \(legend).\(missing)
        """,
      table: plot.table)
  }

  private func scatterFigure(
    _ layer: DiffReport.Layer, _ scatter: DiffReport.WeightScatter
  ) -> Figure {
    let names = names
    let sides = "\(names.candidate) over \(names.reference)"
    let plot = ScatterPlot(
      title: "Weights of \(layer.name.shortened(to: 40)), \(sides)",
      scatter: scatter, floatName: names.reference, int8Name: names.candidate)
    let channel: Markup =
      scatter.channel.map { channel in
        " <span class=\"key int8\"></span> channel \(channel), the farthest off."
      } ?? ""
    return Figure(
      drawing: plot.drawing,
      caption: """
        <strong>Every weight, \(names.candidate) over \(names.reference).</strong> The darker, the \
        more; on the dotted line nothing was lost.\(channel)
        """,
      table: plot.table)
  }

  private func channelFigure(_ layer: DiffReport.Layer) -> Figure {
    let ranges = layer.channels.enumerated().map { index, channel in
      RangePlot.Range(
        channel: index, float: (channel.floatLower, channel.floatUpper),
        int8: (channel.int8Lower, channel.int8Upper),
        notes: [Figures.decimal(channel.sqnrDecibels, 1)])
    }
    var plot = RangePlot(
      title: "Range of the values of \(layer.name.shortened(to: 40)) by channel", ranges: ranges)
    plot.noteNames = ["SQNR, dB"]
    plot.marked = markedChannel(layer)
    return Figure(
      drawing: plot.drawing,
      caption: "<strong>Values by channel.</strong> \(legend).",
      table: plot.table)
  }

  private var legend: Markup {
    """
    <span class="key float"></span> \(names.reference) left, \
    <span class="key int8"></span> \(names.candidate) right
    """
  }

  private func markedChannel(_ layer: DiffReport.Layer) -> Int? {
    layer.findings.compactMap(\.channel).first
  }
}

extension String {
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
