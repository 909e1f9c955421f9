import Foundation
import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetQuantization
import OctetReport

extension Diff {
  /// What is known before the first image runs.
  ///
  /// - Parameter scout: what a few samples tell; nil where only layers matter.
  func makeContext(_ scout: Scout? = nil) throws -> DiffContext {
    let names = data.classNames.isEmpty ? candidate.labels : data.classNames
    let runner = try candidate.loaded?.makeRunner()
    let finder = try CauseFinder(self, runner)
    var context = DiffContext(
      comparison: .init(
        reference: .init(file: reference.file, arithmetic: reference.arithmetic),
        candidate: .init(file: candidate.file, arithmetic: candidate.arithmetic)),
      classNames: names, sampleCount: data.count,
      layers: layers.map { place in
        facts(place, isScores: holdsScores(place), runner, finder)
      }, outputs: outputFacts(scout?.outputRanges), structure: structure(), premises: premises,
      normalizationNote: normalizationNote, cost: try makeCost(),
      reproduce: .init(
        command: options.command, versions: options.versions, checksums: checksums))
    context.parted = parted()
    context.network = network(context)
    addFilters(to: &context)
    context.normalizationCause = normalizationCause
    return context
  }

  /// Layers that have a counterpart but give other numbers of values, so that only their form can
  /// be compared.
  private func parted() -> [DiffContext.Parted] {
    candidate.places.indices.compactMap { place in
      guard twins[place] == nil, counterparts[place] != nil,
        let first = structureDifferences(place).first
      else { return nil }
      return .init(
        name: candidate.places[place].name,
        finding: .init(first.cause, first.text, severity: 2000))
    }
  }

  private var checksums: [String: String] {
    var result: [String: String] = [:]
    if let checksum = reference.checksum { result["reference"] = checksum }
    if let checksum = candidate.checksum { result["candidate"] = checksum }
    switch data.content {
    case .images(let images):
      result["images"] = CRC32.text(images.pixels)
      if let targets = data.targets {
        result["labels"] = targets.checksum
      } else if data.classes != nil {
        result["labels"] = CRC32.text(images.labels)
      }
    case .tensors(let tensors):
      result["samples"] = tensors.checksum
      if let targets = data.targets { result["labels"] = targets.checksum }
    }
    return result
  }

  /// Whether a place holds class scores, of which those far below the best do not matter.
  private func holdsScores(_ place: Int) -> Bool {
    outputs.contains {
      $0.metric == .classification && candidate.holdsScores(place, output: $0.candidate)
    }
  }

  private func facts(
    _ place: Int, isScores: Bool, _ runner: LoadedModel.Runner?, _ finder: CauseFinder
  ) -> DiffContext.Layer {
    let spot = candidate.places[place]
    let view = candidate.view(place)
    let twin = twins[place].map { reference.places[$0] }
    var comparison = WeightComparison(self, place)
    let structure = structureDifferences(place)
    let causes = finder.findings(place, structure: structure)
    comparison?.weights.order = causes.first { $0.cause?.isOrder == true }?.detail
    let unread = candidate.lostChannels[spot.tensor, default: [:]].filter { $0.value == nil }.keys
    var layer = DiffContext.Layer(
      name: spot.name, kind: spot.maker.name, tensorName: spot.tensorName,
      floatTensorName: twin?.tensorName ?? "", shape: spot.shape, scale: view?.scale ?? 0,
      zeroPoint: Int(view?.zeroPoint ?? 0), isScores: isScores, hasGivenGrid: hasGivenGrid(place),
      weights: comparison?.weights, weightCodes: comparison?.largestCodes ?? [],
      saturatedWeightShare: comparison?.saturatedShare ?? 0,
      structure: structure.map(\.text), causes: causes, splitNote: splitNote(place, runner))
    if !unread.isEmpty { layer.unreadChannels = unread.sorted() }
    layer.isInt16 = view?.isInt16
    layer.int16Names = DiffContext.Int16Names(
      own: candidate.int16Name(place),
      sources: candidate.sources(of: place).compactMap(\.place).compactMap(candidate.int16Name))
    layer.sources = knownSources(of: place).compactMap { layers.firstIndex(of: $0) }
    if spot.operatorIndex == nil, candidate.loaded != nil {
      layer.isSymmetric = candidate.places.indices.allSatisfy {
        candidate.view($0)?.zeroPoint ?? 0 == 0
      }
    }
    return layer
  }

