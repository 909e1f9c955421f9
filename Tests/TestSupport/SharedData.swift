import Foundation
import TestData

extension SharedData {
  package static func floats(_ path: String) throws -> [Float] {
    let bytes = try bytes(path)
    return stride(from: 0, to: bytes.count, by: 4).map { offset in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) })
    }
  }

  /// The first `count` images of an IDX file, raw bytes; the file is decompressed by `gzip`.
  package static func images(_ path: String, count: Int) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "gzip -dc '\(try url(path).path)' | head -c \(16 + count * 784)"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return [UInt8](data.dropFirst(16))
  }

  /// A file of signed bytes, decompressed by `gzip` when its name ends in ".gz".
  package static func int8s(_ path: String) throws -> [Int8] {
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

  /// How many mutations of each file are tried; OCTET_FUZZ_COUNT asks for more.
  package static func mutationCount(_ standard: Int) -> Int {
    ProcessInfo.processInfo.environment["OCTET_FUZZ_COUNT"].flatMap { Int($0) } ?? standard
  }

  /// Whether tests run all samples; unoptimised code takes a few.
  package static var isExhaustive: Bool {
    #if DEBUG
      false
    #else
      true
    #endif
  }
}
