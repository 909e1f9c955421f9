import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// The metric of an output, from what stands at the model's end and what is known of the samples.
struct MetricChoice {
  /// What makes an output's values.
  enum End: Equatable {
    case softmax, sigmoid, unitLength, mean, dense, convolution, other
  }

  var end: End
  var shape: [Int]
  /// The elements of the only input; nil where there are several.
  var inputCount: Int?
  /// The shape of that input.
  var inputShape: [Int]
  var outputCount: Int
  /// Classes that the labels tell of; 0 without.
  var classCount: Int
  /// Targets of a sample; 0 without.
  var targetCount: Int
  /// Labels that the model brings.
  var labelCount: Int
  /// The other outputs are judged by what they are; the first also by the samples' labels.
  var isFirst: Bool
  /// Classes that cannot be told from targets: whole numbers for a single value.
  var hasOnlyTruthValues: Bool

  var elementCount: Int { shape.elementCount }
  /// The last axis, and how often it is there.
  private var channelCount: Int { shape.last ?? 1 }
  private var cellCount: Int { elementCount / max(channelCount, 1) }
  private var isAlike: Bool {
    guard inputCount == elementCount, elementCount > 1 else { return false }
    return inputShape.filter { $0 != 1 } == shape.filter { $0 != 1 } || cellCount == 1
  }

  /// The metric and the reason, a clause.
  func chosen() -> (metric: DiffReport.Metric, reason: String) {
    if elementCount == 1 { return single() }
    if end == .softmax {
      return cellCount == 1
        ? (.classification, "it ends in a softmax")
        : (.detection, "it has a softmax at each of \(cellCount) places")
    }
    if end == .unitLength { return (.embedding, "its vectors are brought to length 1") }
    if classCount < elementCount || classCount == 0, isAlike, end != .mean, outputCount == 1 {
      return (.reconstruction, "it has the form of the input")
    }
    if targetCount == elementCount, !(isFirst && classCount > 0 && targetCount == 1) {
      return OutputFacts.isPicture(shape)
        ? (.picture, "it is a picture, and there are targets for it")
        : (.regression, "there are targets for it")
    }
    if OutputFacts.isPicture(shape), end != .sigmoid || outputCount == 1 {
      return (.picture, "it has the form of a picture")
    }
    if cellCount > 1 { return cells() }
    if isFirst, classCount > 0 {
      return (.classification, "the samples have classes, and it has a score for each")
    }
    if labelCount == elementCount { return (.classification, "the model names its classes") }
    switch end {
    case .sigmoid: return (.classification, "it is a vector of probabilities")
    case .mean where elementCount >= 32:
      return (.embedding, "it is a vector of means over the picture")
    case .dense, .mean, .convolution:
      return outputCount == 1
        ? (.classification, "it is a vector of scores (--metric if they are something else)")
        : (.regression, "it is one of several vectors of numbers")
    case .softmax, .unitLength, .other: return (.signal, "nothing tells what it stands for")
    }
  }

  private func single() -> (metric: DiffReport.Metric, reason: String) {
    if end == .sigmoid { return (.scores, "it is a single probability") }
    if hasOnlyTruthValues, isFirst {
      return (.scores, "it is a single number, and labels are 0 or 1")
    }
    if targetCount == 1 { return (.regression, "it is a single number, and there are targets") }
    return (.regression, "it is a single number")
  }

  private func cells() -> (metric: DiffReport.Metric, reason: String) {
    if channelCount == 4 { return (.regression, "it has four numbers, a box, at each place") }
    switch end {
    case .sigmoid: return (.detection, "it has probabilities at \(cellCount) places")
    case .convolution, .dense:
      return (.detection, "it has \(channelCount) scores at \(cellCount) places")
    case .softmax, .unitLength, .mean, .other:
      return (.signal, "nothing tells what it stands for")
    }
  }
}

