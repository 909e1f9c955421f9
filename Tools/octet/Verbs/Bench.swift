import OctetCommand
import OctetCompiler
import OctetEvaluation
import OctetModelFile

struct Bench: Verb {
  let name = "bench"
  let summary = "Time an inference on one thread, whole and by layer."
  let model = Positional<String>("M.oct", .input, help: "The blob.")
  let iterations = OctetCommand.Option(
    "--iterations", .integer(1...100_000_000),
    help: "Inferences to time; 20,000, or as many as fit in 5 s, when absent.")
  let example = "octet bench lenet.oct"
  var parameters: [any Parameter] { [model, Common.backend, iterations] }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let loaded = try ModelFile.readBlob(arguments[model])
    let backend = try Common.backend(arguments)
    let report = try BenchReport(loaded, backend: backend, iterations: arguments[iterations])
    return Outcome(report, text: report.text(for: console.output))
  }
}

extension BenchReport {
  func text(for terminal: Terminal) -> String {
    var table = TextTable([
      .left("layer"), .left("operator"), .right("µs"), .right("multiply-adds"),
      .right("multiply-adds/ns"), .right("of peak"),
    ])
    for layer in operators {
      table.add([
        .init(layer.name), .init(layer.operator),
        .init((layer.medianNanoseconds / 1000).formatted(digits: 2)), "\(layer.macCount)",
        .init(layer.macCount == 0 ? "-" : layer.macsPerNanosecond.formatted(digits: 2)),
        .init(share(layer.macCount, of: layer.macsPerNanosecond)),
      ])
    }
    return table.text(for: terminal)
      + "\n\nwhole: median \((medianNanoseconds / 1000).formatted(digits: 2)) µs, least "
      + "\((minNanoseconds / 1000).formatted(digits: 2)) µs, backend \(backend) of "
      + "\(backends.joined(separator: ", ")); \(iterations) inferences" + peakText
  }

  private var peakText: String {
    guard let peak = peakMacsPerNanosecond else { return "" }
    return "\npeak of \(backend): \(peak.formatted(digits: 0)) multiply-adds/ns"
  }

  private func share(_ macCount: Int, of macsPerNanosecond: Double) -> String {
    guard let peak = peakMacsPerNanosecond, macCount > 0 else { return "-" }
    return (100 * macsPerNanosecond / peak).formatted(digits: 0) + " %"
  }
}
