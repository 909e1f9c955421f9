import OctetReport

extension HTMLReport {
  /// Both accuracies with their intervals, and whether the difference is real.
  var accuracy: Section {
    let names = names
    let rows = [
      IntervalPlot.Row(
        name: names.reference, value: report.floatTop1, lower: report.floatTop1Interval.lower,
        upper: report.floatTop1Interval.upper, style: "float"),
      IntervalPlot.Row(
        name: names.candidate, value: report.int8Top1, lower: report.int8Top1Interval.lower,
        upper: report.int8Top1Interval.upper, style: "int8"),
    ]
    let title = "Accuracy of both models with 95 % confidence intervals"
    var table = Table(
      title, [.text("model"), .number("right"), .number("accuracy"), .number("95 % interval")])
    let count = Double(report.sampleCount)
    for (row, interval) in zip(rows, [report.floatTop1Interval, report.int8Top1Interval]) {
      table.add([
        .init(row.name), .init(Figures.count(Int(clamped: row.value * count))),
        .init(Figures.percent(row.value)), .init(range(interval)),
      ])
    }
    let figure = Figure(
      drawing: IntervalPlot(title: title, rows: rows).drawing,
      caption: """
        Dots are what was measured; bars are Wilson’s 95 % intervals: where the accuracy on all \
        images of this kind probably lies.
        """,
      table: table)
    let content: Markup = """
      <h2>Accuracy</h2>
      <div class="grid"><div>\(figure.markup)</div>
      <div>\(pairs.markup)<p>\(testSentence)</p></div></div>

      """
    return Section(id: "accuracy", name: "Accuracy", content: content)
  }

  /// Who is right on how many images.
  private var pairs: Table {
    let names = names
    let floatRight = Int(clamped: report.floatTop1 * Double(report.sampleCount))
    let bothRight = floatRight - report.rightToWrong
    let bothWrong = report.sampleCount - floatRight - report.wrongToRight
    var table = Table(
      "Images by who is right",
      [
        .text(""), .number("\(names.candidate) right"), .number("\(names.candidate) wrong"),
      ])
    table.showsCaption = true
    table.add([
      .init("\(names.reference) right"), .init(Figures.count(bothRight)),
      .init("<strong>\(Figures.count(report.rightToWrong))</strong> lost" as Markup),
    ])
    table.add([
      .init("\(names.reference) wrong"),
      .init("<strong>\(Figures.count(report.wrongToRight))</strong> won" as Markup),
      .init(Figures.count(bothWrong)),
    ])
    return table
  }

  private var testSentence: Markup {
    let p = report.significance.text
    let method =
      report.significance.method == .exactBinomial
      ? "exact" : "chi-square with continuity correction"
    let meaning: String =
      report.significance.isSignificant
      ? "two equally good models would rarely differ so much, so the difference is real"
      : "two equally good models would often differ as much, so this may be chance"
    return """
      <strong>McNemar’s test:</strong> \(p) (\(method)): \(meaning). Only the images that one \
      model lost or won say anything.
      """
  }
}
