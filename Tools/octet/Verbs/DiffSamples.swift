import OctetCommand
import OctetCompiler
import OctetData
import OctetDiff
import OctetReport

/// What `diff` takes beside labelled images.
enum DiffSamples {
  static let rawInput = OctetCommand.Option(
    "--raw-input", .input,
    help: "Samples of any kind instead of --data: float32 tensors one sample after the other, the "
      + "inputs of a sample in order, channels last; or a NumPy file (.npy, or .npz with an array "
      + "for each input).")
  static let labels = OctetCommand.Option(
    "--labels", .input,
    help: "Class numbers, 0 or 1, or target values: .npy, or text with one sample a line.")
  static let metric = OctetCommand.Option(
    "--metric", .metrics,
    help: "Judge outputs so, not by what they seem to be: "
      + DiffReport.Metric.allCases.map(\.rawValue).joined(separator: ", ") + ".")
  static let minOutputSQNR = OctetCommand.Option(
    "--min-output-sqnr", .number(-200...200).named("DB"),
    help: "Exit with status 1 when an output's signal-to-noise ratio is less.")

  static let parameters: [any Parameter] = [rawInput, labels, metric, minOutputSQNR]

  /// The samples that the options name.
  ///
  /// - Parameter models: the reference, then the candidate.
  static func load(
    _ arguments: Arguments, for models: [DiffModel], console: Console
  ) throws -> (name: String, data: DiffData) {
    var (name, data) = try unlabelled(arguments, models, console)
    if let path = arguments[labels] { data = try data.labelled(SampleLabels(path: path)) }
    if let count = arguments[DiffVerb.samples] { data = data.prefix(count) }
    if name == "-" { name = "standard input" }
    return (name, data)
  }

  private static func unlabelled(
    _ arguments: Arguments, _ models: [DiffModel], _ console: Console
  ) throws -> (name: String, data: DiffData) {
    guard let path = arguments[rawInput] else {
      let folder = arguments[Common.data]
      // Of several inputs it is told later that pictures are for one.
      let shape = (try? models[0].inputShape()) ?? []
      let size = Steps.pictureSize(for: shape)
      if let pictures = try DataSource.loadPictures(folder, size: size) {
        for remark in pictures.remarks { console.message("note: \(remark)") }
        return (folder, DiffData(pictures.images))
      }
      let source = try Steps.load(
        folder, labels: Common.labelPolicy(arguments), for: shape, console: console)
      return (source.name, DiffData(source.test))
    }
    guard !arguments.contains(Common.data), try Common.normalization(arguments) == nil else {
      throw CommandError(
        .usage, "--raw-input takes the place of --data and of its normalisation; give one of them")
    }
    if TensorSamples.isNumPy(path) {
      return (path, DiffData(try TensorSamples(numPy: path, for: models[0], models[1])))
    }
    let counts = models[0].inputElementCounts
    let raw = try RawSamples(path, elementCounts: counts, elementByteCount: 4)
    let samples = raw.tensors
    if let (sample, input) = samples.firstNonFinite() {
      throw CommandError(
        .badData,
        "\(path): sample \(sample), input \(input), has a value that is not finite; raw samples "
          + "are float32, little-endian")
    }
    return (path, DiffData(samples))
  }
}

extension ValueKind<[String: DiffReport.Metric]> {
  /// `regression`, or `boxes=regression,scores=detection`.
  static var metrics: ValueKind {
    ValueKind(placeholder: "[OUTPUT=]NAME[,…]", expectation: nil) { text throws(ValueError) in
      var result: [String: DiffReport.Metric] = [:]
      for part in text.split(separator: ",", omittingEmptySubsequences: false) {
        // Names of outputs may have an equals sign themselves.
        let cut = part.lastIndex(of: "=")
        let output = cut.map { String(part[..<$0]) } ?? ""
        let name = String(cut.map { part[part.index(after: $0)...] } ?? part)
        guard let metric = DiffReport.Metric(rawValue: name),
          result.updateValue(metric, forKey: output) == nil
        else {
          throw ValueError(
            "one of " + DiffReport.Metric.allCases.map(\.rawValue).joined(separator: ", ")
              + ", each output's once")
        }
      }
      return result
    }
  }
}
