import Foundation
import Synchronization

/// SIGINT, SIGTERM and SIGHUP, taken over from the system.
///
/// The handler does next to nothing: it notes the signal and wakes a thread, which may do what a
/// handler may not: kill children, remove folders.
package enum Signals {
  /// The first signal that asked to stop; 0 before.
  package static var first: Int32 { received.load(ordering: .relaxed) }

  /// Work that looks at `first` often: the first signal then ends nothing, the second does, if it
  /// comes `sameMilliseconds` later or more: `timeout` signals the program and its group at once.
  package static func whilePolling<Result>(_ body: () throws -> Result) rethrows -> Result {
    pollingCount.add(1, ordering: .relaxed)
    defer { pollingCount.subtract(1, ordering: .relaxed) }
    return try body()
  }

  /// Installs the handlers; call once, first thing.
  package static func install() {
    // Touched here so that the handler never runs a lazy initializer.
    _ = received.load(ordering: .relaxed)
    _ = firstMilliseconds.load(ordering: .relaxed)
    _ = pollingCount.load(ordering: .relaxed)
    _ = progressLineIsOpen.load(ordering: .relaxed)
    if let pipe = try? Posix.makePipe() {
      wakeUp.store(pipe.write, ordering: .releasing)
      Thread.detachNewThread { waitAndExit(pipe.read) }
    }
    // A parent that had one ignored (`nohup`) meant it.
    for signal in [SIGINT, SIGTERM, SIGHUP] { Posix.handle(signal, by: handle) }
    Posix.ignore(SIGPIPE)
    Posix.ignore(SIGXFSZ)
  }

  /// Ends the process without unwinding, leaving nothing behind and no half-drawn line.
  package static func exitNow(_ status: Int32) -> Never {
    if progressLineIsOpen.load(ordering: .relaxed) { try? Posix.write([10], to: 2) }
    Leftovers.removeAllAndExit(status)
  }

  /// The exit status after a signal: 143 after SIGTERM or SIGHUP, 130 otherwise.
  package static var status: Int32 {
    let signal = received.load(ordering: .relaxed)
    return signal == SIGTERM || signal == SIGHUP ? 143 : 130
  }

  package static let progressLineIsOpen = Atomic<Bool>(false)
  private static let received = Atomic<Int32>(0)
  /// When it came, in milliseconds of the steady clock; 0 before.
  private static let firstMilliseconds = Atomic<Int>(0)
  /// Signals that come within this time of the first are the same one.
  private static let sameMilliseconds = 100
  private static let pollingCount = Atomic<Int>(0)
  /// The pipe's end that the handler writes to; -1 when there is none.
  private static let wakeUp = Atomic<Int32>(-1)

  private static let handle: @convention(c) (Int32) -> Void = { signal in
    let savedError = errno
    defer { errno = savedError }
    let now = milliseconds()
    let start = firstMilliseconds.compareExchange(expected: 0, desired: now, ordering: .relaxed)
    _ = received.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
    let isFirst = start.exchanged || now - start.original < sameMilliseconds
    if isFirst, pollingCount.load(ordering: .relaxed) > 0 { return }
    var byte: UInt8 = 0
    let pipe = wakeUp.load(ordering: .acquiring)
    if unsafe pipe < 0 || write(pipe, &byte, 1) != 1 { _exit(status) }
  }

  /// May be called by a handler.
  private static func milliseconds() -> Int {
    var now = timespec()
    guard unsafe clock_gettime(CLOCK_MONOTONIC, &now) == 0 else { return 0 }
    return now.tv_sec * 1000 + now.tv_nsec / 1_000_000 + 1
  }

  private static func waitAndExit(_ pipe: Int32) {
    let bytes = try? Posix.read(pipe, limit: 1)
    if bytes?.count == 1 { exitNow(status) }
  }
}
