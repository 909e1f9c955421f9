import Foundation

/// Temporary files and folders beside their target, `.octet-….tmp`, each locked by its maker for as
/// long as it lives. So one that is not locked was left by a process that was killed, on whichever
/// machine or in whichever container.
package enum StaleFiles {
  package enum Kind {
    case file, folder

    fileprivate func enter(_ path: String) {
      switch self {
      case .file: Leftovers.enter(file: path)
      case .folder: Leftovers.enter(folder: path)
      }
    }

    fileprivate func open(_ path: String) throws(SystemError) -> Int32 {
      switch self {
      case .file: return try Posix.open(path, O_WRONLY | O_CREAT | O_EXCL)
      case .folder:
        try Posix.makeFolder(path)
        return try Posix.open(path, O_RDONLY)
      }
    }

    fileprivate func discard(_ path: String) {
      switch self {
      case .file:
        Posix.remove(path)
        Leftovers.strike(file: path)
      case .folder:
        Posix.removeEmptyFolder(path)
        Leftovers.strike(folder: path)
      }
    }
  }

  private static let prefix = ".octet-"
  private static let suffix = ".tmp"

  /// A name that nobody has; the target's own may already be as long as names get.
  package static func newPath(in folder: String) -> String {
    let random = String(UInt64.random(in: 0 ... .max), radix: 36)
    return "\(folder)/\(prefix)\(getpid())-\(random)\(suffix)"
  }

  /// Removes what killed runs left in the folder.
  package static func sweep(_ folder: String) {
    for name in Posix.names(in: folder) where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      removeUnlessLocked(folder + "/" + name)
    }
  }

  /// A new file, open for writing, or a new folder, which its maker holds a lock on: entered among
  /// the `Leftovers`, and for the caller to strike out and close.
  ///
  /// Another run may take it for a stale one before it is locked, and remove it; then it is made
  /// anew. Where a file system has no locks nobody removes anything, and the last attempt stands.
  package static func make(
    _ kind: Kind, _ newPath: () -> String
  ) throws(SystemError) -> (path: String, descriptor: Int32) {
    var attemptsLeft = 4
    while true {
      attemptsLeft -= 1
      let path = newPath()
      kind.enter(path)
      do throws(SystemError) {
        let descriptor = try kind.open(path)
        if isHeld(descriptor, path) || attemptsLeft == 0 { return (path, descriptor) }
        try Posix.close(descriptor)
      } catch {
        kind.discard(path)
        throw error
      }
      kind.discard(path)
    }
  }

  /// Locks what was made, and sees whether it is still there: who removes it locks it first.
  private static func isHeld(_ descriptor: Int32, _ path: String) -> Bool {
    guard Posix.tryLock(descriptor), let own = try? Posix.status(of: descriptor),
      let found = try? Posix.status(of: path, followsLinks: false)
    else { return false }
    return own.identity == found.identity
  }

  static func removeUnlessLocked(_ path: String) {
    guard let status = try? Posix.status(of: path, followsLinks: false), status.owner == getuid(),
      status.kind == .file || status.kind == .folder,
      let descriptor = try? Posix.open(path, O_RDONLY | O_NONBLOCK)
    else { return }
    defer { try? Posix.close(descriptor) }
    guard Posix.tryLock(descriptor) else { return }
    if status.kind == .folder { Leftovers.removeFolder(path) } else { Posix.remove(path) }
  }
}
