import Foundation
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetReport

/// Compares two models image by image and layer by layer: a float model with an int8 model, two
/// blobs, or two float models.
///
/// The int8 side is the runtime itself, so what is measured is what a board computes.
public struct Diff: Sendable {
  /// What a comparison works with, and what it says of itself.
  public struct Options: Sendable {
    /// The threads to work with; never changes the result.
    public var threadCount = 1
    /// Part `index` of `count`, from 1; nil for all images.
    public var shard: DiffShard.Part?
    /// Images to take local errors on: at most so many, evenly spread.
    public var localSampleCount = 1000
    /// Whether inferences and layers are timed.
    public var measuresTime = true
    /// What the images are.
    public var data = DiffReport.DataFacts(name: "", isDefault: false, isLabelled: true)
    /// The command line as the user typed it.
    public var command = ""
    /// Name and version of what else took part.
    public var versions: [String: String] = [:]

    /// Options for all images on one thread.
    public init() {}
  }

  /// The model that is taken to be right.
  public let reference: DiffModel
  /// The model that is judged.
  public let candidate: DiffModel
  /// The labelled images.
  public let data: Dataset
  /// The options.
  public let options: Options
  let referenceEncoder: PixelEncoder
  let candidateEncoder: PixelEncoder
  /// The place of the reference with the same values, for each place of the candidate.
  let twins: [Int?]
  /// The places of the candidate that are compared.
  let layers: [Int]
  /// The places of the first outputs.
  let referenceOutput, candidateOutput: Int
  /// The tables beside the functions that the reference has there, by place of the candidate.
  private(set) var tables: [Int: TableFit] = [:]
  /// How the reference turns pixels into reals, where that is not as the candidate does.
  let normalizationNote: String?
  /// What kind of difference that is.
  let normalizationCause: DiffReport.Cause
  /// How the reference recognizes clearly more, where it does.
  let normalizationHint: String?

  /// Matches the layers of two models and looks how each is fed.
  ///
  /// - Throws: `EvaluationError` when the models do not fit each other or the images.
  public init(
    _ reference: DiffModel, _ candidate: DiffModel, _ data: Dataset, options: Options = .init()
  ) throws {
    self.reference = reference
    self.candidate = candidate
    self.data = data
    self.options = options
    for model in [reference, candidate] { try requireImages(data, fit: try model.inputShape()) }
    let outputs = try [reference, candidate].map { model throws(EvaluationError) in
      guard let place = model.firstOutputPlace else { throw .unreadableOutput(file: model.file) }
      return place
    }
    (referenceOutput, candidateOutput) = (outputs[0], outputs[1])
    let counts = [
      reference.places[referenceOutput].elementCount,
      candidate.places[candidateOutput].elementCount,
    ]
    guard counts[0] == counts[1] else {
      throw EvaluationError.outputCount(float: counts[0], int8: counts[1])
    }
    let classCount = max(data.classNames.count, Int(data.labels.max() ?? 0) + 1)
    guard counts[0] >= classCount else {
      throw EvaluationError.classCount(model: counts[0], data: classCount)
    }
    guard counts[0] <= Self.classLimit else {
      throw EvaluationError.tooManyClasses(counts[0], limit: Self.classLimit)
    }
    var twins = PlaceMatching(reference: reference.places, candidate: candidate.places).matches()
    twins[candidateOutput] = referenceOutput
    self.twins = twins
    layers = candidate.places.indices.filter { twins[$0] != nil }
    let normalization = try InputNormalization(
      DiffPair(
        reference: reference, candidate: candidate, referenceOutput: referenceOutput, data: data))
    referenceEncoder = reference.encoder(
      channelCount: data.channelCount, normalization: normalization.reference)
    candidateEncoder = candidate.encoder(
      channelCount: data.channelCount, normalization: normalization.candidate)
    normalizationNote = normalization.note
    normalizationCause = DiffReport.Cause(
      normalization.reference, normalization.candidate, channelCount: data.channelCount)
    normalizationHint = normalization.hint
    for place in layers { tables[place] = TableFit(self, place: place) }
  }

  /// A float model against its int8 form.
  public init(
    _ graph: Graph, _ loaded: LoadedModel, _ data: Dataset, options: Options = .init()
  ) throws {
    try self.init(DiffModel(graph), try DiffModel(loaded), data, options: options)
  }

