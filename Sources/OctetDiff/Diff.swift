import Foundation
import OctetCompiler
import OctetData
import OctetEvaluation
import OctetModel
import OctetReport

/// Compares two models sample by sample and layer by layer: a float model with an int8 model, two
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
    /// Multiply-adds that local errors may cost: of larger models fewer samples are taken, 16 at
    /// least.
    public var localMacLimit = Int.max
    /// Whether inferences and layers are timed.
    public var measuresTime = true
    /// How outputs are judged, by name; that of an empty name serves all others. Those that are not
    /// here are judged by what they are.
    public var metrics: [String: DiffReport.Metric] = [:]
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
  /// The samples, with what is known of them.
  public let data: DiffData
  /// The options.
  public let options: Options
  let referenceEncoder: SampleEncoder
  let candidateEncoder: SampleEncoder
  /// The place of the reference with the same values, for each place of the candidate.
  let twins: [Int?]
  /// The same with those that have another number of elements, because windows differ.
  let counterparts: [Int?]
  /// The places of the candidate that are compared.
  let layers: [Int]
  /// The outputs that both have.
  let outputs: [OutputPair]
  /// The places of the first of them, in the reference's order.
  let referenceOutput, candidateOutput: Int
  /// The tables beside the functions that the reference has there, by place of the candidate.
  private(set) var tables: [Int: TableFit] = [:]
  /// How the reference turns pixels into reals, where that is not as the candidate does.
  let normalizationNote: String?
  /// What kind of difference that is.
  let normalizationCause: DiffReport.Cause
  /// How the reference recognizes clearly more, where it does.
  let normalizationHint: String?

  /// Matches the layers of two models and looks how each is fed with labelled images.
  ///
  /// - Throws: `EvaluationError` when the models do not fit each other or the images.
  public init(
    _ reference: DiffModel, _ candidate: DiffModel, _ data: Dataset, options: Options = .init()
  ) throws {
    try self.init(reference, candidate, DiffData(data), options: options)
  }

  /// Matches the layers of two models and looks how each is fed.
  ///
  /// - Throws: `EvaluationError` when the models do not fit each other or the samples.
  public init(
    _ reference: DiffModel, _ candidate: DiffModel, _ data: DiffData, options: Options = .init()
  ) throws {
    try Self.requireLikePools(reference, candidate)
    let reference = reference.equalized(like: candidate)
    self.reference = reference
    self.candidate = candidate
    self.data = data
    self.options = options
    let order = try Self.inputOrder(reference, candidate, data)
    let outputs = try Self.outputPairs(reference, candidate, data, options)
    guard let first = outputs.first else { throw Self.unmatchedOutputs(reference, candidate) }
    self.outputs = outputs
    (referenceOutput, candidateOutput) = (first.reference, first.candidate)
    try Self.requireClasses(first, candidate, data)
    let matching = PlaceMatching(
      reference: reference, candidate: candidate, inputs: order, outputs: outputs
    )
    counterparts = matching.counterparts
    let twins = matching.matches
    self.twins = twins
    layers = candidate.places.indices.filter { twins[$0] != nil }
    let normalization = try InputNormalization(
      DiffPair(
        reference: reference, candidate: candidate, referenceOutput: referenceOutput, data: data,
        isClassifier: first.metric == .classification))
    referenceEncoder = SampleEncoder(
      reference, data, order: Array(reference.real.inputs.indices),
      normalization: normalization.reference)
    candidateEncoder = SampleEncoder(
      candidate, data, order: order, normalization: normalization.candidate)
    normalizationNote = normalization.note
    normalizationCause = normalization.cause
    normalizationHint = normalization.hint
    for place in layers { tables[place] = TableFit(self, place: place) }
  }

  /// A float model against its int8 form.
  public init(
    _ graph: Graph, _ loaded: LoadedModel, _ data: Dataset, options: Options = .init()
  ) throws {
    try self.init(DiffModel(graph), try DiffModel(loaded), data, options: options)
  }

  /// Whether the first output names classes.
  package var isClassifier: Bool { outputs[0].metric == .classification }

  /// The classes that are counted: nil where the first output is of no classifier, or samples have
  /// no labels.
  var classCount: Int? {
    outputs[0].metric == .classification && data.classes != nil
      ? candidate.places[candidateOutput].elementCount : nil
  }

  /// Images of this shard, as indices into the whole set.
  var indices: [Int] {
    guard let shard = options.shard else { return Array(0..<data.count) }
    return Array(stride(from: shard.index - 1, to: data.count, by: shard.count))
  }

  /// Every so many images local errors are taken.
  var localStride: Int {
    let affordable = max(16, options.localMacLimit / max(candidate.macCount, 1))
    let wanted = max(1, min(options.localSampleCount, affordable))
    return (data.count + wanted - 1) / wanted
  }

  /// Runs both models on every image.
  ///
  /// - Parameter progress: called now and then with the number of images done.
  public func run(progress: (@Sendable (Int) -> Void)? = nil) throws -> DiffReport {
    let start = ContinuousClock.now
    let indices = indices
    guard !indices.isEmpty else { throw EvaluationError.noSamples }
    let count = max(1, min(options.threadCount, indices.count))
    let ranges = try Scout(self)
    let context = try makeContext(ranges)
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
    try attachInsides(&state)
    state.seconds = (ContinuousClock.now - start).inSeconds
    var report = DiffReport(context, state)
    if let part = options.shard {
      report.shard = DiffShard(part: part, context: context, state: state)
    }
    return report
  }

  private func attachPictures(_ state: inout DiffState) {
    guard let images = data.images else { return }
    for index in state.flips.indices.prefix(DiffReport.Flip.pictureLimit) {
      state.flips[index].picture = .init(
        height: images.height, width: images.width, channelCount: images.channelCount,
        pixels: Data(images.pixelSlice(state.flips[index].index)))
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
  /// The width of the reference's ranges by output; 1 where there is none.
  private(set) var outputRanges: [Double] = []

  init(_ diff: Diff) throws {
    let machine = try DiffMachine(diff.reference, encoder: diff.referenceEncoder, keepsReals: true)
    var bounds = [Bounds](repeating: Bounds(), count: diff.layers.count)
    var outputs = [Bounds](repeating: Bounds(), count: diff.outputs.count)
    let step = max(1, diff.data.count / Self.sampleCount)
    for index in stride(from: 0, to: diff.data.count, by: step) {
      machine.run(index)
      for (position, pair) in diff.outputs.enumerated() {
        unsafe machine.withReals(pair.reference) { unsafe outputs[position].add($0) }
      }
      for (layer, place) in diff.layers.enumerated() {
        guard let twin = diff.twins[place] else { continue }
        unsafe machine.withReals(twin) { unsafe bounds[layer].add($0) }
      }
      unsafe machine.withReals(diff.referenceOutput) { scores in
        let found = unsafe Double(Scores.margin(scores) ?? 0)
        if found.isFinite { margin = max(margin, found) }
      }
    }
    outputRanges = outputs.map { bounds in
      let width = bounds.width
      return width.isFinite && width > 0 ? width : 1
    }
    // Probabilities differ by at most 1.
    margin = margin > 1 ? (margin * 1.25).rounded(.up) : 1
    for (layer, place) in diff.layers.enumerated() {
      var (lower, upper) = bounds[layer].withZero
      if let view = diff.candidate.view(place) {
        lower = min(lower, Double(view.scale) * Double(view.steps.lowerBound))
        upper = max(upper, Double(view.scale) * Double(view.steps.upperBound))
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

extension TensorView {
  /// How the names of files with its codes end.
  var suffix: String { isInt16 ? "i16" : "i8" }

  /// The type of its codes.
  var typeName: String { isInt16 ? "int16" : "int8" }
}
