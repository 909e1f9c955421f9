import OctetCommand
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetModelFile
import OctetQuantization

struct Quantize: Verb {
  let name = "quantize"
  let summary = "Quantize a float model to int8 and write the blob that boards run."
  let discussion =
    "Activations get one scale and zero point each, chosen by the calibrator on training images; "
    + "weights one scale an output channel. No input can overflow an accumulator: that is proven "
    + "from the weights, or the model is refused. Of a model that is quantized in part the scales "
    + "and integer weights stay; only those that are missing are chosen."
  let model = Positional<String>(
    "M.onnx", .input, help: "The float model, or one quantized in part.")
  let output = OctetCommand.Option<OutputPath>(
    required: "--output", short: "o", .output(.blob), help: "The blob to write.")
  let calibrator = OctetCommand.Option<Calibrator>(
    "--calibrator", .choice, default: .automatic,
    help: "How activation ranges are chosen; auto tries the others and keeps what harms the "
      + "outputs least.")
  let samples = OctetCommand.Option(
    "--calibration-samples", .integer(1...1_000_000), default: 500,
    help: "Training images, or raw samples, to calibrate with.")
  let fullScores = Flag(
    "--full-scores",
    help: "Keep class scores whose probability is under 2^-16 apart, at the cost of "
      + "resolution among those that decide.")
  let rawInput = OctetCommand.Option(
    "--raw-input", .input,
    help: "Calibrate with float32 tensors instead of images: one sample after the other, the "
      + "inputs of a sample in order, images as height, width, channels.")
  let seed = OctetCommand.Option("--seed", .seed, default: 1, help: "Draws the samples.")
  let example = "octet quantize lenet.onnx --data digits -o lenet.oct"

  var parameters: [any Parameter] {
    [
      model, Common.data, rawInput, Common.shapes, output, calibrator, samples, fullScores,
      Common.noShrink, seed, Common.mean, Common.standardDeviation, Common.threads,
    ]
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[output]
    let (graph, notes) = try ModelFile.readQuantizable(
      arguments[model], shapes: arguments[Common.shapes] ?? [:])
    for note in notes { console.message(note) }
    let watch = Stopwatch()
    var options = Quantizer.Options()
    options.calibrator = arguments[calibrator]
    options.keepsFullScores = arguments[fullScores]
    options.threadCount = arguments[Common.threads]
    let quantized = try quantize(graph, options, arguments)
    try AtomicFile.write(quantized.output.blob.bytes, to: path, as: .blob)
    let isChosen = ![.minMax, .automatic].contains(arguments[calibrator])
    if isChosen, quantized.result.equalsMinMax {
      console.message(
        "the calibrator '\(arguments[calibrator].rawValue)' chose the same ranges as min-max")
    }
    if let search = quantized.result.search { console.message(search.text) }
    for output in quantized.result.outputs where output.isLost {
      console.message("\(path.path): \(output)")
    }
    var report = try QuantizeReport(
      quantized, calibrator: arguments[calibrator], file: path.path, seconds: watch.seconds)
    if !arguments[Common.noShrink] { report.shrink = try ShrinkFigures(quantized.output) }
    report.notes = notes
    return Outcome(report, text: report.text(for: console.output))
  }

  private func quantize(
    _ graph: Graph, _ options: Quantizer.Options, _ arguments: Arguments
  ) throws -> Steps.Quantized {
    let (count, seed) = (arguments[samples], arguments[self.seed])
    let shrinks = !arguments[Common.noShrink]
    let normalization = try Common.normalization(arguments)
    guard let path = arguments[rawInput] else {
      // No label decides anything here.
      let source = try Steps.load(arguments[Common.data], labels: .asTheyAre)
      return try naming(arguments[model]) {
        try Steps.quantize(
          graph, source, options: options, sampleCount: count, seed: seed,
          normalization: normalization, shrinks: shrinks)
      }
    }
    guard normalization == nil, !arguments.contains(Common.data) else {
      throw CommandError(
        .usage, "--raw-input takes the place of --data and of its normalisation; give one of them")
    }
    let counts = try naming(arguments[model]) { try graph.floatInputCounts() }
    let raw = try RawSamples(path, elementCounts: counts, elementByteCount: 4)
    return try naming(arguments[model]) {
      try Steps.quantize(
        graph, CalibrationSamples(raw, count: count, seed: seed), options: options,
        shrinks: shrinks)
    }
  }
}

