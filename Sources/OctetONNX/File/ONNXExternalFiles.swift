import OctetModel
import Foundation
import Synchronization

/// The files beside a model in which it may keep tensors.
///
/// Only regular files in the model's own folder, or in folders inside it, are opened: no path and
/// no symbolic link leads out, and a pipe or device is never waited for.
final class ONNXExternalFiles: Sendable {
  private let folder: URL
  /// What may still be read: many tensors may name the same part of a file.
  private let budget = Mutex(1 << 32)
  /// The folder's real path, with a slash at its end.
  private let root: String

  init(_ folder: URL) {
    self.folder = folder
    let path = folder.resolvingSymlinksInPath().path
    root = path.hasSuffix("/") ? path : path + "/"
  }

  /// The bytes of a range of a file.
  func read(_ range: ONNXData.ExternalRange) throws(ExchangeError) -> [UInt8] {
    let url = try place(of: range.location)
    do {
      let file = try FileHandle(forReadingFrom: url)
      defer { try? file.close() }
      let size = Int(clamping: try file.seekToEnd())
      let count = range.byteCount ?? max(size - range.offset, 0)
      guard range.offset <= size, count <= size - range.offset else {
        throw ExchangeError.unreadable(
          path: url.path,
          reason: "the model wants \(count) bytes from byte \(range.offset), it has \(size)")
      }
      let left = budget.withLock { left in
        left -= count
        return left
      }
      guard left >= 0 else {
        throw ExchangeError.unreadable(
          path: url.path, reason: "the model reads more than 4 GiB of tensors from files beside it")
      }
      try file.seek(toOffset: UInt64(range.offset))
      return [UInt8](try file.read(upToCount: count) ?? Data())
    } catch let error as ExchangeError {
      throw error
    } catch {
      throw .unreadable(path: url.path, reason: "the model keeps tensors in this file: \(error)")
    }
  }

  private func place(of location: String) throws(ExchangeError) -> URL {
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    if location.hasPrefix("/") || parts.contains("..") || location.isEmpty
      || location.contains("\0")
    {
      throw .unreadable(
        path: location, reason: "tensor data may only lie in the model's own folder")
    }
    let url = folder.appendingPathComponent(location).resolvingSymlinksInPath()
    guard url.path.hasPrefix(root) else {
      throw .unreadable(path: location, reason: "it leads out of the model's folder")
    }
    let kind = try? FileManager.default.attributesOfItem(atPath: url.path)[.type]
    guard let kind = kind as? FileAttributeType else {
      throw .unreadable(
        path: url.path, reason: "the model keeps tensors in this file, which is missing")
    }
    guard kind == .typeRegular else {
      throw .unreadable(
        path: url.path,
        reason: "the model keeps tensors in it, but it is no ordinary file; put the file that was "
          + "exported with the model in its place")
    }
    return url
  }
}
