import Foundation

/// Temporary files and folders beside their target, `.octet-….tmp`, each locked by its maker for as
/// long as it lives. So one that is not locked was left by a process that was killed, on whichever
/// machine or in whichever container.
package enum StaleFiles {
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
