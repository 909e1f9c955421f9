import OctetReport

/// An SVG picture that takes its colours from the page's style sheet and scales with the screen.
struct Drawing {
  enum Anchor: String {
    case start, middle, end
  }

  /// The width in units of about a pixel; the page shows it at most so wide.
  let width: Double
  let height: Double
  /// What the picture is of, for those who cannot see it.
  let title: String
  private var body = Markup.nothing

  /// All plots are drawn for the width of a phone and stand side by side on wider screens.
  static let usualWidth = 400.0
  /// The width of a digit on an axis, at most.
  private static let digitWidth = 7.0

  init(width: Double = usualWidth, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  /// - Parameter style: classes of the style sheet.
  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ style: String, opacity: Double? = nil
  ) {
    body += """
      <rect x="\(x)" y="\(y)" width="\(max(0, width))" height="\(max(0, height))" \
      class="\(style)"\(Self.opacity(opacity))/>
      """
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    body += "<path d=\"M\(x1) \(y1)L\(x2) \(y2)\" class=\"\(style)\"/>"
  }

  /// Lines across an axis at about `count` round numbers, with the numbers below.
  mutating func scale(_ axis: Axis, _ count: Int, from top: Double, to bottom: Double) {
    for tick in axis.ticks(count) {
      line(tick.position, top, tick.position, bottom, "rule")
      // Long numbers at the ends stay inside the picture.
      let half = Self.digitWidth * Double(tick.label.count) / 2
      let x = min(max(tick.position, half), max(half, width - half))
      text(tick.label, x: x, y: bottom + 14, .middle, "axis")
    }
  }

  mutating func circle(x: Double, y: Double, radius: Double, _ style: String) {
    body += "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius)\" class=\"\(style)\"/>"
  }

  mutating func path(_ path: Path, _ style: String) {
    body += "<path d=\"\(path.markup)\" class=\"\(style)\"/>"
  }

  mutating func text(
    _ text: String, x: Double, y: Double, _ anchor: Anchor = .start, _ style: String = "label"
  ) {
    body += """
      <text x="\(x)" y="\(y)" class="\(style)"\
      \(anchor == .start ? "" as Markup : " text-anchor=\"\(anchor.rawValue)\"")>\(text)</text>
      """
  }

  /// Upwards, read from below.
  mutating func uprightText(
    _ text: String, x: Double, y: Double, _ anchor: Anchor = .start, _ style: String = "label"
  ) {
    body += """
      <text transform="translate(\(x) \(y)) rotate(-90)" text-anchor="\(anchor.rawValue)" \
      class="\(style)">\(text)</text>
      """
  }

  var markup: Markup {
    """
    <svg viewBox="0 0 \(width) \(height)" style="max-width:\(width * 1.3)px" role="img">\
    <title>\(title)</title>\(body)</svg>
    """
  }

  private static func opacity(_ value: Double?) -> Markup {
    guard let value else { return "" }
    let percent = value.isFinite ? Int((100 * min(max(value, 0), 1)).rounded()) : 0
    return " fill-opacity=\"\(percent)%\""
  }

  /// Lines and areas in few bytes.
  struct Path {
    fileprivate var markup = Markup.nothing

    mutating func move(_ x: Double, _ y: Double) { markup += "M\(x) \(y)" }
    mutating func line(_ x: Double, _ y: Double) { markup += "L\(x) \(y)" }
    mutating func vertical(to y: Double) { markup += "V\(y)" }
    mutating func horizontal(to x: Double) { markup += "H\(x)" }
    mutating func close() { markup += "Z" }

    /// A closed bar from `base` to `y`.
    mutating func bar(from x1: Double, to x2: Double, base: Double, _ y: Double) {
      move(x1, base)
      vertical(to: y)
      horizontal(to: x2)
      vertical(to: base)
      close()
    }
  }
}

/// A picture with its caption and, folded up, the numbers behind it.
struct Figure {
  var drawing: Drawing
  var caption: Markup
  var table: Table

  var markup: Markup {
    """
    <figure>\(drawing.markup)
    <figcaption>\(caption)</figcaption>
    <details class="numbers"><summary>Numbers<span class="hidden"> behind: \(drawing.title)</span>\
    </summary>\(table.markup)</details></figure>

    """
  }
}
