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
    let isClassified = !report.floatTop1.isNaN
    let known: [Section?] = [
      verdict, isClassified ? accuracy : nil, outputs, network, layers, bisection, sensitivity,
      baseline, against, board, isClassified ? classes : nil, isClassified ? margins : nil, cost, insides,
      isClassified ? images : nil, reproduce,
    ]
    return Page(
      title: title, sections: known.compactMap(\.self),
      footer: """
        Made by Octet \(version) in \(Figures.decimal(report.seconds, 1)) seconds. This file needs \
        nothing from outside; its only script zooms the network.
        """
    ).markup.source
  }

  typealias Section = Page.Section

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

  func baseName(_ path: String) -> String { Page.baseName(path) }

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
