import Foundation
import OctetData
import OctetReport

extension HTMLReport {
  private static let outputLimit = 16
  private static let outputByteLimit = 500_000
  private static let pictureSide = 96

  /// Each output by its own metric; of a single classifier with labels other sections tell.
  var outputs: Section? {
    guard report.outputs.count > 1 || report.floatTop1.isNaN, !report.outputs.isEmpty else {
      return nil
    }
    var table = Table(
      "Outputs of both models",
      [
        .text("output"), .text("judged by"), .number("SQNR, dB"), .number("cosine"),
        .number("alike"), .number("95 %"), .number("max error"),
      ])
    table.showsCaption = report.outputs.count > 1
    for output in report.outputs {
      table.add([
        .init("<span class=\"name\">\(output.name.shortened(to: 40))</span>" as Markup),
        .init(output.metric.rawValue), .init(Figures.decimal(output.sqnrDecibels, 1)),
        .init(Figures.decimal(output.cosine, 5)), .init(Figures.percent(output.agreement)),
        .init(range(output.agreementInterval)), .init(Figures.short(output.maxAbsError)),
      ])
    }
    var content: Markup = "<h2>Outputs</h2>\n\(table.markup)"
    var byteCount = 0
    for output in report.outputs.prefix(Self.outputLimit) {
      let part = detail(output)
      byteCount += part.byteCount
      guard byteCount <= Self.outputByteLimit else { break }
      content += part
    }
    return Section(id: "outputs", name: "Outputs", content: content)
  }

  private func detail(_ output: DiffReport.Output) -> Markup {
    """
    <h3 class="name">\(output.name.shortened())</h3>
    <p>\(output.summary.shortened(to: 600))</p>
    <p class="note">Judged by <code>\(output.metric.rawValue)</code>: \
    \(output.reason.shortened(to: 400)); <code>--metric</code> says otherwise. What counts as \
    alike: \(output.agreementOn.shortened(to: 200)).</p>
    \(figures(output))\(samples(output))
    """
  }

  // MARK: Figures

  private typealias Row = (name: String, value: String, interval: String)

  private func figures(_ output: DiffReport.Output) -> Markup {
    let names = names
    var rows: [Row] = []
    func add(_ name: String, _ value: DiffReport.Output.Estimate?) {
      guard let value else { return }
      rows.append(
        (
          name, Figures.short(value.value),
          "\(Figures.short(value.lower)) – \(Figures.short(value.upper))"
        ))
    }
    func add(_ name: String, _ value: String?) { value.map { rows.append((name, $0, "")) } }
    func test(_ what: String, _ test: DiffReport.Output.PairedTest?) {
      guard let test else { return }
      add("\(names.candidate) − \(names.reference), \(what)", test.meanDifference)
      add(
        "Student’s t test of it",
        "p = \(Figures.short(test.pValue))\(test.isSignificant ? ", real" : ", chance")")
    }
    if let regression = output.regression {
      for (name, errors) in [
        ("\(names.reference) − target", regression.float),
        ("\(names.candidate) − target", regression.int8),
        ("\(names.candidate) − \(names.reference)", regression.difference),
      ] {
        add(name + ": bias", errors?.bias)
        add(name + ": mean |error|", errors?.mae)
        add(name + ": RMSE", errors?.rmse)
        add(name + ": largest", errors.map { Figures.short($0.maxAbsError) })
      }
      test("|error|", regression.pairedTest)
    }
    if let ranking = output.ranking {
      add("area under the ROC curve, \(names.reference)", ranking.floatAuc)
      add("area under the ROC curve, \(names.candidate)", ranking.int8Auc)
      add("difference (DeLong)", ranking.aucDifference)
      add("p of the difference", ranking.pValue.map(Figures.short))
      add("Spearman’s ρ of both rankings", ranking.spearman.map { Figures.decimal($0, 5) })
    }
    rows += moreRows(output)
    if let reconstruction = output.reconstruction {
      add("\(names.reference), mean squared error against the input", reconstruction.floatError)
      add("\(names.candidate), mean squared error against the input", reconstruction.int8Error)
      test("error", reconstruction.pairedTest)
    }
    guard !rows.isEmpty else { return "" }
    var table = Table(
      "Figures of \(output.name.shortened(to: 40))",
      [.text("figure"), .number("value"), .number("95 % interval")])
    for row in rows { table.add([.init(row.name), .init(row.value), .init(row.interval)]) }
    return """
      <div class="figures">\(errorPlot(output))\(aucPlot(output))\(rocPlot(output))\
      \(table.markup)</div>
      """
  }

