import Foundation
import OctetCommand
import OctetCompiler
import OctetExchange
import OctetModel
import OctetModelFile
import OctetONNX
import OctetPasses

struct Import: Verb {
  let name = "import"
  let summary = "Take over a model from ONNX or TFLite, and prove that it was read rightly."
  let discussion =
    "A quantized model (int8 TFLite, ONNX with QuantizeLinear or QLinear operators) becomes a blob "
    + "with the scales it has. A float model becomes an ONNX file that 'octet quantize' and 'octet "
    + "diff' take. Every node of an ONNX file is run on random input as the file says and as Octet "
    + "holds it; the first that differs ends the import. A model file has 2 GiB at most, tensors "
    + "in files beside it 4 GiB together; FILE may be a pipe."
  let model = Positional<String>("FILE", .input, help: "A .tflite or .onnx file.")
  let output = OctetCommand.Option<OutputPath>(
    required: "--output", short: "o", .output(.blob, .onnx),
    help: "The .oct file to write; .onnx for a float model.")
  let example = "octet import model.tflite -o model.oct"
  var parameters: [any Parameter] {
    [
      model, output, Common.shapes, Common.mean, Common.standardDeviation, Common.labels,
      Common.noShrink, Common.arenaLimit,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[model]
    let target = arguments[output]
    let watch = Stopwatch()
    let imported = try ModelFile.readProven(path, shapes: arguments[Common.shapes] ?? [:])
    var graph = imported.graph
    if let normalization = try Common.normalization(arguments) {
      graph.metadata.normalization = normalization
    }
    if let labels = arguments[Common.labels] { graph.metadata.labels = try Common.labels(labels) }
    // Only a blob cannot hold them.
    let notes = graph.isQuantized ? try graph.dropOutputs(in: path) : []
    let shrinks = !arguments[Common.noShrink]
    let (bytes, compiled) = try converted(
      graph, imported.onnx, from: path, to: target, shrinks: shrinks,
      arenaLimit: arguments[Common.arenaLimit])
    let plan = compiled?.plan
    try AtomicFile.write(bytes, to: target, as: graph.isQuantized ? .blob : .onnx)
    for note in notes { console.message(note) }
    if !imported.widenedNodes.isEmpty { console.message(note(imported.widenedNodes)) }
    for note in imported.notes { console.message(note) }
    let proof = imported.proof
    // An ONNX file is written with its own inputs and outputs.
    var layouts = imported.layouts
    if let onnx = imported.onnx, plan == nil { layouts = .init(inFileOf: onnx) }
    if !notes.isEmpty { layouts.outputs = ModelFile.Layouts(graph).outputs }
    let report = ImportReport(
      format: imported.format, isQuantized: graph.isQuantized, nodeCount: graph.nodes.count,
      form: graph.form,
      comparedNodeCount: proof?.comparedCount, maximumDifference: proof?.maximumDifference,
      skippedNodes: proof?.skipped, widenedNodes: imported.widenedNodes,
      inputs: layouts.inputs, outputs: layouts.outputs, notes: notes + imported.notes,
      file: target.path,
      fileByteCount: bytes.count,
      arenaByteCount: plan?.byteCount, arenaLowerBoundByteCount: plan?.lowerBoundByteCount,
      shrink: shrinks ? try compiled.map { try ShrinkFigures($0) } : nil,
      arenaBudget: compiled?.budget.map { ArenaBudgetReport($0) }, seconds: watch.seconds)
    return Outcome(report, text: report.text(for: console.output))
  }

  private func note(_ widened: [String]) -> String {
    "weights with a zero point need more than 8 bits in \(widened.nameList): exact, at two or "
      + "three times the multiply-adds and weights; quantize weights symmetrically (QInt8) to save "
      + "them"
  }

  /// The file, and what a blob was compiled to.
  private func converted(
    _ graph: Graph, _ onnx: ONNXImport?, from path: String, to target: OutputPath, shrinks: Bool,
    arenaLimit: Int?
  ) throws -> ([UInt8], Compiler.Output?) {
    if graph.isQuantized {
      guard !target.path.hasSuffix(".onnx") else {
        throw CommandError(
          .usage, "\(path) is quantized, so it becomes a blob; name a .oct file after -o")
      }
      let compiled = try ModelFile.compile(
        graph, from: path, shrinks: shrinks, arenaLimit: arenaLimit)
      return (compiled.blob.bytes, compiled)
    }
    guard arenaLimit == nil else {
      throw CommandError(
        .usage,
        "--max-arena is for blobs, and \(path) is a float model; give it to 'octet quantize'")
    }
    guard target.path.hasSuffix(".onnx") || target.isStandardOutput else {
      throw CommandError(
        .usage,
        "\(path) is a float model; name a .onnx file after -o, or make an int8 model with "
          + "'octet quantize'")
    }
    let bytes = try naming(path) {
      guard var onnx else { return try ONNXWriter.write(graph) }
      onnx.graph.metadata = graph.metadata
      return try ONNXWriter.write(onnx)
    }
    return (bytes, nil)
  }
}

struct ImportReport: Encodable {
  var format: String
  var isQuantized: Bool
  var nodeCount: Int
  /// What activations and weights are, such as `int8 with int4 weights`; nil for floats.
  var form: String?
  /// Nodes of an ONNX file that were run both ways.
  var comparedNodeCount: Int?
  /// Relative to the largest magnitude of a node's result.
  var maximumDifference: Float?
  /// Nodes that were not compared, each with the reason.
  var skippedNodes: [String]?
  /// Nodes that read their input several times, since their weights need more than 8 bits.
  var widenedNodes: [String]
  /// How elements go in and out of the file that was written.
  var inputs: [PortLayout]
  var outputs: [PortLayout]
  /// A sentence about each output of the model that the blob has not, and what else was said.
  var notes: [String]
  var file: String
  var fileByteCount: Int
  /// The arena's bytes; nil unless a blob was written.
  var arenaByteCount: Int?
  var arenaLowerBoundByteCount: Int?
  /// What went since no output needs it; nil with --no-shrink, and for a float model.
  var shrink: ShrinkFigures?
  /// What --max-arena chose; nil without it.
  var arenaBudget: ArenaBudgetReport?
  var seconds: Double

