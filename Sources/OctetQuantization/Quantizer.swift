import OctetModel
import OctetPasses

/// Makes an int8 graph from a float graph.
///
/// The result has the float graph's tensors (names and shapes) with a scale and zero point each,
/// int8 weights with a scale for each output channel, and int32 biases at `s_in · s_w[c]`.
public struct Quantizer: Sendable {
  /// What can be chosen.
  public struct Options: Sendable, Equatable {
    /// How the range of each activation is chosen.
    public var calibrator = Calibrator.automatic
    /// Whether channels are equalized across layers.
    public var equalization = Equalization.automatic
    /// The share of the outputs' error that `Equalization.automatic` must lower it by. Below the
    /// standard one, every way is tried, not only where channels are far apart.
    package var equalizationGain = EqualizedGraph.leastGain
    /// How biases make good for rounded weights.
    public var biasCorrection = BiasCorrection.automatic
    /// How weights become codes. Choosing for each layer (`automatic`) takes as long again as the
    /// rest.
    public var rounding = Rounding.errorFeedback
    /// Which activations have 16 bits.
    public var int16 = Int16Activations.none
    /// Whether activations of int16 are told by what they gain even where all are taken.
    package var ranksInt16 = false
    /// Bits of the weights of single layers, 8 or 4, by the layer's name.
    public var weightBits: [String: Int] = [:]
    /// Bits of the weights of all other layers, 8 or 4. Layers that weights of 4 bits do not suit
    /// have 8.
    public var commonWeightBits = 8
    /// Keep the whole range of class scores, not only what decides.
    public var keepsFullScores = false
    /// Threads to work with, 1 or more; the result is the same with any number.
    public var threadCount = 1

    /// The standard choices, on one thread.
    public init() {}
  }

  /// The int8 graph, and how it came about.
  public struct Result: Sendable {
    /// Canonical, with a grid on every tensor; every accumulator is proven.
    public var graph: Graph
    /// The ranges that were chosen, by tensor name.
    public var ranges: [String: ValueRange]
    /// No range differs from what min-max would have chosen.
    public var equalsMinMax: Bool
    /// How near each output is to the float graph's, on samples of the calibration.
    public var outputs: [OutputError] = []
    /// What `Calibrator.automatic` found.
    public var search: Search?
    /// What was done across layers: never `automatic`.
    public var equalization = Equalization.none
    /// How the weights of each layer were rounded, by the layer's name.
    public var roundings: [String: Rounding] = [:]
    /// The layers, or inputs, whose results are int16, in execution order.
    public var int16Layers: [String] = []
    /// The same by what they gain, those first that gain most.
    public var int16Ranking: [String] = []
    /// The layers whose weights have 4 bits, by name, in execution order.
    public var narrowLayers: [String] = []
  }

  /// The calibrators that a search chose.
  public struct Search: Sendable, Equatable {
    /// The best for the whole network.
    public var calibrator: Calibrator
    /// How many activations each got, of those where the choice matters.
    public var tensorCounts: [Calibrator: Int]
    /// How far the outputs' error is below that of `Calibrator.meanSquareError` for all, in
    /// decibels, on the samples held back.
    public var gainedDecibels: Double
    /// How many samples were held back.
    public var heldBackCount: Int
  }

  /// Quantizes `graph`, with activations' ranges taken from `samples`. Of a graph that is
  /// quantized in part, every scale stays and only those that are missing are chosen.
  ///
  /// - Parameter samples: real inputs as the float graph takes them.
  /// - Throws: what keeps the graph from int8, all nodes without an int8 form at once.
  public static func quantize(
    _ graph: Graph, samples: CalibrationSamples, options: Options
  ) throws(QuantizationError) -> Result {
    let isFloat = graph.tensors.allSatisfy { $0.quantization == nil }
    guard isFloat || graph.lacksGrids else { throw .alreadyQuantized }
    let plain = isFloat ? graph.simplified() : graph.withoutConversions()
    try plain.requireInt8Forms()
    let equal = try plain.withEqualChannels(samples, threadCount: options.threadCount)
      .withEqualLayers(samples, options)
    let simple = equal.graph
    try simple.requireLayers(options.weightBits)
    let calibration = try Calibration(simple, samples: samples, threadCount: options.threadCount)
    var choice = RangeSearch.Choice(whole: options.calibrator)
    if options.calibrator == .automatic {
      choice = try RangeSearch.choose(simple, samples, options, calibration)
    }
    choice.int16 = try simple.chosenInt16(samples, options, choice)
    let ranking = choice.int16.map(\.name)
    choice.int16.sort { $0.tensors[0] < $1.tensors[0] }
    let means = options.biasCorrection == .analytic ? equal.means(graph.normalizedMeans()) : [:]
    var result = try quantize(simple, calibration, samples, options, choice, means)
    result.equalization = equal.equalization
    result.int16Ranking = ranking
    result.outputs = try OutputError.measure(
      plain, result.graph, samples, threadCount: options.threadCount)
    return result
  }

