import Foundation
import OctetCommand
import OctetReport

extension DiffReport {
  /// One screen: the verdict, what to do, the accuracy, the worst layers and where there is more.
  ///
  /// - Parameters:
  ///   - hasAll: whether every layer is listed, in the order in which they run.
  ///   - hasPage: whether a page was written, so that none needs to be recommended.
  func text(for terminal: Terminal, hasAll: Bool = false, hasPage: Bool = false) -> String {
    let style: Terminal.Style =
      verdict.kind == .healthy ? .good : (hasLost ? .bad : .warning)
    func paragraph(_ text: String, lines: Int) -> String {
      let all = SafeText.escaped(text).wrapped(for: terminal).split(separator: "\n")
      guard !hasAll, all.count > lines, let last = all.prefix(lines).last else {
        return all.joined(separator: "\n")
      }
      let kept = all.prefix(lines - 1).map(String.init)
      return (kept + [String(last).cut(to: terminal.width - 2) + " …"]).joined(separator: "\n")
    }
    // Lines that a verdict takes at 80 columns; narrower terminals need more.
    let room = max(1, (80 + terminal.width - 1) / terminal.width)
    var parts = [
      paragraph(verdict.summary, lines: 5 * room).split(separator: "\n")
        .map { terminal.styled(String($0), style) }.joined(separator: "\n"),
      paragraph(verdict.action, lines: 5 * room),
      floatTop1.isNaN ? "" : accuracyText(terminal),
      outputsText(terminal, hasAll: hasAll),
      layerText(terminal, hasAll: hasAll),
    ]
    if let bisection {
      parts.append(SafeText.escaped(bisection.text(comparison.names)).wrapped(for: terminal))
    }
    if let sensitivity { parts.append(sensitivityText(sensitivity, terminal, hasAll: hasAll)) }
    if let baseline { parts.append(baselineText(baseline, hasAll: hasAll).wrapped(for: terminal)) }
    if let board { parts.append(Self.boardText(board).wrapped(for: terminal)) }
    if let against { parts.append(against.text(for: terminal, hasAll: hasAll)) }
    parts.append((costText + "\n" + moreText(hasAll, hasPage)).wrapped(for: terminal))
    return parts.map { $0.trimmingCharacters(in: .newlines) }.filter { !$0.isEmpty }
      .joined(separator: "\n\n")
  }

  /// Where there is more.
  private func moreText(_ hasAll: Bool, _ hasPage: Bool) -> String {
    let places = [
      hasPage ? nil : "--html FILE (network, layers, images)",
      hasAll || layers.count <= Self.rowLimit ? nil : "--all-layers", "--json",
    ]
    return "more: " + places.compactMap(\.self).joined(separator: ", ")
  }

  private var hasLost: Bool { significance.isSignificant && int8Top1 < floatTop1 }

  private func accuracyText(_ terminal: Terminal) -> String {
    var table = TextTable([
      .left("\(sampleCount) \(data.isImages ? "images" : "samples")"), .right("top-1"),
      .right("95 %"),
    ])
    let (a, b) = comparison.names
    for (name, value, interval) in [
      (a, floatTop1, floatTop1Interval), (b, int8Top1, int8Top1Interval),
    ] {
      table.add([
        .init(name), .init(value.percent),
        .init("\(interval.lower.percent) … \(interval.upper.percent)"),
      ])
    }
    var text =
      "agreement \(agreement.percent), right→wrong \(rightToWrong), wrong→right "
      + "\(wrongToRight), McNemar \(significance.text)"
    let confusions = worstConfusions
    if !confusions.isEmpty { text += "\nmore often: " + confusions.joined(separator: ", ") }
    if let flip = flips.first {
      text +=
        "\nmost surprising: image \(flip.index), a \(className(flip.label)): "
        + "\(className(flip.floatPrediction)) by a margin of "
        + "\(Double(flip.floatMargin).formatted(digits: 2)), now \(className(flip.int8Prediction))"
    }
    return table.text(for: terminal) + text.wrapped(for: terminal)
  }

