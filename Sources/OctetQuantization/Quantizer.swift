import OctetModel

/// Makes an int8 graph from a float graph.
///
/// The result has the float graph's tensors (names and shapes) with a scale and zero point each,
/// int8 weights with a scale for each output channel, and int32 biases at `s_in · s_w[c]`.
public struct Quantizer: Sendable {
  public struct Options: Sendable {
    public var calibrator = Calibrator.meanSquareError
    /// Keep the whole range of class scores, not only what decides.
    public var keepsFullScores = false
    public var threadCount = 1

    public init() {}
  }

  public struct Result: Sendable {
    public var graph: Graph
    /// The ranges that were chosen, by tensor name.
    public var ranges: [String: ValueRange]
    /// No range differs from what min-max would have chosen.
    public var equalsMinMax: Bool
  }

  /// Quantizes `graph`, with activations' ranges taken from `samples`. Of a graph that is
  /// quantized in part, every scale stays and only those that are missing are chosen.
  public static func quantize(
    _ graph: Graph, samples: CalibrationSamples, options: Options
  ) throws(QuantizationError) -> Result {
    let isFloat = graph.tensors.allSatisfy { $0.quantization == nil }
    guard isFloat || graph.lacksGrids else { throw .alreadyQuantized }
    let simple = isFloat ? graph.simplified() : graph.withoutConversions()
    try simple.requireInt8Forms()
    let calibration = try Calibration(simple, samples: samples, threadCount: options.threadCount)
    return try quantize(simple, calibration: calibration, options: options)
  }

  /// Quantizes a simplified graph whose activations were already observed.
  public static func quantize(
    _ graph: Graph, calibration: Calibration, options: Options
  ) throws(QuantizationError) -> Result {
    let ranges = chooseRanges(graph, calibration, options)
    var minMax = options
    minMax.calibrator = .minMax
    var quantized = graph
    let inner = graph.valuesInTables
    for (index, quantization) in scales(graph, ranges)
    where graph.isFree(index) && !inner.contains(index) {
      quantized.tensors[index].quantization = quantization
      quantized.tensors[index].elementType = .int8
    }
    let settled = graph.nodesWithoutMissingConstants
    for index in quantized.nodes.indices where !settled.contains(index) {
      try quantized.quantizeConstants(
        ofNode: index, statistics: calibration.inputStatistics[index])
    }
    quantized = quantized.canonical()
    try quantized.proveAccumulators()
    let named = ranges.map { (graph.tensors[$0.key].name, $0.value) }
    return Result(
      graph: quantized, ranges: Dictionary(named) { first, _ in first },
      equalsMinMax: ranges == chooseRanges(graph, calibration, minMax))
  }

  /// A class that scores this far below the best has a probability under 2⁻¹⁶: nobody can see it,
  /// and codes spent on it would be taken from the scores that decide.
  package static let invisibleBelow: Float = 11.09

  /// A range for each activation. Class scores and the model's outputs keep everything that was
  /// seen whatever the calibrator: clipping scores makes ties between classes.
  private static func chooseRanges(
    _ graph: Graph, _ calibration: Calibration, _ options: Options
  ) -> [TensorIndex: ValueRange] {
    var ranges: [TensorIndex: ValueRange] = [:]
    let classScores = graph.classScores
    for (index, histogram) in calibration.histograms {
      let isScores = index == classScores
      let keepsAll = isScores || graph.outputs.contains(index) || graph.inputs.contains(index)
      var range = (keepsAll ? .minMax : options.calibrator).range(histogram)
      if !options.keepsFullScores, isScores, let highest = calibration.leastHighest {
        range.lower = max(range.lower, min(0, highest - invisibleBelow))
      }
      ranges[index] = range
    }
    return ranges
  }

  /// The scale and zero point of each activation: fixed by its operation, shared with the tensors
  /// that pass values on unchanged, or from its own range.
  private static func scales(
    _ graph: Graph, _ ranges: [TensorIndex: ValueRange]
  ) -> [(TensorIndex, Quantization)] {
    var fixed: [TensorIndex: Quantization] = [:]
    for node in graph.nodes {
      if let quantization = node.operation.fixedOutputQuantization {
        for output in node.outputs { fixed[output] = quantization }
      }
    }
    var result: [(TensorIndex, Quantization)] = []
    for group in graph.sharedScaleGroups() {
      let members = group.filter { ranges[$0] != nil }
      let given = members.compactMap { fixed[$0] }.first
      // A tensor that a node only passes on says nothing new: the range is that of the tensors
      // where values enter the group. But of an output everything is kept, so that the greatest of
      // many values are, though the calibrator would clip them where they come from.
      let sources = members.filter { graph.entersSharedGroup($0) || graph.outputs.contains($0) }
      let range = (sources.isEmpty ? members : sources).compactMap { ranges[$0] }
        .reduce(ValueRange(lower: 0, upper: 0)) { $0.union($1) }
      let (scale, zeroPoint) = range.quantization
      for member in members {
        result.append((member, given ?? Quantization(scale: scale, zeroPoint: zeroPoint)))
      }
    }
    return result
  }
}

extension Graph {
  /// The tensor with one real-valued score for each label: the only output, or what the softmax at
  /// the end takes.
  var classScores: TensorIndex? {
    let producers = producers()
    guard outputs.count == 1, var producer = producers[outputs[0]] else { return nil }
    var scores = outputs[0]
    if nodes[producer].operation.normalizesScores {
      scores = nodes[producer].inputs[0]
      guard consumers()[scores].count == 1, let before = producers[scores] else { return nil }
      producer = before
    }
    guard case .fullyConnected(let attributes) = nodes[producer].operation,
      attributes.activation == .none, tensors[scores].elementCount == metadata.labels.count
    else { return nil }
    return scores
  }

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
    let inTables = nodesInTables
    let isFloat = tensors.allSatisfy { $0.quantization == nil }
    for (index, node) in nodes.enumerated() where !inTables.contains(index) {
      // A change of scale that a model quantized in part has, or needs.
      if !isFloat, case .quantize = node.operation { continue }
      var reason = node.operation.int8Refusal
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
