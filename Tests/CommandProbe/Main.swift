import Foundation
import OctetCommand

/// A tool made of the framework alone, for the tests of what happens around a verb.
@main
struct Main {
  static func main() {
    Interruption.install()
    let program = Program(
      name: "command-probe", version: "0.0.0", summary: "Waits and writes.",
      example: "command-probe write file", verbs: [Poll(), Write()])
    exit(program.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}

/// Polls for an interruption; with `--stubborn` it goes on after it.
struct Poll: Verb {
  let name = "poll"
  let summary = "Waits for a signal."
  let stubborn = Flag("--stubborn", help: "Wait for the second.")
  let failing = Flag("--failing", help: "Throw instead of reporting.")
  var parameters: [any Parameter] { [stubborn, failing] }
  let example = "command-probe poll"

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    try Interruption.whilePolling {
      console.message("ready")
      while !Interruption.isRequested { Thread.sleep(forTimeInterval: 0.01) }
      // Signals in the same moment count as one.
      if arguments[stubborn] { Thread.sleep(forTimeInterval: 0.2) }
      console.message("noticed")
      while arguments[stubborn] { Thread.sleep(forTimeInterval: 0.01) }
      if arguments[failing] { try Interruption.check() }
      return Outcome(["epochs": 3], text: "3 epochs", ending: .interrupted("kept epoch 3"))
    }
  }
}

/// Writes bytes that come slowly when asked to.
struct Write: Verb {
  let name = "write"
  let summary = "Writes a file."
  let path = Positional<OutputPath>("FILE", .output(.raw), help: "Where.")
  let byteCount = Option("--byte-count", .integer(0...), default: 1000, help: "How much.")
  let slow = Flag("--slow", help: "Never end.")
  var parameters: [any Parameter] { [path, byteCount, slow] }
  let example = "command-probe write file"

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let count = arguments[byteCount]
    if arguments[slow] {
      let bytes = sequence(first: 0) { $0 + 1 }.lazy.map { index in
        if index == 10 { console.message("ready") }
        Thread.sleep(forTimeInterval: 0.001)
        return UInt8(truncatingIfNeeded: index)
      }
      try AtomicFile.write(bytes, to: arguments[path], as: .raw)
    } else {
      try AtomicFile.write([UInt8](repeating: 7, count: count), to: arguments[path], as: .raw)
    }
    return Outcome(["byteCount": count], text: "\(count) bytes")
  }
}
