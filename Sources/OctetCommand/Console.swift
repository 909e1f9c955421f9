import OctetSystem
import Synchronization

/// Where a verb speaks: results on standard output, progress and messages on standard error.
package final class Console: Sendable {
  /// The two streams with what is known about them; tests put collectors here.
  package struct Streams: Sendable {
    package var output: Terminal
    package var error: Terminal
    package var writeOutput: @Sendable (String) -> Void
    package var writeError: @Sendable (String) -> Void

    package init(
      output: Terminal, error: Terminal, writeOutput: @escaping @Sendable (String) -> Void,
      writeError: @escaping @Sendable (String) -> Void
    ) {
      self.output = output
      self.error = error
      self.writeOutput = writeOutput
      self.writeError = writeError
    }

    /// The process's own. When nobody can read standard output the process ends there and then:
    /// quietly if the reader went away (`octet … | head`), with status 74 if the disk is full.
    package static var standard: Streams {
      Streams(
        output: Terminal(descriptor: 1), error: Terminal(descriptor: 2),
        writeOutput: { text in
          do throws(SystemError) {
            try Posix.write(Array(text.utf8), to: 1)
          } catch {
            if error.isBrokenPipe { Signals.exitNow(ExitStatus.brokenPipe.rawValue) }
            try? Posix.write(Array("octet: standard output: \(error)\n".utf8), to: 2)
            Signals.exitNow(ExitStatus.inputOutput.rawValue)
          }
        },
        writeError: { text in try? Posix.write(Array(text.utf8), to: 2) })
    }
  }

  package let isQuiet: Bool
  package let isJSON: Bool
  private let streams: Streams
  private let progress = Mutex<ProgressBar?>(nil)

  package init(isQuiet: Bool, isJSON: Bool, streams: Streams = .standard) {
    self.isQuiet = isQuiet
    self.isJSON = isJSON
    self.streams = streams
  }

  /// Standard output: its width, whether it takes colours and half blocks.
  package var output: Terminal { streams.output }
  /// Standard error.
  package var error: Terminal { streams.error }

  /// Text for people that comes before the result and leads to it, such as an epoch of `train` or
  /// the digits that `demo` draws, at once: standard output, or standard error when that is taken
  /// by JSON or by a file. Silent with `--quiet`.
  package func print(_ text: String) {
    guard !isQuiet else { return }
    aboveProgress { (outputIsTaken ? streams.writeError : streams.writeOutput)(Self.line(text)) }
  }

  /// A sentence worth knowing, on standard error; silent with `--quiet`.
  package func message(_ text: String) {
    guard !isQuiet else { return }
    aboveProgress { streams.writeError(Self.line(SafeText.escaped(text))) }
  }

  /// Whether standard output holds JSON or a file, so that words go to standard error.
  private var outputIsTaken: Bool { isJSON || FileClaims.current.takesStandardOutput }

  /// Starts a progress bar on standard error; one at a time.
  ///
  /// - Parameters:
  ///   - title: a few words: `training`.
  ///   - total: the count at which the work is done; at least 1.
  package func progress(_ title: String, total: Int) -> ProgressBar {
    let new = ProgressBar(
      title: title, total: total, terminal: streams.error,
      write: isQuiet ? nil : streams.writeError)
    let old = progress.withLock { current in
      defer { current = new }
      return current
    }
    old?.finish()
    return new
  }

  /// The sentence that says why the verb failed; printed with `--quiet` too. Further lines, such as
  /// one for each refused node, are indented: a line break in a name cannot fake one of the tool's.
  func fail(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let further = lines.dropFirst().map { $0.hasPrefix("  ") || $0.isEmpty ? $0 : "  " + $0 }
    let safe = (lines.prefix(1) + further).map(SafeText.escaped).joined(separator: "\n")
    aboveProgress { streams.writeError(Self.line(safe)) }
  }

  /// Prints the result in the form the user asked for.
  func emit(_ outcome: Outcome) throws {
    progress.withLock { $0 }?.finish()
    if isJSON {
      do {
        streams.writeOutput(try JSONText.encode(outcome.report) + "\n")
      } catch {
        throw CommandError(.inputOutput, "the report cannot be written as JSON: \(error)")
      }
    } else if FileClaims.current.takesStandardOutput {
      print(outcome.text)
    } else if !outcome.text.isEmpty {
      streams.writeOutput(Self.line(outcome.text))
    }
  }

  private func aboveProgress(_ body: () -> Void) {
    if let current = progress.withLock({ $0 }) {
      current.interjecting(body)
    } else {
      body()
    }
  }

  private static func line(_ text: String) -> String {
    SafeText.printable(text.hasSuffix("\n") ? text : text + "\n")
  }
}
