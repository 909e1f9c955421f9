import Foundation
import OctetReport

/// The four sources of a layer's own error as shares of their noise.
struct ErrorPartsPlot {
  let title: String
  let split: DiffReport.ErrorSplit

  struct Part {
    var name: String
    var decibels: Double
    /// The share of the four noises' sum.
    var share: Double
  }

  /// The sources add up nearly, because they are nearly independent.
  static func parts(of split: DiffReport.ErrorSplit) -> [Part] {
    let parts = [
      ("weight rounding", split.weightRounding),
      ("activation rounding", split.activationRounding),
      ("clipping", split.clipping),
      ("requantization", split.requantization),
    ]
    // Relative to the loudest, so that nothing overflows.
    let loudest = parts.map(\.1).filter(\.isFinite).min() ?? 0
    let powers = parts.map { part in
      part.1.isFinite ? pow(10, (loudest - part.1) / 10) : part.1 == -.infinity ? 1 : 0
    }
    let sum = max(powers.reduce(0, +), .leastNormalMagnitude)
    return zip(parts, powers).map { Part(name: $0.0, decibels: $0.1, share: $1 / sum) }
  }

  var drawing: Drawing {
    let parts = Self.parts(of: split)
    var drawing = Drawing(height: 26 * Double(parts.count) + 8, title: title)
    for (index, part) in parts.enumerated() {
      let y = 6 + 26 * Double(index)
      drawing.text(part.name, x: 0, y: y + 14)
      drawing.rectangle(x: 124, y: y + 2, width: 150, height: 15, "track")
      drawing.rectangle(x: 124, y: y + 2, width: 150 * part.share, height: 15, "int8")
      drawing.text(Figures.percent(part.share, digits: 0), x: 316, y: y + 14, .end)
      drawing.text(text(part.decibels), x: 398, y: y + 14, .end, "axis")
    }
    return drawing
  }

  var table: Table {
    var table = Table(
      title, [.text("source"), .number("signal over this error"), .number("share of the error")])
    for part in Self.parts(of: split) {
      table.add([
        .init(part.name), .init(text(part.decibels)),
        .init(Figures.percent(part.share, digits: 1)),
      ])
    }
    return table
  }

  private func text(_ decibels: Double) -> String {
    decibels == .infinity ? "none" : Figures.decibels(decibels)
  }
}
