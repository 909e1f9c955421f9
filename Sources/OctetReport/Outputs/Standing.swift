/// How the candidate stands beside the reference, by what is known of right and wrong.
struct Standing {
  /// What matters is lost, and that is no accident.
  var hasLost: Bool
  /// It is measurably worse, by however little.
  var isWorse: Bool
  /// For a manager.
  var sentence: String
  /// What was lost or kept: `accuracy`.
  var quality: String

  /// By the classes of labelled samples.
  init(_ context: DiffContext, _ classes: PairedClassification) {
    let drop = classes.accuracyDrop
    let isSignificant = classes.significance.isSignificant
    isWorse = drop > 0 && isSignificant
    hasLost = isWorse && drop >= DiffReport.Verdict.smallDrop
    quality = "accuracy"
    let (a, b) = context.comparison.names
    let count = classes.sampleCount
    let source = Self.source(context)
    let figures =
      "\(classes.candidate.accuracy.percent) against \(classes.reference.accuracy.percent) of "
      + "\(count) labelled images\(source)"
    let p = classes.significance.text
    let points = (100 * drop).short
    if !isSignificant {
      sentence =
        "The \(b) model is as good as the \(a) model: \(figures); the difference is within "
        + "chance (\(p))."
    } else if drop < 0 {
      sentence = "The \(b) model is better than the \(a) model: \(figures)."
    } else if hasLost {
      sentence =
        "The \(b) model loses \(points) points of accuracy: \(figures); that is no accident "
        + "(\(p))."
    } else {
      sentence =
        "The \(b) model loses little, but measurably: \(figures), \(points) points (\(p))."
    }
  }

  /// By outputs that are judged otherwise: the first that lost decides.
  init(_ context: DiffContext, _ outputs: [DiffReport.Output], _ sampleCount: Int) {
    let (a, b) = context.comparison.names
    let judged = outputs.map { ($0, $0.judgement) }
    let worst =
      judged.first { $0.1.hasLost } ?? judged.first { $0.1.isWorse } ?? judged.first
    hasLost = worst?.1.hasLost ?? false
    isWorse = worst?.1.isWorse ?? false
    quality = "quality"
    let samples = "\(sampleCount) \(sampleCount == 1 ? "sample" : "samples")\(Self.source(context))"
    guard let (output, judgement) = worst else {
      sentence = "The models have no output to compare."
      return
    }
    let name = outputs.count == 1 ? "" : "Output '\(output.name)' of the \(b) model "
    let subject = name.isEmpty ? "The \(b) model " : name
    if judgement.hasLost {
      sentence = subject + "\(judgement.loss) on \(samples). \(output.summary)"
    } else if judgement.isWorse {
      sentence = subject + "is a little worse: it \(judgement.loss) on \(samples). "
        + output.summary
    } else {
      let all = outputs.count == 1 ? "" : " at all \(outputs.count) outputs"
      sentence = "The \(b) model follows the \(a) model\(all) on \(samples). \(output.summary)"
    }
  }

  private static func source(_ context: DiffContext) -> String {
    let data = context.premises.data
    return data.name.isEmpty ? "" : " of '\(data.name)'"
  }
}
