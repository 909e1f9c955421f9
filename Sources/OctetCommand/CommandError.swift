/// What every failure becomes before it leaves the tool: an exit status and one sentence.
package struct CommandError: Error, Equatable, CustomStringConvertible {
  package var status: ExitStatus
  /// What went wrong, where, and what to do; without the verb's name and without a final newline.
  package var message: String

  package init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  package var description: String { message }

  /// The error of work that stopped because of `Interruption.isRequested`.
  package static var interrupted: CommandError {
    CommandError(Interruption.status, "interrupted; nothing was written")
  }
}

/// An error of another module that knows which exit status it deserves.
///
/// Modules do not know about the command line; the tool conforms their error enums where the
/// default (65, bad data) is wrong.
package protocol ExitStatusProviding: Error {
  var exitStatus: ExitStatus { get }
}

extension CommandError {
  /// The error that the tool reports for any error.
  ///
  /// - Parameter subject: the file that was being worked on, put in front of the message.
  package init(_ error: any Error, subject: String? = nil) {
    if let error = error as? CommandError {
      self = error
      return
    }
    let status = (error as? any ExitStatusProviding)?.exitStatus ?? .badData
    let text = String(describing: error)
    self.init(status, subject.map { "\($0): \(text)" } ?? text)
  }
}

/// Runs `body`; an error of another module gets the name of the file in front, so that the reader
/// knows which of several inputs is at fault.
package func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch {
    throw CommandError(error, subject: path)
  }
}