  /// Figures without intervals.
  private func moreRows(_ output: DiffReport.Output) -> [Row] {
    let names = names
    var rows: [Row] = []
    func add(_ name: String, _ value: String?) { value.map { rows.append((name, $0, "")) } }
    if let embedding = output.embedding {
      add("cosine, mean", Figures.decimal(embedding.cosine.value, 5))
      add("cosine, lowest", Figures.decimal(embedding.lowestCosine, 5))
      add("same nearest neighbour", Figures.percent(embedding.neighbourAgreement))
      add("five nearest in common", Figures.percent(embedding.fiveNeighbourOverlap))
      add(
        "nearest has the label, \(names.reference)",
        embedding.floatNeighbourTop1.map { Figures.percent($0) })
      add(
        "nearest has the label, \(names.candidate)",
        embedding.int8NeighbourTop1.map { Figures.percent($0) })
    }
    if let detection = output.detection {
      add("highest value at the same place", Figures.percent(detection.bestCellAgreement))
      add("same best channel", Figures.percent(detection.channelAgreement))
      add(
        "over \(Figures.short(detection.threshold)): \(names.reference), \(names.candidate), both",
        [detection.floatCount, detection.int8Count, detection.bothCount].map(Figures.count)
          .joined(separator: ", "))
      add("precision", detection.precision.map { Figures.percent($0) })
      add("recall", detection.recall.map { Figures.percent($0) })
    }
    if let picture = output.picture {
      add("PSNR", Figures.decibels(picture.psnrDecibels))
      add("PSNR, lowest", Figures.decibels(picture.lowestPsnrDecibels))
      add(
        "PSNR against the targets, \(names.reference)",
        picture.floatPsnrDecibels.map(Figures.decibels))
      add(
        "PSNR against the targets, \(names.candidate)",
        picture.int8PsnrDecibels.map(Figures.decibels))
    }
    return rows
  }

  /// Both areas under the curve with their intervals.
  private func aucPlot(_ output: DiffReport.Output) -> Markup {
    guard let float = output.ranking?.floatAuc, let int8 = output.ranking?.int8Auc else {
      return ""
    }
    let names = names
    let plot = IntervalPlot(
      title: "Area under the ROC curve of \(output.name.shortened(to: 40)), in percent",
      rows: [
        .init(
          name: names.reference, value: float.value, lower: float.lower, upper: float.upper,
          style: "float"),
        .init(
          name: names.candidate, value: int8.value, lower: int8.lower, upper: int8.upper,
          style: "int8"),
      ])
    var table = Table(plot.title, [.text("model"), .number("area"), .number("95 % interval")])
    for row in plot.rows {
      table.add([
        .init(row.name), .init(Figures.percent(row.value)),
        .init("\(Figures.decimal(100 * row.lower, 2)) – \(Figures.percent(row.upper))"),
      ])
    }
    return Figure(
      drawing: plot.drawing,
      caption: "Area under the ROC curve: the chance that a positive sample ranks over a negative.",
      table: table
    ).markup
  }

  // MARK: Samples

  /// The worst samples: pictures side by side, or values as bars.
  private func samples(_ output: DiffReport.Output) -> Markup {
    let worst = output.samples.filter { $0.rmse > 0 }
    guard !worst.isEmpty else { return "" }
    let cards = worst.map { sample -> Markup in
      """
      <li><h4>Sample \(Figures.count(sample.index)) <small>\(Figures.decibels(sample.sqnrDecibels))\
      </small></h4>
      \(pictures(sample) ?? values(sample, output))</li>

      """
    }
    return "<p class=\"caption\">The largest errors</p><ul class=\"maps\">\(cards)</ul>\n"
  }

  private func pictures(_ sample: DiffReport.Output.Sample) -> Markup? {
    guard let float = sample.floatPicture?.image(side: Self.pictureSide),
      let int8 = sample.int8Picture?.image(side: Self.pictureSide),
      float.pixels.count == int8.pixels.count, float.width == int8.width
    else { return nil }
    func element(_ image: Image, _ name: String) -> Markup {
      let data = Data(PNG.encode(image)).base64EncodedString()
      return """
        <div><img class="map" src="data:image/png;base64,\(data)" width="\(image.width)" \
        height="\(image.height)" alt="Sample \(sample.index), \(name)" loading="lazy"/>\
        <small>\(name)</small></div>
        """
    }
    // The mean over a pixel's channels, stretched to the largest.
    let channels = float.channelCount
    let differences = stride(from: 0, to: float.pixels.count, by: channels).map { start in
      (0..<channels).reduce(0.0) {
        $0 + Double(int8.pixels[start + $1]) - Double(float.pixels[start + $1])
      }
    }
    let largest = max(1, differences.map(abs).max() ?? 1)
    let map = ValueMap.element(
      differences.map { 0.5 + $0 / largest / 2 }, width: float.width, isDifference: true,
      label: "difference")
    return """
      <div class="triple">\(element(float, names.reference))\(element(int8, names.candidate))\
      <div>\(map)<small>difference</small></div></div>
      """
  }

  private func values(
    _ sample: DiffReport.Output.Sample, _ output: DiffReport.Output
  ) -> Markup {
    let ranges = zip(sample.floatValues, sample.int8Values).enumerated().map { index, pair in
      RangePlot.Range(
        channel: index,
        float: (min(0, Double(pair.0)), max(0, Double(pair.0))),
        int8: (min(0, Double(pair.1)), max(0, Double(pair.1))))
    }
    guard !ranges.isEmpty else { return "" }
    let plot = RangePlot(
      title: "Values of \(output.name.shortened(to: 40)) for sample \(sample.index)",
      ranges: ranges, axisName: "value")
    return Figure(
      drawing: plot.drawing,
      caption: """
        <span class="key float"></span> \(names.reference) left, <span class="key int8"></span> \
        \(names.candidate) right
        """,
      table: plot.table
    ).markup
  }
}
