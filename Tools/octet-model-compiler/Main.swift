import Foundation
import OctetCommand
import OctetCompiler
import OctetModelFile

/// What `OctetModelPlugin` runs: a model file of any format as a Swift source file, like
/// `octet import` and `octet export --to swift` one after the other.
///
///     octet-model-compiler MODEL OUTPUT.swift
///
/// What is wrong is one line that build systems know as an error at the file.
@main
struct Main {
  static func main() {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 2, let model = arguments.first, let output = arguments.last else {
      FileHandle.standardError.write(Data("usage: octet-model-compiler MODEL OUTPUT.swift\n".utf8))
      exit(ExitStatus.usage.rawValue)
    }
    do {
      let (blob, notes) = try ModelFile.readQuantized(model)
      for note in notes { print("\(model): note: \(note)") }
      let name = URL(fileURLWithPath: model).deletingPathExtension().lastPathComponent
      try AtomicFile.write(try SwiftExport.text(blob, name: name), to: output)
    } catch {
      let error = CommandError(error, subject: model)
      let prefix = "\(model): "
      let text =
        error.message.hasPrefix(prefix) ? error.message.dropFirst(prefix.count) : error.message[...]
      FileHandle.standardError.write(Data("\(model): error: \(text)\n".utf8))
      exit(error.status.rawValue)
    }
  }
}
