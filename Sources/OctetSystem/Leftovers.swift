import Foundation
import Synchronization

/// What must not outlive this process: temporary files and folders, and running children.
///
/// Whoever makes such a thing enters it before it exists and strikes it out when it is gone.
/// `removeAll` is called when a signal ends the process; a process that is killed outright is
/// cleaned up after by its `Guardian` and by the next run (`StaleFiles`).
package enum Leftovers {
  private struct State {
    var files: Set<String> = []
    var folders: Set<String> = []
    /// Process groups, by their leader.
    var groups: Set<pid_t> = []
  }

  private static let state = Mutex(State())

  package static func enter(file path: String) { state.withLock { _ = $0.files.insert(path) } }
  package static func strike(file path: String) { state.withLock { _ = $0.files.remove(path) } }
  package static func enter(folder path: String) { state.withLock { _ = $0.folders.insert(path) } }
  package static func strike(folder path: String) { state.withLock { _ = $0.folders.remove(path) } }

  /// Starts a process group and enters it, so that no moment lies between.
  static func enter(
    starting start: () throws(SystemError) -> pid_t
  ) throws(SystemError) -> pid_t {
    let result = state.withLock { state -> Result<pid_t, SystemError> in
      do throws(SystemError) {
        let group = try start()
        state.groups.insert(group)
        return .success(group)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  static func strike(group: pid_t) { state.withLock { _ = $0.groups.remove(group) } }

  /// Kills and removes everything and ends the process, which holds the lock until then: a thread
  /// that would enter or strike something stands still, and so cannot report what it lost.
  package static func removeAllAndExit(_ status: Int32) -> Never {
    state.withLock { state in
      for group in state.groups { kill(-group, SIGKILL) }
      for file in state.files { Posix.remove(file) }
      for folder in state.folders { removeFolder(folder) }
      _exit(status)
    }
    _exit(status)
  }

  /// A folder with all that is in it. Killed children may still be writing for a moment.
  package static func removeFolder(_ path: String) {
    for _ in 0..<20 {
      do {
        try FileManager.default.removeItem(atPath: path)
        return
      } catch {
        guard FileManager.default.fileExists(atPath: path) else { return }
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
  }
}
