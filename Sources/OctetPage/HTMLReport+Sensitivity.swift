import OctetReport

extension HTMLReport {
  /// Accuracy with one layer quantized, and with all but one.
  var sensitivity: Section? {
    guard let sweep = report.sensitivity, !sweep.layers.isEmpty else { return nil }
    let known = sweep.layers.flatMap { [$0.onlyThis, $0.allButThis] }.compactMap(\.self)
    let all = known + [sweep.floatTop1, sweep.int8Top1]
    let (low, high) = (all.min() ?? 0, all.max() ?? 1)
    let room = max(0.001, (high - low) * 0.15)
    let plot = SignalPlot(
      title: "Accuracy with only one layer quantized, and with all but one", axisName: "% right",
      filledName: "all but this quantized", ringName: "only this quantized",
      rows: sweep.layers.map {
        .init(
          name: $0.name, filled: $0.allButThis.map { 100 * $0 }, ring: $0.onlyThis.map { 100 * $0 },
          note: "")
      },
      marks: [(100 * sweep.floatTop1, "float"), (100 * sweep.int8Top1, "int8")],
      span: 100 * max(0, low - room)...100 * min(1, high + room))
    var table = Table(
      plot.title, [.text("layer"), .number("only this quantized"), .number("all but this")])
    for layer in sweep.layers {
      table.add([
        .init(layer.name.shortened()), .init(layer.onlyThis.map { Figures.percent($0) } ?? "–"),
        .init(layer.allButThis.map { Figures.percent($0) } ?? "–"),
      ])
    }
    let figure = Figure(
      drawing: plot.drawing,
      caption: """
        A ring far left: this layer alone costs accuracy. A dot far right: leaving this layer in \
        float brings it back.
        """,
      table: table)
    let content: Markup = """
      <h2>What if</h2>
      <div class="grid"><div>\(figure.markup)</div>
      <div><p>Every layer was quantized alone, and left in float alone, on \
      \(Figures.count(sweep.sampleCount, "image")): float \(Figures.percent(sweep.floatTop1)), \
      int8 \(Figures.percent(sweep.int8Top1)).</p>\(worst(sweep))</div></div>

      """
    return Section(id: "sensitivity", name: "What if", content: content)
  }

  /// The layer that costs most alone, and the one that gains most when left in float.
  private func worst(_ sweep: DiffReport.Sensitivity) -> Markup {
    var result = Markup.nothing
    let alone = sweep.layers.filter { $0.onlyThis != nil }
    if let layer = alone.min(by: { ($0.onlyThis ?? 1) < ($1.onlyThis ?? 1) }),
      let accuracy = layer.onlyThis, accuracy < sweep.floatTop1
    {
      result += """
        <p>Quantized alone, <strong class="name">\(layer.name.shortened(to: 40))</strong> costs \
        most: \(Figures.points(accuracy - sweep.floatTop1)) points.</p>

        """
    }
    let without = sweep.layers.filter { $0.allButThis != nil }
    if let layer = without.max(by: { ($0.allButThis ?? 0) < ($1.allButThis ?? 0) }),
      let accuracy = layer.allButThis, accuracy > sweep.int8Top1
    {
      result += """
        <p>Leaving <strong class="name">\(layer.name.shortened(to: 40))</strong> in float brings \
        back most: \(Figures.points(accuracy - sweep.int8Top1)) points.</p>

        """
    }
    return result
  }
}
