import OctetCommand
import OctetReport

extension DiffReport {
  /// How each output is judged, and what came of it; of a classifier with labels, whose accuracy
  /// has a table of its own, only the former.
  func outputsText(_ terminal: Terminal) -> String {
    let names = comparison.names
    return outputs.enumerated().map { position, output in
      let isShown = position == 0 && !floatTop1.isNaN
      let head =
        "output '\(SafeText.escaped(output.name))' by \(output.metric.rawValue): "
        + SafeText.escaped(output.reason)
      let text = isShown ? head : head + "\n" + output.text(terminal, names)
      return text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? "" : String($0).wrapped(for: terminal) }.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}

extension DiffReport.Output {
  fileprivate func text(
    _ terminal: Terminal, _ names: (reference: String, candidate: String)
  ) -> String {
    var lines = [
      "SQNR \(Self.decibels(sqnrDecibels)), cosine \(cosine.formatted(digits: 6)), largest "
        + "difference \(maxAbsError.short), \(sampleCount) samples",
      "agreement \(agreement.percent) (\(agreementInterval.lower.percent) … "
        + "\(agreementInterval.upper.percent)) on \(SafeText.escaped(agreementOn))",
    ]
    if let classification { lines += classification.lines(names) }
    if let regression { lines += regression.lines(terminal, names) }
    if let reconstruction { lines += reconstruction.lines(terminal, names) }
    if let ranking { lines += ranking.lines(names) }
    if let embedding { lines += embedding.lines(names) }
    if let detection { lines += detection.lines(names) }
    if let picture { lines += picture.lines(names) }
    if let worst = samples.first, worst.rmse > 0 {
      lines.append("worst: sample \(worst.index), RMSE \(worst.rmse.short)")
    }
    return lines.joined(separator: "\n")
  }

  fileprivate static func decibels(_ value: Double) -> String {
    value.isFinite ? value.formatted(digits: 1) + " dB" : (value > 0 ? "without error" : "-inf dB")
  }

  fileprivate static func p(_ value: Double) -> String {
    value < 0.0001 ? "p < 0.0001" : "p = " + value.short
  }
}

private typealias Output = DiffReport.Output
private typealias Names = (reference: String, candidate: String)

extension Output.Estimate {
  /// `0.12 (0.11 … 0.13)`
  fileprivate var text: String {
    "\(value.short) (\(lower.short) … \(upper.short))"
  }
}

extension Output.PairedTest {
  fileprivate func text(of what: String) -> String {
    "paired t test of \(what): \(meanDifference.text) more, \(Output.p(pValue))"
      + (isSignificant ? ", no accident" : ", within chance")
  }
}

extension Output.Classification {
  fileprivate func lines(_ names: Names) -> [String] {
    var lines: [String] = []
    if let floatTop1, let int8Top1, let significance {
      lines.append(
        "top-1 \(names.reference) \(floatTop1.percent), \(names.candidate) \(int8Top1.percent), "
          + "McNemar \(significance.text)")
    }
    if let first = changed.first {
      lines.append(
        "\(changedCount) change class; most surprising: sample \(first.index), "
          + "\(first.floatPrediction) by a margin of \(first.floatMargin.short), now "
          + "\(first.int8Prediction)")
    }
    return lines
  }
}

extension Output.Regression {
  fileprivate func lines(_ terminal: Terminal, _ names: Names) -> [String] {
    var table = FittedTable([
      .always(.left("error, 95 %")), .drop(2, .right("bias")), .always(.right("mean |error|")),
      .drop(1, .right("RMSE")), .drop(3, .right("largest")),
    ])
    let rows: [(String, DiffReport.Output.Errors?)] = [
      ("\(names.reference) - target", float), ("\(names.candidate) - target", int8),
      ("\(names.candidate) - \(names.reference)", difference),
    ]
    for (name, errors) in rows {
      guard let errors else { continue }
      table.add([
        .init(name), .init(errors.bias.text), .init(errors.mae.text), .init(errors.rmse.text),
        .init(errors.maxAbsError.short),
      ])
    }
    let lines = [table.text(for: terminal).trimmingSuffix(while: \.isNewline)]
    return lines + (pairedTest.map { [$0.text(of: "|error|")] } ?? [])
  }
}

extension Output.Reconstruction {
  fileprivate func lines(_ terminal: Terminal, _ names: Names) -> [String] {
    [
      "mean squared error against the input: \(names.reference) \(floatError.text), "
        + "\(names.candidate) \(int8Error.text)",
      pairedTest.text(of: "it"),
    ]
  }
}

extension Output.Ranking {
  fileprivate func lines(_ names: Names) -> [String] {
    var lines: [String] = []
    if let floatAuc, let int8Auc, let aucDifference, let pValue, let positiveCount {
      lines.append(
        "AUC \(names.reference) \(floatAuc.text), \(names.candidate) \(int8Auc.text), difference "
          + "\(aucDifference.text), \(Output.p(pValue)) (\(positiveCount) positive of "
          + "\(sampleCount))")
    }
    if let spearman {
      lines.append("Spearman's rho of both rankings: \(spearman.formatted(digits: 4))")
    }
    return lines
  }
}

extension Output.Embedding {
  fileprivate func lines(_ names: Names) -> [String] {
    var text =
      "cosine \(cosine.text), lowest \(lowestCosine.formatted(digits: 4)); of the five nearest of "
      + "\(neighbourSampleCount) samples both have \(fiveNeighbourOverlap.percent)"
    if let floatNeighbourTop1, let int8NeighbourTop1 {
      text +=
        "; the nearest has the label for \(names.reference) \(floatNeighbourTop1.percent), "
        + "\(names.candidate) \(int8NeighbourTop1.percent)"
    }
    return [text]
  }
}

extension Output.Detection {
  fileprivate func lines(_ names: Names) -> [String] {
    [
      "over \(threshold.short): \(names.reference) \(floatCount), \(names.candidate) \(int8Count), "
        + "both \(bothCount) (precision \(precision?.percent ?? "-"), recall "
        + "\(recall?.percent ?? "-")); best channel alike at \(channelAgreement.percent) of "
        + "\(cellCount) places"
    ]
  }
}

extension Output.PictureQuality {
  fileprivate func lines(_ names: Names) -> [String] {
    var text =
      "PSNR \(Output.decibels(psnrDecibels)), lowest \(Output.decibels(lowestPsnrDecibels)), peak "
      + peak.short
    if let floatPsnrDecibels, let int8PsnrDecibels {
      text +=
        "; against the targets \(names.reference) \(Output.decibels(floatPsnrDecibels)), "
        + "\(names.candidate) \(Output.decibels(int8PsnrDecibels))"
    }
    return [text]
  }
}

extension String {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
    var text = self[...]
    while let last = text.last, isDropped(last) { text.removeLast() }
    return String(text)
  }
}
