import Foundation
import OctetData
import OctetReport

/// A page of sections in the manner of `HTMLReport`, with no script unless it is given one.
struct PlainPage {
  /// What made it: `octet evaluate`.
  var maker: String
  var title: String
  var sections: [HTMLReport.Section] = []
  var footer: Markup
  /// Seconds after which the browser loads the page anew; nil for never.
  var reloadSeconds: Int?
  /// The only script, without a character that XML gives a meaning.
  var script: String?

  var text: String {
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"/>
      <meta http-equiv="Content-Security-Policy" \
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'\(scriptPolicy)"/>\
      \(reload)
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <title>\(title) – \(maker)</title>
      <style>\(Stylesheet.markup)</style></head><body>
      <header class="top"><p class="brand">\(maker)</p>
      <nav aria-label="Sections"><ul>\(sections.dropFirst().map(\.link))</ul></nav></header>
      <main>
      \(sections.map(\.markup))</main>
      <footer><p>\(footer)</p></footer>\(scriptElement)</body></html>

      """
    return page.source
  }

  private var reload: Markup {
    reloadSeconds.map { "\n<meta http-equiv=\"refresh\" content=\"\($0)\"/>" } ?? ""
  }

  private var scriptPolicy: Markup {
    guard let script else { return "" }
    let hash = Data(SHA256.digest(Array(script.utf8))).base64EncodedString()
    return "; script-src 'sha256-\(Markup(stringLiteral: hash))'"
  }

  private var scriptElement: Markup {
    script.map { "\n<script>\(Markup(stringLiteral: $0))</script>" } ?? ""
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
