/// One verb of the tool: `octet NAME …`.
///
/// ```swift
/// struct Verify: Verb {
///   let name = "verify"
///   let summary = "Check a blob and run its self-test on every backend."
///   let model = Positional("M.oct", .input, help: "The blob.")
///   let backend = Option("--backend", .string, help: "Only this backend.")
///   var parameters: [any Parameter] { [model, backend] }
///   let example = "octet verify lenet.oct"
///
///   func run(_ arguments: Arguments, console: Console) throws -> Outcome {
///     let blob = try InputFile.map(arguments[model])     // Data
///     let backend = arguments[backend]                   // String?
///     …
///     return Outcome(report, text: table.text(for: console.output))
///   }
/// }
/// ```
package protocol Verb: Sendable {
  var name: String { get }
  /// One line, a full sentence.
  var summary: String { get }
  /// Paragraphs below the summary in the verb's help; empty by default.
  var discussion: String { get }
  /// What follows `octet NAME` in the usage lines; derived from `parameters` by default.
  var usages: [String] { get }
  /// Every parameter that `run` reads, positionals in order.
  var parameters: [any Parameter] { get }
  /// Complete command lines, one a line, that work when pasted.
  var example: String { get }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome
}

extension Verb {
  /// The verb's parameters, with `--force` where it writes a file.
  var allParameters: [any Parameter] {
    let writes = parameters.contains {
      guard let use = $0.specification.fileUse else { return false }
      return use.isOutput || use == .folderOfOutputs
    }
    return writes ? parameters + [FileClaims.forceFlag] : parameters
  }

  package var discussion: String { "" }
  package var usages: [String] { [Help.usage(of: parameters.map(\.specification))] }
}
