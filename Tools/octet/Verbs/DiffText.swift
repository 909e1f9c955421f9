import Foundation
import OctetCommand
import OctetReport

extension DiffReport {
  /// One screen, the verdict first.
  func text(for terminal: Terminal) -> String {
    let style: Terminal.Style =
      verdict.kind == .healthy ? .good : (hasLost ? .bad : .warning)
    var parts = [
      SafeText.escaped(verdict.summary).wrapped(for: terminal).split(separator: "\n")
        .map { terminal.styled(String($0), style) }.joined(separator: "\n"),
      SafeText.escaped(verdict.action).wrapped(for: terminal),
      floatTop1.isNaN ? "" : accuracyText(terminal),
      outputsText(terminal),
      layerText(terminal),
    ]
    if let bisection {
      parts.append(SafeText.escaped(bisection.text(comparison.names)).wrapped(for: terminal))
    }
    if let sensitivity { parts.append(sensitivityText(sensitivity, terminal)) }
    if let baseline { parts.append(baselineText(baseline).wrapped(for: terminal)) }
    if let board { parts.append(boardText(board).wrapped(for: terminal)) }
    parts.append(costText.wrapped(for: terminal))
    return parts.map { $0.trimmingCharacters(in: .newlines) }.filter { !$0.isEmpty }
      .joined(separator: "\n\n")
  }

  private var hasLost: Bool { significance.isSignificant && int8Top1 < floatTop1 }

  private func accuracyText(_ terminal: Terminal) -> String {
    var table = TextTable([.left("\(sampleCount) images"), .right("top-1"), .right("95 %")])
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

  /// Rows that fit a screen: of many layers those with the lowest local figures.
  private static let rowLimit = 16

  private func layerText(_ terminal: Terminal) -> String {
    var table = FittedTable([
      .always(.left("layer")), .always(.right("SQNR dB")), .always(.right("local")),
      .drop(2, .right("weights")), .drop(1, .right("activ.")), .drop(3, .right("clip")),
      .drop(4, .right("requant.")), .drop(5, .right("RMSE/step")), .always(.left("condition")),
    ])
    var shown = Array(layers.indices)
    if shown.count > Self.rowLimit {
      shown.sort { grade(layers[$0]) < grade(layers[$1]) }
      shown = shown.prefix(Self.rowLimit).sorted()
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
    let hidden = layers.count - shown.count
    if hidden > 0 { text += "\(hidden) better layers are not shown; --json has all\n" }
    if layers.contains(where: { $0.visibleSqnrDecibels != nil }) {
      text += "* of the scores that can be seen (probability above 2^-16)\n"
    }
    return text
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

  private func sensitivityText(_ sensitivity: Sensitivity, _ terminal: Terminal) -> String {
    var table = FittedTable([
      .always(.left("accuracy")), .always(.right("only it quantized")),
      .always(.right("all but it quantized")),
    ])
    for layer in sensitivity.layers {
      table.add([
        .init(layer.name), .init(layer.onlyThis?.percent ?? "-"),
        .init(layer.allButThis?.percent ?? "-"),
      ])
    }
    return table.text(for: terminal)
  }

  private func baselineText(_ baseline: BaselineComparison) -> String {
    let file = SafeText.escaped(baseline.file)
    return baseline.worse.isEmpty
      ? "nothing got worse since \(file)"
      : "worse since \(file):\n" + baseline.worse.map { "  " + $0 }.joined(separator: "\n")
  }

  private func boardText(_ board: BoardComparison) -> String {
    if board.outputsMatchHost, board.selfTestPassed {
      return
        "\(board.board): the same bytes on \(board.sampleCount) images, every layer's CRC right"
    }
    return "\(board.board): other bytes, first at image \(board.differingSampleIndex ?? 0)"
      + (board.detail.map { ": " + SafeText.escaped($0) } ?? "")
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