  /// Whether the operator prescribes its output's grid or hands on that of an input.
  private func hasGivenGrid(_ place: Int) -> Bool {
    guard let view = candidate.operatorView(place) else { return false }
    let output = view.output(0)
    switch view.kind {
    case .softmax, .logSoftmax, .l2Normalization, .softmax16, .sigmoid16: return true
    case .lookup:
      return (output.scale == 1 / 256 && output.zeroPoint == -128)
        || (output.scale == 1 / 128 && output.zeroPoint == 0)
    case .convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected,
      .convolution4, .depthwiseConvolution4, .fullyConnected4, .convolution16,
      .depthwiseConvolution16, .fullyConnected16, .requantize, .add, .subtract,
      .multiply, .squaredDifference:
      return false
    default:
      return (0..<view.inputCount).contains {
        view.input($0).scale == output.scale && view.input($0).zeroPoint == output.zeroPoint
      }
    }
  }
}

/// The int8 weights of an operator beside the float weights that they were made from.
struct WeightComparison {
  var weights: DiffReport.Weights
  var largestCodes: [Int]
  var saturatedShare: Double

  init?(_ diff: Diff, _ place: Int) {
    let graph = diff.candidate.real
    guard let node = graph.weightedNode(behind: diff.candidate.places[place].tensor),
      node.inputs.count > 1,
      let axis = node.operation.weightChannelAxis,
      let own = graph.tensors[node.inputs[1]].reals
    else { return nil }
    // A pool of its own has no weights.
    guard diff.candidate.places[place].maker.isWeighted else { return nil }
    let shape = graph.tensors[node.inputs[1]].shape
    let rows = ChannelRows(own, shape: shape, axis: axis)
    let channelCount = shape[axis]
    let bias = node.inputs.count > 2 ? graph.tensors[node.inputs[2]].reals : nil
    if let bias, bias.count != channelCount { return nil }
    var cosine: Double?
    var scatter: DiffReport.WeightScatter?
    var twinRows: ChannelRows?
    var twinBias: [Float]?
    let other = diff.reference.real
    let lost = LostWeights(diff.candidate, place, shape: shape, axis: axis)
    if let twin = diff.twins[place].map({ diff.reference.places[$0].tensor }),
      let node = other.weightedNode(behind: twin),
      node.inputs.count > 1, other.tensors[node.inputs[1]].shape == shape,
      var values = other.tensors[node.inputs[1]].reals
    {
      let constants = lost.remove(from: &values)
      let found = ChannelRows(values, shape: shape, axis: axis)
      let cosines = rows.cosines(with: found).compactMap { $0 }.sorted()
      cosine = cosines.isEmpty ? nil : cosines[cosines.count / 2]
      let inner = shape[(axis + 1)...].reduce(1, *)
      scatter = .init(float: values, int8: own, channelCount: channelCount) {
        $0 / inner % channelCount
      }
      if rows.corresponds(to: found) {
        twinRows = found
        let none = [Float](repeating: 0, count: channelCount)
        let found = node.inputs.count > 2 ? other.tensors[node.inputs[2]].reals : none
        twinBias = found?.count == channelCount ? found : nil
        for (channel, constant) in constants.enumerated() { twinBias?[channel] += constant }
      }
    }
    let codes = Codes(diff.candidate, node, axis: axis)
    largestCodes = codes.largest
    saturatedShare = codes.saturatedShare
    let channels = (0..<channelCount).map { channel in
      let own = rows.range(channel)
      // A channel that went has no weights to be compared.
      let isCompared = !lost.outputs.contains(channel)
      let twin = isCompared ? twinRows?.range(channel) : nil
      return DiffReport.Weights.Channel(
        floatLower: twin?.lower, floatUpper: twin?.upper, int8Lower: own.lower,
        int8Upper: own.upper, scale: codes.scale(channel),
        gain: isCompared ? twinRows.flatMap { rows.gain(channel, over: $0) } : nil,
        floatBias: isCompared ? twinBias?[channel] : nil,
        int8Bias: bias.map { $0[channel] } ?? 0)
    }
    weights = .init(channels: channels, isCompared: twinRows != nil, cosine: cosine, order: nil)
    weights.scatter = scatter
  }

  /// The integers behind the weights.
  private struct Codes {
    var largest: [Int] = []
    var saturatedShare = 0.0
    private var scales: [Float] = []

    init(_ model: DiffModel, _ node: Node, axis: Int) {
      guard let graph = model.coded else { return }
      let tensor = graph.tensors[node.inputs[1]]
      guard case .int8(let codes) = tensor.constant else { return }
      let channelCount = tensor.shape[axis]
      let inner = tensor.shape[(axis + 1)...].reduce(1, *)
      // Of four bits none comes near the last of eight.
      if tensor.elementType != .int4 {
        largest = [Int](repeating: 0, count: channelCount)
        for (position, code) in codes.enumerated() {
          let channel = position / inner % channelCount
          largest[channel] = max(largest[channel], abs(Int(code)))
        }
      }
      let full = codes.count { abs(Int($0)) >= 127 }
      saturatedShare = codes.isEmpty ? 0 : Double(full) / Double(codes.count)
      scales = tensor.quantization?.scales ?? []
    }

