import Foundation
import OctetReport

/// Trials of a search over one hyper-parameter.
struct SearchPlot {
  /// How a trial is drawn.
  enum Style {
    case best, whole, stopped

    var stroke: String {
      switch self {
      case .best: "stroke int8 thick"
      case .whole: "stroke float"
      case .stopped: "stroke soft"
      }
    }

    var fill: String {
      switch self {
      case .best: "int8"
      case .whole: "float"
      case .stopped: "both"
      }
    }
  }

  struct Point {
    /// Across, 0…1.
    var place: Double
    var accuracy: Double
    var style: Style
  }

  /// Where the values of a hyper-parameter lie.
  struct Scale {
    var name: String
    var choices: [String]?
    var lower = 0.0, upper = 1.0
    var isLogarithmic = false

    init(name: String, lower: Double, upper: Double) {
      self.name = name
      self.lower = lower
      self.upper = upper > lower ? upper : lower + 1
    }

    init(_ dimension: SearchReport.Dimension) {
      name = dimension.name
      choices = dimension.choices
      lower = dimension.lower ?? 0
      upper = dimension.upper ?? 1
      isLogarithmic = dimension.isLogarithmic
    }

    /// The place of a value's text, 0…1.
    func place(of text: String) -> Double? {
      if let choices {
        return choices.firstIndex(of: text).map { (Double($0) + 0.5) / Double(choices.count) }
      }
      return Double(text).map { place($0) }
    }

    func place(_ value: Double) -> Double {
      let share =
        isLogarithmic
        ? (log(max(value, .leastNormalMagnitude)) - log(lower)) / (log(upper) - log(lower))
        : (value - lower) / (upper - lower)
      return share.isFinite ? min(max(share, 0), 1) : 0
    }

    /// Values to mark.
    var ticks: [(place: Double, label: String)] {
      if let choices {
        return choices.prefix(Self.tickLimit).enumerated().map { index, text in
          ((Double(index) + 0.5) / Double(choices.count), text.shortened(to: 12))
        }
      }
      guard isLogarithmic else {
        return Axis(lower, upper, from: 0, to: 1).ticks(4).map { ($0.position, $0.label) }
      }
      let (first, last) = (log10(lower).rounded(.up), log10(upper).rounded(.down))
      let powers = first <= last ? Array(stride(from: first, through: last, by: 1)) : []
      let step = max(1, (powers.count + 4) / 5)
      let values = powers.enumerated().filter { $0.offset % step == 0 }.map { pow(10, $0.element) }
      let marks = values.count > 1 ? values : [lower, upper]
      return marks.map { (place($0), Figures.short($0)) }
    }

    private static let tickLimit = 24
  }

  let title: String
  let scale: Scale
  let points: [Point]

  static let key: Markup = """
    <span class="key int8"></span> the best, <span class="key float"></span> trained to the end, \
    grey: stopped early or diverged.
    """

  private static let (left, top, bottom) = (46.0, 12.0, 184.0)

  var drawing: Drawing {
    var drawing = Drawing(height: 226, title: title)
    let (left, top, bottom) = (Self.left, Self.top, Self.bottom)
    let right = drawing.width - 14
    let values = points.map(\.accuracy)
    let up = Axis(values.min() ?? 0, values.max() ?? 1, from: bottom - 6, to: top + 6)
    func across(_ place: Double) -> Double { left + 8 + place * (right - left - 16) }
    for tick in up.ticks(4) {
      drawing.line(left, tick.position, right, tick.position, "rule")
      drawing.text(tick.label, x: left - 4, y: tick.position + 4, .end, "axis")
    }
    var free = -Double.infinity
    for tick in scale.ticks {
      let x = across(tick.place)
      drawing.line(x, top, x, bottom, "rule")
      let half = Double(tick.label.count) * 3.5
      let middle = min(max(x, half), drawing.width - half)
      guard middle - half > free else { continue }
      drawing.text(tick.label, x: middle, y: bottom + 14, .middle, "axis")
      free = middle + half + 4
    }
    for point in points {
      drawing.circle(
        x: across(point.place), y: up.position(point.accuracy),
        radius: point.style == .best ? 4.5 : 3, point.style.fill)
    }
    drawing.text(scale.name, x: right, y: bottom + 32, .end, "axis")
    return drawing
  }
}