  func text(for terminal: Terminal) -> String {
    var proven = ""
    if let comparedNodeCount, let maximumDifference {
      proven =
        comparedNodeCount == 0 && skippedNodes?.isEmpty == false
        ? "; not run both ways (--json names the nodes)"
        : "; \(comparedNodeCount) nodes were run both ways and differ by at most "
          + "\(maximumDifference)"
    }
    var arena = ""
    if let arenaByteCount, let arenaLowerBoundByteCount {
      arena = "; arena \(arenaByteCount) bytes, lower bound \(arenaLowerBoundByteCount)"
    }
    if let arenaBudget { arena += "\n\(arenaBudget.text)" }
    return
      "wrote \(file == "-" ? "standard output" : SafeText.escaped(file)), "
      + "\(fileByteCount) bytes: \(nodeCount) nodes, "
      + "\(form.map { "\($0) as it was" } ?? "float")\(proven)\(arena)"
      + (shrink?.text(for: terminal) ?? "")
      + inputs.map { "\ninput '\(SafeText.escaped($0.name))': \($0.text(verb: "goes in"))" }
      .joined()
      + outputs.map { "\noutput '\(SafeText.escaped($0.name))': \($0.text(verb: "comes out"))" }
      .joined()
  }
}

extension Graph {
  /// What the codes of activations and of narrow weights are; nil for a float model.
  fileprivate var form: String? {
    guard isQuantized else { return nil }
    let activations = Set(nodes.flatMap(\.outputs).map { tensors[$0].elementType })
    let widths = [ElementType.int8, .int16].filter { activations.contains($0) }
    let hasNarrow = tensors.contains { $0.constant != nil && $0.elementType == .int4 }
    return widths.map(\.rawValue).joined(separator: " and ")
      + (hasNarrow ? " with int4 weights" : "")
  }
}
