import Foundation
import OctetSystem

/// Writes a folder of files as a whole: it is filled beside its place and put there at once, so two
/// runs into one folder cannot mix their files.
///
/// A hidden file `.octet` lists what was written. A folder that holds anything else is somebody's
/// own and stays as it is.
package enum OutputFolder {
  static let listName = ".octet"

  /// Whether `write` to the folder has a chance; for verbs that work for minutes before they write.
  package static func check(_ folder: OutputFolderPath) throws(CommandError) {
    let path = folder.path
    guard let status = try? Posix.status(of: path, followsLinks: true) else {
      let parent = parent(of: path)
      guard (try? Posix.status(of: parent, followsLinks: true))?.kind == .folder else {
        throw CommandError(
          .cannotCreate, "\(path): cannot be created: there is no folder '\(parent)'")
      }
      guard Posix.isWritable(parent) else {
        throw CommandError(.cannotCreate, "\(path): cannot be created: Permission denied")
      }
      return
    }
    guard status.kind == .folder else {
      throw CommandError(
        .cannotCreate, "\(path): something else is here; name a new or an empty folder")
    }
    if Posix.realPath(path) == Posix.realPath(".") {
      throw CommandError(
        .cannotCreate, "\(path): this is the working folder; name one inside it, such as 'out'")
    }
    let written = writtenNames(in: path)
    if let other = Posix.names(in: path).sorted().first(where: {
      $0 != listName && !written.contains($0)
    }) {
      throw CommandError(
        .cannotCreate,
        "\(path): something else is here, '\(other)', which Octet did not write; name a new or an "
          + "empty folder")
    }
  }

  /// The names that an older run entered as its own.
  static func writtenNames(in folder: String) -> Set<String> {
    let bytes = (try? InputFile.read(folder + "/" + listName, limit: 1 << 20)) ?? []
    return Set(String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
  }

  /// Makes a folder, if need be, into which files of these names may be written: none that is
  /// there already, unless Octet wrote it or `--force` was given.
  package static func prepare(
    _ folder: OutputFolderPath, for names: [String]
  ) throws(CommandError) {
    let path = folder.path
    try make(folder)
    let written = writtenNames(in: path)
    for name in names {
      let file = folder.file(name).path
      let isThere = (try? Posix.status(of: file, followsLinks: false)) != nil
      guard !isThere || written.contains(name) || FileClaims.current.isForced else {
        throw CommandError(
          .cannotCreate,
          "\(file): this file, which Octet did not put here, would be lost; name another folder, "
            + "or add --force")
      }
      try AtomicFile.checkCanWrite(to: file)
    }
    let list = written.union(names).sorted().joined(separator: "\n")
    try AtomicFile.write(list + "\n", to: path + "/" + listName)
  }

  /// Makes a folder where there is none.
  ///
  /// - Throws: status 73 where it cannot be made, or nothing can be put into it.
  package static func make(_ folder: OutputFolderPath) throws(CommandError) {
    let path = folder.path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let isThere = (try? Posix.status(of: path, followsLinks: true)) != nil
      throw CommandError(
        .cannotCreate,
        "\(path): the folder cannot be made: "
          + (isThere ? "something else is here" : error.localizedDescription))
    }
    guard Posix.isWritable(path) else {
      throw CommandError(.cannotCreate, "\(path): nothing can be put there: Permission denied")
    }
  }

  /// - Parameter files: by name.
  package static func write(
    _ files: [String: [UInt8]], to folder: OutputFolderPath
  ) throws(CommandError) {
    try write(to: folder) { path throws(CommandError) in
      for (name, bytes) in files { try AtomicFile.write(bytes, to: path + "/" + name) }
    }
  }

  /// - Parameter fill: writes into the folder that it is given.
  package static func write(
    to folder: OutputFolderPath, filledBy fill: (String) throws(CommandError) -> Void
  ) throws(CommandError) {
    try check(folder)
    let target = Posix.realPath(folder.path) ?? folder.path
    let parent = parent(of: target)
    StaleFiles.sweep(parent)
    let (fresh, lock): (String, Int32)
    do throws(SystemError) {
      // Locked until the folder has its name, so that no other run takes it for a stale one.
      (fresh, lock) = try StaleFiles.make(.folder) { StaleFiles.newPath(in: parent) }
    } catch {
      throw CommandError(.cannotCreate, "\(folder.path): cannot be written: \(error)")
    }
    defer {
      try? Posix.close(lock)
      Leftovers.removeFolder(fresh)
      Leftovers.strike(folder: fresh)
    }
    try fill(fresh)
    let names = Posix.names(in: fresh).sorted().joined(separator: "\n")
    try AtomicFile.write(names + "\n", to: fresh + "/" + listName)
    do throws(SystemError) {
      try publish(fresh, as: target)
    } catch {
      throw CommandError(.cannotCreate, "\(folder.path): cannot be written: \(error)")
    }
  }

  /// Afterwards `fresh` is gone or holds what was at the target.
  private static func publish(_ fresh: String, as target: String) throws(SystemError) {
    do throws(SystemError) {
      // Onto nothing, or an empty folder.
      try Posix.rename(fresh, to: target)
    } catch {
      guard error.code == ENOTEMPTY || error.code == EEXIST else { throw error }
      do throws(SystemError) {
        try Posix.exchange(fresh, target)
      } catch {
        // A file system that cannot exchange: for a moment there is none.
        let old = StaleFiles.newPath(in: parent(of: target))
        try Posix.rename(target, to: old)
        try Posix.rename(fresh, to: target)
        Leftovers.removeFolder(old)
      }
    }
  }

  private static func parent(of path: String) -> String {
    URL(fileURLWithPath: path).deletingLastPathComponent().path
  }
}
