import Foundation

/// What an output's figures say of the candidate.
package struct OutputJudgement: Sendable, Equatable {
  /// The candidate has lost what matters, and that is no accident.
  package var hasLost: Bool
  /// It is measurably worse, by however little.
  package var isWorse: Bool
  /// The loss in a few words: `loses 1.2 points of AUC`.
  package var loss: String
}

extension DiffReport.Output {
  /// A mean error that grows by less is no loss.
  static let smallGrowth = 0.05
  /// The agreement, and the signal over the error, under which something is lost where no label or
  /// target says what is right.
  static let leastAgreement = 0.95
  static let leastDecibels = 15.0
  /// The ratio above which decisions that differ were close ones.
  static let sureDecibels = 25.0

  package var judgement: OutputJudgement {
    if let classification, let float = classification.floatTop1, let int8 = classification.int8Top1,
      let test = classification.significance
    {
      let drop = float - int8
      let isWorse = drop > 0 && test.isSignificant
      return .init(
        hasLost: isWorse && drop >= DiffReport.Verdict.smallDrop, isWorse: isWorse,
        loss: "loses \((100 * drop).short) points of accuracy (\(test.text))")
    }
    if let ranking, let difference = ranking.aucDifference, let p = ranking.pValue {
      let isWorse = difference.value < 0 && p < 0.05
      return .init(
        hasLost: isWorse && -difference.value >= DiffReport.Verdict.smallDrop, isWorse: isWorse,
        loss: "loses \((-100 * difference.value).short) points of AUC (\(pText(p)))")
    }
    if let regression, let test = regression.pairedTest, let float = regression.float {
      return growth(of: "the mean |error|", from: float.mae.value, test)
    }
    if let reconstruction {
      return growth(
        of: "the reconstruction's error", from: reconstruction.floatError.value,
        reconstruction.pairedTest)
    }
    // Nothing says what is right: only that the two differ.
    let disagrees =
      agreement < Self.leastAgreement && agreementInterval.upper < 1
      && sqnrDecibels < Self.sureDecibels
    let isFar: Bool
    switch metric {
    case .regression, .picture, .signal: isFar = sqnrDecibels < Self.leastDecibels
    case .embedding: isFar = (embedding?.cosine.value ?? 1) < 0.98
    case .classification, .scores, .detection, .reconstruction: isFar = disagrees
    }
    return .init(
      hasLost: isFar, isWorse: isFar,
      loss: "does not follow the reference (agreement \(agreement.percent), "
        + "\(decibels(sqnrDecibels)))")
  }

  private func growth(of what: String, from base: Double, _ test: PairedTest) -> OutputJudgement {
    let growth = test.meanDifference.value
    let isWorse = growth > 0 && test.isSignificant
    return .init(
      hasLost: isWorse && growth >= Self.smallGrowth * base, isWorse: isWorse,
      loss: "makes \(what) grow by \(base > 0 ? (growth / base).percent : growth.short) "
        + "(\(pText(test.pValue)))")
  }

  /// The result in one sentence.
  var sentence: String {
    switch metric {
    case .classification:
      guard let float = classification?.floatTop1, let int8 = classification?.int8Top1 else {
        return "Both name the same class for \(agreement.percent) of the samples."
      }
      return "\(int8.percent) right against \(float.percent); both name the same class for "
        + "\(agreement.percent)."
    case .regression: return regressionSentence
    case .scores:
      var text = ""
      if let float = ranking?.floatAuc, let int8 = ranking?.int8Auc {
        text = "AUC \(digits(int8.value)) against \(digits(float.value)); "
      }
      text += "both decide alike on \(agreement.percent)"
      if let spearman = ranking?.spearman { text += ", Spearman's rho \(digits(spearman))" }
      return text + "."
    case .embedding:
      return "The cosine is \(digits(embedding?.cosine.value ?? 1)) on average, "
        + "\(digits(embedding?.lowestCosine ?? 1)) at worst; \(agreement.percent) keep their "
        + "nearest neighbour."
    case .detection:
      let precision = detection?.precision.map(\.percent) ?? "-"
      let recall = detection?.recall.map(\.percent) ?? "-"
      return "The best place is the same for \(agreement.percent); of what the reference has over "
        + "\(detection?.threshold.short ?? "0") the candidate finds \(recall), with \(precision) "
        + "of its own right."
    case .reconstruction:
      guard let reconstruction else { return "\(decibels(sqnrDecibels)) of signal over error." }
      var text =
        "The mean squared error against the input is \(reconstruction.int8Error.value.short) "
        + "against \(reconstruction.floatError.value.short)"
      if let float = ranking?.floatAuc, let int8 = ranking?.int8Auc {
        text += "; AUC of anomalies \(digits(int8.value)) against \(digits(float.value))"
      }
      return text + "."
    case .picture:
      return "PSNR \(decibels(picture?.psnrDecibels ?? .infinity)), at worst "
        + "\(decibels(picture?.lowestPsnrDecibels ?? .infinity))."
    case .signal: return "\(decibels(sqnrDecibels)) of signal over error."
    }
  }

  private var regressionSentence: String {
    guard let regression else { return "" }
    let gap = regression.difference
    let between =
      "the candidate is off the reference by \(gap.mae.value.short) on average, "
      + "\(gap.maxAbsError.short) at most"
    guard let float = regression.float, let int8 = regression.int8 else {
      return between.prefix(1).uppercased() + between.dropFirst() + "."
    }
    return "Mean |error| \(int8.mae.value.short) against \(float.mae.value.short); \(between)."
  }

  private func digits(_ value: Double) -> String { value.formatted(digits: 4) }

  private func decibels(_ value: Double) -> String {
    value.isFinite ? value.formatted(digits: 1) + " dB" : (value > 0 ? "no error" : "-inf dB")
  }

  private func pText(_ p: Double) -> String { p < 0.0001 ? "p < 0.0001" : "p = " + p.short }
}
