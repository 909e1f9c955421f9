import Foundation
import OctetReport

/// A layer's float values (upwards) against the codes they become (downwards), over what the
/// codes reach. Heights are logarithmic: zeros are common after a ReLU.
struct GridPlot {
  let title: String
  let use: DiffReport.GridUse
  /// The type of the codes: `int8` or `int16`.
  let type: String

  private var hasGrid: Bool { use.gridUpper > use.gridLower }
  private var histogram: Histogram { use.histogram }

  var drawing: Drawing {
    let (middle, tall) = (94.0, 62.0)
    let bottom = hasGrid ? 186.0 : 100
    var drawing = Drawing(height: bottom + 20, title: title)
    let axis = Axis(histogram.lower, histogram.upper, from: 8, to: 392)
    drawing.scale(axis, 6, from: 30, to: bottom)
    drawing.text("float values", x: 0, y: 10)
    drawing.path(path(histogram.counts, axis, base: middle, height: -tall), "float")
    guard hasGrid else {
      drawing.line(8, middle, 392, middle, "baseline")
      return drawing
    }
    drawing.text("\(type) codes", x: 0, y: bottom - 2)
    drawing.path(path(codeBins, axis, base: middle + 12, height: tall), "int8")
    let (x1, x2) = (axis.position(use.gridLower), axis.position(use.gridUpper))
    drawing.rectangle(x: 8, y: middle + 2, width: x1 - 8, height: 8, "hatch")
    drawing.rectangle(x: x2, y: middle + 2, width: 392 - x2, height: 8, "hatch")
    drawing.rectangle(x: x1, y: middle + 3, width: x2 - x1, height: 6, "ruler")
    for x in [x1, x2] { drawing.line(x, middle - 2, x, middle + 14, "stroke ink") }
    let (first, last) = type == "int16" ? ("−32,768", "32,767") : ("−128", "127")
    drawing.text(first, x: min(max(x1, 16), 330), y: 24, .middle, "axis")
    drawing.text(last, x: min(max(x2, 60), 382), y: 24, .middle, "axis")
    for x in [x1, x2] { drawing.line(x, 28, x, middle - 2, "stroke dotted") }
    return drawing
  }

  var table: Table {
    var table = Table(
      title,
      [.text("values"), .number("float values")] + (hasGrid ? [.number("\(type) codes")] : []))
    let codes = codeBins
    for (bin, count) in histogram.counts.enumerated() where count > 0 || codes[bin] > 0 {
      let (lower, upper) = (histogram.edge(bin), histogram.edge(bin + 1))
      table.add(
        [
          .init("\(Figures.short(lower)) … \(Figures.short(upper))"),
          .init(Figures.count(count)),
        ] + (hasGrid ? [.init(Figures.count(codes[bin]))] : []))
    }
    return table
  }

  /// Code counts in the bins of the float values.
  private var codeBins: [Int] {
    var bins = [Int](repeating: 0, count: histogram.counts.count)
    guard hasGrid, use.codeCounts.count == 256 else { return bins }
    for (code, count) in use.codeCounts.enumerated() {
      let value = use.gridLower + (use.gridUpper - use.gridLower) * Double(code) / 255
      let share = (value - histogram.lower) / (histogram.upper - histogram.lower)
      guard share.isFinite else { continue }
      let bin = Int(min(max(share, 0), 1) * Double(bins.count))
      bins[min(bin, bins.count - 1)] += count
    }
    return bins
  }

  private func path(
    _ counts: [Int], _ axis: Axis, base: Double, height: Double
  ) -> Drawing.Path {
    var path = Drawing.Path()
    let highest = log1p(Double(max(1, counts.max() ?? 1)))
    for (bin, count) in counts.enumerated() where count > 0 {
      let x1 = axis.position(histogram.edge(bin))
      let x2 = axis.position(histogram.edge(bin + 1))
      let share = log1p(Double(count)) / highest
      path.bar(from: x1, to: max(x1 + 0.5, x2 - 0.5), base: base, base + height * share)
    }
    return path
  }
}
