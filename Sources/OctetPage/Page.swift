import OctetReport

/// The frame that every page of `octet diff` has: its head, the links to the sections, the end.
///
/// The page's own security policy forbids loading and all scripts but `Script`.
struct Page {
  let title: String
  let sections: [Section]
  /// A sentence about who made it.
  let footer: Markup

  struct Section {
    var id: String
    /// The name in the navigation.
    var name: String
    var content: Markup

    var link: Markup { "<li><a href=\"#\(id)\">\(name)</a></li>" }
    var markup: Markup { "<section id=\"\(id)\">\n\(content)</section>\n" }
  }

  var markup: Markup {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"/>
    <meta http-equiv="Content-Security-Policy" \
    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
    script-src 'sha256-\(Script.hash)'"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="color-scheme" content="light dark"/>
    <title>\(title)</title>
    <style>\(Stylesheet.markup)</style></head><body>
    <header class="top"><p class="brand">octet diff</p>
    <nav aria-label="Sections"><ul>\(sections.dropFirst().map(\.link))</ul></nav></header>
    <main>
    \(sections.map(\.markup))</main>
    <footer><p>\(footer)</p></footer>
    <script>\(Script.markup)</script></body></html>

    """
  }

  /// The last part of a path.
  static func baseName(_ path: String) -> String {
    String(path.split(separator: "/").last ?? Substring(path)).shortened(to: 60)
  }
}
