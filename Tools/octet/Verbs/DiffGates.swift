import OctetCommand
import OctetPage
import OctetReport

/// A condition that the user set.
struct DiffGate {
  var gate: HTMLReport.Gate
  /// The sentence on a gate that was missed.
  var missed: String
}

extension DiffVerb {
  /// Writes the report that `--html` asks for.
  func writeHTML(_ report: DiffReport, _ arguments: Arguments, _ console: Console) throws {
    guard let path = arguments[html] else { return }
    let page = HTMLReport(report, gates: gates(report, arguments).map(\.gate)).text()
    try AtomicFile.write(Array(page.utf8), to: path, as: .html)
    console.message("wrote \(path)")
  }

  /// Every gate that was set, met or not.
  func gates(_ report: DiffReport, _ arguments: Arguments) -> [DiffGate] {
    var gates: [DiffGate] = []
    let blame =
      report.worstLayer.map {
        "; the layer most to blame is '\($0.name)' (\($0.condition.title), "
          + "\($0.judgedDecibels.formatted(digits: 1)) dB)"
      } ?? ""
    func add(_ condition: String, _ isMet: Bool, _ outcome: String, missed: String) {
      gates.append(
        DiffGate(
          gate: .init(condition: condition, outcome: outcome, isMet: isMet), missed: missed))
    }
    if let limit = arguments[maxDrop], let (quality, drop) = report.qualityDrop {
      let condition = "--max-drop \(limit)"
      let text = "\(quality) falls by \(drop.formatted(digits: 4))"
      add(
        condition, drop <= limit, drop > 0 ? text : "\(quality) does not fall",
        missed: "\(text), more than \(condition)\(blame)")
    }
    if let limit = arguments[minAgreement] {
      let condition = "--min-agreement \(limit)"
      let text = "agreement is \(report.agreement.formatted(digits: 4))"
      add(
        condition, report.agreement >= limit, text,
        missed: "\(text), less than \(condition)\(blame)")
    }
    let lowest = report.layers.min { $0.judgedDecibels < $1.judgedDecibels }
    if let limit = arguments[minLayerSQNR], let lowest {
      let condition = "--min-layer-sqnr \(limit)"
      let decibels = "\(lowest.judgedDecibels.formatted(digits: 1)) dB"
      add(
        condition, lowest.judgedDecibels >= limit, "the lowest is '\(lowest.name)' at \(decibels)",
        missed: "layer '\(lowest.name)' is at \(decibels), less than \(condition)\(blame)")
    }
    let worst = report.outputs.min { $0.sqnrDecibels < $1.sqnrDecibels }
    if let limit = arguments[DiffSamples.minOutputSQNR], let worst {
      let condition = "--min-output-sqnr \(limit)"
      let decibels = "\(worst.sqnrDecibels.formatted(digits: 1)) dB"
      add(
        condition, worst.sqnrDecibels >= limit, "the lowest is '\(worst.name)' at \(decibels)",
        missed: "output '\(worst.name)' is at \(decibels), less than \(condition)\(blame)")
    }
    if let board = report.board {
      add(
        "--board \(board.board)", board.isGood,
        board.isGood ? "the same bytes as this machine" : "it \(board.failure)",
        missed: "the board \(board.board) \(board.failure)")
    }
    return gates
  }
}
