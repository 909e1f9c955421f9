import Foundation
import OctetSystem

/// Writes whole files: an interrupted or failed run leaves the old file or the new one, never half.
package enum AtomicFile {
  /// Writes what a verb was asked for, unless something would be lost.
  ///
  /// - Throws: status 64 or 73 when the name or what is there does not fit the format; otherwise
  ///   like `write(_:to:)`.
  package static func write(
    _ bytes: some Sequence<UInt8>, to output: OutputPath, as format: FileFormat
  ) throws(CommandError) {
    guard output.isStandardOutput else {
      try FileClaims.current.check(output.path, [format])
      return try write(bytes, to: output.path)
    }
    do throws(SystemError) {
      try Posix.write(bytes, to: 1)
    } catch {
      if error.isBrokenPipe { Signals.exitNow(ExitStatus.brokenPipe.rawValue) }
      throw CommandError(.inputOutput, "standard output: cannot be written: \(error)")
    }
  }

  /// What `write` to the output would throw already; for verbs that know the format only when they
  /// run.
  package static func checkCanWrite(
    to output: OutputPath, as format: FileFormat
  ) throws(CommandError) {
    if !output.isStandardOutput { try FileClaims.current.check(output.path, [format]) }
  }

  /// Writes a temporary file in the target's folder, flushes it to the disk and renames it over
  /// the target.
  ///
  /// An existing file keeps its permission bits; a write-protected one is refused, as are folders.
  /// A symbolic link stays and its target is replaced. A device or pipe (`/dev/stdout`) is written
  /// to as it is.
  ///
  /// - Throws: status 73 when the file cannot be created, 74 when the disk is full or fails.
  package static func write(
    _ bytes: some Sequence<UInt8>, to path: String
  ) throws(CommandError) {
    let target = try resolve(path)
    let existing = try? Posix.status(of: target, followsLinks: true)
    if existing?.kind == .folder || path.hasSuffix("/") {
      throw CommandError(.cannotCreate, "\(path): this is a folder; a file name is needed")
    }
    do throws(SystemError) {
      if let descriptor = openDescriptor(named: target) {
        try Posix.write(bytes, to: descriptor)
      } else if let existing, existing.kind != .file {
        try writeInPlace(bytes, to: target)
      } else {
        if existing != nil, !Posix.isWritable(target) { throw SystemError(code: EACCES) }
        try replace(target, with: bytes, like: existing)
      }
    } catch {
      throw commandError(error, path: path, target: target)
    }
  }

  package static func write(_ text: String, to path: String) throws(CommandError) {
    try write(Array(text.utf8), to: path)
  }

  /// Whether `write` to the path has a chance; for verbs that work for minutes before they write.
  ///
  /// - Throws: what `write` would throw for a missing folder, a folder in the file's place, or
  ///   missing permission.
  package static func checkCanWrite(to path: String) throws(CommandError) {
    let target = try resolve(path)
    let existing = try? Posix.status(of: target, followsLinks: true)
    if existing?.kind == .folder || path.hasSuffix("/") {
      throw CommandError(.cannotCreate, "\(path): this is a folder; a file name is needed")
    }
    if openDescriptor(named: target) != nil { return }
    let folder = parent(of: target)
    do throws(SystemError) {
      let status = try Posix.status(of: folder, followsLinks: true)
      guard status.kind == .folder else { throw SystemError(code: ENOTDIR) }
      let isReplaced = existing == nil || existing?.kind == .file
      guard !isReplaced || Posix.isWritable(folder), existing == nil || Posix.isWritable(target)
      else { throw SystemError(code: EACCES) }
    } catch {
      throw commandError(error, path: path, target: target)
    }
  }

  private static func writeInPlace(
    _ bytes: some Sequence<UInt8>, to path: String
  ) throws(SystemError) {
    let descriptor = try Posix.open(path, O_WRONLY)
    defer { try? Posix.close(descriptor) }
    try Posix.write(bytes, to: descriptor)
  }

  /// The descriptor that `/dev/stdout` and its like stand for. Opening them anew would start at
  /// the beginning of a redirected file and overwrite what was printed before.
  private static func openDescriptor(named path: String) -> Int32? {
    let prefix = "/proc/self/fd/"
    return path.hasPrefix(prefix) ? Int32(path.dropFirst(prefix.count)) : nil
  }

  private static func replace(
    _ target: String, with bytes: some Sequence<UInt8>, like existing: Posix.Status?
  ) throws(SystemError) {
    let folder = parent(of: target)
    StaleFiles.sweep(folder)
    // Locked until the file has its name, so that no other run takes it for a stale one.
    let (temporary, descriptor) = try StaleFiles.make(.file) { StaleFiles.newPath(in: folder) }
    defer { Leftovers.strike(file: temporary) }
    do throws(SystemError) {
      try fill(
        temporary, descriptor, with: bytes, like: existing, thenRenamingTo: target)
    } catch {
      Posix.remove(temporary)
      throw error
    }
    // The rename itself is on disk once the folder is; the file is whole either way.
    if let folder = try? Posix.open(parent(of: target), O_RDONLY) {
      try? Posix.synchronize(folder)
      try? Posix.close(folder)
    }
  }

  private static func fill(
    _ path: String, _ descriptor: Int32, with bytes: some Sequence<UInt8>,
    like existing: Posix.Status?, thenRenamingTo target: String
  ) throws(SystemError) {
    do throws(SystemError) {
      try Posix.write(bytes, to: descriptor)
      if let existing {
        Posix.setOwner(existing.owner, existing.group, of: descriptor)
        try Posix.setPermissions(existing.permissions, of: descriptor)
      }
      try Posix.synchronize(descriptor)
      try Posix.rename(path, to: target)
    } catch {
      try? Posix.close(descriptor)
      throw error
    }
    try Posix.close(descriptor)
  }

  /// Follows links in the last component by hand, so that a dangling link works too.
  private static func resolve(_ path: String) throws(CommandError) -> String {
    guard !path.isEmpty else { throw CommandError(.cannotCreate, "the output's name is empty") }
    var target = path
    // As many links as Linux follows.
    for _ in 0..<40 {
      guard let status = try? Posix.status(of: target, followsLinks: false), status.kind == .link,
        let link = try? Posix.linkTarget(target)
      else { return target }
      if openDescriptor(named: target) != nil { return target }
      target = link.hasPrefix("/") ? link : parent(of: target) + "/" + link
    }
    throw CommandError(.cannotCreate, "\(path): the symbolic links go round in a circle")
  }

  private static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func commandError(
    _ error: SystemError, path: String, target: String
  ) -> CommandError {
    if error.isDeviceFailure {
      return CommandError(.inputOutput, "\(path): cannot be written: \(error)")
    }
    if error.isMissing {
      let folder = parent(of: target)
      return CommandError(
        .cannotCreate, "\(path): cannot be created: there is no folder '\(folder)'")
    }
    return CommandError(.cannotCreate, "\(path): cannot be created: \(error)")
  }
}
