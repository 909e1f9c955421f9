import OctetModel
import OctetRuntime

extension LoweredModel {
  /// The model without channels that no output of it needs: those that have one code whatever the
  /// input, which goes into the biases of what reads them, and those that nothing reads. Every
  /// output keeps its bytes; nil when every channel is needed.
  ///
  /// One pass finds all there is: what goes leaves the codes of what stays as they were.
  func shrunk() -> (model: LoweredModel, shrink: Shrink)? {
    var layers: [Int: WeightedLayer] = [:]
    for (index, lowered) in operators.enumerated() {
      layers[index] = WeightedLayer(lowered, in: self)
    }
    let ranges = codeRanges(layers)
    let kept = ChannelNeeds.kept(in: self, layers, ranges)
    let used = Set(operators.flatMap { $0.inputs + $0.outputs } + inputs + outputs)
    guard used.contains(where: { kept[$0].count < ranges[$0].count }) else { return nil }
    let shrinking = Shrinking(model: self, layers: layers, ranges: ranges, kept: kept)
    return (shrinking.result, shrinking.summary)
  }
}

/// A model with what of it stays.
private struct Shrinking {
  let model: LoweredModel
  let layers: [Int: WeightedLayer]
  let ranges: [[CodeRange]]
  let kept: [[Int]]

  var result: LoweredModel {
    var result = model
    let staying = model.tensors.indices.filter { !kept[$0].isEmpty }
    var places = [Int?](repeating: nil, count: model.tensors.count)
    for (place, tensor) in staying.enumerated() { places[tensor] = place }
    result.tensors = staying.map(tensor)
    result.inputs = model.inputs.compactMap { places[$0] }
    result.outputs = model.outputs.compactMap { places[$0] }
    result.operators = model.operators.indices.compactMap { index in
      var lowered = model.operators[index]
      guard lowered.outputs.contains(where: { places[$0] != nil }) else { return nil }
      shrink(&lowered, index)
      lowered.inputs = lowered.inputs.compactMap { places[$0] }
      lowered.outputs = lowered.outputs.compactMap { places[$0] }
      return lowered
    }
    return result
  }

  private func isWhole(_ tensor: Int) -> Bool { kept[tensor].count == ranges[tensor].count }

  private func tensor(_ index: Int) -> LoweredTensor {
    var tensor = model.tensors[index]
    if isWhole(index) { return tensor }
    let count = tensor.channelCount
    let stays = Set(kept[index])
    let removed = (0..<count).filter { !stays.contains($0) }
    tensor.removed = RemovedChannels(
      originalCount: count,
      codes: removed.map { ($0, ranges[index][$0].onlyCode.map { Int8($0) }) })
    tensor.constant = tensor.constant.map { $0.channels(kept[index], of: count) }
    tensor.shape[tensor.shape.count - 1] = kept[index].count
    return tensor
  }

  /// Fits an operator's parameters to what is left of its operands.
  private func shrink(_ lowered: inout LoweredOperator, _ index: Int) {
    let (x, y) = (lowered.inputs[0], lowered.outputs[0])
    if isWhole(x), isWhole(y) { return }
    if let layer = layers[index] {
      let fitted = FittedLayer(
        layer, inputs: kept[x], outputs: kept[y], from: ranges[x], to: ranges[y])
      lowered.take(fitted)
      return
    }
    switch lowered.kind {
    case .slice:
      let begin = lowered.value(Slice.Word.beginChannel)
      lowered.set(Slice.Word.beginChannel, kept[x].count { $0 < begin })
    case .pad:
      let before = lowered.value(Pad.Word.beforeChannel)
      lowered.set(
        Pad.Word.beforeChannel,
        before < 0 ? -kept[x].count { $0 < -before } : kept[y].count { $0 < before })
    case .lookup:
      guard lowered.value(Lookup.Word.tableCount) > 1 else { return }
      let tables = lowered.int8s(Lookup.Word.tables)
      lowered.set(Lookup.Word.tableCount, kept[y].count)
      lowered.parameters[Lookup.Word.tables.rawValue] = .bytes(
        kept[y].flatMap { tables[256 * $0..<256 * ($0 + 1)] })
      lowered.origin = lowered.origin?.keeping(kept[y])
    case .convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected,
      .convolution4, .depthwiseConvolution4, .fullyConnected4, .maxPool,
      .averagePool, .softmax, .logSoftmax, .l2Normalization, .add, .subtract, .multiply, .minimum,
      .maximum, .squaredDifference, .mean, .concatenation, .reshape, .transpose, .resizeNearest,
      .resizeBilinear, .matrixMultiply, .convolution16, .fullyConnected16,
      .depthwiseConvolution16, .softmax16, .sigmoid16, .requantize:
      break
    }
  }

