import Foundation
import OctetPage
import OctetReport
import Testing

@Suite struct HTMLReportTests {
  /// Only these elements occur, whatever the names in a model are.
  private static let elements: Set<String> = [
    "html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "footer",
    "h1", "h2", "h3", "h4", "p", "ul", "li", "dl", "dt", "dd", "div", "span", "strong", "small",
    "sup", "code", "pre", "a", "img", "input", "label", "figure", "figcaption", "details",
    "summary", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "path", "rect",
    "circle", "text", "g", "script", "button",
  ]

  @Test(arguments: HTMLCase.allCases)
  func everythingHolds(testCase: HTMLCase) throws {
    let html = try testCase.html()
    #expect(html.utf8.count < HTMLReport.byteLimit, "\(html.utf8.count) bytes")
    let document = try HTMLDocument(html)
    let all = document.root.descendants
    let unknown = Set(all.map(\.name)).subtracting(Self.elements)
    #expect(unknown.isEmpty)
    expectNothingFromOutside(all, html)
    expectAccessible(all)
    expectDrawable(all)
  }

  /// Without labels no page says that no layer is damaged beside a layer that it calls clipped.
  @Test func statusAgreesWithTheLayers() throws {
    var report = try HTMLCase.healthy.report()
    (report.floatTop1, report.int8Top1) = (.nan, .nan)
    report.verdict.kind = .healthy
    for index in report.layers.indices { report.layers[index].condition = .healthy }
    #expect(HTMLReport(report, gates: []).text().contains("No layer is damaged"))
    report.layers[0].condition = .clipped
    let html = HTMLReport(report, gates: []).text()
    #expect(!html.contains("No layer is damaged") && html.contains("Quality kept"))
  }

