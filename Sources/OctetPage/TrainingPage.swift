import OctetData
import OctetReport

/// A training run as one file: true while it goes on, and its report afterwards.
///
/// While the run goes on the browser loads the page anew every few seconds; its only script, which
/// it can do without, says when no word has come for too long.
package struct TrainingPage {
  /// How the run stands.
  package enum Status: Sendable, Equatable {
    /// What is done, and the seconds that are left, where that is known.
    case running(String, secondsLeft: Double?)
    case finished
    /// Ended by the user, as the text says.
    case stopped(String)
    /// Ended by an error, which the text says.
    case failed(String)
  }

  /// An image's way through the network: what a layer gives.
  package struct Activation: Sendable {
    var name: String
    /// Rows of `width` pixels for each of the channels shown, 0…1 from the layer's least value to
    /// its largest.
    var channels: [[Double]]
    var width: Int
    var lower, upper: Float
    var totalCount: Int
  }

  /// What is learnt: `lenet on mnist`.
  package var title: String
  package var status: Status
  /// When the page was written, as people read it, and in seconds since 1970.
  package var time: (text: String, seconds: Double)
  /// Seconds until the next word is overdue.
  package var patience: Double
  package var epochs: [TrainingCourse.Epoch] = []
  package var bestEpoch = 0
  package var course: TrainingCourse?
  package var testAccuracy: Double?
  package var diagnosis: ErrorDiagnosis?
  /// The validation images after the last epoch.
  package var assessment: AssessmentParts?
  /// Some that were judged rightly, and those of them that were least sure.
  package var right: [Assessment.Mistake] = [], unsure: [Assessment.Mistake] = []
  package var filters: (layer: String, before: FilterSheet, now: FilterSheet)?
  package var activations: [Activation] = []
  package var activationImage: (image: Image, text: String)?
  /// What should be known about the data, a sentence each.
  package var warnings: [String] = []
  package var facts: [(name: String, value: String)] = []
  package var classCounts: [(name: String, count: Int)] = []
  package var options: [(name: String, value: String)] = []
  /// The time that writing this page and the like has taken.
  package var watchSeconds = 0.0
  package var version: String

  package init(
    title: String, status: Status, time: (text: String, seconds: Double), patience: Double,
    version: String
  ) {
    self.title = title
    self.status = status
    self.time = time
    self.patience = patience
    self.version = version
  }

  /// How often a browser looks again.
  private static let reloadSeconds = 3

  package var text: String {
    var page = PlainPage(
      maker: "octet train", title: title,
      footer: """
        Written by Octet \(version) at \(time.text). This file needs nothing from outside\
        \(isRunning ? " and loads itself anew while the run goes on" as Markup : "").
        """)
    page.sections = [
      summary, curves, layers, filterSection, insides, assessment?.classes, examples, run,
    ].compactMap(\.self)
    if isRunning {
      page.reloadSeconds = Self.reloadSeconds
      page.script = Self.script
    }
    return page.text
  }

  var isRunning: Bool { if case .running = status { true } else { false } }

  /// Says so when the time is over at which the next word should have come.
  package static let script = """
    const word = document.querySelector('[data-until]');
    const look = () => {
      if (Date.now() > Number(word.dataset.until)) {
        word.textContent = word.dataset.silent;
        word.className = 'status bad';
      }
    };
    look();
    setInterval(look, 1000);
    """

  // MARK: Summary

  private var statusElement: Markup {
    switch status {
    case .running(let text, let seconds):
      let left = seconds.flatMap(Self.about).map { ", about \($0) left" } ?? ""
      return """
        <p class="status" data-until="\(Int(clamped: (time.seconds + patience) * 1000))" \
        data-silent="No word since \(time.text) (killed?)">Running: \(text)\(left)</p>
        <p class="note">Written at \(time.text). Where that time does not change any more, the \
        run was killed.</p>
        """
    case .finished: return "<p class=\"status good\">✓ Finished</p>"
    case .stopped(let text): return "<p class=\"status warn\">! \(text)</p>"
    case .failed(let text): return "<p class=\"status bad\">✕ \(text)</p>"
    }
  }

  /// `4 min`; nil where it is not known.
  static func about(_ seconds: Double) -> String? {
    guard seconds.isFinite, seconds >= 0 else { return nil }
    switch seconds {
    case ..<90: return "\(Int(seconds.rounded(.up)))\(Figures.gap)s"
    case ..<5400: return "\(Int((seconds / 60).rounded()))\(Figures.gap)min"
    default: return "\(Figures.decimal(seconds / 3600, 1))\(Figures.gap)h"
    }
  }

  private var summary: HTMLReport.Section {
    var keys = Markup.nothing
    func key(_ name: String, _ value: String, _ note: String = "") {
      let small: Markup = note.isEmpty ? "" : "<small>\(note)</small>"
      keys += "<div><dt>\(name)</dt><dd>\(value)\(small)</dd></div>\n"
    }
    if let testAccuracy {
      key("test accuracy", Figures.percent(testAccuracy), "with epoch \(bestEpoch)")
    }
    let best = epochs.first { $0.epoch == bestEpoch }
    if let best, let accuracy = best.validationAccuracy {
      key("best validation", Figures.percent(accuracy), "in epoch \(bestEpoch)")
    }
    if let last = epochs.last {
      key("training", Figures.percent(last.trainAccuracy), "in epoch \(last.epoch)")
      key(
        "loss", Figures.short(last.trainLoss),
        last.validationLoss.map {
          "validation \(Figures.short($0))"
        } ?? "of training")
      key(
        "images a second", Figures.count(Int(clamped: last.imagesPerSecond)), "in the last epoch")
      let total = epochs.reduce(0) { $0 + $1.seconds }
      key("time", Self.about(total) ?? "–", "\(Figures.count(epochs.count, "epoch"))")
    }
    if testAccuracy == nil, let point = course?.last {
      key("learning rate", Figures.short(point.rate), "in step \(Figures.count(point.step))")
    }
    let warnings: Markup =
      self.warnings.isEmpty
      ? "" : "<ul class=\"warnings\">\(self.warnings.map { "<li>\($0)</li>" as Markup })</ul>\n"
    let list: Markup =
      epochs.isEmpty && course?.last == nil
      ? "<p>No epoch is over yet.</p>\n" : "<dl class=\"key\">\n\(keys)</dl>\n"
    return .init(
      id: "summary", name: "Summary",
      content: """
        \(statusElement)
        <h1>\(title)</h1>
        \(warnings)\(list)\(diagnosis?.markup(isTested: testAccuracy != nil) ?? "")
        """)
  }

  // MARK: The rest

  private var filterSection: HTMLReport.Section? {
    guard let filters else { return nil }
    let reach = max(filters.before.reach, filters.now.reach)
    let change = filters.now.change(from: filters.before)
    let strips = [
      ("As training began", filters.before, reach), ("Now", filters.now, reach),
      ("What was learnt: the difference, to full contrast", change, change.reach),
    ].map { name, sheet, reach -> Markup in
      """
      <div class="strip"><small>\(name)</small>\
      \(ValueMap.element(sheet.picture(reach: reach), label: "Filters: \(name)"))</div>

      """
    }
    let more = filters.now.totalCount - filters.now.count
    return .init(
      id: "filters", name: "Filters",
      content: """
        <h2>Filters of the first layer</h2>
        <div class="filters">\(strips)<p class="note">\(filters.layer.shortened(to: 40)), \
        \(filters.now.height)×\(filters.now.width): grey is 0, white \
        \(Figures.short(Double(reach))), black the same below 0.\
        \(more > 0 ? " \(Figures.count(more, "more filter")) not shown." : "")</p></div>

        """)
  }

  private var insides: HTMLReport.Section? {
    guard let shown = activationImage, !activations.isEmpty else { return nil }
    let cards = activations.map { layer -> Markup in
      let tiles = layer.channels.map { ValueMap.image($0, width: layer.width) }
      let columns = layer.width > 2 ? min(tiles.count, 8) : min(tiles.count, 16)
      let more = layer.totalCount - tiles.count
      return """
        <li><h4 class="name">\(layer.name.shortened(to: 40))</h4>
        \(ValueMap.element(Image(tiles: tiles, columns: columns), label: layer.name.shortened()))
        <p class="note">\(Figures.short(Double(layer.lower))) … \
        \(Figures.short(Double(layer.upper)))\
        \(more > 0 ? ", \(Figures.count(more, "more channel"))" : "")</p></li>

        """
    }
    return .init(
      id: "activations", name: "Activations",
      content: """
        <h2>An image on its way through the layers</h2>
        <ul class="maps tiles"><li><h4>\(shown.text)</h4>
        \(ValueMap.element(shown.image, label: shown.text))</li>
        \(cards)</ul>
        <p class="note">Channels side by side; dark is a layer's lowest value, yellow its \
        highest.</p>

        """)
  }

  private var examples: HTMLReport.Section? {
    guard let assessment else { return nil }
    let groups = [
      ("Surest mistakes", Array(assessment.assessment.worst.prefix(12))),
      ("Right, but hardly sure", unsure), ("Right", right),
    ]
    let content = groups.map { name, samples -> Markup in
      let list: Markup =
        samples.isEmpty ? "<p class=\"note\">There are none.</p>" : assessment.gallery(samples)
      return "<h3>\(name)</h3>\n\(list)\n"
    }
    return .init(
      id: "examples", name: "Examples",
      content: """
        <h2>Examples</h2>
        <p>Of the validation images, by the weights of the last epoch.</p>
        \(content)
        """)
  }
}
