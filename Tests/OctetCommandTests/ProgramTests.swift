import Foundation
import OctetCommand
import Synchronization
import Testing

/// A verb with one of everything.
private struct Sample: Verb {
  enum Color: String, CaseIterable, Sendable { case red, green }

  struct Report: Encodable {
    var epochs: Int
    var rate: Double
    var data: String?
    var color: String
    var files: [String]
    var isDry: Bool
    var ratio = Double.infinity
    var path = "a/b"
  }

  let name = "sample"
  let summary = "Does nothing, thoroughly."
  let epochs = Option("--epochs", .integer(1...1000), default: 10, help: "Passes.")
  let rate = Option("--rate", .positiveNumber(upTo: 1), default: 0.001, help: "Step.")
  let data = Option("--data", .inputFolder, help: "Where the images are.")
  let output = Option(required: "--output", short: "o", .output(.raw), help: "Where it goes.")
  let color = Option<Color>("--color", .choice, default: .red, help: "Of the shed.")
  let dry = Flag("--dry", short: "d", help: "Only look.")
  let files = Positionals("IMAGE", .input, atLeast: 1, help: "What to read.")
  var parameters: [any Parameter] { [files, output, data, epochs, rate, color, dry] }
  let example = "octet sample a.png -o b.txt"

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    console.message("working")
    console.print("half-way")
    let files = arguments[files]
    if files == ["bad"] { throw CommandError(.badData, "bad: not an image") }
    if files == ["list"] { throw CommandError(.badData, "2 faults:\n  a\nb\u{1B}") }
    if files == ["odd"] { throw Odd() }
    let report = Report(
      epochs: arguments[epochs], rate: arguments[rate], data: arguments[data],
      color: arguments[color].rawValue, files: files, isDry: arguments[dry])
    return Outcome(
      report, text: "done",
      ending: files == ["gate"] ? .gateMissed("--max-drop 0.005 was missed") : .done)
  }
}

private struct Odd: ExitStatusProviding, CustomStringConvertible {
  var exitStatus: OctetCommand.ExitStatus { .inputOutput }
  var description: String { "odd" }
}

/// The module is named because Testing has an `ExitStatus` too.
private typealias Result = (status: OctetCommand.ExitStatus, output: String, error: String)

private final class Collector: Sendable {
  let texts = Mutex((output: "", error: ""))

  func run(_ arguments: [String]) -> (
    status: OctetCommand.ExitStatus, output: String, error: String
  ) {
    let plain = Terminal(isInteractive: false, hasColor: false, hasUnicode: true, width: 80)
    let streams = Console.Streams(
      output: plain, error: plain,
      writeOutput: { text in self.texts.withLock { $0.output += text } },
      writeError: { text in self.texts.withLock { $0.error += text } })
    let program = Program(
      name: "octet", version: "1.2.3", summary: "Test.", example: "octet sample",
      verbs: [Sample()])
    let status = program.run(arguments, streams: streams)
    let (output, error) = texts.withLock { ($0.output, $0.error) }
    return (status, output, error)
  }
}

private func run(_ line: String) -> (status: OctetCommand.ExitStatus, output: String, error: String)
{
  Collector().run(line.split(separator: " ").map(String.init))
}

@Suite struct ProgramTests {
  @Test func textAndMessages() {
    let run = run("sample a.png -o b")
    #expect(run.status == .done)
    #expect(run.output == "half-way\ndone\n" && run.error == "working\n")
  }

  @Test func linesOfAFailure() {
    let run = run("sample list -o b")
    #expect(run.status == .badData)
    #expect(run.error.hasSuffix("octet sample: 2 faults:\n  a\n  b\\u{1B}\n"))
  }

  @Test func quiet() {
    let run = run("--quiet sample a.png -o b")
    #expect(run.output == "done\n" && run.error.isEmpty)
  }

