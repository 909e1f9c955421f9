/// The tool's manual page, generated from its verbs: what `man` shows (groff_man(7)).
package enum ManualPage {
  package static func text(of program: Program) -> String {
    let name = program.name
    var lines = [
      ".TH \(name.uppercased()) 1 \"\" \"\(name) \(program.version)\" \"User Commands\"",
      ".SH NAME", "\(name) \\- \(escaped(withoutStop(program.summary)))",
      ".SH SYNOPSIS", ".B \(name)", ".I verb", "[\\fIoptions\\fR]",
      ".SH VERBS",
    ]
    for verb in program.verbs { lines += section(verb, name) }
    lines += [".SH OPTIONS OF EVERY VERB"]
    lines += Program.commonFlags.flatMap { entry($0.specification) }
    lines += [
      ".SH EXIT STATUS"
    ]
    for status in ExitStatus.allCases {
      lines += [".TP", "\(status.rawValue)", escaped(status.meaning)]
    }
    lines +=
      [".SH EXAMPLE", ".nf"] + program.example.split(separator: "\n").map { escaped(String($0)) }
    lines += [".fi"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func section(_ verb: any Verb, _ name: String) -> [String] {
    var lines = [".SS \(verb.name)", escaped(verb.summary)]
    lines += verb.usages.flatMap { usage in
      [".PP", "\\fB\(name) \(verb.name)\\fR \(escaped(usage.replacing("\u{A0}", with: " ")))"]
    }
    for paragraph in verb.discussion.split(separator: "\n") {
      lines += [".PP", escaped(String(paragraph))]
    }
    lines += verb.allParameters.flatMap { entry($0.specification) }
    lines += [".PP", "Example:", ".PP", ".nf"]
    lines += verb.example.split(separator: "\n").map { escaped(String($0)) }
    return lines + [".fi"]
  }

  private static func entry(_ specification: ParameterSpecification) -> [String] {
    let names = ([specification.name] + (specification.short.map { ["-\($0)"] } ?? []))
      .map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
    let value =
      specification.form == .option ? " \\fI\(escaped(specification.placeholder))\\fR" : ""
    return [".TP", names + value, escaped(Help.explanation(of: specification))]
  }

  private static func withoutStop(_ text: String) -> String {
    text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  /// Text that troff prints as it is: a hyphen is a minus, as options need it to be copied.
  private static func escaped(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }
}
