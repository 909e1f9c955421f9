import OctetData
import OctetReport

/// `octet diff` as one HTML file that needs nothing from outside.
///
/// The markup is XHTML, so that any XML parser can check it. Text from models and data is escaped
/// by construction (see `Markup`); the page's own security policy forbids loading and all scripts
/// but `Script`, without which everything can be read as well.
/// The file stays under `byteLimit` whatever the models: what is left out is counted and said.
public struct HTMLReport {
  /// A condition of the command line, such as `--max-drop 0.005`.
  public struct Gate: Sendable, Equatable {
    /// The condition as typed: `--max-drop 0.005`.
    public var condition: String
    /// What was found: `accuracy falls by 0.0012`.
    public var outcome: String
    /// Whether the report passes.
    public var isMet: Bool

    /// Makes a gate with its outcome.
    public init(condition: String, outcome: String, isMet: Bool) {
      self.condition = condition
      self.outcome = outcome
      self.isMet = isMet
    }
  }

  /// The bytes that a page has at most.
  package static let byteLimit = 5_000_000

  let report: DiffReport
  let gates: [Gate]
  let picture: (DiffReport.Flip) -> DiffReport.Picture?
  /// The layers that are shown in detail, by index.
  var details: [Int: Markup] = [:]

  /// - Parameter picture: of a flipped image; unless given, that in the report.
  public init(
    _ report: DiffReport, gates: [Gate] = [],
    picture: @escaping (DiffReport.Flip) -> DiffReport.Picture? = { $0.picture }
  ) {
    self.report = report
    self.gates = gates
    self.picture = picture
    details = makeDetails()
  }

  /// The whole file.
  public func text() -> String {
    let sections: [Section] =
      [verdict, accuracy, network, layers, sensitivity, baseline, board, classes, margins, cost]
      .compactMap(\.self) + [insides, images, reproduce].compactMap(\.self)
    let page: Markup = """
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
      <footer><p>Made by Octet \(version) in \(Figures.decimal(report.seconds, 1)) seconds. This \
      file needs nothing from outside; its only script zooms the network.</p></footer>
      <script>\(Script.markup)</script></body></html>

      """
    return page.source
  }

  struct Section {
    var id: String
    /// The name in the navigation.
    var name: String
    var content: Markup

    var link: Markup { "<li><a href=\"#\(id)\">\(name)</a></li>" }
    var markup: Markup { "<section id=\"\(id)\">\n\(content)</section>\n" }
  }

  // MARK: Names

  private var title: String {
    "\(baseName(report.comparison.candidate.file)) against "
      + "\(baseName(report.comparison.reference.file)) – octet diff"
  }

  private var version: String { (report.reproduce.versions["octet"] ?? "").shortened(to: 40) }

  /// What the two are called: `float` and `int8`, or `first` and `second`.
  var names: (reference: String, candidate: String) {
    let (a, b) = report.comparison.names
    return (a.shortened(to: 12), b.shortened(to: 12))
  }

  func baseName(_ path: String) -> String {
    String(path.split(separator: "/").last ?? Substring(path)).shortened(to: 60)
  }

  func className(_ index: Int) -> String {
    report.classNames.indices.contains(index)
      ? report.classNames[index].shortened(to: 40) : "\(index)"
  }
}

extension DiffReport.Layer {
  /// What stands before the name of a condition, so that colour is never the only sign.
  var sign: (mark: String, style: String) {
    if condition == .healthy { return ("✓", "good") }
    return findings.first?.isDefinite == true ? ("✕", "bad") : ("!", "warn")
  }

  var badge: Markup {
    "<span class=\"badge \(sign.style)\">\(sign.mark) \(condition.title)</span>"
  }
}
