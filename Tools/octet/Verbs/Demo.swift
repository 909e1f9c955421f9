import Foundation
import OctetCommand
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetONNX
import OctetQuantization
import OctetTraining

struct Demo: Verb {
  let name = "demo"
  let summary =
    "The whole story: train LeNet, quantize it, run it, compare it with the float model."
  let epochs = OctetCommand.Option(
    "--epochs", .integer(1...1000), default: 5, help: "Times through the images.")
  let output = OctetCommand.Option(
    "--out", .folderOfOutputs, default: OutputFolderPath(default: "octet-demo"),
    help: "Where lenet.onnx, lenet.oct and a test picture go.")
  let seed = OctetCommand.Option("--seed", .seed, default: 1, help: "Of the training.")
  let example = "octet demo"
  var parameters: [any Parameter] {
    [
      Common.data, output, epochs, seed, Common.anyLabels, Common.noShrink, Common.threads,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let watch = Stopwatch()
    let folder = arguments[output]
    let source = try Steps.load(arguments[Common.data], labels: Common.labelPolicy(arguments))
    let sample = Sample(source.test)
    let names = ["lenet.onnx", "lenet.oct", sample.name]
    try OutputFolder.prepare(folder, for: names)
    let (onnx, oct, png) = (folder.file(names[0]), folder.file(names[1]), folder.file(names[2]))
    try AtomicFile.write(PNG.encode(sample.image), to: png, as: .picture)
    console.print(pictures(source.test, console))
    console.message(
      "training LeNet on \(source.train.count) images of '\(source.name)', "
        + "\(arguments[epochs]) epochs")

    let threadCount = arguments[Common.threads]
    var options = TrainingOptions()
    options.epochCount = arguments[epochs]
    options.seed = arguments[seed]
    options.threadCount = threadCount
    let trained = try Steps.train(
      source, options: options, console: console)
    if trained.wasStopped { throw CommandError.interrupted }
    try AtomicFile.write(try ONNXWriter.write(trained.graph), to: onnx, as: .onnx)

    var quantizing = Quantizer.Options()
    quantizing.threadCount = threadCount
    let quantized = try Steps.quantize(
      trained.graph, source, options: quantizing, sampleCount: 500, seed: 1, normalization: nil,
      shrinks: !arguments[Common.noShrink])
    try AtomicFile.write(quantized.output.blob.bytes, to: oct, as: .blob)
    let loaded = try LoadedModel(quantized.output.blob)
    let bar = console.progress("comparing", total: source.test.count)
    var diffOptions = Diff.Options()
    diffOptions.threadCount = threadCount
    let diff = try Diff(trained.graph, loaded, source.test, options: diffOptions).run {
      bar.update($0)
    }
    bar.finish()
    let bench = try BenchReport(loaded, backend: .best, iterations: 5_000)
    let report = DemoReport(
      data: source.name, epochs: arguments[epochs], testCount: source.test.count,
      floatTop1: diff.floatTop1, int8Top1: diff.int8Top1, agreement: diff.agreement,
      fileByteCount: loaded.blob.count, weightByteCount: loaded.weightByteCount,
      arenaByteCount: quantized.output.plan.byteCount,
      arenaLowerBoundByteCount: quantized.output.plan.lowerBoundByteCount,
      medianNanoseconds: bench.medianNanoseconds, backend: bench.backend,
      files: [onnx, oct, png].map(\.path),
      seconds: watch.seconds)
    return Outcome(report, text: report.text(for: console.output))
  }

  /// A test picture to try `octet run` with: of a seven where there is one.
  private struct Sample {
    var name: String
    var image: Image

    init(_ data: Dataset) {
      let seven = data.classNames.firstIndex(of: "7").flatMap { label in
        data.labels.firstIndex { Int($0) == label }
      }
      name = seven == nil ? "picture.png" : "seven.png"
      let image = data.image(at: seven ?? 0)
      self.image =
        image.channelCount == 1 || image.channelCount == 3
        ? image
        : Image(
          height: image.height, width: image.width * image.channelCount, channelCount: 1,
          pixels: image.pixels)
    }
  }

  /// A few test images, side by side.
  private func pictures(_ data: Dataset, _ console: Console) -> String {
    let perRow = max(1, min(6, console.output.width / (data.width + 1)))
    let images = (0..<min(perRow, data.count)).compactMap {
      index -> (caption: String, image: GrayImage)? in
      let gray = data.image(at: index).converted(toChannelCount: 1)
      return GrayImage(width: gray.width, height: gray.height, pixels: gray.pixels).map {
        (data.classNames[Int(data.labels[index])], $0)
      }
    }
    return GrayImage.sideBySide(images, for: console.output)
  }
}

struct DemoReport: Encodable {
  var data: String
  var epochs: Int
  var testCount: Int
  var floatTop1: Double
  var int8Top1: Double
  var agreement: Double
  var fileByteCount: Int
  var weightByteCount: Int
  var arenaByteCount: Int
  var arenaLowerBoundByteCount: Int
  var medianNanoseconds: Double
  var backend: String
  var files: [String]
  var seconds: Double

  func text(for terminal: Terminal) -> String {
    var table = TextTable([.left("\(testCount) test images of '\(data)'"), .right("")])
    let rows: [(String, String)] = [
      ("float accuracy", floatTop1.percent), ("int8 accuracy", int8Top1.percent),
      ("agreement", agreement.percent), ("blob", "\(fileByteCount) bytes"),
      ("weights and biases", "\(weightByteCount) bytes"), ("arena", "\(arenaByteCount) bytes"),
      ("arena, lower bound", "\(arenaLowerBoundByteCount) bytes"),
      (
        "time an image, 1 thread, \(backend)",
        "\((medianNanoseconds / 1000).formatted(digits: 1)) µs"
      ),
    ]
    for (name, value) in rows { table.add([.init(name), .init(value)]) }
    return table.text(for: terminal)
      + "\n\nwrote \(files.map(SafeText.escaped).joined(separator: ", ")) "
      + "in \(seconds.formatted(digits: 1)) s"
  }
}
