/// How the tool ends; the numbers are those of `sysexits.h` where it has one.
package enum ExitStatus: Int32, Sendable {
  /// Done.
  case done = 0
  /// A gate that the user set was missed.
  case gateMissed = 1
  /// Unknown verb or flag, missing or wrong value.
  case usage = 64
  /// An input exists but cannot be used.
  case badData = 65
  /// An input does not exist or cannot be opened.
  case missingInput = 66
  /// An output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed half-way: disk full, device error.
  case inputOutput = 74
  /// Ctrl-C.
  case interrupted = 130
  /// The reader of standard output went away.
  case brokenPipe = 141
  /// Asked to end (SIGTERM).
  case terminated = 143
}
