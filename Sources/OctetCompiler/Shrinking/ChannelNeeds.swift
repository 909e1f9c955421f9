import OctetModel
import OctetRuntime

/// Which channels a model needs: the least set from which every output follows.
///
/// A dense layer needs an input channel only where that adds something that varies to an output
/// channel that is needed and varies. All other operators keep the channels of their operands
/// together with those of their result: either all of them go or none.
struct ChannelNeeds {
  private let model: LoweredModel
  private let layers: [Int: WeightedLayer]
  private let ranges: [[CodeRange]]
  /// The first channel of each tensor among all.
  private let starts: [Int]
  /// Channels that go together, as a forest.
  private var parents: [Int]
  /// Needs by root of the forest.
  private var isNeeded: [Bool]

  /// The channels of each tensor that have to stay, in order.
  static func kept(
    in model: LoweredModel, _ layers: [Int: WeightedLayer], _ ranges: [[CodeRange]]
  ) -> [[Int]] {
    var needs = ChannelNeeds(model, layers, ranges)
    for index in model.operators.indices { needs.link(index) }
    for tensor in model.inputs + model.outputs {
      for channel in ranges[tensor].indices { _ = needs.need(tensor, channel) }
    }
    while needs.spread() || needs.fillEmptyOperands() {}
    return model.tensors.indices.map { tensor in
      ranges[tensor].indices.filter { needs.isKept(tensor, $0) }
    }
  }

  private init(
    _ model: LoweredModel, _ layers: [Int: WeightedLayer], _ ranges: [[CodeRange]]
  ) {
    (self.model, self.layers, self.ranges) = (model, layers, ranges)
    var count = 0
    starts = ranges.map { channels in
      defer { count += channels.count }
      return count
    }
    parents = Array(0..<count)
    isNeeded = [Bool](repeating: false, count: count)
  }

  // MARK: Channels that go together

  private func root(_ tensor: Int, _ channel: Int) -> Int {
    var place = starts[tensor] + channel
    while parents[place] != place { place = parents[place] }
    return place
  }

  private mutating func join(_ a: (tensor: Int, channel: Int), _ b: (tensor: Int, channel: Int)) {
    let (x, y) = (root(a.tensor, a.channel), root(b.tensor, b.channel))
    // Towards the earlier one; paths stay as short as chains of operators are, and are halved.
    parents[max(x, y)] = min(x, y)
    parents[starts[a.tensor] + a.channel] = min(x, y)
    parents[starts[b.tensor] + b.channel] = min(x, y)
  }

  private mutating func link(_ index: Int) {
    let lowered = model.operators[index]
    if let layer = layers[index], lowered.outputs.count == 1, !layer.canWrap {
      if !layer.isDense { linkGroups(lowered, layer) }
      return
    }
    guard lowered.outputs.count == 1, let sources = lowered.channelSources(in: model) else {
      // Every channel is of every other.
      let all = (lowered.inputs + lowered.outputs).flatMap { tensor in
        ranges[tensor].indices.map { (tensor, $0) }
      }
      for other in all.dropFirst() { join(all[0], other) }
      return
    }
    for (channel, operands) in sources.enumerated() {
      for operand in operands { join((lowered.outputs[0], channel), operand) }
    }
  }

  /// The channels of a group go together: a kernel has groups of one size.
  private mutating func linkGroups(_ lowered: LoweredOperator, _ layer: WeightedLayer) {
    let (x, y) = (lowered.inputs[0], lowered.outputs[0])
    for output in 0..<layer.outputCount {
      let first = layer.firstInput(of: output)
      for input in first..<first + layer.depth { join((y, output), (x, input)) }
    }
  }

  // MARK: What is needed

  private func isKept(_ tensor: Int, _ channel: Int) -> Bool { isNeeded[root(tensor, channel)] }

  /// Whether that is new.
  private mutating func need(_ tensor: Int, _ channel: Int) -> Bool {
    let place = root(tensor, channel)
    if isNeeded[place] { return false }
    isNeeded[place] = true
    return true
  }

  private func isAlive(_ lowered: LoweredOperator) -> Bool {
    lowered.outputs.contains { tensor in ranges[tensor].indices.contains { isKept(tensor, $0) } }
  }

