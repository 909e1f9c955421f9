import OctetReport

extension HTMLReport {
  /// Bytes, arena and time, float against int8.
  var cost: Section {
    let cost = report.cost
    let plot = ArenaPlot(
      title: "Which bytes of the arena hold what, by operator",
      places: Array(cost.arena.prefix(ArenaPlot.placeLimit)), operators: operatorNames)
    let arena: Markup =
      cost.arena.isEmpty
      ? "<p class=\"note\">A float model has no arena.</p>"
      : Figure(
        drawing: plot.drawing,
        caption: """
          <strong>The arena over time.</strong> Across: the operators in order. Up: bytes. Areas \
          that overlap share bytes: an operator writes over inputs that it no longer needs.\
          \(unnamed(plot))
          """,
        table: plot.table
      ).markup
    let content: Markup = """
      <h2>Cost</h2>
      <div class="grid"><div>\(totals.markup)</div><div>\(arena)</div></div>
      \(costByLayer.markup)
      """
    return Section(id: "cost", name: "Cost", content: content)
  }

  /// Areas too thin for their names, by name and size.
  private func unnamed(_ plot: ArenaPlot) -> Markup {
    let limit = 12
    let thin = plot.unnamed.filter { $0.byteCount > 0 }
    guard !thin.isEmpty else { return "" }
    let names = ShortNames.fit(thin.map(\.name), width: 32)
    let items = zip(names, thin).prefix(limit).map { name, place in
      "\(name) (\(Figures.bytes(place.byteCount)) from byte \(Figures.count(place.offset)))"
    }
    let hidden = thin.count - items.count
    return """
       Too small for a name: \(items.joined(separator: ", "))\
      \(hidden > 0 ? " and \(Figures.count(hidden)) more" : "").
      """
  }

  private var operatorNames: [String] {
    report.cost.layers.prefix(Table.rowLimit).map { $0.name.shortened(to: 40) }
  }

  private var totals: Table {
    let (float, int8) = (report.cost.float, report.cost.int8)
    let names = names
    var table = Table(
      "What the models take",
      [.text(""), .number(names.reference), .number(names.candidate), .number("ratio")])
    table.showsCaption = true
    func row(
      _ name: String, _ a: Double?, _ b: Double?, _ text: (Double) -> String
    ) {
      var ratio = "–"
      if let a, let b, a > 0, b > 0 { ratio = Figures.short(b / a) + "×" }
      table.add([
        .init(name), .init(a.map(text) ?? "–"), .init(b.map(text) ?? "–"), .init(ratio),
      ])
    }
    func bytes(_ value: Double) -> String { Figures.bytes(Int(clamped: value)) }
    func number(_ value: Double) -> String { Figures.count(Int(clamped: value)) }
    row("file", float.fileByteCount.map(Double.init), int8.fileByteCount.map(Double.init), bytes)
    row("weights", Double(float.weightByteCount), Double(int8.weightByteCount), bytes)
    row("activations", Double(float.activationByteCount), Double(int8.activationByteCount), bytes)
    row("multiply-adds", Double(float.macCount), Double(int8.macCount), number)
    row(
      "one inference here", float.nanoseconds, int8.nanoseconds,
      Figures.time(nanoseconds:))
    return table
  }

  private var costByLayer: Table {
    let layers = report.cost.layers
    let names = names
    var table = Table(
      "Multiply-adds, weights and time by layer",
      [
        .text("layer"), .number("multiply-adds"), .number("weight bytes"),
        .number("\(names.reference) time"), .number("\(names.candidate) time"),
      ])
    table.showsCaption = true
    let macs = Double(max(1, layers.map(\.macCount).max() ?? 1))
    let bytes = Double(max(1, layers.map(\.weightByteCount).max() ?? 1))
    let times = layers.flatMap { [$0.floatNanoseconds, $0.int8Nanoseconds] }.compactMap(\.self)
    let longest = max(1, times.max() ?? 1)
    func time(_ value: Double?, _ color: String) -> Table.Cell {
      guard let value else { return "–" }
      return .init(Figures.time(nanoseconds: value), bar: value / longest, color: color)
    }
    for layer in layers {
      let name: Markup = """
        <span class="name">\(layer.name.shortened(to: 40))</span> \
        <small>\(layer.operator.shortened(to: 40))</small>
        """
      table.add([
        .init(name),
        .init(Figures.count(layer.macCount), bar: Double(layer.macCount) / macs, color: "soft"),
        .init(
          Figures.count(layer.weightByteCount), bar: Double(layer.weightByteCount) / bytes,
          color: "soft"),
        time(layer.floatNanoseconds, "float"), time(layer.int8Nanoseconds, "int8"),
      ])
    }
    return table
  }
}
