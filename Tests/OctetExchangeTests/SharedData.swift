import Foundation

/// The folder of test data that is kept outside the repository, when this machine has it.
enum SharedData {
  static let root: URL? = {
    if let path = ProcessInfo.processInfo.environment["OCTET_SHARED_DATA"] {
      return URL(fileURLWithPath: path)
    }
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appendingPathComponent("shared/data")
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    return nil
  }()

  static var isAvailable: Bool { root != nil }

  static func url(_ path: String) throws -> URL {
    struct Missing: Error {}
    guard let root else { throw Missing() }
    return root.appendingPathComponent(path)
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: try url(path)))
  }

  static func floats(_ path: String) throws -> [Float] {
    let bytes = try bytes(path)
    return stride(from: 0, to: bytes.count, by: 4).map { offset in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) })
    }
  }

  /// The first `count` images of an IDX file, raw bytes; the file is decompressed by `gzip`.
  static func images(_ path: String, count: Int) throws -> [UInt8] {
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
}