  private func expectNothingFromOutside(_ all: [HTMLDocument.Element], _ html: String) {
    for element in all {
      for (name, value) in element.attributes {
        #expect(!name.hasPrefix("on"), "\(name)")
        switch name {
        case "src": #expect(value.hasPrefix("data:image/png;base64,"))
        case "href": #expect(value.hasPrefix("#"))
        case "style": #expect(!value.contains("url"))
        default: #expect(!["action", "srcset", "data", "xlink:href", "poster"].contains(name))
        }
      }
    }
    let styles = all.filter { $0.name == "style" }.map(\.allText).joined()
    for text in ["url(", "@import", "@font-face", "//"] { #expect(!styles.contains(text)) }
    #expect(!html.contains("http:") && !html.contains("https:"))
    #expect(html.contains("default-src 'none'"))
  }

  /// Pictures have titles and tables, images have texts, headings have no gaps, ids are unique.
  private func expectAccessible(_ all: [HTMLDocument.Element]) {
    for figure in all where figure.name == "figure" {
      #expect(figure.has("svg") && figure.has("table") && figure.has("figcaption"))
    }
    for svg in all where svg.name == "svg" {
      #expect(svg.children.first?.name == "title" && svg.children.first?.allText.isEmpty == false)
      // A picture whose parts are links is read part by part.
      #expect(svg.attributes["role"] == (svg.has("a") || svg.has("g") ? "group" : "img"))
      #expect(svg.parent?.name == "figure" || svg.parent?.parent?.name == "figure")
    }
    for image in all where image.name == "img" {
      #expect(image.attributes["alt"]?.isEmpty == false)
    }
    for table in all where table.name == "table" {
      #expect(table.all("th").contains { $0.attributes["scope"] == "col" })
      // As many cells in each row as in the heading, but for rows across.
      let width = table.all("thead").first?.all("th").count
      for row in table.all("tr")
      where !row.children.contains(where: { $0.attributes["colspan"] != nil }) {
        #expect(row.children.count == width)
      }
    }
    let levels = all.filter { ["h1", "h2", "h3", "h4"].contains($0.name) }
      .compactMap { Int($0.name.dropFirst()) }
    #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
    for (above, below) in zip(levels, levels.dropFirst()) { #expect(below <= above + 1) }
    let names = all.compactMap { $0.attributes["id"] }
    #expect(Set(names).count == names.count)
    for element in all where element.name == "a" {
      #expect(names.contains(String(element.attributes["href"]?.dropFirst() ?? "")))
    }
  }

  /// No figure reaches a picture as `nan` or `inf`.
  private func expectDrawable(_ all: [HTMLDocument.Element]) {
    let numeric = ["x", "y", "width", "height", "cx", "cy", "r", "fill-opacity", "viewBox", "d"]
    let allowed = Set("0123456789.-% CMLVHZ")
    for element in all {
      for name in numeric {
        guard let value = element.attributes[name] else { continue }
        #expect(allowed.isSuperset(of: value), "\(element.name) \(name)=\(value.prefix(60))")
      }
      if let width = Double(element.attributes["width"] ?? "0") { #expect(width >= 0) }
      if let share = element.attributes["style"], share.hasPrefix("--s:") {
        #expect((0...100).contains(Double(share.dropFirst(4).dropLast()) ?? -1), "\(share)")
      }
    }
  }

  @Test func hostileNamesAreShownAsTheyAre() throws {
    let document = try HTMLDocument(HTMLCase.hostile.html())
    let text = document.root.allText
    #expect(text.contains("</title></style></svg><script>alert(1)</script>"))
    // The only script is the page's own, which the policy names by its hash.
    #expect(document.root.all("script").map(\.allText) == [Script.source])
    let policy = document.root.all("meta").compactMap { $0.attributes["content"] }
    #expect(policy.contains { $0.hasSuffix("script-src 'sha256-\(Script.hash)'") })
    // Control and direction characters are replaced.
    #expect(!text.unicodeScalars.contains { [0, 0x1b, 0x202e, 0xffff].contains($0.value) })
    #expect(text.unicodeScalars.contains("\u{fffd}"))
  }

  @Test func whatIsLeftOutIsSaid() throws {
    let text = try HTMLDocument(HTMLCase.many.html()).root.allText
    #expect(text.contains("The models disagree on 4,000\u{a0}images"))
    for what in ["more are left out to keep this file small", "more left out here"] {
      #expect(text.contains(what))
    }
  }

  @Test func theVerdictComesFirst() throws {
    let report = try HTMLCase.damaged.report()
    let document = try HTMLDocument(HTMLCase.damaged.html())
    let sections = document.root.all("section").map { $0.attributes["id"] ?? "" }
    #expect(
      sections == [
        "verdict", "accuracy", "network", "layers", "sensitivity", "classes", "margins", "cost",
        "inside", "images", "reproduce",
      ])
    let verdict = try #require(document.root.all("section").first)
    let text = verdict.allText.replacing("\u{a0}", with: " ")
    #expect(text.contains(report.verdict.summary) && text.contains(report.verdict.action))
    #expect(text.contains("✕ missed"))
    // The layer to blame is unfolded, and no other.
    let open = document.root.all("details").filter { $0.attributes["open"] != nil }
    #expect(open.count == 1 && open.first?.allText.contains("conv2") == true)
  }

  @Test func theSameReportGivesTheSameFile() throws {
    let report = try HTMLCase.damaged.report()
    #expect(HTMLReport(report).text() == HTMLReport(report).text())
  }

  /// Those of images, not those of values.
  private func pictures(of document: HTMLDocument) -> [HTMLDocument.Element] {
    document.root.all("img").filter { $0.attributes["class"] != "map" }
  }

  @Test func picturesCanBeProvided() throws {
    var report = try HTMLCase.damaged.report()
    for index in report.flips.indices { report.flips[index].picture = nil }
    try #require(!report.flips.isEmpty)
    #expect(pictures(of: try HTMLDocument(HTMLReport(report).text())).isEmpty)
    let picture = try #require(HTMLCase.damaged.report().flips.first?.picture)
    let document = try HTMLDocument(HTMLReport(report) { _ in picture }.text())
    #expect(pictures(of: document).count == report.flips.count)
  }
}
