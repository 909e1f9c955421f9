/// What a verb hands back: its report as one `Encodable` value and as text.
///
/// The program prints one of the two, so that with `--json` standard output holds exactly one
/// JSON object, and none when the verb throws.
package struct Outcome: Sendable {
  package enum Ending: Sendable, Equatable {
    case done
    /// The report is printed, then the sentence on standard error; status 1.
    case gateMissed(String)
    /// Stopped by the user, with a result worth keeping; status 130 (143 for SIGTERM).
    case interrupted(String)
  }

  package var report: any Encodable & Sendable
  package var text: String
  package var ending: Ending

  /// - Parameters:
  ///   - report: becomes the JSON object; must encode as an object.
  ///   - text: for people, with or without a final newline; empty prints nothing.
  package init(_ report: any Encodable & Sendable, text: String, ending: Ending = .done) {
    self.report = report
    self.text = text
    self.ending = ending
  }
}
