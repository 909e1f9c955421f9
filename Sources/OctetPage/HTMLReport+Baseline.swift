import OctetReport

extension HTMLReport {
  /// What changed since an earlier run.
  var baseline: Section? {
    guard let old = report.baseline else { return nil }
    var content: Markup = "<h2>Since \(baseName(old.file))</h2>\n"
    if old.worse.isEmpty {
      content += "<p>Nothing got worse.</p>\n"
    } else {
      let items = old.worse.prefix(20).map { "<li>\($0.shortened(to: 400))</li>" as Markup }
      content += "<p>What got worse:</p><ul>\(items)</ul>\n"
    }
    let changes = [
      ("float accuracy", old.floatTop1Change), ("int8 accuracy", old.int8Top1Change),
      ("agreement", old.agreementChange),
    ].compactMap { name, change in change.map { "\(name) \(Figures.points($0)) pt" } }
    if !changes.isEmpty { content += "<p>\(changes.joined(separator: ", ")).</p>\n" }
    var table = Table(
      "Layers then and now",
      [
        .text("layer"), .number("SQNR then, dB"), .number("now"), .text("then"), .text("now"),
      ])
    for layer in old.layers {
      table.add([
        .init(layer.name.shortened()),
        .init(layer.sqnrDecibelsThen.map { Figures.decimal($0, 1) } ?? "–"),
        .init(layer.sqnrDecibelsNow.map { Figures.decimal($0, 1) } ?? "–"),
        .init(layer.conditionThen?.title ?? "–"), .init(layer.conditionNow.title),
      ])
    }
    content += table.markup
    return Section(id: "baseline", name: "Since then", content: content)
  }
}
