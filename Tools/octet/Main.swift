import Foundation
import OctetCommand

@main
struct Main {
  static func main() {
    Interruption.install()
    let status = Program.octet.run(Array(CommandLine.arguments.dropFirst()))
    exit(status.rawValue)
  }
}

extension Program {
  /// The tool with its verbs, one file each in this folder.
  static let octet = Program(
    name: "octet",
    version: "0.1.0",
    summary: "Trains, quantizes and runs small convolutional networks in eight bits.",
    example: "octet demo",
    verbs: [
      Demo(), Train(), AugmentVerb(), Search(), Evaluate(), Quantize(), Run(), DiffVerb(),
      Inspect(), Bench(), Verify(), Import(), Export(), BoardVerb(), Completion(), Manual(),
    ])
}