  /// Quantizes a simplified graph whose activations were already observed.
  private static func quantize(
    _ float: Graph, _ calibration: Calibration, _ samples: CalibrationSamples, _ options: Options,
    _ choice: RangeSearch.Choice, _ means: [String: [Double]]
  ) throws(QuantizationError) -> Result {
    let ranges = chooseRanges(float, calibration, options, choice)
    let mixed = MixedGraph(float, choice.int16, float.tabulatedNodes)
    let graph = mixed.graph
    let tables = graph.functionRegions()
    let plan = GridPlan(mixed, ranges: ranges, tables: tables)
    var quantized = graph
    quantized.takeGrids(plan.grids, int16: mixed.wide)
    let settled = graph.nodesWithoutMissingConstants.union(tables.flatMap(\.nodes))
    for index in quantized.nodes.indices
    where !settled.contains(index) && quantized.nodes[index].operation.weightChannelAxis == nil {
      try quantized.quantizeConstants(ofNode: index)
    }
    let narrow = quantized.nodes.indices.filter {
      !settled.contains($0) && quantized.weightBits(ofNode: $0, options) == 4
    }
    var stage = WeightStage(graph, plan.changes, samples, options, means)
    try stage.round(&quantized, except: settled)
    // What is left: weights that are codes already beside real biases.
    for index in quantized.nodes.indices where !settled.contains(index) {
      try quantized.quantizeConstants(
        ofNode: index, weightBits: quantized.weightBits(ofNode: index, options))
    }
    quantized.insertGrids(plan.changes, functions: tables)
    quantized = quantized.canonical()
    try quantized.proveAccumulators()
    let named = ranges.map { (graph.tensors[$0.key].name, $0.value) }
    return Result(
      graph: quantized, ranges: Dictionary(named) { first, _ in first },
      equalsMinMax: ranges
        == chooseRanges(float, calibration, options, RangeSearch.Choice(whole: .minMax)),
      search: choice.summary, roundings: stage.roundings,
      int16Layers: mixed.layers(of: float), narrowLayers: narrow.map { graph.nodes[$0].name })
  }

  /// A range for each activation. Class scores and the model's outputs keep everything that was
  /// seen whatever the calibrator: clipping scores makes ties between classes.
  static func chooseRanges(
    _ graph: Graph, _ calibration: Calibration, _ options: Options, _ choice: RangeSearch.Choice
  ) -> [TensorIndex: ValueRange] {
    var ranges: [TensorIndex: ValueRange] = [:]
    let classScores = graph.classScores
    for (index, histogram) in calibration.histograms {
      let isScores = index == classScores
      let keepsAll = isScores || graph.outputs.contains(index) || graph.inputs.contains(index)
      let calibrator = choice.calibrators[index] ?? choice.whole
      var range = (keepsAll ? .minMax : calibrator).range(histogram)
      if !options.keepsFullScores, isScores, let highest = calibration.leastHighest {
        range.lower = max(range.lower, min(0, highest - invisibleBelow))
        // So far above the second that all others are invisible beside it.
        if let second = calibration.greatestSecond, !graph.outputs.contains(index) {
          range.upper = min(range.upper, max(0, second + invisibleBelow))
        }
      }
      ranges[index] = range
    }
    return ranges
  }
}

extension Graph {
  /// The tensor with one real-valued score for each label: the only output, or what the softmax at
  /// the end takes, with labels or without.
  var classScores: TensorIndex? {
    let producers = producers()
    guard outputs.count == 1, var producer = producers[outputs[0]] else { return nil }
    var scores = outputs[0]
    // Probabilities show nothing of what is clipped, whatever they stand for.
    var areHidden = false
    if nodes[producer].operation.normalizesScores {
      if case .softmax = nodes[producer].operation { areHidden = true }
      scores = nodes[producer].inputs[0]
      guard consumers()[scores].count == 1, let before = producers[scores] else { return nil }
      producer = before
    }
    guard case .fullyConnected(let attributes) = nodes[producer].operation,
      attributes.activation == .none,
      tensors[scores].elementCount == metadata.labels.count
        || areHidden && tensors[scores].elementCount == tensors[scores].shape.last
    else { return nil }
    return scores
  }

  /// Nodes that become tables, of whatever the file or the model has.
  var tabulatedNodes: Set<Int> { nodesInTables.union(functionRegions().flatMap(\.nodes)) }

  /// Nodes whose constants are integers already, or stay real.
  fileprivate var nodesWithoutMissingConstants: Set<Int> {
    let settled = nodes.indices.filter { index in
      nodes[index].operation.weightChannelAxis == nil
        && !(nodes[index].inputs + nodes[index].outputs).contains { isFree($0) }
    }
    return nodesInTables.union(settled)
  }

  /// Throws the list of all nodes that have no int8 form.
  func requireInt8Forms() throws(QuantizationError) {
    var missing: [QuantizationError.UnsupportedNode] = []
    let inTables = nodesInTables.union(functionRegions().flatMap(\.nodes))
    let isFloat = tensors.allSatisfy { $0.quantization == nil }
    for (index, node) in nodes.enumerated() where !inTables.contains(index) {
      // A change of scale that a model quantized in part has, or needs.
      if !isFloat, case .quantize = node.operation { continue }
      var reason = node.operation.traits.int8Refusal
      if reason == nil, let type = foreignElementType(of: node) {
        reason = "it works on \(type) elements; only float32 tensors can be quantized"
      }
      if reason == nil, node.operation.weightChannelAxis != nil,
        node.inputs.dropFirst().contains(where: { tensors[$0].constant == nil })
      {
        reason = "its weights are computed, not constant"
      }
      if let reason {
        missing.append(
          .init(name: node.name, operation: node.operation.name, reason: reason))
      }
    }
    if !missing.isEmpty { throw .unsupported(missing) }
  }
}

extension Operation {
  /// Whether scores become probabilities, or their logarithms.
  fileprivate var normalizesScores: Bool {
    if case .softmax(_, beta: 1) = self { return true }
    if case .logSoftmax = self { return true }
    return false
  }
}