  /// The confusions that int8 makes more often.
  private var worstConfusions: [String] {
    let count = classCount
    let entries = confusionDifference.enumerated().filter { position, change in
      change > 0 && position / count != position % count
    }
    return entries.sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }.prefix(3).map {
      "\(className($0.offset / count)) as \(className($0.offset % count)) +\($0.element)"
    }
  }

  private func className(_ index: Int) -> String {
    SafeText.escaped(index < classNames.count ? classNames[index] : "\(index)")
  }

  /// Rows that fit a screen.
  private static let rowLimit = 8

  /// All layers in their order where there are few, otherwise the worst, the worst first.
  private func layerText(_ terminal: Terminal, hasAll: Bool) -> String {
    var table = FittedTable([
      .always(.left("layer")), .always(.right("SQNR dB")), .always(.right("local")),
      .drop(2, .right("weights")), .drop(1, .right("activ.")), .drop(3, .right("clip")),
      .drop(4, .right("requant.")), .drop(5, .right("RMSE/step")), .always(.left("condition")),
    ])
    var shown = Array(layers.indices)
    if !hasAll, shown.count > Self.rowLimit {
      shown.sort { (grade(layers[$0]), $0) < (grade(layers[$1]), $1) }
      shown = Array(shown.prefix(Self.rowLimit))
    }
    for layer in shown.map({ layers[$0] }) {
      let isBlamed = layer.name == verdict.layer
      let split = layer.split
      let note = layer.visibleSqnrDecibels == nil ? "" : "*"
      table.add([
        .init(layer.name, isBlamed ? .bold : .plain), .init(note + decibels(layer.judgedDecibels)),
        .init(decibels(layer.local?.sqnrDecibels)), .init(decibels(split?.weightRounding)),
        .init(decibels(split?.activationRounding)), .init(decibels(split?.clipping)),
        .init(decibels(split?.requantization)),
        .init(note + (layer.visibleRmseOverScale ?? layer.rmseOverScale).formatted(digits: 2)),
        .init(
          layer.condition.title,
          layer.condition == .healthy ? .good : (isBlamed ? .bad : .warning)),
      ])
    }
    var text = table.text(for: terminal)
    text += splitText(terminal)
    let others = Set(layers.indices).subtracting(shown)
    if !others.isEmpty { text += othersText(others).wrapped(for: terminal) + "\n" }
    if layers.contains(where: { $0.visibleSqnrDecibels != nil }) {
      text += "* of the scores that can be seen (probability above 2^-16)".wrapped(for: terminal)
    }
    return text
  }

  /// What the layers that are not shown suffer from: `… 160 others: 158 healthy, 2 coarse steps`.
  private func othersText(_ others: Set<Int>) -> String {
    let counts = Dictionary(grouping: others, by: { layers[$0].condition }).mapValues(\.count)
    let parts = counts.sorted { ($1.value, $0.key.title) < ($0.value, $1.key.title) }
      .map { counts.count == 1 ? $0.key.title : "\($0.value) \($0.key.title)" }
    return "… \(others.count) other\(others.count == 1 ? "" : "s"): "
      + parts.joined(separator: ", ")
  }

  /// The layers of which the four sources of the error cannot be had.
  private func splitText(_ terminal: Terminal) -> String {
    let whole = layers.filter { $0.splitNote != nil }
    guard let first = whole.first, let note = first.splitNote else { return "" }
    let others = whole.count == 1 ? "" : " and of \(whole.count - 1) more"
    return "the error of '\(SafeText.escaped(first.name))'\(others) cannot be taken apart: \(note)"
      .wrapped(for: terminal) + "\n"
  }

  private func grade(_ layer: Layer) -> Double {
    layer.condition == .healthy
      ? (layer.local?.sqnrDecibels ?? layer.judgedDecibels) : -1000 - (layer.findings[0].severity)
  }

  private func decibels(_ value: Double?) -> String {
    guard let value else { return "-" }
    return value.isFinite ? value.formatted(digits: 1) : (value > 0 ? "none" : "-inf")
  }

  private func sensitivityText(
    _ sensitivity: Sensitivity, _ terminal: Terminal, hasAll: Bool
  ) -> String {
    var table = FittedTable([
      .always(.left("top-1, quantized:")), .always(.right("only it")),
      .always(.right("all but it")),
    ])
    var shown = sensitivity.layers
    if !hasAll, shown.count > Self.rowLimit {
      // Those that cost most alone, or bring back most when they are left in float.
      func grade(_ layer: Sensitivity.Layer) -> Double {
        min(
          (layer.onlyThis ?? 1) - sensitivity.floatTop1,
          sensitivity.int8Top1 - (layer.allButThis ?? 0))
      }
      shown = shown.enumerated().sorted {
        (grade($0.element), $0.offset) < (grade($1.element), $1.offset)
      }.prefix(Self.rowLimit).map(\.element)
    }
    for layer in shown {
      table.add([
        .init(layer.name), .init(layer.onlyThis?.percent ?? "-"),
        .init(layer.allButThis?.percent ?? "-"),
      ])
    }
    let hidden = sensitivity.layers.count - shown.count
    return table.text(for: terminal) + (hidden > 0 ? "… \(hidden) layers that matter less\n" : "")
  }

  private func baselineText(_ baseline: BaselineComparison, hasAll: Bool) -> String {
    let file = SafeText.escaped(baseline.file)
    guard !baseline.worse.isEmpty else { return "nothing got worse since \(file)" }
    let shown = baseline.worse.prefix(hasAll ? .max : Self.rowLimit).map {
      "  " + SafeText.escaped($0)
    }
    let hidden = baseline.worse.count - shown.count
    return "worse since \(file):\n" + shown.joined(separator: "\n")
      + (hidden > 0 ? "\n  … \(hidden) more" : "")
  }

  static func boardText(_ board: BoardComparison) -> String {
    let name = SafeText.escaped(board.board)
    if board.outputsMatchHost, board.selfTestPassed {
      let count = board.sampleCount
      return "\(name): every operator makes the same bytes, in the self-test and on "
        + (count == 1 ? "1 sample" : "\(count) samples")
        + (board.finding.map { ", but\n" + SafeText.escaped($0.text) } ?? "")
    }
    let place = board.differingSampleIndex.map { "other bytes, first at sample \($0)" }
    let selfTest =
      board.finding?.kind == .stopped
      ? "it stops" : board.sampleCount == 0 ? "no bytes to compare" : "other bytes in the self-test"
    return "\(name): \(place ?? selfTest)"
      + (board.detail.map { ":\n" + SafeText.escaped($0) } ?? "")
  }

  private var costText: String {
    var text =
      "weights \(cost.float.weightByteCount) → \(cost.int8.weightByteCount) bytes, activations "
      + "\(cost.float.activationByteCount) → \(cost.int8.activationByteCount) bytes"
    if let float = cost.float.nanoseconds, let int8 = cost.int8.nanoseconds {
      text +=
        ", \((float / 1000).formatted(digits: 0)) → \((int8 / 1000).formatted(digits: 0)) µs "
        + "an image"
    }
    return text + "; compared in \(seconds.formatted(digits: 1)) s"
  }
}
