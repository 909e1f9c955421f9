import OctetCommand
import OctetPage
import OctetReport

extension DiffVerb {
  /// Writes the report that `--html` asks for.
  func writeHTML(_ report: DiffReport, _ arguments: Arguments, _ console: Console) throws {
    guard let path = arguments[html] else { return }
    let page = HTMLReport(report, gates: gates(report, arguments)).text()
    try AtomicFile.write(Array(page.utf8), to: path, as: .html)
    console.message("wrote \(path)")
  }

  /// Every gate that was set, met or not.
  private func gates(_ report: DiffReport, _ arguments: Arguments) -> [HTMLReport.Gate] {
    var gates: [HTMLReport.Gate] = []
    if let limit = arguments[maxDrop] {
      let drop = report.accuracyDrop
      gates.append(
        .init(
          condition: "--max-drop \(limit)",
          outcome: drop > 0
            ? "accuracy falls by \(drop.formatted(digits: 4))" : "accuracy does not fall",
          isMet: drop <= limit))
    }
    if let limit = arguments[minAgreement] {
      gates.append(
        .init(
          condition: "--min-agreement \(limit)",
          outcome: "agreement is \(report.agreement.formatted(digits: 4))",
          isMet: report.agreement >= limit))
    }
    let lowest = report.layers.min { $0.judgedDecibels < $1.judgedDecibels }
    if let limit = arguments[minLayerSQNR], let lowest {
      gates.append(
        .init(
          condition: "--min-layer-sqnr \(limit)",
          outcome: "the lowest is '\(lowest.name)' at "
            + "\(lowest.judgedDecibels.formatted(digits: 1)) dB",
          isMet: lowest.judgedDecibels >= limit))
    }
    if let board = report.board {
      let isSame = board.outputsMatchHost && board.selfTestPassed
      gates.append(
        .init(
          condition: "--board \(board.board)",
          outcome: isSame ? "the same bytes as this machine" : "other bytes than this machine",
          isMet: isSame))
    }
    return gates
  }
}
