import Foundation
import OctetCommand

/// Writes a folder of files as a whole: it is filled beside its place and renamed.
enum OutputFolder {
  /// - Parameters:
  ///   - files: by name.
  ///   - mark: the file by which an older folder of the same kind is known, which is replaced. Any
  ///     other folder that is not empty stays untouched.
  static func write(_ files: [String: [UInt8]], to path: String, mark: String) throws {
    let manager = FileManager.default
    let target = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    let exists = manager.fileExists(atPath: target.path, isDirectory: &isFolder)
    if exists {
      let names = (try? manager.contentsOfDirectory(atPath: target.path)) ?? []
      guard isFolder.boolValue, names.isEmpty || names.contains(mark) else {
        throw CommandError(
          .cannotCreate, "\(path): something else is here; name a new or an empty folder")
      }
    }
    let stem = ".octet-\(UUID().uuidString)"
    let parent = target.deletingLastPathComponent()
    let (fresh, old) = (
      parent.appendingPathComponent(stem), parent.appendingPathComponent(stem + "-old")
    )
    do {
      try manager.createDirectory(at: fresh, withIntermediateDirectories: false)
      for (name, bytes) in files {
        try Data(bytes).write(to: fresh.appendingPathComponent(name))
      }
      if exists { try manager.moveItem(at: target, to: old) }
      try manager.moveItem(at: fresh, to: target)
      if exists { try manager.removeItem(at: old) }
    } catch {
      try? manager.removeItem(at: fresh)
      if exists, !manager.fileExists(atPath: target.path) {
        try? manager.moveItem(at: old, to: target)
      }
      throw CommandError(.cannotCreate, "\(path): cannot be written: \(error.localizedDescription)")
    }
  }
}
