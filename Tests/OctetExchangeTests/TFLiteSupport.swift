import Foundation
import OctetCompiler
import OctetExchange
import OctetONNX
import OctetTFLite
import OctetModel
import OctetRuntime

extension SharedData {
  /// A file of signed bytes, decompressed by `gzip` when its name ends in ".gz".
  static func int8s(_ path: String) throws -> [Int8] {
    guard path.hasSuffix(".gz") else { return try bytes(path).map { Int8(bitPattern: $0) } }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "gzip -dc '\(try url(path).path)'"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return data.map { Int8(bitPattern: $0) }
  }

  static func exists(_ path: String) -> Bool {
    guard let url = try? url(path) else { return false }
    return FileManager.default.fileExists(atPath: url.path)
  }

  /// How many mutations of each file are tried; OCTET_FUZZ_COUNT asks for more.
  static func mutationCount(_ standard: Int) -> Int {
    ProcessInfo.processInfo.environment["OCTET_FUZZ_COUNT"].flatMap { Int($0) } ?? standard
  }

  /// Whether tests run all samples; unoptimised code takes a few.
  static var isExhaustive: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }
}

/// An int8 model ready to run.
struct Int8Model {
  let blob: Blob
  let output: Compiler.Output
  private let runner: LoadedModel.Runner

  init(_ graph: Graph) throws {
    output = try Compiler.compile(graph)
    blob = output.blob
    runner = try blob.model().makeRunner(backend: .portable)
  }

  var inputCounts: [Int] {
    (0..<runner.loaded.inputCount).map { runner.loaded.input($0).elementCount }
  }

  /// The outputs for one sample: inputs end to end in, outputs end to end out.
  func run(_ sample: ArraySlice<Int8>) throws -> [Int8] {
    var start = sample.startIndex
    for (index, count) in inputCounts.enumerated() {
      try runner.setInput(index, Array(sample[start..<start + count]).span)
      start += count
    }
    runner.run()
    return (0..<runner.loaded.outputCount).flatMap { runner.output($0) }
  }

  /// The outputs of the first `limit` samples, or all.
  func run(samples: [Int8], limit: Int? = nil) throws -> [Int8] {
    let count = inputCounts.reduce(0, +)
    let sampleCount = min(samples.count / count, limit ?? .max)
    return try (0..<sampleCount).flatMap { try run(samples[$0 * count..<($0 + 1) * count]) }
  }
}
