import OctetCommand
import OctetReport
import OctetTraining

extension SearchReport {
  init(_ plan: SearchPlan, _ trials: [SearchTrial], data: String) {
    self.init(
      data: data, method: plan.sampler.method.rawValue, seed: plan.sampler.seed,
      epochCount: plan.halving.epochCount, halvingFactor: plan.halving.factor,
      rungs: plan.halving.rungs, trialCount: plan.trialCount)
    sufficientAccuracy = plan.goal.sufficientAccuracy
    dimensions = plan.options.dimensions.map { Dimension($0) }
    self.trials = trials.map { Trial($0, plan) }
    for (index, trial) in plan.goal.ranked(trials).enumerated() {
      guard let place = trials.firstIndex(where: { $0.number == trial.number }) else { continue }
      self.trials[place].rank = index + 1
    }
    best = plan.goal.best(of: trials).map { $0.number + 1 }
    addImportance()
  }
}

extension SearchReport.Trial {
  init(_ trial: SearchTrial, _ plan: SearchPlan) {
    self.init(number: trial.number + 1)
    end = trial.end?.rawValue
    reason = trial.reason
    values = plan.options.dimensions.compactMap { dimension in
      trial.values[dimension.name].map { .init(name: dimension.name, value: $0) }
    }
    parameterCount = trial.parameterCount
    multiplyAddCount = trial.multiplyAddCount
    skippedCount = trial.skippedCount
    accuracy = trial.score?.accuracy
    loss = trial.score?.loss
    bestEpoch = trial.bestEpoch
    accuracies = trial.epochs.map(\.validationAccuracy)
    seconds = trial.seconds
  }
}

extension SearchReport.Dimension {
  init(_ dimension: SearchDimension) {
    switch dimension.range {
    case .choices(let texts):
      self.init(
        name: dimension.name, range: texts.joined(separator: " | "), choices: texts)
    case .span(let span):
      let ends = "\(span.lower.plain), \(span.upper.plain)"
      let text =
        span.isLogarithmic
        ? "log(\(ends))"
        : span.step.map { $0 == 1 ? "integer(\(ends))" : "uniform(\(ends), \($0.plain))" }
          ?? "uniform(\(ends))"
      self.init(
        name: dimension.name, range: text, lower: span.lower, upper: span.upper,
        isLogarithmic: span.isLogarithmic)
    }
  }
}

extension SearchPlan {
  /// A trial as the command that trains it to the same bytes.
  func command(
    _ candidate: SearchOptions.Candidate, _ arguments: Arguments, _ setting: TrialSetting
  ) -> String {
    var words = ["octet train"]
    func add(_ name: String, _ text: String?) {
      if let text { words.append("\(name) \(text.shellQuoted)") }
    }
    add("--data", arguments[Common.data])
    for parameter in TrainingParameter.all { add(parameter.name, candidate.texts[parameter.name]) }
    let others: [any Parameter] = [
      Train().validation, Common.size, Common.mean, Common.standardDeviation,
    ]
    for parameter in others { add(parameter.specification.name, arguments.text(of: parameter)) }
    if arguments[Common.anyLabels] { words.append("--any-labels") }
    return (words + ["-o best.onnx"]).joined(separator: " ")
  }
}

/// What a search tells in the terminal, at most 80 columns wide.
struct SearchText {
  private static let width = 80
  private static let shownCount = 10
  /// Where the values begin.
  private static let valueColumn = 46

  let report: SearchReport

  init(_ report: SearchReport) { self.report = report }

  static let title = line(["trial ", "accuracy", "epochs", "parameters", "s", "values"])

  /// - Parameter isBest: the best so far, marked by a star.
  static func row(_ trial: SearchReport.Trial, isBest: Bool) -> String {
    let state =
      switch trial.end {
      case "diverged": "diverged"
      case "refused": "refused"
      default: trial.accuracy?.percent ?? "-"
      }
    let mark = trial.end == "halved" ? "<" : " "
    let head = line([
      "\(trial.number)\(isBest ? "*" : " ")", state, "\(trial.accuracies.count)\(mark)",
      "\(trial.parameterCount)", trial.seconds.formatted(digits: 1),
    ])
    let values = trial.values.map { "\($0.name)=\($0.value)" }
    return head + wrapped(values, from: head.count + 2)
  }

