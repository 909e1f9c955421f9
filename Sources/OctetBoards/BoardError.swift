/// Why firmware cannot be built or run. Each case prints what is wrong and what to do.
public enum BoardError: Error, Equatable, CustomStringConvertible {
  case unknownBoard(String)
  case boardMissing(String)
  case invalidBoard(path: String, problem: String)
  case hasNoSizes(String)
  case firmwareMissing(String)
  case toolMissing(String, remedy: String)
  case invalidModel(String)
  case invalidToolset(path: String, problem: String)
  case buildFailed(step: String, output: String)
  case doesNotFit(board: String, problem: String)
  case stackUnknown(String)
  case stackExhausted(byteCount: Int)
  case invalidImage(path: String, problem: String)
  case inputByteCount(Int, needed: Int)
  case runFailed(command: String, output: String)
  case timedOut(command: String, seconds: Int)
  case notCounted(command: String, output: String)
  case cannotRun(program: String, problem: String)
  case refused(code: Int, detail: Int, text: String)
  case notRemote(String)
  case hasNoLibrary(String)
  case noProgram(board: String)
  case file(path: String, problem: String)
  case portMissing(path: String, problem: String)
  case line(name: String, problem: String)

  /// A sentence: what went wrong, where, and what to do.
  public var description: String {
    switch self {
    case .unknownBoard(let name):
      "there is no board '\(name)'; 'octet board list' shows those that there are"
    case .boardMissing(let path):
      "\(path) is no board: it needs a board.json, a toolset.json and a board.ld, like those in "
        + "Octet's Firmware/Boards"
    case .invalidBoard(let path, let problem):
      "\(path): \(problem)"
    case .hasNoSizes(let name):
      "\(name) has no flash and RAM of its own size; leave out --flash and --ram"
    case .firmwareMissing(let path):
      "the firmware's sources are not at \(path); set OCTET_HOME to the folder of Octet's package"
    case .toolMissing(let name, let remedy):
      "'\(name)' was not found on the PATH; \(remedy)"
    case .invalidModel(let problem):
      "the model is not usable: \(problem)"
    case .invalidToolset(let path, let problem):
      "\(path) is not a toolset: \(problem)"
    case .buildFailed(let step, let output):
      "building the firmware failed in \(step):\n\(output)"
    case .doesNotFit(let board, let problem):
      "the model does not fit \(board): \(problem)"
    case .stackUnknown(let problem):
      "how much stack the firmware needs cannot be told: \(problem)"
    case .stackExhausted(let byteCount):
      "the stack needed more than \(byteCount) bytes: that was all the free memory above the "
        + "arena, so results are void; give the board more RAM, or take a smaller model"
    case .invalidImage(let path, let problem):
      "\(path) is not an ELF image that can be measured: \(problem)"
    case .inputByteCount(let count, let needed):
      "the inputs have \(count) bytes, which is not a multiple of the \(needed) of one sample"
    case .runFailed(let command, let output):
      "the firmware did not finish; '\(command.beginning)' said: \(output.saying)"
    case .timedOut(let command, let seconds):
      "'\(command.beginning)' did not finish within \(seconds) s and was ended; --timeout gives it "
        + "more"
    case .cannotRun(let program, let problem):
      "'\(program)' cannot be run: \(problem)"
    case .notCounted(let command, let output):
      "the emulator counted no instructions; it must be a QEMU that takes plugins (built with "
        + "--enable-plugins). '\(command.beginning)' said: \(output.saying)"
    case .refused(let code, let detail, let text):
      "the firmware refused to run, code \(code) at \(detail): \(text)"
    case .hasNoLibrary(let name):
      "\(name) is WebAssembly, which links no C library; 'octet export --to page' makes a module"
    case .notRemote(let name):
      "\(name) is bare metal and has no ssh; leave out --host to emulate it"
    case .noProgram(let board):
      "\(board) is bare metal and has no files; octet-run is for boards with Linux"
    case .file(let path, let problem):
      "\(path): \(problem)"
    case .portMissing(let path, let problem):
      "\(path) cannot be opened: \(problem); --port names the serial line of a board"
    case .line(let name, let problem):
      "\(name): \(problem)"
    }
  }
}

extension String {
  /// The program and its first arguments, of a command line that may have hundreds.
  fileprivate var beginning: String { count > 80 ? prefix(79) + "…" : self }

  /// What a program printed first: an emulator goes on with all registers.
  fileprivate var saying: String {
    let lines = split(whereSeparator: \.isNewline)
    guard let first = lines.first else { return "nothing" }
    let line = first.count > 200 ? first.prefix(199) + "…" : String(first)
    return lines.count > 1 ? "\(line) (and \(lines.count - 1) more lines)" : line
  }
}