  @Test func json() throws {
    let run = run("sample --json a.png --epochs=3 -o=b -d --rate 5e-1 --color green -- -x")
    #expect(run.status == .done && run.error == "working\nhalf-way\n")
    #expect(
      run.output == """
        {
          "color" : "green",
          "epochs" : 3,
          "files" : [
            "a.png",
            "-x"
          ],
          "isDry" : true,
          "path" : "a/b",
          "rate" : 0.5,
          "ratio" : null
        }

        """)
  }

  @Test func aMissedGateStillReports() throws {
    let run = run("sample gate -o b --json --quiet")
    #expect(run.status == .gateMissed && run.output.hasPrefix("{"))
    #expect(run.error == "octet sample: --max-drop 0.005 was missed\n")
  }

  @Test func errorsLeaveStandardOutputEmpty() {
    let bad = run("sample bad -o b --json --quiet")
    #expect(bad.status == .badData && bad.output.isEmpty)
    #expect(bad.error == "octet sample: bad: not an image\n")
    #expect(run("sample odd -o b -q").status == .inputOutput)
  }

  @Test(arguments: [
    ("sample -o b", "IMAGE is missing"),
    ("sample a", "-o FILE is missing"),
    ("sample a -o b --epoch 3", "unknown flag '--epoch'; did you mean '--epochs'?"),
    ("sample a -o b --zzzzzz 3", "unknown flag '--zzzzzz'"),
    ("sample a -out b", "unknown flag '-out'"),
    ("sample a -o b -o c", "-o is given twice"),
    ("sample a -o b --output=c", "--output is given twice"),
    ("sample a -o b --epochs", "--epochs needs a value: --epochs N"),
    ("sample a -o b --epochs --dry", "--epochs needs a value: --epochs N"),
    ("sample a -o b --dry=yes", "--dry takes no value"),
    ("sample a -o b --epochs ten", "--epochs: 'ten' is not a whole number, 1 to 1000"),
    ("sample a -o b --epochs 0", "--epochs: '0' is not a whole number, 1 to 1000"),
    ("sample a -o b --epochs -5", "--epochs: '-5' is not a whole number, 1 to 1000"),
    (
      "sample a -o b --epochs 99999999999999999999",
      "--epochs: '99999999999999999999' is not a whole number, 1 to 1000"
    ),
    ("sample a -o b --rate nan", "--rate: 'nan' is not a number, above 0, at most 1"),
    ("sample a -o b --rate 0x1", "--rate: '0x1' is not a number, above 0, at most 1"),
    ("sample a -o b --rate 0", "--rate: '0' is not a number, above 0, at most 1"),
    ("sample a -o=", "-o: '' is not a file name: it is empty"),
    (
      "sample a -o b --color gren",
      "--color: 'gren' is not one of red, green; did you mean 'green'?"
    ),
  ])
  func usageErrors(line: String, message: String) {
    let run = run(line)
    #expect(run.status == .usage && run.output.isEmpty)
    #expect(run.error == "octet sample: \(message) (see 'octet sample --help')\n")
  }

  @Test func unknownVerbs() {
    #expect(run("sampel").error.contains("; did you mean 'sample'? (see 'octet --help')"))
    #expect(run("--epochs 3 sample").error.contains("unknown flag '--epochs' before the verb"))
    #expect(run("xyz").error == "octet xyz: there is no verb 'xyz' (see 'octet --help')\n")
  }

  @Test(arguments: ["sample --help", "help sample", "sample --wrong -h", "-h sample"])
  func verbHelp(line: String) {
    let run = run(line)
    #expect(run.status == .done && run.error.isEmpty)
    #expect(
      run.output == """
        octet sample – Does nothing, thoroughly.

        Usage: octet sample IMAGE… -o FILE [--data DIR] [--epochs N] [--rate X]
                            [--color NAME] [--dry]

        Arguments:
          IMAGE…  What to read.

        Options:
          -o, --output FILE  Where it goes. (required)
              --data DIR     Where the images are.
              --epochs N     Passes. (1 to 1000; default 10)
              --rate X       Step. (above 0, at most 1; default 0.001)
              --color NAME   Of the shed. (red, green; default red)
          -d, --dry          Only look.
              --force        Write even over a file that is read, that holds something
                             else, or whose name says something else.

        Options of every verb:
              --json     Print one JSON object on standard output.
          -q, --quiet    Only the result and errors.
          -h, --help     Print this help.
              --version  Print the version.

        Example:
          octet sample a.png -o b.txt

        """)
  }

  @Test func helpIsJSONToo() throws {
    let output = Data(run("sample --help --json").output.utf8)
    let object = try JSONSerialization.jsonObject(with: output)
    let json = try #require(object as? [String: Any])
    #expect(json["name"] as? String == "sample")
    #expect((json["parameters"] as? [Any])?.count == 12)
  }
}

@Suite struct SuggestionTests {
  @Test(arguments: [
    ("trian", "train"), ("quant", "quantize"), ("Diff", "diff"), ("inspekt", "inspect"),
    ("runn", "run"), ("frobnicate", nil), ("", nil), ("x", nil),
  ])
  func nearest(text: String, expected: String?) {
    let verbs = ["demo", "train", "quantize", "run", "diff", "inspect", "import", "bench"]
    #expect(Suggestion.nearest(to: text, among: verbs) == expected)
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("abc", "abc", 0),
  ])
  func distance(a: String, b: String, expected: Int) {
    #expect(Suggestion.editDistance(Array(a), Array(b)) == expected)
    #expect(Suggestion.editDistance(Array(b), Array(a)) == expected)
  }
}
