import Foundation
import Testing

/// The test data that is no part of the repository: `OCTET_SHARED_DATA` names its folder, else it
/// is `shared/data` in a folder above this one. A clone may have a part of it, or nothing.
package enum SharedData {
  /// Nil where there is none.
  package static let folder: URL? = {
    let manager = FileManager.default
    if let path = ProcessInfo.processInfo.environment["OCTET_SHARED_DATA"] {
      return manager.fileExists(atPath: path) ? URL(fileURLWithPath: path) : nil
    }
    var folder = URL(fileURLWithPath: #filePath)
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let candidate = folder.appendingPathComponent("shared/data")
      if manager.fileExists(atPath: candidate.path) { return candidate }
    }
    return nil
  }()

  /// A file or folder of the data; nil where it is absent.
  package static func file(_ path: String) -> URL? {
    guard let url = folder?.appendingPathComponent(path),
      FileManager.default.fileExists(atPath: url.path)
    else { return nil }
    return url
  }

  package static func has(_ paths: String...) -> Bool { paths.allSatisfy { file($0) != nil } }

  /// - Throws: a `Missing` that says how to get the file.
  package static func url(_ path: String) throws -> URL {
    guard let url = file(path) else { throw Missing(description: howToGet([path])) }
    return url
  }

  package struct Missing: Error, CustomStringConvertible { package var description: String }

  package static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: try url(path)))
  }

  /// What `Tools/fetch-conformance` gets.
  private static let published = [
    "mnist", "fashion_mnist", "models/mlperf_tiny", "models/tflm", "models/onnx_lenet_fyh620",
    "models/onnx_mnist8", "conformance/onnx_node",
  ]

  fileprivate static func howToGet(_ paths: [String]) -> String {
    let missing = paths.filter { file($0) == nil }
    let fetch = "run Tools/fetch-conformance ../shared/data"
    let unpublished = missing.filter { path in !published.contains { path.hasPrefix($0) } }
    let way: String =
      if unpublished.isEmpty {
        fetch
      } else if unpublished == ["golden"] {
        fetch + ", then Tools/crosscheck golden"
      } else {
        "it is not public, Tools/fetch-conformance --list says what to do instead"
      }
    return "needs data, \(missing.joined(separator: ", ")): \(way)"
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test where files or folders of the data are absent, and says how to get them.
  package static func needing(_ paths: String...) -> Self {
    .enabled(
      if: paths.allSatisfy { SharedData.file($0) != nil },
      Comment(rawValue: SharedData.howToGet(paths)))
  }
}
