import OctetCommand
import OctetReport

struct Inspect: Verb {
  let name = "inspect"
  let summary = "Show a model's layers, shapes, scales, arena map and cost."
  let file = Positional<String>("FILE", .input, help: "A .onnx, .tflite or .oct file.")
  let example = "octet inspect lenet.oct"
  var parameters: [any Parameter] { [file] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let report: InspectReport
    switch try ModelFile.read(arguments[file]) {
    case .blob(let loaded): report = InspectReport(loaded)
    case .graph(let graph, let format, let byteCount):
      report = InspectReport(graph, format: format, fileByteCount: byteCount)
    }
    return Outcome(report, text: report.text(for: console.output, file: arguments[file]))
  }
}

extension InspectReport {
  func text(for terminal: Terminal, file: String) -> String {
    var lines = [
      "\(SafeText.escaped(file)): \(format), \(fileByteCount) bytes, "
        + "\(weightByteCount) of them weights"
    ]
    lines += zip(["input", "output"], [inputs, outputs]).flatMap { role, tensors in
      tensors.map {
        "\(role) '\(SafeText.escaped($0.name))' \($0.shape.shapeText)\($0.quantizationText)"
      }
    }
    if !labels.isEmpty {
      lines.append("labels: \(labels.map(SafeText.escaped).joined(separator: ", "))")
    }
    if let normalization {
      lines.append(
        "normalisation: mean \(normalization.mean), std \(normalization.standardDeviation)")
    }
    var table = TextTable([
      .left("layer"), .left("operator"), .right("input"), .right("output"), .right("scale"),
      .right("zero"), .right("multiply-adds"),
    ])
    for layer in operators {
      table.add([
        .init(layer.name), .init(layer.operator), .init(layer.inputShape.shapeText),
        .init(layer.outputShape.shapeText),
        .init(layer.outputScale.map { Double($0).formatted(digits: 6) } ?? "-"),
        .init(layer.outputZeroPoint.map(String.init) ?? "-"), "\(layer.macCount)",
      ])
    }
    lines += ["", table.text(for: terminal), "", "multiply-adds: \(macCount)"]
    if let arenaByteCount {
      lines += ["arena: \(arenaByteCount) bytes", "", arenaText(for: terminal)]
    }
    return lines.joined(separator: "\n")
  }

  private func arenaText(for terminal: Terminal) -> String {
    var table = TextTable([
      .left("arena"), .right("from"), .right("to"), .right("bytes"), .right("operators"),
    ])
    for place in arena {
      table.add([
        .init(place.name), "\(place.offset)", "\(place.offset + place.byteCount)",
        "\(place.byteCount)", "\(place.firstUse)…\(place.lastUse)",
      ])
    }
    return table.text(for: terminal)
  }
}

extension InspectReport.Tensor {
  fileprivate var quantizationText: String {
    guard let scale, let zeroPoint else { return "" }
    return ", scale \(scale), zero point \(zeroPoint)"
  }
}
