import OctetReport

/// Histograms one below the other over the same axis, each with its own height.
struct HistogramPlot {
  struct Panel {
    var name: String
    var style: String
    var histogram: Histogram
  }

  let title: String
  let axisName: String
  let panels: [Panel]

  var drawing: Drawing {
    let panelHeight = 96.0
    let bottom = panelHeight * Double(panels.count)
    var drawing = Drawing(height: bottom + 34, title: title)
    let lower = panels.map(\.histogram.lower).min() ?? 0
    let upper = panels.map(\.histogram.upper).max() ?? 1
    let axis = Axis(lower, upper, from: 8, to: 392)
    for tick in axis.ticks(6) {
      drawing.line(tick.position, 4, tick.position, bottom, "rule")
      drawing.text(tick.label, x: tick.position, y: bottom + 14, .middle, "axis")
    }
    drawing.text(axisName, x: 392, y: bottom + 29, .end, "axis")
    for (index, panel) in panels.enumerated() {
      let base = panelHeight * Double(index + 1)
      var path = Drawing.Path()
      let highest = Double(max(1, panel.histogram.counts.max() ?? 1))
      for (bin, count) in panel.histogram.counts.enumerated() where count > 0 {
        let (x1, x2) = (panel.histogram.edge(bin), panel.histogram.edge(bin + 1))
        // A single image must be seen beside thousands.
        let height = max(1.5, (panelHeight - 26) * Double(count) / highest)
        path.bar(
          from: axis.position(x1), to: axis.position(x2) - 0.5, base: base, base - height)
      }
      drawing.path(path, panel.style)
      drawing.line(8, base, 392, base, "baseline")
      drawing.text(panel.name, x: 392, y: base - panelHeight + 16, .end)
    }
    return drawing
  }

  var table: Table {
    var table = Table(title, [.text(axisName)] + panels.map { .number($0.name) })
    guard let first = panels.first?.histogram else { return table }
    for bin in first.counts.indices {
      let counts = panels.map { panel in
        panel.histogram.counts.indices.contains(bin) ? panel.histogram.counts[bin] : 0
      }
      if counts.allSatisfy({ $0 == 0 }) { continue }
      table.add(
        [.init("\(Figures.short(first.edge(bin))) … \(Figures.short(first.edge(bin + 1)))")]
          + counts.map { .init(Figures.count($0)) })
    }
    return table
  }
}

extension Histogram {
  /// The lower end of a bin; with `counts.count` the upper end of the last.
  func edge(_ bin: Int) -> Double {
    lower + (upper - lower) * Double(bin) / Double(max(1, counts.count))
  }

  /// Half of the values lie below; nil for none.
  var median: Double? {
    let inside = counts.reduce(0, +)
    var seen = 0
    for (bin, count) in counts.enumerated() where count > 0 {
      if 2 * (seen + count) >= inside {
        let share = (Double(inside) / 2 - Double(seen)) / Double(count)
        return edge(bin) + share * (edge(bin + 1) - edge(bin))
      }
      seen += count
    }
    return nil
  }
}
