import Foundation
import OctetCommand
import OctetReport

/// What `diff` writes for viewers of graphs, and how much of it in the terminal.
enum DiffOverlay {
  static let file = OctetCommand.Option(
    "--overlay", .output(.json).named("FILE.json"),
    help: "Write each layer's own error as node data for Model Explorer, by the tensors' names.")

  static let allLayers = Flag(
    "--all-layers", help: "List every layer and output, in order, not only the worst.")

  /// Writes the overlay that the option asks for.
  static func write(_ report: DiffReport, _ arguments: Arguments, _ console: Console) throws {
    guard let path = arguments[file] else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(Array(try encoder.encode(NodeOverlay(report))), to: path, as: .json)
    console.message("wrote \(path)")
    let files = [report.comparison.reference.file, report.comparison.candidate.file]
    if files.allSatisfy({ $0.hasSuffix(".oct") }) {
      console.message("viewers open no .oct; compare with the .onnx or .tflite to have its names")
    }
  }
}
