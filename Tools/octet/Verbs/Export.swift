import Foundation
import OctetBoards
import OctetCommand
import OctetCompiler
import OctetEvaluation
import OctetModelFile
import OctetTFLite

struct Export: Verb {
  let name = "export"
  let summary = "Write a blob in another form, for firmware and for other tools."
  let model = Positional<String>("M.oct", .input, help: "The blob.")
  let form = OctetCommand.Option(
    "--to", .choice(["header", "swift", "tflite", "page", "slot"]), default: "header",
    help: "'header': a C array; 'swift': a Swift constant; 'tflite': a file on which TensorFlow "
      + "Lite for Microcontrollers, where it has the operators, computes the same bytes; 'page': "
      + "an HTML page that runs the model on what is drawn, dropped or filmed, without a network; "
      + "'slot': an update for devices in the field, to be signed.")
  let version = OctetCommand.Option(
    "--model-version", .integer(0...Int(UInt32.max)),
    help: "With --to slot: the number that devices compare; a newer model has a higher one.")
  let output = OctetCommand.Option<OutputPath>(
    required: "--output", short: "o", .output(.header, .swift, .tflite, .html, .update),
    help: "The file to write.")
  let example = "octet export lenet.oct --to header -o lenet.h"
  var parameters: [any Parameter] { [model, form, version, output] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[output]
    let format: FileFormat =
      switch arguments[form] {
      case "swift": .swift
      case "tflite": .tflite
      case "page": .html
      case "slot": .update
      default: .header
      }
    guard (format == .update) == (arguments[version] != nil) else {
      throw CommandError(.usage, "'--to slot' and '--model-version N' belong together")
    }
    try AtomicFile.checkCanWrite(to: path, as: format)
    let loaded = try ModelFile.readBlob(arguments[model])
    let blob = loaded.blob
    let file = URL(fileURLWithPath: arguments[model])
    let name = arguments[model] == "-" ? "model" : file.deletingPathExtension().lastPathComponent
    let bytes =
      switch format {
      case .swift: Array(try SwiftExport.text(blob, name: name).utf8)
      case .tflite:
        try naming(arguments[model]) { try TFLiteWriter.write(try BlobReader.read(blob)) }
      case .html: Array(try page(loaded, name).utf8)
      case .update: try SlotExport.bytes(blob, version: UInt32(arguments[version] ?? 0))
      default: Array(try HeaderExport.text(blob, name: name).utf8)
      }
    try AtomicFile.write(bytes, to: path, as: format)
    let report = Report(form: arguments[form], file: path.path, fileByteCount: bytes.count)
    return Outcome(report, text: "wrote \(path), \(report.fileByteCount) bytes")
  }

  /// A page for pictures where the model takes them.
  private func page(_ loaded: LoadedModel, _ name: String) throws -> String {
    let codes = (try? Classifier(loaded))?.pixelCodes
    return try ModelPage().html(loaded.blob, name: name, pixelCodes: codes)
  }

  struct Report: Encodable {
    var form: String
    var file: String
    var fileByteCount: Int
  }
}