    func scale(_ channel: Int) -> Float {
      scales.isEmpty ? 0 : scales[scales.count == 1 ? 0 : channel]
    }
  }
}

/// The weights that an operator of a shrunk blob lost: those of inputs that went, whose constants
/// stand in its bias, and those of outputs that went.
struct LostWeights {
  private(set) var outputs: Set<Int> = []
  /// The real number that each input channel always was.
  private var inputs: [Int: Float] = [:]
  private let inputCount: Int
  private let channelOfWeight: (Int) -> Int

  /// - Parameter place: of an operator with weights.
  init(_ model: DiffModel, _ place: Int, shape: [Int], axis: Int) {
    let inner = shape[(axis + 1)...].reduce(1, *)
    channelOfWeight = { $0 / inner % shape[axis] }
    guard let view = model.operatorView(place) else {
      inputCount = 1
      return
    }
    let source = view.inputTensorIndex(0)
    inputCount = model.real.tensors[source].shape.last ?? 1
    outputs = Set((model.lostChannels[view.outputTensorIndex(0)] ?? [:]).keys)
    guard axis == 0, (shape.last ?? 1) % inputCount == 0,
      let grid = model.coded?.tensors[source].quantization
    else { return }
    for (channel, code) in model.lostChannels[source] ?? [:] {
      inputs[channel] = code.map { Float(Int32($0) - grid.zeroPoints[0]) * grid.scales[0] } ?? 0
    }
  }

  /// Takes the weights of inputs that went out of weights that still have them; what they gave, by
  /// output.
  func remove(from values: inout [Float]) -> [Float] {
    var constants: [Float] = []
    guard !inputs.isEmpty else { return constants }
    for position in values.indices {
      let channel = channelOfWeight(position)
      if channel >= constants.count {
        constants += [Float](repeating: 0, count: channel + 1 - constants.count)
      }
      guard let constant = inputs[position % inputCount] else { continue }
      constants[channel] += values[position] * constant
      values[position] = 0
    }
    return constants
  }
}

/// Weights by output channel.
struct ChannelRows {
  private var rows: [[Float]]

  init(_ values: [Float], shape: [Int], axis: Int) {
    let inner = shape[(axis + 1)...].reduce(1, *)
    rows = [[Float]](repeating: [], count: shape[axis])
    for (position, value) in values.enumerated() {
      rows[position / inner % shape[axis]].append(value)
    }
  }

  func range(_ channel: Int) -> (lower: Float, upper: Float) {
    (rows[channel].min() ?? 0, rows[channel].max() ?? 0)
  }

  /// Σwŵ / Σw²; nil for a channel without weights.
  func gain(_ channel: Int, over twin: ChannelRows) -> Double? {
    let square = Self.dot(twin.rows[channel], twin.rows[channel])
    let gain = Self.dot(rows[channel], twin.rows[channel]) / square
    return square > 0 && gain.isFinite ? gain : nil
  }

  var count: Int { rows.count }

  /// Nil where either has no weights but zeros.
  func cosine(_ channel: Int, with twin: ChannelRows, _ other: Int) -> Double? {
    let (a, b) = (rows[channel], twin.rows[other])
    let norms = (Self.dot(a, a) * Self.dot(b, b)).squareRoot()
    return norms > 0 && norms.isFinite ? Self.dot(a, b) / norms : nil
  }

  /// The cosines by channel.
  func cosines(with twin: ChannelRows) -> [Double?] {
    rows.indices.map { cosine($0, with: twin, $0) }
  }

  /// Whether most channels point the same way, so that the two are one layer in one layout.
  func corresponds(to twin: ChannelRows) -> Bool {
    let cosines = cosines(with: twin).compactMap { $0 }.sorted()
    return cosines.isEmpty || abs(cosines[cosines.count / 2]) > 0.5
  }

  private static func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}

extension Diff {
  var premises: Premises {
    let ends = Set(outputs.map(\.candidate))
    let producers = candidate.real.producers()
    // What only repeats a tensor for weights in parts is no layer of its own.
    let operators = candidate.places.indices.filter {
      candidate.places[$0].operatorIndex != nil && !ends.contains($0)
        && (candidate.places[$0].maker.isWeighted
          || candidate.real.repetitionCount(of: candidate.places[$0].tensor, producers) == 1)
    }
    return Premises(
      data: options.data,
      trained: reference.training.map {
        .init(dataName: $0.dataName, testAccuracy: $0.testAccuracy)
      }, normalizationHint: normalizationHint,
      chance: (data.classes ?? []).commonestShare,
      layerCount: operators.count, matchedCount: operators.count { counterparts[$0] != nil },
      otherOutputs: max(reference.outputCount, candidate.outputCount) - outputs.count)
  }
}
