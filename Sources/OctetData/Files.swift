import Foundation

/// Reading of files and folders, with every failure as a `DataError`.
enum Files {
  enum Kind { case file, folder, other }

  /// What is at `path`, symbolic links followed; nil where nothing is.
  static func kind(of path: String) -> Kind? {
    let resolved = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: resolved) else {
      return nil
    }
    switch attributes[.type] as? FileAttributeType {
    case .typeRegular: return .file
    case .typeDirectory: return .folder
    default: return .other
    }
  }

  /// The whole file, at most `DataLimits.byteCount` bytes. Only regular files are read, because
  /// a device or a pipe may never end.
  static func read(
    _ path: String, advice: String = "check the path"
  ) throws(DataError) -> [UInt8] {
    switch kind(of: path) {
    case nil: throw .missing(path: path, advice: advice)
    case .folder: throw .unreadable(path: path, reason: "it is a folder; name a file")
    case .other: throw .unreadable(path: path, reason: "it is not a regular file")
    case .file: break
    }
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      let bytes = try handle.read(upToCount: DataLimits.byteCount + 1).map { [UInt8]($0) } ?? []
      if bytes.count <= DataLimits.byteCount { return bytes }
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    throw .unsuitable(path: path, reason: "it is larger than \(DataLimits.byteCount) bytes")
  }

  /// The whole file, mapped: of what is not looked at nothing is read.
  static func map(_ path: String) throws(DataError) -> Data {
    switch kind(of: path) {
    case nil: throw .missing(path: path, advice: "check the path")
    case .folder: throw .unreadable(path: path, reason: "it is a folder; name a file")
    case .other: throw .unreadable(path: path, reason: "it is not a regular file")
    case .file: break
    }
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
  }

  /// What `body` writes, mapped from a file that is gone when nobody holds its bytes.
  static func temporary(
    _ body: (_ write: ([UInt8]) throws(DataError) -> Void) throws(DataError) -> Void
  ) throws(DataError) -> Data {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-\(UUID().uuidString)")
    func failure(_ error: any Error) -> DataError {
      .unreadable(
        path: url.path, reason: "temporary files cannot be written: \(error.localizedDescription)")
    }
    guard FileManager.default.createFile(
      atPath: url.path, contents: nil, attributes: [.posixPermissions: 0o600])
    else { throw .unreadable(path: url.path, reason: "temporary files cannot be written") }
    defer { try? FileManager.default.removeItem(at: url) }
    let handle: FileHandle
    do { handle = try FileHandle(forWritingTo: url) } catch { throw failure(error) }
    try body { bytes throws(DataError) in
      do { try handle.write(contentsOf: Data(bytes)) } catch { throw failure(error) }
    }
    do {
      try handle.close()
      return try Data(contentsOf: url, options: .alwaysMapped)
    } catch {
      throw failure(error)
    }
  }

  /// Names in a folder, hidden ones left out, in byte order, so that every machine sees the same.
  static func names(in folder: String) throws(DataError) -> [String] {
    do {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      return names.filter { !$0.hasPrefix(".") }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw .unreadable(path: folder, reason: error.localizedDescription)
    }
  }

  /// The last part of the path; of `.` or `..`, of the folder that it stands for.
  static func lastName(of path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
  }

  static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }
}

/// A small file of data as other modules read it.
package enum DataFile {
  /// The whole file, at most 1 GiB.
  package static func read(_ path: String) throws(DataError) -> [UInt8] { try Files.read(path) }
}
