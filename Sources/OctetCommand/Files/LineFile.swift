import Foundation
import OctetSystem

/// A file of lines that is only ever added to, by one process at a time: the journal of work that
/// may be killed at any moment.
///
/// A line counts once its end is written. What a kill left of one is taken away by the next process
/// that adds to the file, and not read by others.
package final class LineFile: Sendable {
  package let path: String
  private let descriptor: Int32
  /// Whether there was a line without an end, which is gone now.
  package let wasTorn: Bool

  /// Opens the file, or makes it, and keeps others from adding to it as long as this lives.
  ///
  /// - Returns: nil where another process adds to it.
  /// - Throws: status 73 when it cannot be made, 74 when the disk fails.
  package init?(addingTo path: String) throws(CommandError) {
    self.path = path
    do throws(SystemError) {
      descriptor = try Posix.open(path, O_RDWR | O_CREAT | O_APPEND)
    } catch {
      throw Self.error(error, path)
    }
    // Whoever asks whether it is added to holds it for a moment.
    var isLocked = Posix.tryLock(descriptor)
    for _ in 0..<10 where !isLocked {
      usleep(20_000)
      isLocked = Posix.tryLock(descriptor)
    }
    guard isLocked else {
      try? Posix.close(descriptor)
      return nil
    }
    do throws(SystemError) {
      let bytes = try Posix.read(descriptor, limit: .max)
      let whole = bytes.lastIndex(of: 10).map { $0 + 1 } ?? 0
      wasTorn = whole < bytes.count
      if wasTorn { try Posix.truncate(descriptor, to: whole) }
    } catch {
      try? Posix.close(descriptor)
      throw Self.error(error, path)
    }
  }

  /// A file that has no line goes with whoever made it.
  deinit {
    if (try? Posix.status(of: descriptor))?.byteCount == 0 { Posix.remove(path) }
    try? Posix.close(descriptor)
  }

  /// Adds a line, which is on the disk when this returns, or is not in the file at all.
  ///
  /// - Throws: status 74 when the disk is full or fails.
  package func add(_ line: String) throws(CommandError) {
    let length = (try? Posix.status(of: descriptor))?.byteCount
    do throws(SystemError) {
      try Posix.write(Array((line + "\n").utf8), to: descriptor)
      try Posix.synchronize(descriptor)
    } catch {
      if let length { try? Posix.truncate(descriptor, to: length) }
      throw Self.error(error, path)
    }
  }

  /// The whole lines of a file; none where there is no file.
  ///
  /// - Throws: status 66 when it cannot be opened, 74 when the device fails.
  package static func lines(of path: String) throws(CommandError) -> [String] {
    let bytes: [UInt8]
    do throws(CommandError) {
      bytes = try InputFile.read(path)
    } catch {
      // Whoever added nothing to it takes it away.
      guard (try? Posix.status(of: path, followsLinks: true)) != nil else { return [] }
      throw error
    }
    guard let end = bytes.lastIndex(of: 10) else { return [] }
    return bytes[..<end].split(separator: 10, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Whether a process of this machine, or of another where the file system tells, adds to it now.
  package static func isBeingAddedTo(_ path: String) -> Bool {
    guard let descriptor = try? Posix.open(path, O_RDWR) else { return false }
    defer { try? Posix.close(descriptor) }
    return !Posix.tryLock(descriptor)
  }

  private static func error(_ error: SystemError, _ path: String) -> CommandError {
    error.isDeviceFailure
      ? CommandError(.inputOutput, "\(path): cannot be written: \(error)")
      : CommandError(.cannotCreate, "\(path): cannot be created: \(error)")
  }
}
