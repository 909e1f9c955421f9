/// How the tool ends; the numbers are those of `sysexits.h` where it has one.
package enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  case gateMissed = 1
  case usage = 64
  case badData = 65
  case missingInput = 66
  case cannotCreate = 73
  case inputOutput = 74
  case interrupted = 130
  case brokenPipe = 141
  case terminated = 143

  /// What it means, as the manual page and the article TheCommandLine say it.
  package var meaning: String {
    switch self {
    case .done: "done"
    case .gateMissed: "a gate that the user set was missed"
    case .usage: "unknown verb or flag, missing or wrong value"
    case .badData: "an input exists but cannot be used"
    case .missingInput: "an input does not exist or cannot be opened"
    case .cannotCreate: "an output cannot be created"
    case .inputOutput: "reading or writing failed half-way: disk full, device error"
    case .interrupted: "Ctrl-C"
    case .brokenPipe: "the reader of standard output went away"
    case .terminated: "asked to end (SIGTERM, SIGHUP)"
    }
  }
}
