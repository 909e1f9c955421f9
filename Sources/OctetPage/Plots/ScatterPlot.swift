import Foundation
import OctetReport

/// Int8 weights over float weights: squares that are the darker the more weights they hold, and the
/// weights of the channel that is farthest off.
struct ScatterPlot {
  let title: String
  let scatter: DiffReport.WeightScatter
  let floatName: String
  let int8Name: String

  private static let (left, top, side) = (52.0, 10.0, 270.0)
  private static let shades = 4
  private static let tableRows = 12

  private var isDrawable: Bool {
    scatter.binCount > 0 && scatter.binCount <= 256 && scatter.bins.count % 3 == 0
  }

  var drawing: Drawing {
    let (left, top, side) = (Self.left, Self.top, Self.side)
    var drawing = Drawing(height: top + side + 40, title: title)
    let (lower, upper) = (Double(scatter.lower), Double(scatter.upper))
    let across = Axis(lower, upper, from: left, to: left + side)
    let up = Axis(lower, upper, from: top + side, to: top)
    drawing.scale(across, 4, from: top, to: top + side)
    for tick in up.ticks(4) {
      drawing.line(left, tick.position, left + side, tick.position, "rule")
      drawing.text(tick.label, x: left - 6, y: tick.position + 4, .end, "axis")
    }
    drawing.line(left, top + side, left + side, top, "stroke dotted")
    if isDrawable { squares(&drawing) }
    for point in points {
      drawing.circle(
        x: across.position(Double(point.float)), y: up.position(Double(point.int8)), radius: 2.6,
        "int8")
    }
    drawing.text(floatName, x: left + side, y: top + side + 30, .end, "axis")
    drawing.text(int8Name, x: left + side + 8, y: top + 10, .start, "axis")
    return drawing
  }

  private func squares(_ drawing: inout Drawing) {
    let size = Self.side / Double(scatter.binCount)
    let most = log(1 + Double(max(1, bins.map(\.count).max() ?? 1)))
    var paths = [Drawing.Path](repeating: .init(), count: Self.shades)
    for bin in bins {
      let share = log(1 + Double(max(0, bin.count))) / most
      let shade = min(Self.shades - 1, max(0, Int(Double(Self.shades) * share)))
      let x = Self.left + size * Double(bin.float)
      let y = Self.top + Self.side - size * Double(bin.int8)
      paths[shade].bar(from: x, to: x + size, base: y, y - size)
    }
    for (shade, path) in paths.enumerated() { drawing.path(path, "float shade\(shade)") }
  }

  private var bins: [(float: Int, int8: Int, count: Int)] {
    stride(from: 0, to: scatter.bins.count - 2, by: 3).map {
      (scatter.bins[$0], scatter.bins[$0 + 1], scatter.bins[$0 + 2])
    }.filter { (0..<scatter.binCount).contains($0.float) && (0..<scatter.binCount).contains($0.int8) }
  }

  private var points: [(float: Float, int8: Float)] {
    stride(from: 0, to: scatter.channelWeights.count - 1, by: 2).map {
      (scatter.channelWeights[$0], scatter.channelWeights[$0 + 1])
    }
  }

  /// By ranges of the float weight: how many there are, and where their int8 weights lie.
  var table: Table {
    var table = Table(
      title,
      [
        .text("\(floatName) weight"), .number("weights"), .number("\(int8Name) from"), .number("to"),
      ])
    let size = max(1, (scatter.binCount + Self.tableRows - 1) / Self.tableRows)
    let step = (Double(scatter.upper) - Double(scatter.lower)) / Double(max(1, scatter.binCount))
    func edge(_ bin: Int) -> String { Figures.short(Double(scatter.lower) + step * Double(bin)) }
    for (row, members) in Dictionary(grouping: bins, by: { $0.float / size }).sorted(by: {
      $0.key < $1.key
    }) {
      table.add([
        .init("\(edge(row * size)) … \(edge(min((row + 1) * size, scatter.binCount)))"),
        .init(Figures.count(members.reduce(0) { $0 &+ $1.count })),
        .init(edge(members.map(\.int8).min() ?? 0)),
        .init(edge((members.map(\.int8).max() ?? 0) + 1)),
      ])
    }
    return table
  }
}
