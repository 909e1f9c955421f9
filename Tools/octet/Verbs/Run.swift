import Foundation
import OctetCommand
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModelFile

struct Run: Verb {
  let name = "run"
  let summary = "Run a model on pictures, or on raw tensors."
  let discussion =
    "Pictures (PNG, JPEG, PGM, PPM, BMP) are resized to the model's input and made gray or RGB "
    + "as it needs. Raw files hold one sample after the other, the inputs of a sample in order, "
    + "images as height, width, channels; outputs likewise. For a blob their values are its codes, "
    + "int8 or int16, or with "
    + "--floats float32 that its scales turn into codes and back; for a float model they are "
    + "float32."
  let model = Positional<String>(
    "M.oct", .input, help: "The blob; for raw tensors also a float model.")
  let images = Positionals<String>("IMAGE", .input, atLeast: 0, help: "Pictures to classify.")
  let rawInput = OctetCommand.Option("--raw-input", .input, help: "Raw samples to read.")
  let rawOutput = OctetCommand.Option(
    "--raw-output", .output(.raw), help: "Raw outputs to write.")
  let floats = Flag("--floats", help: "Raw files of a blob hold real values as float32.")
  let invert = Flag("--invert", help: "Pictures are dark on light, the model learnt light on dark.")
  let top = OctetCommand.Option(
    "--top", .integer(1...1000), default: 3, help: "Classes to show for each picture.")
  let example = "octet run lenet.oct seven.png"

  var usages: [String] {
    [
      "M.oct IMAGE… [--top N] [--invert] [--backend NAME]",
      "M.oct --raw-input IN --raw-output OUT [--floats] [--backend NAME]",
      "M.onnx|M.tflite --raw-input IN --raw-output OUT",
    ]
  }
  var parameters: [any Parameter] {
    [model, images, rawInput, rawOutput, floats, invert, top, Common.backend]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let paths = arguments[images]
    switch (arguments[rawInput], arguments[rawOutput]) {
    case (let input?, let output?):
      guard paths.isEmpty else {
        throw CommandError(.usage, "give either pictures or --raw-input, not both")
      }
      return try runRaw(arguments, input: input, output: output, console: console)
    case (nil, nil):
      guard !paths.isEmpty else {
        throw CommandError(.usage, "give pictures, or --raw-input and --raw-output")
      }
      return try classify(arguments, paths, console)
    default:
      throw CommandError(.usage, "--raw-input and --raw-output go together")
    }
  }

  // MARK: Pictures

  private func classify(
    _ arguments: Arguments, _ paths: [String], _ console: Console
  ) throws -> Outcome {
    let loaded = try ModelFile.readBlob(arguments[model])
    let runner = try loaded.makeRunner(backend: try Common.backend(arguments))
    let classifier = try naming(arguments[model]) { try Classifier(loaded) }
    var table = TextTable([.left("picture"), .left("class"), .right("probability")])
    var results: [PictureReport.Picture] = []
    for path in paths {
      var image = try Image.decode(try InputFile.read(path), path: path)
      if arguments[invert] { image = image.inverted() }
      let scores = classifier.scores(image, runner)
      let seemsInverted = classifier.seemsInverted(image, scores: scores, runner)
      if seemsInverted {
        console.message(
          arguments[invert]
            ? "note: with --invert '\(path)' seems to be the negative of what the model learnt; "
              + "try it without"
            : "note: '\(path)' seems to be dark on light, the negative of what the model "
              + "learnt; try --invert")
      }
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
          probability: scores[best[0]], probabilities: scores, seemsInverted: seemsInverted))
    }
    return Outcome(PictureReport(images: results), text: table.text(for: console.output))
  }

  struct PictureReport: Encodable {
    struct Picture: Encodable {
      var path: String
      var label: String
      var index: Int
      var probability: Float
      var probabilities: [Float]
      /// The negative of what the model learnt: see `--invert`.
      var seemsInverted: Bool
    }

    var images: [Picture]
  }
}
