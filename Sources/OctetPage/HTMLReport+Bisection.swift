import OctetReport

extension HTMLReport {
  /// The layers that are enough to cost what is lost, and the hybrids that show it.
  var bisection: Section? {
    guard let found = report.bisection else { return nil }
    var content: Markup = "<h2>Bisection</h2>\n<p>\(found.text(names).shortened(to: 1200))</p>\n"
    if !found.layers.isEmpty {
      let items = found.layers.prefix(Self.bisectionLimit).map { name -> Markup in
        let layer = report.layers.first { $0.name == name }
        return "<li>\(reference(to: name)) \(layer.map(condition) ?? "")</li>"
      }
      content += """
        <p class="caption">The smallest set</p><ul class="findings">\(items)</ul>
        \(more(found.layers.count - Self.bisectionLimit, "layer"))\(hybrids(found).markup)
        """
    }
    if !found.fixedLayers.isEmpty {
      let listed = found.fixedLayers.prefix(Self.bisectionLimit).map { $0.shortened(to: 40) }
      content += """
        <p class="note">Not exchangeable, so the \(names.candidate) model’s everywhere: \
        \(listed.joined(separator: ", "))\
        \(found.fixedLayers.count > listed.count ? " and others" : "").</p>

        """
    }
    return Section(id: "bisection", name: "Bisection", content: content)
  }

  private static let bisectionLimit = 24

  private func hybrids(_ found: DiffReport.Bisection) -> Table {
    let names = names
    let (what, bars): (String, Bool) =
      switch found.measure {
      case .accuracy: ("right", true)
      case .agreement: ("same answer", true)
      case .sqnr: ("signal over error", false)
      }
    var table = Table("What hybrids of both models give", [.text("model"), .number(what)])
    table.showsCaption = true
    let set = found.layers.count == 1 ? "this layer" : "these \(found.layers.count) layers"
    let rows: [(name: String, value: Double, color: String)] = [
      (names.reference, found.reference, "float"),
      ("\(names.reference), but \(set) of \(names.candidate)", found.onlyThese, "int8"),
      ("\(names.candidate), but \(set) of \(names.reference)", found.allButThese, "float"),
      (names.candidate, found.candidate, "int8"),
    ]
    for row in rows {
      table.add([
        .init(row.name),
        .init(
          bars ? Figures.percent(row.value) : Figures.decibels(row.value),
          bar: bars ? row.value : nil, color: row.color),
      ])
    }
    return table
  }
}

extension HTMLReport {
  /// A layer's name, leading to it where it is on the page.
  func reference(to name: String) -> Markup {
    let shown: Markup = "<strong class=\"name\">\(name.shortened(to: 60))</strong>"
    guard let index = report.layers.firstIndex(where: { $0.name == name }),
      let anchor = anchor(index)
    else { return shown }
    return "<a href=\"#\(anchor)\">\(shown)</a>"
  }

  /// What is wrong with a layer: its condition, and the cause where it is known.
  func condition(_ layer: DiffReport.Layer) -> Markup {
    guard let cause = layer.findings.first?.cause, cause.title != layer.condition.title else {
      return layer.badge
    }
    return "\(layer.badge) <small>\(cause.title)</small>"
  }

  func more(_ count: Int, _ noun: String) -> Markup {
    count > 0 ? "<p class=\"note\">\(Figures.count(count, "more " + noun)) left out.</p>\n" : ""
  }
}
