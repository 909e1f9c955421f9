import BlobFuzz
import Foundation

/// `fuzz-blobs --seconds N --seed S`: mutants for so long; prints figures, and stops with status 1
/// at the first that is wrong, which it leaves in a file. More blobs to begin with may follow.
@main struct Main {
  static func main() throws {
    var seconds = 60.0
    var seed = Int.random(in: 1...1_000_000)
    var files: [String] = []
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--seconds":
        guard let value = arguments.popFirst().flatMap({ Double($0) }) else { usage() }
        seconds = value
      case "--seed":
        guard let value = arguments.popFirst().flatMap({ Int($0) }) else { usage() }
        seed = value
      default:
        if argument.hasPrefix("-") { usage() }
        files.append(argument)
      }
    }
    print("fuzzing blobs for \(Int(seconds)) s, seed \(seed)")
    let more = try files.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
    var fuzzer = try BlobFuzzer(seed: seed, stepLimit: 1 << 24, more: more)
    // What a crash leaves behind.
    let last = FileManager.default.temporaryDirectory.appendingPathComponent(
      "fuzz-blobs-\(seed).oct")
    fuzzer.willRun = { try? Data($0).write(to: last) }
    let end = ContinuousClock.now + .seconds(seconds)
    var number = 0
    while ContinuousClock.now < end {
      if let (fault, bytes) = fuzzer.round(number) {
        try Data(bytes).write(to: last)
        print("seed \(seed), mutant \(number): \(fault); it is \(last.path)")
        exit(1)
      }
      number += 1
    }
    try? FileManager.default.removeItem(at: last)
    print(fuzzer.tally)
  }

  private static func usage() -> Never {
    FileHandle.standardError.write(
      Data("usage: fuzz-blobs [--seconds N] [--seed S] [M.oct…]\n".utf8))
    exit(64)
  }
}
