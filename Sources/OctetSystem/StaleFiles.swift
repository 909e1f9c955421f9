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
      if !isBeingMade(name, in: folder) { removeUnlessLocked(folder + "/" + name) }
    }
  }

  /// Whether a file may be so new that its maker, a process that runs here, is about to lock it.
  private static func isBeingMade(_ name: String, in folder: String) -> Bool {
    guard let maker = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }),
      maker > 0, kill(maker, 0) == 0,
      let status = try? Posix.status(of: folder + "/" + name, followsLinks: false)
    else { return false }
    return abs(Date().timeIntervalSince1970 - status.modified) < 60
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
