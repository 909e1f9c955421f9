import Foundation
import OctetCommand
import OctetData
import OctetReport
import OctetRuntime

struct Run: Verb {
  let name = "run"
  let summary = "Run an int8 model on pictures, or on raw tensors."
  let discussion =
    "Pictures (PNG, PGM, PPM, BMP) are resized to the model's input and made gray or RGB as it "
    + "needs. Raw files hold int8 values, one sample after the other, the inputs of a sample in "
    + "order; outputs likewise."
  let model = Positional<String>("M.oct", .path, help: "The blob.")
  let images = Positionals<String>("IMAGE", .path, atLeast: 0, help: "Pictures to classify.")
  let rawInput = OctetCommand.Option("--raw-input", .path, help: "Int8 samples to read.")
  let rawOutput = OctetCommand.Option("--raw-output", .path, help: "Int8 outputs to write.")
  let invert = Flag("--invert", help: "Pictures are dark on light, the model learnt light on dark.")
  let top = OctetCommand.Option(
    "--top", .integer(1...1000), default: 3, help: "Classes to show for each picture.")
  let example = "octet run lenet.oct seven.png"

  var usages: [String] {
    [
      "M.oct IMAGE… [--top N] [--invert] [--backend NAME]",
      "M.oct --raw-input IN --raw-output OUT [--backend NAME]",
    ]
  }
  var parameters: [any Parameter] {
    [model, images, rawInput, rawOutput, invert, top, Common.backend]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let paths = arguments[images]
    switch (arguments[rawInput], arguments[rawOutput]) {
    case (let input?, let output?):
      guard paths.isEmpty else {
        throw CommandError(.usage, "give either pictures or --raw-input, not both")
      }
      try AtomicFile.checkCanWrite(to: output)
      return try runRaw(arguments, input: input, output: output, console: console)
    case (nil, nil):
      guard !paths.isEmpty else {
        throw CommandError(.usage, "give pictures, or --raw-input and --raw-output")
      }
      return try classify(arguments, paths)
    default:
      throw CommandError(.usage, "--raw-input and --raw-output go together")
    }
  }

  // MARK: Raw tensors

  private func runRaw(
    _ arguments: Arguments, input: String, output: String, console: Console
  ) throws -> Outcome {
    let loaded = try ModelFile.readBlob(arguments[model])
    let bytes = try InputFile.map(input)
    let runner = try loaded.makeRunner(backend: try Common.backend(arguments))
    let sizes = (0..<loaded.model.inputCount).map { loaded.model.input($0).byteCount }
    let sampleByteCount = sizes.reduce(0, +)
    guard bytes.count > 0, bytes.count % sampleByteCount == 0 else {
      throw CommandError(
        .badData,
        "\(input): \(bytes.count) bytes; a sample of this model has \(sampleByteCount) "
          + "(\(sizes.map(String.init).joined(separator: " + "))), so a multiple is needed")
    }
    let sampleCount = bytes.count / sampleByteCount
    let bar = console.progress("running", total: sampleCount)
    var result: [UInt8] = []
    let watch = Stopwatch()
    for sample in 0..<sampleCount {
      var start = bytes.startIndex + sample * sampleByteCount
      for (index, size) in sizes.enumerated() {
        runner.withInput(index) { target in
          UnsafeMutableRawBufferPointer(target).withMemoryRebound(to: UInt8.self) {
            bytes.copyBytes(to: $0, from: start..<start + size)
          }
        }
        start += size
      }
      runner.run()
      for index in 0..<loaded.model.outputCount {
        result += runner.withOutput(index) { $0.map { UInt8(bitPattern: $0) } }
      }
      if sample % 256 == 0 {
        bar.update(sample)
        try Interruption.check()
      }
    }
    bar.finish()
    try AtomicFile.write(result, to: output)
    let report = RawReport(
      sampleCount: sampleCount, outputByteCount: result.count,
      backend: runner.backend.name, seconds: watch.seconds, file: output)
    return Outcome(report, text: "\(sampleCount) samples; wrote \(result.count) bytes to \(output)")
  }

  struct RawReport: Encodable {
    var sampleCount: Int
    var outputByteCount: Int
    var backend: String
    var seconds: Double
    var file: String
  }

  // MARK: Pictures

  private func classify(_ arguments: Arguments, _ paths: [String]) throws -> Outcome {
    let loaded = try ModelFile.readBlob(arguments[model])
    let runner = try loaded.makeRunner(backend: try Common.backend(arguments))
    let classifier = try naming(arguments[model]) { try Classifier(loaded) }
    var table = TextTable([.left("picture"), .left("class"), .right("probability")])
    var results: [PictureReport.Picture] = []
    for path in paths {
      var image = try Image.decode(contentsOf: path)
      if arguments[invert] { image = image.inverted() }
      let scores = classifier.scores(image, runner)
      let best = scores.indices.sorted { scores[$0] > scores[$1] }.prefix(arguments[top])
      for (rank, index) in best.enumerated() {
        table.add([
          .init(rank == 0 ? path : ""), .init(classifier.label(index)),
          .init(Double(scores[index]).percent),
        ])
      }
      results.append(
        .init(
          path: path, label: classifier.label(best[0]), index: best[0],
          probability: scores[best[0]], probabilities: scores))
    }
    return Outcome(PictureReport(images: results), text: table.text(for: .init(descriptor: 1)))
  }

  struct PictureReport: Encodable {
    struct Picture: Encodable {
      var path: String
      var label: String
      var index: Int
      var probability: Float
      var probabilities: [Float]
    }

    var images: [Picture]
  }
}