/// Trials as lines from axis to axis, one axis for each hyper-parameter.
struct ParallelPlot {
  struct Line {
    var style: SearchPlot.Style
    /// Places on the axes, 0…1; nil where the trial has no value.
    var places: [Double?]
  }

  let title: String
  let axes: [SearchPlot.Scale]
  let lines: [Line]

  private static let (top, bottom, distance, margin) = (34.0, 300.0, 120.0, 56.0)

  /// Narrower, texts would be too small to be read.
  var leastWidth: Int { axes.count <= 3 ? 0 : Int(Double(axes.count) * 96) }

  private var width: Double {
    max(Drawing.usualWidth, 2 * Self.margin + Double(max(axes.count - 1, 1)) * Self.distance)
  }

  var drawing: Drawing {
    var drawing = Drawing(width: width, height: Self.bottom + 16, title: title)
    let step = (width - 2 * Self.margin) / Double(max(axes.count - 1, 1))
    func x(_ axis: Int) -> Double { Self.margin + Double(axis) * step }
    func y(_ place: Double) -> Double { Self.bottom - 6 - place * (Self.bottom - Self.top - 12) }
    for line in lines {
      var path = Drawing.Path()
      var isOpen = false
      for (axis, place) in line.places.enumerated() {
        // A line has a gap where a value does not apply.
        guard let place else {
          isOpen = false
          continue
        }
        if isOpen { path.line(x(axis), y(place)) } else { path.move(x(axis), y(place)) }
        isOpen = true
      }
      drawing.path(path, line.style.stroke)
    }
    for (index, axis) in axes.enumerated() {
      drawing.line(x(index), Self.top, x(index), Self.bottom, "baseline")
      // Neighbours stand at different heights, so that long names have room.
      drawing.text(
        axis.name.shortened(to: 26), x: x(index), y: index % 2 == 0 ? 12 : 26, .middle, "axis")
      for tick in axis.ticks {
        drawing.text(tick.label, x: x(index) - 5, y: y(tick.place) + 4, .end, "axis")
      }
    }
    return drawing
  }
}

/// The accuracy of all trials after each epoch.
struct TrialCurves {
  struct Curve {
    var style: SearchPlot.Style
    var values: [Double]
  }

  let title: String
  let epochCount: Int
  let rungs: [Int]
  let curves: [Curve]

  private static let (left, top, bottom) = (46.0, 12.0, 224.0)

  var drawing: Drawing {
    var drawing = Drawing(width: 460, height: 262, title: title)
    let (left, top, bottom) = (Self.left, Self.top, Self.bottom)
    let right = drawing.width - 14
    let values = curves.flatMap(\.values).filter(\.isFinite)
    let across = Axis(
      1, Double(max(epochCount, 2)), from: left + 8, to: right - 8)
    let up = Axis(values.min() ?? 0, values.max() ?? 1, from: bottom, to: top)
    drawing.scale(across, min(max(epochCount - 1, 1), 8), from: top, to: bottom)
    for tick in up.ticks(5) {
      drawing.line(left, tick.position, right, tick.position, "rule")
      drawing.text(tick.label, x: left - 4, y: tick.position + 4, .end, "axis")
    }
    for rung in rungs {
      let x = across.position(Double(rung))
      drawing.line(x, top, x, bottom, "stroke dotted")
    }
    for curve in curves {
      var path = Drawing.Path()
      for (index, value) in curve.values.enumerated() where value.isFinite {
        let (x, y) = (across.position(Double(index + 1)), up.position(value))
        if index == 0 { path.move(x, y) } else { path.line(x, y) }
      }
      drawing.path(path, curve.style.stroke)
      if let last = curve.values.last, last.isFinite {
        drawing.circle(
          x: across.position(Double(curve.values.count)), y: up.position(last), radius: 2.4,
          curve.style.fill)
      }
    }
    drawing.text("epoch", x: right, y: bottom + 30, .end, "axis")
    return drawing
  }
}
