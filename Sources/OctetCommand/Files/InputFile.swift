import Foundation
import OctetSystem
import Synchronization

/// Reads whole files, with errors that name the file; `-` is standard input.
package enum InputFile {
  /// Larger files are mapped rather than copied.
  static let mappedByteCountMin = 1 << 20

  /// The default bound on what is read: a device or pipe without end stops there.
  package static let byteCountLimit = 1 << 32

  /// All bytes of a file, pipe or device.
  ///
  /// - Throws: status 66 when it is missing, a folder or unreadable; 65 when it is longer than
  ///   `limit` bytes; 74 when the device fails.
  package static func read(
    _ path: String, limit: Int = byteCountLimit
  ) throws(CommandError) -> [UInt8] {
    if path == "-" { return try readStandardInput(limit: limit) }
    FileClaims.reads(path)
    return try opening(path, limit: limit) { descriptor, _ throws(SystemError) in
      try Posix.read(descriptor, limit: limit == .max ? limit : limit + 1)
    }
  }

  /// All bytes of a file, after a look at the first ones: a device or pipe without end, and a large
  /// file of another kind, are refused before the rest is read.
  ///
  /// - Parameters:
  ///   - limit: the most bytes; a longer file is refused before it is read.
  ///   - head: takes the first `headByteCount` bytes, or all of a shorter file; throws to refuse.
  package static func read(
    _ path: String, limit: Int, headByteCount: Int,
    checking head: ([UInt8]) throws(CommandError) -> Void
  ) throws(CommandError) -> [UInt8] {
    if path == "-" {
      let bytes = try readStandardInput(limit: limit)
      try head(Array(bytes.prefix(headByteCount)))
      return bytes
    }
    FileClaims.reads(path)
    var refusal: CommandError?
    let bytes = try opening(path, limit: limit) { descriptor, status throws(SystemError) in
      var bytes = try Posix.read(descriptor, limit: headByteCount)
      do throws(CommandError) {
        try head(bytes)
      } catch {
        refusal = error
        return [UInt8]()
      }
      if status.kind == .file { bytes.reserveCapacity(status.byteCount + 1) }
      while bytes.count >= headByteCount, bytes.count <= limit {
        let chunk = try Posix.read(descriptor, limit: min(1 << 20, limit + 1 - bytes.count))
        if chunk.isEmpty { break }
        bytes += chunk
      }
      return bytes
    }
    if let refusal { throw refusal }
    return bytes
  }

  /// The same bytes; those of a large file stay on disk until they are looked at.
  ///
  /// The file must not be shortened while it is in use.
  package static func map(
    _ path: String, limit: Int = byteCountLimit
  ) throws(CommandError) -> Data {
    if path == "-" { return Data(try readStandardInput(limit: limit)) }
    FileClaims.reads(path)
    return try opening(path, limit: limit) { descriptor, status throws(SystemError) in
      if status.kind == .file, status.byteCount >= mappedByteCountMin {
        return try Posix.map(descriptor, byteCount: status.byteCount)
      }
      return Data(try Posix.read(descriptor, limit: limit == .max ? limit : limit + 1))
    }
  }

  /// Standard input's bytes, once they are read: verbs may look at a file twice.
  private static let standardInput = Mutex<[UInt8]?>(nil)

  private static func readStandardInput(limit: Int) throws(CommandError) -> [UInt8] {
    let result = standardInput.withLock { kept -> Result<[UInt8], SystemError> in
      if let kept { return .success(kept) }
      do throws(SystemError) {
        let bytes = try Posix.read(0, limit: limit == .max ? limit : limit + 1)
        kept = bytes
        return .success(bytes)
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .failure(let error):
      throw CommandError(.missingInput, "standard input: cannot be read: \(error)")
    case .success(let bytes):
      if bytes.count <= limit { return bytes }
      throw CommandError(.badData, "standard input: longer than the limit of \(limit) bytes")
    }
  }

  private static func opening<Bytes: Collection<UInt8>>(
    _ path: String, limit: Int,
    _ body: (Int32, Posix.Status) throws(SystemError) -> Bytes
  ) throws(CommandError) -> Bytes {
    do throws(SystemError) {
      let descriptor = try Posix.open(path, O_RDONLY)
      defer { try? Posix.close(descriptor) }
      let status = try Posix.status(of: descriptor)
      guard status.kind != .folder else { throw SystemError(code: EISDIR) }
      let isTooLong = status.kind == .file && status.byteCount > limit
      if !isTooLong {
        let bytes = try body(descriptor, status)
        if bytes.count <= limit { return bytes }
      }
    } catch {
      throw commandError(error, path: path)
    }
    throw CommandError(.badData, "\(path): longer than the limit of \(limit) bytes")
  }

  private static func commandError(_ error: SystemError, path: String) -> CommandError {
    switch error.code {
    case ENOENT, ENOTDIR:
      CommandError(.missingInput, "\(path): there is no such file\(hint(for: path))")
    case EISDIR:
      CommandError(.missingInput, "\(path): this is a folder; a file is needed")
    case EIO:
      CommandError(.inputOutput, "\(path): cannot be read: \(error)")
    default:
      CommandError(.missingInput, "\(path): cannot be opened: \(error)")
    }
  }

  /// The nearest name in the same folder.
  private static func hint(for path: String) -> String {
    guard !path.isEmpty else { return "" }
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent()
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    guard let names, names.count <= 1000 else { return "" }
    return Suggestion.sentence(for: url.lastPathComponent, among: names.sorted())
  }
}