  /// Adds what needed channels need; whether that is new.
  private mutating func spread() -> Bool {
    var hasSpread = false
    for (index, lowered) in model.operators.enumerated().reversed() where isAlive(lowered) {
      if let layer = layers[index], layer.isDense, !layer.canWrap {
        hasSpread = spread(lowered, layer) || hasSpread
      } else {
        // An operand that is repeated along the channels serves all of them.
        let count = model.tensors[lowered.outputs[0]].channelCount
        for tensor in lowered.inputs where ranges[tensor].count == 1 && count > 1 {
          hasSpread = need(tensor, 0) || hasSpread
        }
      }
    }
    return hasSpread
  }

  private mutating func spread(_ lowered: LoweredOperator, _ layer: WeightedLayer) -> Bool {
    let (x, y) = (lowered.inputs[0], lowered.outputs[0])
    let outputs = ranges[y].indices.filter { isKept(y, $0) && ranges[y][$0].onlyCode == nil }
    var hasSpread = false
    for input in ranges[x].indices where !isKept(x, input) {
      let isRead =
        !layer.isAligned
        || outputs.contains { output in
          layer.fixedTerm(output, input: input, codes: ranges[x][input]) == nil
        }
      if isRead { hasSpread = need(x, input) || hasSpread }
    }
    return hasSpread
  }

  /// A layer whose outputs are all constant reads nothing; its kernel reads a channel at least.
  private mutating func fillEmptyOperands() -> Bool {
    var hasFilled = false
    for lowered in model.operators where isAlive(lowered) && lowered.kind != .concatenation {
      for tensor in lowered.inputs
      where !ranges[tensor].indices.contains(where: { isKept(tensor, $0) }) {
        hasFilled = need(tensor, 0) || hasFilled
      }
    }
    return hasFilled
  }
}

extension LoweredOperator {
  /// For each channel of the result of an operator without weights the channels of its operands
  /// that it is made of, where it is nothing else and each of those makes no other; nil where
  /// channels are mixed.
  fileprivate func channelSources(
    in model: LoweredModel
  ) -> [[(tensor: Int, channel: Int)]]? {
    let count = model.tensors[outputs[0]].channelCount
    let counts = inputs.map { model.tensors[$0].channelCount }
    let inPlace = (0..<count).map { channel in
      zip(inputs, counts).filter { $0.1 == count }.map { (tensor: $0.0, channel: channel) }
    }
    switch kind {
    case .maxPool, .averagePool, .lookup, .resizeNearest, .resizeBilinear, .add, .subtract,
      .multiply, .minimum, .maximum, .squaredDifference:
      return inPlace
    case .mean: return keepsChannels ? inPlace : nil
    case .transpose: return value(Transpose.Word.fromChannel) == 3 ? inPlace : nil
    case .concatenation:
      guard value(Concatenation.Word.axis) == 3 else { return inPlace }
      return zip(inputs, counts).flatMap { tensor, count in
        (0..<count).map { [(tensor: tensor, channel: $0)] }
      }
    case .pad:
      let before = value(Pad.Word.beforeChannel)
      return (0..<count).map { channel in
        let source = channel - before
        return (0..<counts[0]).contains(source) ? [(tensor: inputs[0], channel: source)] : []
      }
    case .reshape:
      if count % counts[0] == 0 {
        return (0..<count).map { [(tensor: inputs[0], channel: $0 % counts[0])] }
      }
      guard counts[0] % count == 0 else { return nil }
      return (0..<count).map { channel in
        stride(from: channel, to: counts[0], by: count).map {
          (tensor: inputs[0], channel: $0)
        }
      }
    case .slice:
      guard value(Slice.Word.strideChannel) == 1 else { return nil }
      let begin = value(Slice.Word.beginChannel)
      return (0..<count).map { [(tensor: inputs[0], channel: begin + $0)] }
    case .softmax, .logSoftmax, .l2Normalization, .matrixMultiply, .convolution,
      .depthwiseConvolution, .transposedConvolution, .fullyConnected, .convolution4,
      .depthwiseConvolution4, .fullyConnected4, .convolution16,
      .depthwiseConvolution16, .fullyConnected16, .softmax16, .sigmoid16, .requantize:
      return nil
    }
  }
}