  var summary: Shrink {
    var shrink = Shrink()
    for (index, lowered) in model.operators.enumerated() {
      let (x, y) = (lowered.inputs[0], lowered.outputs[0])
      let constants = lowered.inputs.filter { model.tensors[$0].constant != nil }
      guard ([x, y] + constants).contains(where: { !isWhole($0) }) else { continue }
      let stays = Set(kept[y])
      let removed = ranges[y].indices.filter { !stays.contains($0) }
      let constantCount = removed.count { ranges[y][$0].onlyCode != nil }
      var layer = Shrink.Layer(
        name: lowered.name, operator: lowered.kind.name, channelCount: kept[y].count,
        originalChannelCount: ranges[y].count, constantChannelCount: constantCount,
        unreadChannelCount: removed.count - constantCount)
      if let weighted = layers[index] {
        let outputs = kept[y].count
        let depth = weighted.isDense ? kept[x].count : weighted.depth
        let patch = weighted.isAligned ? weighted.tapCount * depth : weighted.depth
        // Of a transposed convolution none are counted: how many there are varies by pixel.
        if !weighted.leavesTapsOut {
          layer.savedMacCount =
            weighted.macCount - (outputs == 0 ? 0 : weighted.positionCount * outputs * patch)
        }
        layer.savedWeightByteCount =
          weighted.weightByteCount - (outputs == 0 ? 0 : outputs * (patch + 4))
      }
      for tensor in constants {
        let elements = model.tensors[tensor].shape.elementCount / ranges[tensor].count
        layer.savedWeightByteCount += elements * (ranges[tensor].count - kept[tensor].count)
      }
      shrink.layers.append(layer)
    }
    return shrink
  }
}

/// A layer's parameters with some of its inputs and outputs.
struct FittedLayer {
  var weights: [Int8] = []
  var bias: [Int32] = []
  var multipliers: [Int32] = []
  var shifts: [Int8] = []
  var groups: Int

  /// What removed inputs add goes into the biases. An output that has one code anyway loses its
  /// weights where that cannot be.
  ///
  /// No sum can overflow that could not before: moving an input of code k with weight w to the bias
  /// adds |w · k| at most to the bound and takes |w| · 128 off.
  init(
    _ layer: WeightedLayer, inputs: [Int], outputs: [Int], from: [CodeRange], to: [CodeRange]
  ) {
    let stays = Set(inputs)
    let removed = layer.isDense ? from.indices.filter { !stays.contains($0) } : []
    let known = layer.isAligned ? from : [from.hull]
    groups = layer.isDense ? 1 : inputs.count / layer.depth
    let used =
      layer.isDense && layer.isAligned ? inputs : Array(0..<layer.depth)
    var rows: [[Int8]] = []
    for output in outputs {
      var isConstant = false
      var sum = Int(layer.bias[output])
      for input in removed {
        if let term = layer.fixedTerm(output, input: input, codes: from[input]) {
          // Without a folded bias such an input adds nothing.
          sum += term
        } else {
          isConstant = true
        }
      }
      if isConstant { sum = layer.sumRange(output, known).lowerBound }
      bias.append(Int32(sum))
      multipliers.append(layer.multipliers[output])
      shifts.append(layer.shifts[output])
      rows.append(
        (0..<layer.tapCount).flatMap { tap in
          used.map { index in
            isConstant
              ? Int8(layer.weightZeroPoint) : layer.weights[layer.place(output, tap, index)]
          }
        })
    }
    weights =
      layer.isInterleaved
      ? (0..<layer.tapCount).flatMap { tap in rows.map { $0[tap] } } : rows.flatMap { $0 }
  }
}

extension LoweredOperator {
  mutating func set(_ word: some ParameterWord, _ value: Int) {
    parameters[word.rawValue] = .value(value)
  }

  /// Takes the parameters of a layer of its kind.
  mutating func take(_ layer: FittedLayer) {
    switch kind.widened {
    case .convolution:
      take(layer, Convolution.Word.self)
      set(Convolution.Word.groups, layer.groups)
    case .depthwiseConvolution: take(layer, DepthwiseConvolution.Word.self)
    case .transposedConvolution:
      take(layer, TransposedConvolution.Word.self)
      set(TransposedConvolution.Word.groups, layer.groups)
    case .fullyConnected: take(layer, FullyConnected.Word.self)
    default: break
    }
  }

  private mutating func take<Word: WeightWord>(_ layer: FittedLayer, _: Word.Type) {
    parameters[Word.weights.rawValue] = .weights(layer.weights)
    parameters[Word.bias.rawValue] = .biases(layer.bias)
    parameters[Word.multipliers.rawValue] = .words(layer.multipliers)
    parameters[Word.shifts.rawValue] = .bytes(layer.shifts)
  }
}

extension [Int8] {
  /// Some channels of elements that have `count`.
  fileprivate func channels(_ kept: [Int], of count: Int) -> [Int8] {
    stride(from: 0, to: self.count, by: count).flatMap { start in
      kept.map { self[start + $0] }
    }
  }
}

extension Origin {
  /// What some of the tables were made of.
  fileprivate func keeping(_ channels: [Int]) -> Origin {
    guard case .prelu(let slopes, let scale, let zeroPoint) = self, slopes.count > 1 else {
      return self
    }
    return .prelu(slopes: channels.map { slopes[$0] }, scale: scale, zeroPoint: zeroPoint)
  }
}
