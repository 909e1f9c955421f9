import Foundation
import Synchronization

/// A folder of its own, which its owner removes. All of a process lie in one, which goes with the
/// last of them, on a signal, by the `Guardian` after a kill, or at the latest at the next run.
package struct TemporaryFolder: Sendable {
  package let path: String

  package init() throws(SystemError) {
    let made = Self.state.withLock { state -> Result<String, SystemError> in
      do throws(SystemError) {
        if state.root == nil { try state.open() }
        let path = "\(state.root ?? "")/\(state.nextNumber)"
        try Posix.makeFolder(path)
        state.nextNumber += 1
        state.liveCount += 1
        return .success(path)
      } catch {
        return .failure(error)
      }
    }
    path = try made.get()
  }

  package func remove() {
    Leftovers.removeFolder(path)
    Self.state.withLock { state in
      state.liveCount -= 1
      if state.liveCount == 0 { state.close() }
    }
  }

  /// The folder that holds them all; nil when there is none.
  static var root: String? { state.withLock { $0.root } }

  private struct State {
    var root: String?
    var lock: Int32 = -1
    var nextNumber = 1
    var liveCount = 0

    mutating func open() throws(SystemError) {
      let base = FileManager.default.temporaryDirectory.path
      for name in Posix.names(in: base) where name.hasPrefix(TemporaryFolder.prefix) {
        StaleFiles.removeUnlessLocked(base + "/" + name)
      }
      let made = try StaleFiles.make(.folder) {
        "\(base)/\(TemporaryFolder.prefix)\(getpid())-"
          + String(UInt64.random(in: 0 ... .max), radix: 36)
      }
      (root, lock) = (made.path, made.descriptor)
    }

    mutating func close() {
      guard let path = root else { return }
      Leftovers.removeFolder(path)
      Leftovers.strike(folder: path)
      try? Posix.close(lock)
      root = nil
    }
  }

  fileprivate static let prefix = "octet-run-"
  private static let state = Mutex(State())
}
