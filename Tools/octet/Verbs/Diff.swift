import OctetCommand
import OctetData
import OctetReport

struct DiffVerb: Verb {
  let name = "diff"
  let summary = "Compare a float model with its int8 form: accuracy, flips, error by layer."
  let model = Positional<String>("M.onnx", .path, help: "The float model.")
  let blob = Positional<String>("M.oct", .path, help: "The int8 model.")
  let samples = OctetCommand.Option(
    "--samples", .integer(1...100_000_000), help: "Only the first N test images.")
  let maxDrop = OctetCommand.Option(
    "--max-drop", .number(-1...1), help: "Exit with status 1 when accuracy falls by more.")
  let minAgreement = OctetCommand.Option(
    "--min-agreement", .number(0...1), help: "Exit with status 1 when agreement is less.")
  let example = "octet diff lenet.onnx lenet.oct --data digits --max-drop 0.005"

  var parameters: [any Parameter] {
    [
      model, blob, Common.data, samples, maxDrop, minAgreement, Common.mean,
      Common.standardDeviation, Common.threads,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    var graph = try ModelFile.readFloat(arguments[model])
    if let normalization = try Common.normalization(arguments) {
      graph.metadata.normalization = normalization
    }
    let loaded = try ModelFile.readBlob(arguments[blob])
    let source = try Steps.load(arguments[Common.data])
    let data = arguments[samples].map { source.test.prefix($0) } ?? source.test
    let bar = console.progress("comparing", total: data.count)
    let report = try Diff(graph, loaded, data).run(threadCount: arguments[Common.threads]) {
      bar.update($0)
    }
    bar.finish()
    return Outcome(
      report, text: report.text(for: console.output), ending: gate(report, arguments))
  }

  private func gate(_ report: DiffReport, _ arguments: Arguments) -> Outcome.Ending {
    let blame = report.worstLayer.map {
      "; the layer most to blame is '\($0.name)' at \($0.sqnrDecibels.formatted(digits: 1)) dB"
    }
    let drop = report.floatTop1 - report.int8Top1
    if let limit = arguments[maxDrop], drop > limit {
      return .gateMissed(
        "accuracy falls by \(drop.formatted(digits: 4)), more than --max-drop \(limit)"
          + (blame ?? ""))
    }
    if let limit = arguments[minAgreement], report.agreement < limit {
      return .gateMissed(
        "agreement is \(report.agreement.formatted(digits: 4)), less than --min-agreement \(limit)"
          + (blame ?? ""))
    }
    return .done
  }
}

extension DiffReport {
  func text(for terminal: Terminal) -> String {
    var layers = TextTable([
      .left("layer"), .left("operator"), .right("SQNR dB"), .right("max error"),
      .right("RMSE/scale"), .right("cosine"), .right("saturated"), .right("unused codes"),
    ])
    for layer in self.layers {
      layers.add([
        .init(layer.name), .init(layer.operator), .init(layer.sqnrDecibels.formatted(digits: 1)),
        .init(layer.maxAbsError.formatted(digits: 4)),
        .init(layer.rmseOverScale.formatted(digits: 3)), .init(layer.cosine.formatted(digits: 6)),
        .init(layer.saturatedShare.percent), .init(layer.neverUsedShare.percent),
      ])
    }
    var summary = TextTable([.left("\(sampleCount) images"), .right("top-1"), .right("95 %")])
    for (name, value, interval) in [
      ("float", floatTop1, floatTop1Interval), ("int8", int8Top1, int8Top1Interval),
    ] {
      summary.add([
        .init(name), .init(value.percent),
        .init("\(interval.lower.percent) … \(interval.upper.percent)"),
      ])
    }
    let verdict =
      significance.isSignificant
      ? "the difference is real (McNemar p = \(significance.pValue.formatted(digits: 4)))"
      : "the difference is within chance (McNemar p = \(significance.pValue.formatted(digits: 4)))"
    return summary.text(for: terminal) + "\n\n"
      + "agreement \(agreement.percent), right→wrong \(rightToWrong), wrong→right "
      + "\(wrongToRight): \(verdict)\n\n" + layers.text(for: terminal)
  }
}
