import Foundation
import OctetSystem

/// Ctrl-C and its relatives.
///
/// By default SIGINT, SIGTERM and SIGHUP end the process at once, after killing its children and
/// removing its temporary files. Inside `whilePolling` the first signal only sets a flag, which the
/// work polls to stop with what it has; the second ends the process at once.
///
/// SIGPIPE is ignored: whoever writes to standard output ends quietly when nobody reads.
/// SIGXFSZ is ignored: a file over the user's size limit is a full disk, not a crash.
package enum Interruption {
  /// Whether the user asked to stop. Cheap: one relaxed load.
  package static var isRequested: Bool { Signals.first != 0 }

  /// How an interrupted run ends: 143 after SIGTERM or SIGHUP, 130 otherwise.
  package static var status: ExitStatus { ExitStatus(rawValue: Signals.status) ?? .interrupted }

  /// Throws when the user asked to stop; for work that has nothing to keep.
  package static func check() throws(CommandError) {
    if isRequested { throw .interrupted }
  }

  /// Runs work that polls `isRequested` often, at least ten times a second.
  package static func whilePolling<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Signals.whilePolling(body)
  }

  /// Fewer open files than this, and the system's libraries trap where they start threads.
  private static let descriptorCountMin = 9

  /// Installs the handlers; call once, first thing.
  package static func install() {
    let count = Posix.raisedDescriptorLimit()
    guard count >= descriptorCountMin else {
      let sentence =
        "octet: only \(count) files may be open here (ulimit -n), and \(descriptorCountMin) are "
        + "needed\n"
      try? Posix.write(Array(sentence.utf8), to: 2)
      _exit(ExitStatus.inputOutput.rawValue)
    }
    Signals.install()
  }
}
