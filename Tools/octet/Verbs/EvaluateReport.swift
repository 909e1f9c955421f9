import OctetCommand
import OctetReport

struct EvaluateReport: Encodable {
  struct Member: Encodable {
    var file: String
    var accuracy: Double
  }

  var assessment: Assessment
  var data: String
  var models: [String]
  /// Views of each image that were averaged.
  var viewCount: Int
  /// Each model alone, where there are several.
  var members: [Member]?
  var errors: ErrorDiagnosis?
  var htmlFile: String?
  var seconds = 0.0

  init(_ assessment: Assessment, data: String, models: [String], viewCount: Int) {
    self.assessment = assessment
    self.data = data
    self.models = models
    self.viewCount = viewCount
  }

  /// Classes whose lines fit a screen.
  private static let classLimit = 20

  func text(for console: Console) -> String {
    let interval = assessment.accuracyInterval
    var lines = [
      "Accuracy \(assessment.accuracy.percent) (95 % interval \(interval[0].percent) to "
        + "\(interval[1].percent)) on \(assessment.sampleCount) images of '\(data)'"
    ]
    let tops = assessment.topAccuracies.enumerated().dropFirst().map {
      "top-\($0.offset + 1) \($0.element.percent)"
    }
    lines.append(
      (tops + [
        "macro F1 \(assessment.macroF1.formatted(digits: 4))",
        "log loss \(assessment.logLoss.formatted(digits: 4))",
        "calibration error \(assessment.calibration.expectedError.percent)",
      ]).joined(separator: ", "))
    for member in members ?? [] { lines.append("\(member.file) alone \(member.accuracy.percent)") }
    lines.append("")
    lines.append(Self.row(["class", "images", "precision", "recall", "F1", "mostly taken for"]))
    for (index, item) in assessment.classes.enumerated().prefix(Self.classLimit) {
      let others = assessment.confusion[index].enumerated().filter { $0.offset != index }
      let most = others.max { $0.element < $1.element }
      let confused = most.flatMap {
        $0.element > 0 ? "\(assessment.classes[$0.offset].name) (\($0.element))" : nil
      }
      lines.append(
        Self.row([
          item.name, "\(item.sampleCount)", item.precision?.percent ?? "-",
          item.recall?.percent ?? "-", item.f1?.percent ?? "-", confused ?? "-",
        ]))
    }
    let left = assessment.classes.count - Self.classLimit
    if left > 0 { lines.append("and \(left) more classes; --json and --html have all") }
    if let errors {
      lines += [
        "",
        "Error: training \(errors.train.percent), development \(errors.development.percent), test "
          + "\(errors.test.percent); bias \(errors.bias.percent), variance "
          + "\(errors.variance.percent), mismatch \(errors.mismatch.percent)",
      ]
      lines += errors.advice
    }
    if let htmlFile { lines.append("wrote \(SafeText.escaped(htmlFile))") }
    return lines.joined(separator: "\n")
  }

  private static func row(_ cells: [String]) -> String {
    zip(cells, [14, 7, 9, 8, 8, 18]).enumerated().map { index, pair in
      let (cell, width) = (SafeText.escaped(pair.0), pair.1)
      let gap = String(repeating: " ", count: max(0, width - cell.count))
      return index == 0 || index == 5 ? cell + (index == 5 ? "" : gap) : gap + cell
    }.joined(separator: "  ")
  }
}
