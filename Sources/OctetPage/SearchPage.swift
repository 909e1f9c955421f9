import OctetReport

/// What `octet search` found, as one file.
package struct SearchPage {
  private let report: SearchReport
  /// Trials that drawings show at most, the best first.
  static let drawnLimit = 300

  package init(_ report: SearchReport) { self.report = report }

  package var text: String {
    var page = PlainPage(
      maker: "octet search", title: "Search on \(report.data)",
      footer: """
        \(Figures.count(ranked.count)) of \(Figures.count(report.trialCount, "trial")) by the \
        method \(report.method) from the seed \(String(report.seed)). Made by Octet.
        """)
    page.sections = [summary]
    if let importance { page.sections.append(importance) }
    if !ranked.isEmpty { page.sections += [together, oneByOne, curves] }
    page.sections.append(table)
    return page.text
  }

  /// Trials that ended, the best first.
  private var ranked: [SearchReport.Trial] {
    report.trials.filter { $0.rank != nil }.sorted { ($0.rank ?? 0) < ($1.rank ?? 0) }
  }

  /// The worst first, so that the best lie on top.
  private var drawn: [SearchReport.Trial] {
    ranked.filter { $0.accuracy != nil }.prefix(Self.drawnLimit).reversed()
  }

  private func style(_ trial: SearchReport.Trial) -> SearchPlot.Style {
    trial.number == report.best ? .best : trial.end == "done" ? .whole : .stopped
  }

  private var summary: HTMLReport.Section {
    var content: Markup
    if let best = report.bestTrial, let accuracy = best.accuracy {
      content = """
        <h1>Trial \(Figures.count(best.number)): \(Figures.percent(accuracy)) right with \
        \(Figures.count(best.parameterCount, "parameter"))</h1>
        <p>of the images held back, the best of \(Figures.count(ranked.count, "trial"))\
        \(goal) on \(report.data).</p>

        """
    } else {
      content = """
        <h1>No trial was trained to the end</h1>
        <p>\(Figures.count(ranked.count, "trial")) on \(report.data).</p>

        """
    }
    if let command = report.command {
      content += """
        <p>As a command:</p>
        <pre><code>\(command)</code></pre>

        """
    }
    if let accuracy = report.testAccuracy, let file = report.file {
      content += """
        <p>Trained so into <code>\(file)</code>: \(Figures.percent(accuracy)) of the test images, \
        which nothing else looked at.</p>

        """
    }
    for note in report.notes { content += "<p class=\"note\">\(note).</p>\n" }
    return .init(id: "summary", name: "Summary", content: content)
  }

  private var goal: Markup {
    guard let accuracy = report.sufficientAccuracy else { return "" }
    return ", judged by the fewest parameters at \(Figures.percent(accuracy))"
  }

  private var importance: HTMLReport.Section? {
    let shares = report.dimensions.compactMap { dimension in
      dimension.importance.map { (name: dimension.name, range: dimension.range, share: $0) }
    }.sorted { $0.share > $1.share }
    guard !shares.isEmpty else { return nil }
    var table = Table(
      "Importance", [.text("Hyper-parameter"), .text("Range"), .number("Share explained")])
    for item in shares {
      table.add([
        Table.Cell(item.name), Table.Cell(item.range.shortened(to: 60)),
        Table.Cell(Figures.percent(item.share, digits: 0), bar: item.share),
      ])
    }
    return .init(
      id: "importance", name: "Importance",
      content: """
        <h2>What matters</h2>
        \(table.markup)<p class="note">The share of the variance of the trials’ ranks that lies \
        between groups with like values of one hyper-parameter, less what chance gives (ε², Kelley \
        1935). What two do together only is not seen, and methods that go where trials were good \
        look at less of the rest.</p>

        """)
  }

  // MARK: Drawings

  private var together: HTMLReport.Section {
    let plot = ParallelPlot(
      title: "Hyper-parameters of all trials side by side",
      axes: report.dimensions.map { SearchPlot.Scale($0) } + [accuracyScale(upright: true)],
      lines: drawn.map { trial in
        .init(
          style: style(trial),
          places: report.dimensions.map { dimension in
            trial.value(of: dimension.name).flatMap { SearchPlot.Scale(dimension).place(of: $0) }
          } + [trial.accuracy.map { accuracyScale(upright: true).place($0) }])
      })
    let figure = Figure(
      drawing: plot.drawing, caption: "A line is a trial: \(SearchPlot.key)",
      table: trials(Array(ranked.prefix(12)), "The best trials"))
    return .init(
      id: "together", name: "Together",
      content: """
        <h2>Side by side</h2>
        <div class="scroll" role="region" tabindex="0" aria-label="Hyper-parameters side by side">\
        <div style="min-width:\(plot.leastWidth)px">\(figure.markup)</div></div>

        """)
  }

  private func accuracyScale(upright: Bool) -> SearchPlot.Scale {
    let values = drawn.compactMap(\.accuracy)
    return SearchPlot.Scale(
      name: "accuracy", lower: values.min() ?? 0, upper: values.max() ?? 1)
  }

  private var oneByOne: HTMLReport.Section {
    let figures = report.dimensions.map { dimension -> Markup in
      let scale = SearchPlot.Scale(dimension)
      var table = Table(
        "Accuracy by \(dimension.name)", [.text(dimension.name), .number("Accuracy")])
      let points = drawn.compactMap { trial -> SearchPlot.Point? in
        guard let text = trial.value(of: dimension.name), let place = scale.place(of: text),
          let accuracy = trial.accuracy
        else { return nil }
        return .init(place: place, accuracy: accuracy, style: style(trial))
      }
      for trial in ranked.prefix(12) {
        guard let text = trial.value(of: dimension.name), let accuracy = trial.accuracy else {
          continue
        }
        table.add([Table.Cell(text), Table.Cell(Figures.percent(accuracy))])
      }
      let plot = SearchPlot(title: "Accuracy by \(dimension.name)", scale: scale, points: points)
      let figure = Figure(
        drawing: plot.drawing, caption: "<strong>\(dimension.name)</strong>", table: table)
      return "<div>\(figure.markup)</div>\n"
    }
    return .init(
      id: "single", name: "One by one",
      content: """
        <h2>One by one</h2>
        <p class="note">A point is a trial: \(SearchPlot.key)</p>
        <div class="grid">\(figures)</div>

        """)
  }

  private var curves: HTMLReport.Section {
    let trials = drawn.filter { !$0.accuracies.isEmpty }
    let plot = TrialCurves(
      title: "Accuracy on the images held back, epoch by epoch", epochCount: report.epochCount,
      rungs: report.rungs, curves: trials.map { .init(style: style($0), values: $0.accuracies) })
    var table = Table("Last epochs", [.text("Trial"), .number("Epochs"), .number("Accuracy")])
    for trial in ranked.prefix(12) {
      guard let last = trial.accuracies.last else { continue }
      table.add([
        Table.Cell("\(trial.number)"), Table.Cell(Figures.count(trial.accuracies.count)),
        Table.Cell(Figures.percent(last)),
      ])
    }
    let rungs: Markup =
      report.rungs.isEmpty
      ? ""
      : """
       Dotted: where one in \(report.halvingFactor) goes on.
      """
    let figure = Figure(
      drawing: plot.drawing, caption: "A line is a trial: \(SearchPlot.key)\(rungs)", table: table)
    return .init(
      id: "curves", name: "Curves",
      content: """
        <h2>Epoch by epoch</h2>
        \(figure.markup)
        """)
  }

  // MARK: Trials

  private var table: HTMLReport.Section {
    let table = trials(ranked + report.trials.filter { $0.rank == nil }, "Trials")
    return .init(id: "trials", name: "Trials", content: "<h2>Trials</h2>\n\(table.markup)")
  }

  private func trials(_ trials: [SearchReport.Trial], _ caption: String) -> Table {
    var table = Table(
      caption,
      [
        .number("Trial"), .number("Accuracy"), .number("Epochs"), .text("End"),
        .number("Parameters"),
      ]
        + report.dimensions.map { .text($0.name) })
    for trial in trials {
      table.add(
        [
          Table.Cell("\(trial.number)"),
          Table.Cell(trial.accuracy.map { Figures.percent($0) } ?? "–"),
          Table.Cell("\(trial.accuracies.count)"),
          Table.Cell(end(trial)), Table.Cell(Figures.count(trial.parameterCount)),
        ]
          + report.dimensions.map {
            Table.Cell(trial.value(of: $0.name)?.shortened(to: 60) ?? "–")
          })
    }
    return table
  }

  private func end(_ trial: SearchReport.Trial) -> String {
    let word = trial.end ?? "not over"
    return trial.reason.map { "\(word): \($0.shortened(to: 120))" } ?? word
  }
}