extension MetricChoice.End {
  /// Nil where an operation says nothing of what its values stand for.
  fileprivate init?(_ operation: Operation) {
    let kinds = operation.kinds
    if operation == .l2Normalization() {
      self = .unitLength
    } else if operation == .scalar(.logistic) {
      self = .sigmoid
    } else if !kinds.isDisjoint(with: [.softmax, .logSoftmax]) {
      self = .softmax
    } else if !kinds.isDisjoint(with: [.mean, .averagePool]) {
      self = .mean
    } else if !kinds.isDisjoint(with: [.fullyConnected, .matrixMultiply]) {
      self = .dense
    } else if operation.weightChannelAxis != nil {
      self = .convolution
    } else {
      return nil
    }
  }
}

extension DiffModel {
  /// What makes an output's values, behind what only moves or rounds them.
  func end(of place: Int) -> MetricChoice.End {
    if let view = view(place), view.zeroPoint == -128, view.scale == 1 / 256 {
      // The grid that the kernels of both prescribe.
      return operatorView(place)?.kind == .softmax ? .softmax : .sigmoid
    }
    let producers = real.producers()
    var current = places[place].tensor
    for _ in real.nodes.indices {
      guard let producer = producers[current] else { return .other }
      let node = real.nodes[producer]
      if let end = MetricChoice.End(node.operation) { return end }
      var isPassed = node.operation.traits.movesElements || node.operation.asActivation != nil
      if case .concatenation = node.operation { isPassed = true }
      guard isPassed || Maker.node(node.operation).onlyRenames else { return .other }
      current = node.inputs[0]
    }
    return .other
  }
}

extension Diff {
  /// The outputs that both models have, with the metric of each.
  static func outputPairs(
    _ reference: DiffModel, _ candidate: DiffModel, _ data: DiffData, _ options: Options
  ) throws(EvaluationError) -> [OutputPair] {
    var pairs: [OutputPair] = []
    let (ports, others) = (reference.outputPorts, candidate.outputPorts)
    var known: Set<String> = []
    for (position, match) in PortMatching.matches(ports, others).enumerated() {
      guard let match,
        let place = reference.placeOfTensor[reference.real.outputs[position]],
        let other = candidate.placeOfTensor[candidate.real.outputs[match]]
      else { continue }
      let ends = [reference.end(of: place), candidate.end(of: other)]
      let end = reference.isFloat ? ends[0] : (candidate.isFloat ? ends[1] : ends[0])
      let inputs = reference.inputPorts
      let choice = MetricChoice(
        end: end, shape: others[match].shape,
        inputCount: inputs.count == 1 ? inputs[0].elementCount : nil,
        inputShape: inputs.first?.shape ?? [], outputCount: ports.count,
        classCount: data.classCount, targetCount: data.targets?.elementCounts[0] ?? 0,
        labelCount: max(reference.labels.count, candidate.labels.count), isFirst: pairs.isEmpty,
        hasOnlyTruthValues: data.classes.map { $0.allSatisfy { $0 <= 1 } } ?? false)
      var (metric, reason) = choice.chosen()
      let names = [ports[position].name, others[match].name]
      known.formUnion(names)
      if let wanted = names.compactMap({ options.metrics[$0] }).first ?? options.metrics[""] {
        (metric, reason) = (wanted, "--metric says so")
        try require(metric, choice, name: others[match].name)
      }
      pairs.append(
        OutputPair(
          reference: place, candidate: other, metric: metric, reason: reason,
          isProbability: end == .softmax || end == .sigmoid))
    }
    for name in options.metrics.keys.sorted() where !name.isEmpty && !known.contains(name) {
      let list = known.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw .metric(
        "--metric: no output that both models have is called '\(name)'; there are \(list)")
    }
    return pairs
  }

  private static func require(
    _ metric: DiffReport.Metric, _ choice: MetricChoice, name: String
  ) throws(EvaluationError) {
    let count = choice.elementCount
    switch metric {
    case .scores where count != 1:
      throw .metric("--metric scores is for a single number; '\(name)' has \(count)")
    case .embedding where count < 2, .classification where count < 2:
      throw .metric("--metric \(metric.rawValue) needs a vector; '\(name)' is a single number")
    case .reconstruction where choice.inputCount != count:
      let inputs = choice.inputCount.map { "\($0)" } ?? "none"
      throw .metric(
        "--metric reconstruction compares an output with the input, which must be one of as many "
          + "values; '\(name)' has \(count), the input \(inputs)")
    default: break
    }
  }
}
