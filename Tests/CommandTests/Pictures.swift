import Foundation

/// Small pictures in three classes, in the files that datasets come in: a bright bar at the left,
/// in the middle or at the right, on noise.
enum Pictures {
  static let extent = 12

  static func pixels(label: Int, seed: Int, extent: Int = extent) -> [UInt8] {
    var state = UInt32(truncatingIfNeeded: seed &* 2_654_435_761) | 1
    return (0..<extent * extent).map { index in
      state = state &* 1_664_525 &+ 1_013_904_223
      let noise = UInt8(state >> 27)
      let third = index % extent * 3 / extent
      return third == label ? 200 &+ noise : noise
    }
  }

  /// The four IDX files of a dataset.
  static func writeIDX(
    to folder: URL, trainCount: Int = 90, testCount: Int = 30, extent: Int = extent
  ) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (part, count, seed) in [("train", trainCount, 1), ("t10k", testCount, 7919)] {
      let labels = (0..<count).map { $0 % 3 }
      let images = labels.enumerated().flatMap {
        pixels(label: $0.element, seed: seed + $0.offset, extent: extent)
      }
      try Data(header(0x0803, [count, extent, extent]) + images)
        .write(to: folder.appendingPathComponent("\(part)-images-idx3-ubyte"))
      try Data(header(0x0801, [count]) + labels.map { UInt8($0) })
        .write(to: folder.appendingPathComponent("\(part)-labels-idx1-ubyte"))
    }
  }

  /// A PGM file.
  static func pgm(label: Int, seed: Int) -> Data {
    Data("P5\n\(extent) \(extent)\n255\n".utf8) + Data(pixels(label: label, seed: seed))
  }

  /// Big-endian: the magic number, then the dimensions.
  private static func header(_ magic: UInt32, _ sizes: [Int]) -> [UInt8] {
    ([magic] + sizes.map { UInt32($0) }).flatMap { value in
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
  }
}

/// One dataset, trained model and blob, made by the tool once for all tests: `data`, `m.onnx` and
/// `m.oct`.
actor Workshop {
  static let shared = Workshop()
  private static let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("octet-workshop-\(ProcessInfo.processInfo.processIdentifier)")
  private var making: Task<URL, any Error>?

  func folder() async throws -> URL {
    if let making { return try await making.value }
    let task = Task { try await Self.make() }
    making = task
    return try await task.value
  }

  private static func make() async throws -> URL {
    try Pictures.writeIDX(to: folder.appendingPathComponent("data"))
    try Pictures.writeIDX(to: folder.appendingPathComponent("large"), extent: 20)
    atexit { try? FileManager.default.removeItem(at: Workshop.folder) }
    for command in [
      "train --arch lenet --data data --epochs 2 -o m.onnx",
      "quantize m.onnx --data data -o m.oct --calibration-samples 20",
    ] {
      let run = try await octet(command.split(separator: " ").map(String.init), in: folder)
      guard run.status == 0 else { throw Failure(description: "\(command): \(run.stderr)") }
    }
    return folder
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Puts links to the data, the model and the blob into a folder: what a test writes beside them
  /// there is not what another test, which runs at the same time, writes under the same name.
  func link(into folder: URL) async throws {
    let workshop = try await self.folder()
    for name in ["data", "m.onnx", "m.oct"] {
      try FileManager.default.createSymbolicLink(
        at: folder.appendingPathComponent(name),
        withDestinationURL: workshop.appendingPathComponent(name))
    }
  }
}

/// Runs `body` with a folder of its own that has the workshop's data, model and blob.
func withOwnWorkshop<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  try await withTemporaryFolder { folder in
    try await Workshop.shared.link(into: folder)
    return try await body(folder)
  }
}

/// Runs one command line in the workshop: words apart by spaces.
func workshop(
  _ line: String, environment: [String: String] = [:]
) async throws -> Run {
  try await octet(
    line.split(separator: " ").map(String.init), in: try await Workshop.shared.folder(),
    environment: environment)
}

extension Run {
  /// What every failure looks like: the status, nothing on standard output, one sentence on
  /// standard error that says what is wrong with what.
  func isFailure(_ status: Int32, _ words: String...) -> Bool {
    self.status == status && stdout.isEmpty && stderr.hasPrefix("octet ")
      && stderr.hasSuffix("\n") && words.allSatisfy { stderr.contains($0) }
  }
}
