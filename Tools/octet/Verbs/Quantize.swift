import OctetBoards
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
    "With --max-drop, --min-sqnr, --max-flash or --max-cycles the model is quantized in ever more "
    + "careful ways until all that was asked for holds on samples held back; where it cannot be, "
    + "nothing is written, and what is missed is said. Activations get one scale and zero point "
    + "each, chosen by the calibrator on training images; "
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
  let equalization = OctetCommand.Option<Equalization>(
    "--equalize", .choice, default: .automatic,
    help: "Whether channels are brought to one range across layers, which keeps the function; auto "
      + "does it where it lowers the outputs' error.")
  let biasCorrection = OctetCommand.Option<BiasCorrection>(
    "--bias-correction", .choice, default: .automatic,
    help: "How biases make good for what rounded weights change on the average: by the samples, or "
      + "by batch normalization's statistics.")
  let rounding = OctetCommand.Option<Rounding?>(
    "--rounding", .choice,
    help: "How weights become codes, error-feedback unless said; auto takes the best for each "
      + "layer, and is what --max-drop and the like take.")
  let int16 = OctetCommand.Option(
    "--int16", .int16Layers,
    help: "Layers, or inputs, whose results are int16: more exact, for twice the RAM and more "
      + "time; auto takes the fewest within the network that halve the error of all activations.")
  let maxDrop = OctetCommand.Option(
    "--max-drop", .number(-1...1),
    help: "Accuracy that may be lost at most, or without labels the share of samples decided "
      + "otherwise; judged on samples held back, by the upper end of a confidence interval.")
  let minSQNR = OctetCommand.Option(
    "--min-sqnr", .number(-200...200).named("DB"),
    help: "Signal over error that each output must keep, judged likewise.")
  let maxFlash = OctetCommand.Option(
    "--max-flash", .byteCount, help: "Bytes of the blob at most.")
  let maxCycles = OctetCommand.Option(
    "--max-cycles", .integer(1...1_000_000_000_000),
    help: "Cycles of one inference at most, as 'octet board run' models them on --board.")
  let board = OctetCommand.Option(
    "--board", .choiceOrFolder(Board.names),
    help:
      "The Cortex-M board whose cycles --max-cycles limits, cortex-m4 unless said; its emulator "
      + "runs every candidate.")
  let weights = OctetCommand.Option<WeightWidth>(
    "--weights", .choice, default: .int8,
    help: "int4: weights of four bits for every convolution, depthwise and fully connected layer, "
      + "which halves their flash and costs accuracy.")
  let int4 = OctetCommand.Option(
    "--int4", .layers, help: "Weights of four bits for these layers alone, by name.")
  let fullScores = Flag(
    "--full-scores",
    help: "Keep class scores whose probability is under 2^-16 apart, at the cost of "
      + "resolution among those that decide.")
  let rawInput = OctetCommand.Option(
    "--raw-input", .input,
    help: "Calibrate with float32 tensors instead of images: one sample after the other, the "
      + "inputs of a sample in order, images as height, width, channels; or a NumPy file (.npy, "
      + "or .npz with an array for each input).")
  let seed = OctetCommand.Option("--seed", .seed, default: 1, help: "Draws the samples.")
  let example = "octet quantize lenet.onnx --data digits -o lenet.oct"

  var parameters: [any Parameter] {
    [
      model, Common.data, rawInput, Common.shapes, output, calibrator, equalization,
      biasCorrection, rounding, int16, samples, fullScores, maxDrop, minSQNR, maxFlash,
      maxCycles, board, Common.arenaLimit, Common.noShrink, seed, Common.mean,
      Common.standardDeviation,
      Common.threads, weights, int4,
    ] + QuantizedTraining.parameters
  }

  func run(_ arguments: Arguments, console: Console) throws -> Outcome {
    let path = arguments[output]
    guard arguments[board] == nil || arguments.contains(maxCycles) else {
      throw CommandError(.usage, "--board names whose cycles --max-cycles limits; give that, too")
    }
    let (graph, notes) = try ModelFile.readQuantizable(
      arguments[model], shapes: arguments[Common.shapes] ?? [:])
    for note in notes { console.message(note) }
    let watch = Stopwatch()
    var options = Quantizer.Options()
    options.calibrator = arguments[calibrator]
    options.equalization = arguments[equalization]
    options.biasCorrection = arguments[biasCorrection]
    if contract(arguments) != nil { options.rounding = .automatic }
    if let rounding = arguments[rounding] { options.rounding = rounding }
    if let int16 = arguments[int16] { options.int16 = int16 }
    options.keepsFullScores = arguments[fullScores]
    options.threadCount = arguments[Common.threads]
    takeWeightWidths(arguments, &options)
    let training = try QuantizedTraining(arguments, console)
    let prepared = try prepare(graph, arguments, training, console: console)
    let contract = contract(arguments)
    var climb: Ladder.Climb?
    let quantized: Steps.Quantized
    if let contract {
      let found = try self.climb(prepared, contract, options, training, arguments, console)
      quantized = Steps.Quantized(result: found.answer.result, output: found.answer.output)
      climb = found
    } else {
      quantized = try naming(arguments[model]) {
        try Steps.quantize(
          prepared.graph, prepared.samples, options: options,
          shrinks: !arguments[Common.noShrink], arenaLimit: arguments[Common.arenaLimit]
        ) { try training?.train($0, prepared, seed: arguments[seed]).result ?? $0 }
      }
    }
    let isBroken = climb.map { !$0.answer.holds } ?? false
    if !isBroken { try AtomicFile.write(quantized.output.blob.bytes, to: path, as: .blob) }
    say(quantized.result, climb?.answer.options ?? options, path, console)
    var report = try QuantizeReport(
      quantized, calibrator: arguments[calibrator], file: path.path, seconds: watch.seconds)
    if !arguments[Common.noShrink] { report.shrink = try ShrinkFigures(quantized.output) }
    report.notes = notes
    if let climb { report.take(ContractReport.of(climb)) }
    report.training = training?.report
    let missed = isBroken ? Self.missed(climb) : nil
    var ending = missed.map { Outcome.Ending.gateMissed($0) } ?? .done
    if report.training?.wasInterrupted == true {
      ending = .interrupted(missed ?? "interrupted; \(path) holds the best epoch so far")
    }
    return Outcome(report, text: report.text(for: console.output), ending: ending)
  }

  private func say(
    _ result: Quantizer.Result, _ options: Quantizer.Options, _ path: OutputPath,
    _ console: Console
  ) {
    if ![.minMax, .automatic].contains(options.calibrator), result.equalsMinMax {
      console.message(
        "the calibrator '\(options.calibrator.rawValue)' chose the same ranges as min-max")
    }
    if let search = result.search { console.message(search.text) }
    if !result.int16Layers.isEmpty {
      console.message("int16: \(result.int16Layers.joined(separator: ", "))")
    }
    for output in result.outputs where output.isLost { console.message("\(path.path): \(output)") }
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
  /// What --max-arena chose; nil without it.
  var arenaBudget: ArenaBudgetReport?
  var layers: [Layer]
  var outputs: [Output]
  /// What was done across layers.
  var equalization: String
  /// How many layers each way of rounding got.
  var roundings: [String: Int]
  /// The layers, or inputs, whose results are int16.
  var int16Layers: [String]
  /// The layers whose weights have four bits.
  var int4Layers: [String]
  /// What training in int8 did; nil where it did not come to that.
  var training: QuantizedTraining.Report?
  /// What the calibrator `auto` chose.
  var search: Search?
  /// What went since no output needs it; nil with --no-shrink.
  var shrink: ShrinkFigures?
  /// The limits that were set and whether they hold; nil without any.
  var contract: ContractReport?
  /// Each way that was tried, and what it gained and cost; nil without limits.
  var ladder: [ContractReport.Step]?
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
    arenaBudget = quantized.output.budget.map { ArenaBudgetReport($0) }
    layers = (0..<loaded.operatorCount).map { index in
      let view = loaded.operator(index)
      let output = view.output(0)
      let codes: [Int32] = output.isInt16 ? [-32_768, 32_767] : [-128, 127]
      let range = codes.map { output.scale * Float($0 - output.zeroPoint) }
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
    equalization = quantized.result.equalization.rawValue
    roundings = quantized.result.roundings.values.reduce(into: [:]) {
      $0[$1.rawValue, default: 0] += 1
    }
    int16Layers = quantized.result.int16Layers
    int4Layers = quantized.result.narrowLayers
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

  /// Adds what a climb found.
  mutating func take(_ report: (contract: ContractReport, ladder: [ContractReport.Step])) {
    (contract, ladder) = report
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
    return table.text(for: terminal) + (contractText(for: terminal) ?? "")
      + "\n\n\(contract?.holds == false ? "best found" : SafeText.escaped(file)): "
      + "\(fileByteCount) bytes, "
      + "\(weightByteCount) of them weights and biases\n"
      + "arena: \(arenaByteCount) bytes, lower bound \(arenaLowerBoundByteCount), gap \(gap)"
      + (arenaIsOptimal ? " (optimal)" : "") + (shrink?.text(for: terminal) ?? "")
      + (arenaBudget.map { "\n\($0.text)" } ?? "") + (training.map { "\n\($0.text)" } ?? "")
  }
}
