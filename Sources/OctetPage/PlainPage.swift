import Foundation
import OctetData
import OctetReport

/// A page of sections without a script, in the manner of `HTMLReport`.
struct PlainPage {
  /// What made it: `octet evaluate`.
  var maker: String
  var title: String
  var sections: [HTMLReport.Section] = []
  var footer: Markup

  var text: String {
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"/>
      <meta http-equiv="Content-Security-Policy" \
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <title>\(title) – \(maker)</title>
      <style>\(Stylesheet.markup)</style></head><body>
      <header class="top"><p class="brand">\(maker)</p>
      <nav aria-label="Sections"><ul>\(sections.dropFirst().map(\.link))</ul></nav></header>
      <main>
      \(sections.map(\.markup))</main>
      <footer><p>\(footer)</p></footer></body></html>

      """
    return page.source
  }

  /// A picture within the page; pixels stay pixels.
  static func picture(_ image: Image, alt: String) -> Markup {
    let data = Data(PNG.encode(image)).base64EncodedString()
    return """
      <img src="data:image/png;base64,\(data)" width="\(image.width)" height="\(image.height)" \
      alt="\(alt)"/>
      """
  }
}

/// Curves over the same axis across.
struct LineChart {
  struct Curve {
    var name: String
    /// A colour of the style sheet's lines.
    var style: String
    var points: [(x: Double, y: Double)]
  }

  var title: String
  var xTitle: String
  var curves: [Curve]
  /// Axes end there at least.
  var lower: Double?, upper: Double?

  var drawing: Drawing {
    var drawing = Drawing(height: 230, title: title)
    let points = curves.flatMap(\.points)
    let values = points.map(\.y).filter(\.isFinite)
    let x = Axis(
      points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 1, from: 46, to: drawing.width - 8)
    let y = Axis(
      min(lower ?? .infinity, values.min() ?? 0), max(upper ?? -.infinity, values.max() ?? 1),
      from: 184, to: 24)
    drawing.scale(x, 5, from: 24, to: 184)
    for tick in y.ticks(4) {
      drawing.line(46, tick.position, drawing.width - 8, tick.position, "rule")
      drawing.text(tick.label, x: 42, y: tick.position + 4, .end, "axis")
    }
    drawing.text(xTitle, x: drawing.width - 8, y: 220, .end, "axis")
    var left = 46.0
    for curve in curves {
      drawing.rectangle(x: left, y: 8, width: 10, height: 4, "fill \(curve.style)")
      drawing.text(curve.name, x: left + 14, y: 14, .start, "label")
      left += 30 + 7 * Double(curve.name.count)
      var path = Drawing.Path()
      var isFirst = true
      for point in curve.points where point.y.isFinite {
        let (px, py) = (x.position(point.x), y.position(point.y))
        if isFirst { path.move(px, py) } else { path.line(px, py) }
        isFirst = false
        if curve.points.count < 60 {
          drawing.circle(x: px, y: py, radius: 2.2, "fill \(curve.style)")
        }
      }
      drawing.path(path, "stroke \(curve.style)")
    }
    return drawing
  }
}
