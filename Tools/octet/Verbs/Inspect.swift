import OctetCommand
import OctetEvaluation
import OctetExchange
import OctetModelFile

struct Inspect: Verb {
  let name = "inspect"
  let summary = "Show a model's layers, shapes, scales, arena map and cost."
  let file = Positional<String>("FILE", .input, help: "A .onnx, .tflite or .oct file.")
  let example = "octet inspect lenet.oct"
  var parameters: [any Parameter] { [file] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    var report: InspectReport
    let (model, layouts) = try ModelFile.readDescribed(arguments[file])
    switch model {
    case .blob(let loaded): report = InspectReport(loaded)
    case .graph(let graph, let format, let byteCount):
      report = InspectReport(graph, format: format, fileByteCount: byteCount)
    }
    if let layouts {
      for (index, port) in layouts.inputs.enumerated() { report.inputs[index].take(port) }
      for (index, port) in layouts.outputs.enumerated() { report.outputs[index].take(port) }
    }
    return Outcome(report, text: report.text(for: console.output, file: arguments[file]))
  }
}

extension InspectReport {
  private var arithmeticText: String? {
    switch arithmetic {
    case "onnx": "arithmetic: ONNX's, results are rounded once, halves to even"
    case .some: "arithmetic: TensorFlow Lite's, products and shifts are each rounded"
    case nil: nil
    }
  }

  func text(for terminal: Terminal, file: String) -> String {
    var lines = [
      "\(SafeText.escaped(file)): \(format), \(fileByteCount) bytes, "
        + "\(weightByteCount) of them weights"
    ]
    if let arithmeticText { lines.append(arithmeticText) }
    lines += zip(["input", "output"], [inputs, outputs]).flatMap { role, tensors in
      tensors.map {
        "\(role) '\(SafeText.escaped($0.name))' \($0.shape.shapeText), \($0.layoutText)"
          + $0.quantizationText
      }
    }
    if !labels.isEmpty {
      lines.append("labels: \(labels.map(SafeText.escaped).joined(separator: ", "))")
    }
    if let normalization {
      lines.append(
        "normalisation: mean \(normalization.mean), std \(normalization.standardDeviation)")
    }
    lines = lines.map { SafeText.escaped($0).wrapped(for: terminal) }
    var table = FittedTable([
      .always(.left("layer")), .always(.left("operator")), .drop(3, .right("input")),
      .always(.right("output")), .drop(1, .right("scale")), .drop(2, .right("zero")),
      .drop(0, .right("multiply-adds")),
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
    var table = FittedTable([
      .always(.left("arena")), .always(.right("from")), .always(.right("to")),
      .always(.right("bytes")), .always(.right("operators")),
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
  fileprivate mutating func take(_ port: PortLayout) {
    fileShape = port.fileShape
    layout = port.order == .channelsLast ? "channelsLast" : "rowMajor"
  }

  fileprivate var layoutText: String {
    let place = fileShape.map { $0 == shape ? "" : " (\($0.shapeText) in the file)" } ?? ""
    return (layout == "rowMajor" ? "row-major" : "channels last") + place
  }

  fileprivate var quantizationText: String {
    guard let scale, let zeroPoint else { return "" }
    return ", scale \(scale), zero point \(zeroPoint)"
  }
}