  /// Confusions are counted for each pair of classes.
  static let classLimit = 4096

  var classCount: Int { candidate.places[candidateOutput].elementCount }

  /// Images of this shard, as indices into the whole set.
  var indices: [Int] {
    guard let shard = options.shard else { return Array(0..<data.count) }
    return Array(stride(from: shard.index - 1, to: data.count, by: shard.count))
  }

  /// Every so many images local errors are taken.
  var localStride: Int {
    let wanted = max(1, options.localSampleCount)
    return (data.count + wanted - 1) / wanted
  }

  /// Runs both models on every image.
  ///
  /// - Parameter progress: called now and then with the number of images done.
  public func run(progress: (@Sendable (Int) -> Void)? = nil) throws -> DiffReport {
    let start = ContinuousClock.now
    let context = try makeContext()
    let indices = indices
    guard !indices.isEmpty else { throw EvaluationError.noSamples }
    let count = max(1, min(options.threadCount, indices.count))
    let ranges = try Scout(self)
    let workers = try (0..<count).map { _ in try DiffWorker(self, context, ranges) }
    nonisolated(unsafe) let crew = workers
    DispatchQueue.concurrentPerform(iterations: count) { thread in
      for position in stride(from: thread, to: indices.count, by: count) {
        unsafe crew[thread].compare(indices[position])
        if thread == 0, position % 64 == 0 { progress?(position) }
      }
    }
    progress?(indices.count)
    var state = workers[0].state
    for worker in workers.dropFirst() { try state.merge(worker.state) }
    if let error = workers.compactMap(\.error).first { throw error }
    state.sortFlips()
    attachPictures(&state)
    state.seconds = (ContinuousClock.now - start).inSeconds
    var report = DiffReport(context, state)
    if let part = options.shard {
      report.shard = DiffShard(part: part, context: context, state: state)
    }
    return report
  }

  private func attachPictures(_ state: inout DiffState) {
    for index in state.flips.indices.prefix(DiffReport.Flip.pictureLimit) {
      state.flips[index].picture = .init(
        height: data.height, width: data.width, channelCount: data.channelCount,
        pixels: Data(data.pixelSlice(state.flips[index].index)))
    }
  }
}

/// The ranges that histograms need before the first image is counted: from a few images spread
/// over the whole set, so that all shards have the same.
struct Scout {
  static let sampleCount = 64
  /// The ranges by layer.
  private(set) var ranges: [ClosedRange<Double>] = []
  private(set) var margin = 1.0

  init(_ diff: Diff) throws {
    let machine = try DiffMachine(diff.reference, encoder: diff.referenceEncoder, keepsReals: true)
    var bounds = [Bounds](repeating: Bounds(), count: diff.layers.count)
    let step = max(1, diff.data.count / Self.sampleCount)
    for index in stride(from: 0, to: diff.data.count, by: step) {
      machine.run(diff.data.pixelSlice(index))
      for (layer, place) in diff.layers.enumerated() {
        guard let twin = diff.twins[place] else { continue }
        unsafe machine.withReals(twin) { unsafe bounds[layer].add($0) }
      }
      unsafe machine.withReals(diff.referenceOutput) { scores in
        let found = unsafe Double(Scores.margin(scores) ?? 0)
        if found.isFinite { margin = max(margin, found) }
      }
    }
    // Probabilities differ by at most 1.
    margin = margin > 1 ? (margin * 1.25).rounded(.up) : 1
    for (layer, place) in diff.layers.enumerated() {
      var (lower, upper) = bounds[layer].withZero
      if let view = diff.candidate.view(place) {
        lower = min(lower, Double(view.scale) * Double(-128 - view.zeroPoint))
        upper = max(upper, Double(view.scale) * Double(127 - view.zeroPoint))
      }
      let isUsable = lower < upper && (upper - lower).isFinite
      ranges.append(isUsable ? lower...upper : -1...1)
    }
  }
}

extension DiffModel {
  /// A blob's tensor at a place.
  func view(_ place: Int) -> TensorView? {
    guard let loaded else { return nil }
    return loaded.tensor(places[place].tensor)
  }
}
