import Foundation

/// The folder of test data, which is no part of the repository.
enum SharedData {
  static let folder: URL? = {
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

  static func file(_ path: String) -> URL? {
    guard let url = folder?.appendingPathComponent(path),
      FileManager.default.fileExists(atPath: url.path)
    else { return nil }
    return url
  }
}
