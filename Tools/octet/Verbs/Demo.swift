import Foundation
import OctetCommand
import OctetData
import OctetExchange
import OctetQuantization
import OctetReport
import OctetTraining

struct Demo: Verb {
  let name = "demo"
  let summary =
    "The whole story: train LeNet, quantize it, run it, compare it with the float model."
  let epochs = OctetCommand.Option(
    "--epochs", .integer(1...1000), default: 5, help: "Times through the images.")
  let output = OctetCommand.Option<String>(
    "--out", .path.named("DIR"), default: ".", help: "Where lenet.onnx and lenet.oct go.")
  let seed = OctetCommand.Option("--seed", .seed, default: 1, help: "Of the training.")
  let example = "octet demo"
  var parameters: [any Parameter] {
    [Common.data, output, epochs, seed, Common.anyLabels, Common.threads]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let watch = Stopwatch()
    let folder = arguments[output]
    let onnx = folder + "/lenet.onnx"
    let oct = folder + "/lenet.oct"
    try makeFolder(folder)
    for path in [onnx, oct] { try AtomicFile.checkCanWrite(to: path) }
    let source = try Steps.load(arguments[Common.data], labels: Common.labelPolicy(arguments))
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
      source, architecture: "lenet", options: options, console: console)
    if trained.wasStopped { throw CommandError.interrupted }
    try AtomicFile.write(try ONNXWriter.write(trained.graph), to: onnx)

    var quantizing = Quantizer.Options()
    quantizing.threadCount = threadCount
    let quantized = try Steps.quantize(
      trained.graph, source, options: quantizing, sampleCount: 500, seed: 1, normalization: nil)
    try AtomicFile.write(quantized.output.blob.bytes, to: oct)
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
      fileByteCount: loaded.blob.count, weightByteCount: loaded.model.weightByteCount,
      arenaByteCount: quantized.output.plan.byteCount,
      arenaLowerBoundByteCount: quantized.output.plan.lowerBoundByteCount,
      medianNanoseconds: bench.medianNanoseconds, backend: bench.backend, files: [onnx, oct],
      seconds: watch.seconds)
    return Outcome(report, text: report.text(for: console.output))
  }

  private func makeFolder(_ path: String) throws(CommandError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true)
    } catch {
      throw CommandError(
        .cannotCreate, "\(path): the folder cannot be made: \(error.localizedDescription)")
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
      + "\n\nwrote \(files.joined(separator: " and ")) in \(seconds.formatted(digits: 1)) s"
  }
}