extension Quantizer.Search {
  /// One sentence for the terminal.
  fileprivate var text: String {
    let counts = Calibrator.allCases.compactMap { calibrator in
      tensorCounts[calibrator].map { "\(calibrator.rawValue) for \($0)" }
    }
    let choice = counts.isEmpty ? "every calibrator gives the same" : counts.joined(separator: ", ")
    let gain =
      gainedDecibels > 0.05
      ? ", \(gainedDecibels.formatted(digits: 1)) dB better than mse for all on samples held back"
      : ""
    return "ranges: \(choice)\(gain)"
  }
}

struct QuantizeReport: Encodable {
  struct Layer: Encodable {
    var name: String
    var `operator`: String
    var outputShape: [Int]
    var outputScale: Float
    var outputZeroPoint: Int
    /// The real range that the output's codes span.
    var outputRange: [Float]
    var macCount: Int
  }

  /// How near an output is to the float model's on calibration samples.
  struct Output: Encodable {
    var name: String
    /// Null without any error.
    var sqnrDecibels: Double?
    /// The signal over the error of what varies, in dB: a constant is no signal.
    var variationDecibels: Double?
    var isLost: Bool
  }

  struct Search: Encodable {
    /// The best for the whole network.
    var calibrator: String
    /// How many activations each calibrator got.
    var tensorCounts: [String: Int]
    /// How far the outputs' error is below that with 'mse' for all, on the samples held back.
    var gainedDecibels: Double
    var heldBackSampleCount: Int
  }

  var calibrator: String
  /// The calibrator chose what min-max would have chosen.
  var equalsMinMax: Bool
  var fileByteCount: Int
  var weightByteCount: Int
  var arenaByteCount: Int
  var arenaLowerBoundByteCount: Int
  var arenaIsOptimal: Bool
  var layers: [Layer]
  var outputs: [Output]
  /// What the calibrator `auto` chose.
  var search: Search?
  /// What went since no output needs it; nil with --no-shrink.
  var shrink: ShrinkFigures?
  /// A sentence about each output of the model that the blob has not.
  var notes: [String] = []
  var file: String
  var seconds: Double

  init(
    _ quantized: Steps.Quantized, calibrator: Calibrator, file: String, seconds: Double
  ) throws {
    let loaded = try LoadedModel(quantized.output.blob)
    self.calibrator = calibrator.rawValue
    equalsMinMax = quantized.result.equalsMinMax
    fileByteCount = loaded.blob.count
    weightByteCount = loaded.weightByteCount
    arenaByteCount = quantized.output.plan.byteCount
    arenaLowerBoundByteCount = quantized.output.plan.lowerBoundByteCount
    arenaIsOptimal = quantized.output.plan.isOptimal
    layers = (0..<loaded.operatorCount).map { index in
      let view = loaded.operator(index)
      let output = view.output(0)
      let range = [Int32(-128), 127].map { output.scale * Float($0 - output.zeroPoint) }
      return Layer(
        name: view.name, operator: view.kindName, outputShape: output.shape,
        outputScale: output.scale, outputZeroPoint: Int(output.zeroPoint), outputRange: range,
        macCount: view.macCount)
    }
    outputs = quantized.result.outputs.map { output in
      func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
      return Output(
        name: output.name, sqnrDecibels: finite(output.sqnrDecibels),
        variationDecibels: finite(output.variationDecibels), isLost: output.isLost)
    }
    search = quantized.result.search.map { search in
      Search(
        calibrator: search.calibrator.rawValue,
        tensorCounts: Dictionary(
          uniqueKeysWithValues: search.tensorCounts.map { ($0.key.rawValue, $0.value) }),
        gainedDecibels: search.gainedDecibels, heldBackSampleCount: search.heldBackCount)
    }
    self.file = file
    self.seconds = seconds
  }

  func text(for terminal: Terminal) -> String {
    var table = TextTable([
      .left("layer"), .left("operator"), .right("output"), .right("range"), .right("multiply-adds"),
    ])
    for layer in layers {
      table.add([
        .init(layer.name), .init(layer.operator), .init(layer.outputShape.shapeText),
        .init(
          layer.outputRange.map { Double($0).formatted(digits: 3) }.joined(separator: " … ")),
        "\(layer.macCount)",
      ])
    }
    let gap = arenaByteCount - arenaLowerBoundByteCount
    return table.text(for: terminal)
      + "\n\n\(SafeText.escaped(file)): \(fileByteCount) bytes, "
      + "\(weightByteCount) of them weights and biases\n"
      + "arena: \(arenaByteCount) bytes, lower bound \(arenaLowerBoundByteCount), gap \(gap)"
      + (arenaIsOptimal ? " (optimal)" : "") + (shrink?.text(for: terminal) ?? "")
  }
}
