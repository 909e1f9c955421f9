import Foundation
import OctetCommand
import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetReport

struct Export: Verb {
  let name = "export"
  let summary = "Write a blob in another form, for firmware and for other tools."
  let model = Positional<String>("M.oct", .input, help: "The blob.")
  let form = OctetCommand.Option(
    "--to", .choice(["header", "swift", "tflite"]), default: "header",
    help: "'header': a C array; 'swift': a Swift constant; 'tflite': a file on which TensorFlow "
      + "Lite for Microcontrollers computes the same bytes.")
  let output = OctetCommand.Option<OutputPath>(
    required: "--output", short: "o", .output(.header, .swift, .tflite), help: "The file to write.")
  let example = "octet export lenet.oct --to header -o lenet.h"
  var parameters: [any Parameter] { [model, form, output] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[output]
    let format: FileFormat =
      switch arguments[form] {
      case "swift": .swift
      case "tflite": .tflite
      default: .header
      }
    try AtomicFile.checkCanWrite(to: path, as: format)
    let blob = try ModelFile.readBlob(arguments[model]).blob
    let file = URL(fileURLWithPath: arguments[model])
    let name = arguments[model] == "-" ? "model" : file.deletingPathExtension().lastPathComponent
    let bytes =
      switch format {
      case .swift: Array(try SwiftExport.text(blob, name: name).utf8)
      case .tflite:
        try naming(arguments[model]) { try TFLiteWriter.write(try BlobRaiser.raise(blob)) }
      default: Array(try HeaderExport.text(blob, name: name).utf8)
      }
    try AtomicFile.write(bytes, to: path, as: format)
    let report = Report(form: arguments[form], file: path.path, fileByteCount: bytes.count)
    return Outcome(report, text: "wrote \(path), \(report.fileByteCount) bytes")
  }

  struct Report: Encodable {
    var form: String
    var file: String
    var fileByteCount: Int
  }
}
