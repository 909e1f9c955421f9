import Foundation
import Synchronization

/// Ctrl-C and its relatives.
///
/// By default SIGINT, SIGTERM and SIGHUP end the process at once, after removing a half-written
/// temporary file. Inside `whilePolling` the first signal only sets a flag, which the work polls
/// to stop with what it has; the second ends the process at once.
///
/// SIGPIPE is ignored: whoever writes to standard output ends quietly when nobody reads.
/// SIGXFSZ is ignored: a file over the user's size limit is a full disk, not a crash.
public enum Interruption {
  /// Whether the user asked to stop. Cheap: one relaxed load.
  public static var isRequested: Bool { received.load(ordering: .relaxed) != 0 }

  /// How an interrupted run ends: 143 after SIGTERM or SIGHUP, 130 otherwise.
  public static var status: ExitStatus {
    let signal = received.load(ordering: .relaxed)
    return signal == SIGTERM || signal == SIGHUP ? .terminated : .interrupted
  }

  /// Throws when the user asked to stop; for work that has nothing to keep.
  public static func check() throws(CommandError) {
    if isRequested { throw .interrupted }
  }

  /// Runs work that polls `isRequested` often, at least ten times a second.
  public static func whilePolling<Result>(_ body: () throws -> Result) rethrows -> Result {
    pollingCount.add(1, ordering: .relaxed)
    defer { pollingCount.subtract(1, ordering: .relaxed) }
    return try body()
  }

  /// Installs the handlers; call once, first thing.
  public static func install() {
    // Touched here so that the handler never runs a lazy initializer.
    _ = received.load(ordering: .relaxed)
    _ = pollingCount.load(ordering: .relaxed)
    _ = temporaryPath.load(ordering: .relaxed)
    _ = progressLineIsOpen.load(ordering: .relaxed)
    for signal in [SIGINT, SIGTERM, SIGHUP] {
      // A parent that had it ignored (`nohup`) meant it.
      Posix.handle(signal, by: handleSignal)
    }
    Posix.ignore(SIGPIPE)
    Posix.ignore(SIGXFSZ)
  }

  /// Ends the process without unwinding, leaving no temporary file and no half-drawn line.
  /// Calls only what a signal handler may call.
  static func exitNow(_ status: ExitStatus) -> Never {
    let address = temporaryPath.load(ordering: .acquiring)
    if let path = unsafe UnsafePointer<CChar>(bitPattern: address) { unsafe _ = unlink(path) }
    if progressLineIsOpen.load(ordering: .relaxed) {
      var newline: UInt8 = 10
      unsafe _ = write(2, &newline, 1)
    }
    _exit(status.rawValue)
  }

  /// The file to remove when the process ends at once; nil when there is none.
  ///
  /// Safety: the text is never freed, because a handler may be reading it on another thread; that
  /// costs some 100 bytes for each file written.
  static func setTemporaryPath(_ path: String?) {
    let address = path.map { unsafe UInt(bitPattern: strdup($0)) } ?? 0
    temporaryPath.store(address, ordering: .releasing)
  }

  static let progressLineIsOpen = Atomic<Bool>(false)
  /// The first signal; 0 before.
  private static let received = Atomic<Int32>(0)
  private static let pollingCount = Atomic<Int>(0)
  /// The address of a C string; 0 for none.
  private static let temporaryPath = Atomic<UInt>(0)

  private static let handleSignal: @convention(c) (Int32) -> Void = { signal in
    let first = received.compareExchange(
      expected: 0, desired: signal, ordering: .relaxed)
    if first.exchanged, pollingCount.load(ordering: .relaxed) > 0 { return }
    exitNow(status)
  }
}
