import OctetReport

extension HTMLReport {
  private static let detailByteLimit = 1_900_000
  private static let detailLimit = 64

  /// Which layers lose what.
  var layers: Section {
    let names = names
    let plot = SignalPlot(
      title: "Signal over error of each layer in decibels", axisName: "dB, right is better",
      filledName: "as it runs (cumulative)", ringName: "input exact (local)",
      rows: report.layers.map { layer in
        .init(
          name: layer.name, filled: layer.judgedDecibels, ring: layer.local?.sqnrDecibels,
          note: layer.condition == .healthy ? "" : "\(layer.sign.mark) \(layer.condition.title)")
      }, span: 0...50, cap: 80)
    var content: Markup = "<h2>Layers</h2>\n"
    guard !report.layers.isEmpty else {
      content += "<p>No layer of the two models could be matched.</p>\n"
      return Section(id: "layers", name: "Layers", content: content)
    }
    let hidden = report.layers.count - SignalPlot.rowLimit
    let note: Markup =
      hidden > 0
      ? "<p class=\"note\">The picture shows the first \(SignalPlot.rowLimit).</p>" : ""
    var numbers = Table(
      plot.title, [.text("layer"), .number("as it runs"), .number("input exact")])
    for row in plot.rows {
      numbers.add([
        .init(row.name.shortened()), .init(row.filled.map { Figures.decimal($0, 1) } ?? "–"),
        .init(row.ring.map { Figures.decimal($0, 1) } ?? "–"),
      ])
    }
    let figure = Figure(
      drawing: plot.drawing,
      caption: """
        A layer that loses much with its input exact is at fault itself; one that only loses as it \
        runs inherits the error.
        """,
      table: numbers)
    content += """
      <div class="grid"><div>\(figure.markup)\(note)</div>
      <div>\(reading(names.candidate))</div></div>
      \(summary.markup)\(visibilityNote)
      \(sources)
      <h3>Layer by layer</h3>
      \(detailList)
      """
    return Section(id: "layers", name: "Layers", content: content)
  }

  private func reading(_ candidate: String) -> Markup {
    """
    <h3>How to read it</h3>
    <dl class="terms">
    <dt>SQNR</dt><dd>The float signal over the error, in decibels. 6 dB are one bit. Above 30 is \
    comfortable, below 20 is trouble.</dd>
    <dt>RMSE / scale</dt><dd>The error in steps of the layer’s own grid. Rounding alone gives \
    1/√12 = 0.289; more is inherited or added.</dd>
    <dt>cosine</dt><dd>1 when both point the same way, whatever their length.</dd>
    <dt>saturated</dt><dd>Share of \(candidate) values at the lowest or highest code. After a ReLU \
    the lowest code simply means 0.</dd>
    <dt>unused</dt><dd>Share of the 256 codes that never occur; of int16, of 256 equal parts of \
    its codes.</dd>
    </dl>
    <p class="note"><strong>Two sets of images:</strong> local figures and the sources of errors \
    are from \(Figures.count(report.localSampleCount, "image")), evenly spread; all others from \
    all \(Figures.count(report.sampleCount)). So a local figure may differ from the one as it runs \
    even in the first layer.</p>

    """
  }

  private var visibilityNote: Markup {
    guard report.layers.contains(where: { $0.visibleSqnrDecibels != nil }) else { return "" }
    return """
      <p class="note">* Of the scores that can be seen: a class whose probability is below \
      2<sup>−16</sup> in both models gets no codes on purpose, so the other figures of this layer \
      look worse than they are.</p>

      """
  }

  /// The four sources of each layer's own error, the loudest in bold.
  private var sources: Markup {
    var table = Table(
      "Where each layer’s own error comes from: signal over each source, dB",
      [.text("layer")]
        + ["weight rounding", "activation rounding", "clipping", "requantization"].map {
          .number($0)
        })
    table.showsCaption = true
    var count = 0
    for layer in report.layers {
      guard let split = layer.split else { continue }
      count += 1
      let parts = ErrorPartsPlot.parts(of: split)
      let loudest = parts.map(\.share).max() ?? 0
      table.add(
        [.init("<span class=\"name\">\(layer.name.shortened(to: 40))</span>" as Markup)]
          + parts.map { part in
            let text = part.decibels == .infinity ? "none" : Figures.decimal(part.decibels, 1)
            return .init(
              part.share == loudest && loudest > 0
                ? "<strong>\(text)</strong>" : Markup(text: text),
              bar: part.share, color: "int8")
          })
    }
    guard count > 0 else { return "" }
    return table.markup + "<p class=\"note\">Bars are shares of the layer’s own error.</p>"
  }

