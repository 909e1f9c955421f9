/// Why another runtime's tensors cannot be had or compared.
public enum AgainstError: Error, Equatable, CustomStringConvertible {
  /// Neither a folder nor a program.
  case missing(String)
  /// The program cannot be started.
  case cannotStart(command: String, problem: String)
  /// It ended with another status than 0.
  case failed(command: String, status: Int, output: String)
  /// It was ended.
  case timedOut(command: String, seconds: Int)
  /// A folder or a file in it that cannot be used.
  case dump(path: String, problem: String)
  /// A file that cannot be written for the program.
  case cannotWrite(path: String, problem: String)

  /// A sentence: what went wrong, where, and what to do.
  public var description: String {
    switch self {
    case .missing(let text):
      "--against '\(text)' is neither a folder of tensors nor a program that can be found"
    case .cannotStart(let command, let problem):
      "'\(command)' cannot be run: \(problem)"
    case .failed(let command, let status, let output):
      "'\(command)' ended with status \(status)"
        + (output.isEmpty ? " and said nothing" : " and said: \(output)")
    case .timedOut(let command, let seconds):
      "'\(command)' did not finish within \(seconds) s and was ended; --timeout gives it more"
    case .dump(let path, let problem):
      "\(path): \(problem)"
    case .cannotWrite(let path, let problem):
      "\(path): \(problem)"
    }
  }
}
