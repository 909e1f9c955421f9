import OctetModel
import OctetRuntime

// A shrunk blob with the channels that its model had, so that it can be compared with one that has
// them: every channel that is left has its codes, every other its only one.

extension Blob {
  /// What tensors lost, by index, as the lines behind the sections of a valid blob have it.
  var removedChannels: [Int: RemovedChannels] {
    Dictionary(
      notes.compactMap { RemovedChannels.read($0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The channels that tensors lost when the model was shrunk, by index of the tensor: each by its
  /// place among all that there were, with its only code, nil where it varied.
  package var lostChannels: [Int: [Int: Int8?]] { removedChannels.mapValues(\.codes) }

  /// The blob, with the channels that it lost when it was shrunk: each holds the code that it
  /// always had, or stands for 0 where nothing read it. Operators are the same, in the same order.
  ///
  /// - Throws: `rejected` when the blob is not valid, or what it says of its channels is not so.
  public func withAllChannels() throws(CompilerError) -> Blob {
    let lost = removedChannels
    if lost.isEmpty { return self }
    let loaded: LoadedModel
    do {
      loaded = try model()
    } catch {
      throw .rejected(error)
    }
    var lowered = LoweredModel(loaded)
    for (tensor, removed) in lost where lowered.tensors.indices.contains(tensor) {
      lowered.tensors[tensor].removed = removed
    }
    guard let whole = lowered.withAllChannels() else {
      throw .unsupported(["what the blob says of the channels that it lost is not so"])
    }
    return try Compiler.assemble(whole).blob
  }
}

extension LoweredModel {
  /// Nil where channels and lines contradict each other.
  fileprivate func withAllChannels() -> LoweredModel? {
    var whole = self
    var total = 0
    for (index, tensor) in tensors.enumerated() {
      guard let removed = tensor.removed else { continue }
      guard removed.originalCount - removed.count == tensor.channelCount, !tensor.shape.isEmpty
      else { return nil }
      whole.tensors[index].removed = nil
      whole.tensors[index].shape[tensor.shape.count - 1] = removed.originalCount
      guard whole.tensors[index].shape.elementCount <= BlobLimits.elementCount else { return nil }
      whole.tensors[index].constant = tensor.constant.map {
        removed.expanded($0, filler: tensor.zeroPoint)
      }
    }
    for (index, lowered) in operators.enumerated() {
      let operands = lowered.inputs + lowered.outputs
      guard operands.contains(where: { tensors[$0].removed != nil }) else { continue }
      guard whole.expand(index, of: self, total: &total) else { return nil }
    }
    return whole
  }

  private mutating func expand(_ index: Int, of small: LoweredModel, total: inout Int) -> Bool {
    let lowered = small.operators[index]
    let (x, y) = (small.tensors[lowered.inputs[0]], small.tensors[lowered.outputs[0]])
    let (inputs, outputs) = (x.keptChannels, y.keptChannels)
    if let layer = WeightedLayer(lowered, in: small) {
      let perTap = layer.isDense && layer.isAligned ? x.originalCount : layer.depth
      let (count, overflow) = (y.originalCount * layer.tapCount)
        .multipliedReportingOverflow(by: perTap)
      guard !overflow, count <= BlobLimits.weightCount - total else { return false }
      total += count
      guard let fitted = FittedLayer(expanding: layer, from: x, to: y) else { return false }
      operators[index].take(fitted)
      return true
    }
    switch lowered.kind {
    case .slice:
      let begin = lowered.value(Slice.Word.beginChannel)
      guard inputs.indices.contains(begin), inputs[begin] >= outputs[0] else { return false }
      operators[index].set(Slice.Word.beginChannel, inputs[begin] - outputs[0])
    case .pad:
      let before = lowered.value(Pad.Word.beforeChannel)
      let first = max(0, before)
      guard outputs.indices.contains(first), inputs.indices.contains(first - before) else {
        return true
      }
      operators[index].set(Pad.Word.beforeChannel, outputs[first] - inputs[first - before])
    case .lookup: expandTables(index, lowered, x, y)
    case .concatenation: return expandConcatenation(index, of: small)
    case .convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected,
      .convolution4, .depthwiseConvolution4, .fullyConnected4, .maxPool,
      .averagePool, .softmax, .logSoftmax, .l2Normalization, .add, .subtract, .multiply, .minimum,
      .maximum, .squaredDifference, .mean, .reshape, .transpose, .resizeNearest, .resizeBilinear,
      .matrixMultiply, .convolution16, .fullyConnected16, .depthwiseConvolution16, .softmax16,
      .sigmoid16, .requantize:
      break
    }
    return true
  }

  /// A table for each channel, unless one gives every channel what it had.
  private mutating func expandTables(
    _ index: Int, _ lowered: LoweredOperator, _ x: LoweredTensor, _ y: LoweredTensor
  ) {
    guard let removed = y.removed else { return }
    let tables = lowered.int8s(Lookup.Word.tables)
    let count = lowered.value(Lookup.Word.tableCount)
    let (from, to) = (x.removed?.codes ?? [:], removed.codes)
    let isOne = to.allSatisfy { channel, code in
      guard let code, let source = from[channel] ?? nil else { return true }
      return tables[Int(source) + 128] == code
    }
    if count == 1, isOne { return }
    var all = [Int8](repeating: y.zeroPoint, count: 256 * removed.originalCount)
    for (position, channel) in removed.kept.enumerated() {
      let start = count == 1 ? 0 : 256 * position
      all.replaceSubrange(256 * channel..<256 * (channel + 1), with: tables[start..<start + 256])
    }
    for case (let channel, let code?) in to {
      all.replaceSubrange(
        256 * channel..<256 * (channel + 1), with: [Int8](repeating: code, count: 256))
    }
    operators[index].set(Lookup.Word.tableCount, removed.originalCount)
    operators[index].parameters[Lookup.Word.tables.rawValue] = .bytes(all)
  }

  /// Puts constants where operands are gone altogether.
  private mutating func expandConcatenation(_ index: Int, of small: LoweredModel) -> Bool {
    let lowered = small.operators[index]
    let result = small.tensors[lowered.outputs[0]]
    guard lowered.value(Concatenation.Word.axis) == 3, let removed = result.removed else {
      return true
    }
    let (outputs, codes) = (removed.kept, removed.codes)
    var operands: [Int] = []
    var (end, position) = (0, 0)
    func gap(to start: Int, _ model: inout LoweredModel) {
      guard start > end else { return }
      var tensor = result
      tensor.name += "/gone"
      tensor.removed = nil
      tensor.shape[tensor.shape.count - 1] = start - end
      let row = (end..<start).map { (codes[$0] ?? nil) ?? result.zeroPoint }
      tensor.constant = (0..<tensor.shape.elementCount / row.count).flatMap { _ in row }
      model.tensors.append(tensor)
      operands.append(model.tensors.count - 1)
    }
    for input in lowered.inputs {
      let tensor = small.tensors[input]
      guard outputs.indices.contains(position) else { return false }
      let start = outputs[position] - tensor.keptChannels[0]
      guard start >= end else { return false }
      gap(to: start, &self)
      operands.append(input)
      position += tensor.channelCount
      end = start + tensor.originalCount
    }
    gap(to: removed.originalCount, &self)
    operators[index].inputs = operands
    return end <= removed.originalCount
  }
}

extension LoweredTensor {
  /// Channels before the model was shrunk, and those that are left of them.
  fileprivate var originalCount: Int { removed?.originalCount ?? channelCount }
  fileprivate var keptChannels: [Int] { removed?.kept ?? Array(0..<channelCount) }
}

extension RemovedChannels {
  /// A constant with the channels that it had.
  fileprivate func expanded(_ values: [Int8], filler: Int8) -> [Int8] {
    let (kept, codes) = (kept, codes)
    return stride(from: 0, to: values.count, by: kept.count).flatMap { start in
      var row = (0..<originalCount).map { (codes[$0] ?? nil) ?? filler }
      for (position, channel) in kept.enumerated() { row[channel] = values[start + position] }
      return row
    }
  }
}

extension FittedLayer {
  /// Zeros for weights that are gone; an output that is gone has no weights but a bias that gives
  /// its code.
  fileprivate init?(expanding layer: WeightedLayer, from x: LoweredTensor, to y: LoweredTensor) {
    let (inputs, outputs) = (x.keptChannels, y.keptChannels)
    let canTakeInputs = layer.isDense && layer.isAligned
    guard canTakeInputs || !layer.isDense || x.removed == nil else { return nil }
    let depth = canTakeInputs ? x.originalCount : layer.depth
    groups = layer.isDense ? 1 : x.originalCount / layer.depth
    let count = y.originalCount
    weights = [Int8](
      repeating: Int8(layer.weightZeroPoint), count: count * layer.tapCount * depth)
    // A multiplier of 1.
    multipliers = [Int32](repeating: 1 << 30, count: count)
    shifts = [Int8](repeating: 1, count: count)
    bias = [Int32](repeating: 0, count: count)
    for case (let channel, let code?) in y.removed?.codes ?? [:] {
      bias[channel] = Int32(code) - Int32(y.zeroPoint)
    }
    for (position, output) in outputs.enumerated() {
      bias[output] = layer.bias[position]
      multipliers[output] = layer.multipliers[position]
      shifts[output] = layer.shifts[position]
      for tap in 0..<layer.tapCount {
        for index in 0..<layer.depth {
          let own = layer.weights[layer.place(position, tap, index)]
          if layer.isInterleaved {
            weights[tap * count + output] = own
          } else {
            let input = canTakeInputs ? inputs[index] : index
            weights[(output * layer.tapCount + tap) * depth + input] = own
          }
        }
      }
    }
  }
}