  /// Words in lines, those after the first as far in as the values begin.
  private static func wrapped(_ words: [String], from start: Int) -> String {
    var text = ""
    var column = start
    for (index, word) in words.enumerated() {
      let isFirst = index == 0
      if !isFirst, column + 1 + word.count > width {
        text += "\n" + String(repeating: " ", count: valueColumn)
        column = valueColumn
      } else {
        text += isFirst ? "  " : " "
        column += isFirst ? 0 : 1
      }
      // A list of changes may be longer than a line.
      var rest = Substring(SafeText.escaped(word))
      while rest.count > width - column, width - column > 0 {
        text += rest.prefix(width - column) + "\n" + String(repeating: " ", count: valueColumn)
        rest = rest.dropFirst(width - column)
        column = valueColumn
      }
      text += rest
      column += rest.count
    }
    return text
  }

  private static func line(_ cells: [String]) -> String {
    let widths = [6, 8, 6, 10, 6]
    return cells.enumerated().map { index, cell in
      let width = index < widths.count ? widths[index] : 0
      return String(repeating: " ", count: max(0, width - cell.count)) + cell
    }.joined(separator: "  ")
  }

  func text(for terminal: Terminal) -> String {
    let ranked = report.trials.filter { $0.rank != nil }
      .sorted { ($0.rank ?? 0) < ($1.rank ?? 0) }
    var lines: [String] = []
    if !ranked.isEmpty {
      lines.append("The best of \(ranked.count) trial\(ranked.count == 1 ? "" : "s"):")
      lines.append(terminal.styled(Self.title, .bold))
      lines += ranked.prefix(Self.shownCount).map { Self.row($0, isBest: $0.number == report.best) }
      let halved = ranked.count { $0.end == "halved" }
      if halved > 0 {
        lines.append("< stopped early, as too many others were better: \(halved) of them")
      }
    }
    let shares = report.dimensions.compactMap { dimension in
      dimension.importance.map { (dimension.name, $0) }
    }.sorted { $0.1 > $1.1 }
    if !shares.isEmpty {
      let words = shares.map { "\($0.0) \(Int(($0.1 * 100).rounded()))\u{a0}%" }
      lines.append(
        Self.hanging("Share of the trials' ranks explained by: " + words.joined(separator: ", ")))
    }
    lines += report.notes.map { Self.hanging("Note: \($0).") }
    if let command = report.command { lines += ["", Self.broken(command)] }
    if let file = report.file, let accuracy = report.testAccuracy {
      lines.append(
        "\nTest accuracy \(accuracy.percent); wrote "
          + (file == "-" ? "standard output" : SafeText.escaped(file)))
    }
    return lines.joined(separator: "\n")
  }

  private static func hanging(_ text: String) -> String {
    join(text.split(separator: " ").map(String.init), last: "", indent: "  ")
  }

  /// A command line over several lines, as a shell reads it.
  private static func broken(_ command: String) -> String {
    // An option stays with its value.
    var words: [String] = []
    for word in command.split(separator: " ").map(String.init) {
      if word.hasPrefix("-") || words.count < 2 {
        words.append(word)
      } else {
        words[words.count - 1] += " " + word
      }
    }
    return join(words, last: " \\", indent: "  ")
  }

  private static func join(_ words: [String], last: String, indent: String) -> String {
    var lines = [""]
    for word in words {
      let old = lines[lines.count - 1]
      if !old.isEmpty, old.count + 1 + word.count + last.count > width {
        lines[lines.count - 1] += last
        lines.append(indent + word)
      } else {
        lines[lines.count - 1] += (old.isEmpty ? "" : " ") + word
      }
    }
    return lines.joined(separator: "\n").replacing("\u{a0}", with: " ")
  }
}