  private var summary: Table {
    var table = Table(
      "All layers in the order in which they run",
      [
        .text("layer"), .text("condition"), .number("SQNR, dB"), .number("local"),
        .number("RMSE / scale"), .number("local"), .number("cosine"), .number("max error"),
        .number("saturated"), .number("unused"),
      ])
    table.showsCaption = true
    for (index, layer) in report.layers.enumerated() {
      let place: Markup =
        details[index] == nil && index < Table.rowLimit ? " id=\"row-\(index)\"" : ""
      let name: Markup = """
        <span class="name"\(place)>\(layer.name.shortened(to: 40))</span> \
        <small>\(layer.operator.shortened(to: 40))</small>
        """
      let local = layer.local
      table.add([
        .init(name), .init(condition(layer) + inherited(layer)),
        .init(
          (layer.visibleSqnrDecibels == nil ? "" : "* ")
            + Figures.decimal(layer.judgedDecibels, 1)),
        .init(local.map { Figures.decimal($0.sqnrDecibels, 1) } ?? "–"),
        .init(
          (layer.visibleRmseOverScale == nil ? "" : "* ")
            + Figures.decimal(layer.visibleRmseOverScale ?? layer.rmseOverScale, 3)),
        .init(local.map { Figures.decimal($0.rmseOverScale, 3) } ?? "–"),
        .init(Figures.decimal(layer.cosine, 5)), .init(Figures.short(layer.maxAbsError)),
        .init(Figures.percent(layer.saturatedShare, digits: 1)),
        .init(Figures.percent(layer.neverUsedShare, digits: 1)),
      ])
    }
    return table
  }

  /// Steps of error from which on a layer that does nothing wrong itself must explain them.
  private static let inheritedSteps = 1.0

  private func inherited(_ layer: DiffReport.Layer) -> Markup {
    let steps = layer.visibleRmseOverScale ?? layer.rmseOverScale
    guard layer.condition == .healthy, steps > Self.inheritedSteps, layer.local != nil else {
      return ""
    }
    return " <small>error inherited</small>"
  }

  /// The most conspicuous when there are too many, by index.
  func makeDetails() -> [Int: Markup] {
    let order = report.layers.indices.sorted { a, b in
      let (x, y) = (rank(report.layers[a]), rank(report.layers[b]))
      return x == y ? a < b : x < y
    }
    var parts: [Int: Markup] = [:]
    var byteCount = 0
    for index in order.prefix(Self.detailLimit) {
      let part = detail(report.layers[index], index: index)
      guard byteCount + part.byteCount <= Self.detailByteLimit else { break }
      byteCount += part.byteCount
      parts[index] = part
    }
    return parts
  }

  /// Always in the order in which they run.
  private var detailList: Markup {
    let leftOut = report.layers.count - details.count
    let note: Markup =
      leftOut > 0
      ? """
      <p class="note">\(Figures.count(leftOut, "layer")) more left out here: the least conspicuous \
      ones.</p>
      """ : ""
    return Markup(joining: details.sorted { $0.key < $1.key }.map(\.value)) + note
  }

  /// Where a layer is found on the page: in detail, or its row; nil where it is left out.
  func anchor(_ index: Int) -> String? {
    if details[index] != nil { return "layer-\(index)" }
    return index < Table.rowLimit && report.layers.indices.contains(index) ? "row-\(index)" : nil
  }

  private func rank(_ layer: DiffReport.Layer) -> Double {
    if layer.name == report.verdict.layer { return -2e9 }
    let decibels = layer.judgedDecibels.isFinite ? layer.judgedDecibels : 1e6
    return decibels - (layer.condition == .healthy ? 0 : 1e9)
  }
}
