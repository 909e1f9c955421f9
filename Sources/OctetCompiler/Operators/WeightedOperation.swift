import OctetModel
import OctetRuntime

/// The weights of a convolution or fully connected node in the form that kernels take: folded bias,
/// a multiplier and a shift for each output channel.
struct WeightedOperation {
  var weights: [Int8]
  /// Whether the weights have four bits.
  var isNarrow: Bool
  var weightZeroPoint: Int
  /// Height and width of a convolution's kernel; 1 × 1 for a fully connected node.
  var kernel: Extent
  var bias: [Int32]
  /// `bias − z_in · Σ(w − z_w)`
  var foldedBias: [Int32]
  var multipliers: [Int32]
  var shifts: [Int8]

  func words<Word: WeightWord>(bias: [Int32]) -> ParameterWords<Word> {
    [
      .weights: .weights(weights), .bias: .biases(bias), .multipliers: .words(multipliers),
      .shifts: .bytes(shifts),
    ]
  }
}

/// The words of operators with weights.
package protocol WeightWord: ParameterWord {
  static var weights: Self { get }
  static var bias: Self { get }
  static var multipliers: Self { get }
  static var shifts: Self { get }
}

extension Lowering {
  /// Reads the constants of a node whose weights have their output channels along `axis`.
  func weightedOperation(
    _ node: Node, axis: Int
  ) throws(CompilerError) -> WeightedOperation {
    guard node.inputs.count >= 2, case .int8(let weights) = graph.tensors[node.inputs[1]].constant,
      let quantization = graph.tensors[node.inputs[1]].quantization
    else { throw .invalid(node: node.name, reason: "its weights are not int8 constants") }
    let shape = graph.tensors[node.inputs[1]].shape
    let channelCount = shape[axis]
    if graph.tensors[node.inputs[1]].elementType == .int4,
      let beyond = weights.first(where: { !(-8...7).contains($0) })
    {
      throw .invalid(
        node: node.name, reason: "one of its int4 weights is \(beyond); they go from -8 to 7")
    }
    guard quantization.scales.count == 1 || quantization.scales.count == channelCount,
      Set(quantization.zeroPoints).count == 1
    else {
      throw .invalid(
        node: node.name,
        reason: "its weights have \(quantization.scales.count) scales for "
          + "\(channelCount) output channels")
    }
    let weightZeroPoint = Int(quantization.zeroPoints[0])
    let sums = weights.sums(shape: shape, axis: axis, zeroPoint: weightZeroPoint)
    var bias = [Int32](repeating: 0, count: channelCount)
    if node.inputs.count > 2 {
      guard case .int32(let values) = graph.tensors[node.inputs[2]].constant,
        values.count == channelCount
      else { throw .invalid(node: node.name, reason: "its bias is not an int32 constant") }
      bias = values
    }
    let inputZeroPoint = Int64(zeroPoint(node.inputs[0]))
    let kernel = shape.count == 4 ? Extent(height: shape[1], width: shape[2]) : Extent(1)
    var result = WeightedOperation(
      weights: weights, isNarrow: graph.tensors[node.inputs[1]].elementType == .int4,
      weightZeroPoint: weightZeroPoint, kernel: kernel, bias: bias,
      foldedBias: [], multipliers: [], shifts: [])
    for channel in 0..<channelCount {
      // `proveAccumulators` bounds the folded bias.
      result.foldedBias.append(
        Int32(truncatingIfNeeded: Int64(bias[channel]) - inputZeroPoint * sums[channel]))
      let weightScale = quantization.scales[quantization.scales.count == 1 ? 0 : channel]
      let multiplier = FixedPointMultiplier(
        Double(scale(node.inputs[0])) * Double(weightScale) / Double(scale(node.outputs[0])),
        in: graph.arithmetic)
      result.multipliers.append(multiplier.multiplier)
      result.shifts.append(Int8(multiplier.shift))
    }
    return result
  }
}

extension BlobReader {
  /// An operator's weights with their scales, and its bias, as two constants of the graph.
  ///
  /// The scale of a channel is the float32 nearest to what its multiplier says. That gives the
  /// multiplier again if any float32 does: those that do lie around it, and none is nearer.
  mutating func weights<Word: WeightWord>(
    _ view: OperatorView, _: Word.Type, shape: [Int], axis: Int, foldsBias: Bool = true,
    zeroPoint: Int = 0
  ) throws(CompilerError) -> [TensorIndex] {
    let channelCount = shape[axis]
    let codes = weightCodes(view, Word.weights, count: shape.elementCount)
    let shifts = int8s(view, Word.shifts, count: channelCount)
    let multipliers = zip(int32s(view, Word.multipliers, count: channelCount), shifts).map {
      FixedPointMultiplier(multiplier: $0, shift: Int32($1))
    }
    var biases = int32s(view, Word.bias, count: channelCount).map { Int64($0) }
    let (x, y) = (input(view).quantization, output(view).quantization)
    let (inputScale, outputScale) = (Double(x?.scales[0] ?? 1), Double(y?.scales[0] ?? 1))
    if foldsBias {
      let sums = codes.sums(shape: shape, axis: axis, zeroPoint: zeroPoint)
      let inputZeroPoint = Int64(x?.zeroPoints[0] ?? 0)
      for channel in 0..<channelCount { biases[channel] += inputZeroPoint * sums[channel] }
    }
    var scales = multipliers.map { multiplier in
      // Anything below 2⁻³² became 0; to real numbers such a channel is constant.
      let real = multiplier.multiplier == 0 && purpose == .bytes ? 0x1p-40 : multiplier.real
      return Float(min(real * outputScale / inputScale, Double(Float.greatestFiniteMagnitude)))
    }
    if purpose == .bytes {
      // Other formats have weights with a zero point only with one scale.
      if view.kind?.widened == .fullyConnected, multipliers.allSatisfy({ $0 == multipliers[0] }) {
        scales = [scales[0]]
      }
      guard zeroPoint == 0 || scales.count == 1, scales.allSatisfy(\.isNormal),
        biases.allSatisfy({ Int32(exactly: $0) != nil })
      else {
        throw .invalid(
          node: name(view), reason: "its weights and biases are not those of any graph")
      }
    }
    let weights = Tensor(
      name: "\(name(view))/weights", shape: shape,
      elementType: view.record.hasNarrowWeights ? .int4 : .int8, constant: .int8(codes),
      quantization: Quantization(
        scales: scales, zeroPoints: [Int32](repeating: Int32(zeroPoint), count: scales.count),
        axis: scales.count == 1 ? nil : axis))
    var bias = Tensor(name: "\(name(view))/bias", shape: [channelCount])
    switch purpose {
    case .values:
      bias.constant = .float(
        zip(biases, multipliers).map { Float(Double($0) * $1.real * outputScale) })
    case .bytes:
      bias.elementType = .int32
      bias.constant = .int32(biases.map { Int32(truncatingIfNeeded: $0) })
      bias.quantization = Quantization(
        scales: scales.map { $0 * Float(inputScale) },
        zeroPoints: [Int32](repeating: 0, count: scales.count), axis: scales.count == 1 ? nil : 0)
    }
    let result = [add(weights), add(bias)]
    if purpose == .values { biasCodes[result[1]] = biases }
    return result
  }
}

extension OperatorKind {
  /// The kind for weights of the operation's width.
  func suited(to weighted: WeightedOperation) -> OperatorKind {
    weighted.isNarrow ? narrowed : self
  }
}

extension OperatorView {
  /// The weights of an operator, whose blob offset is `offset`, of the blob's `bytes`.
  package func weightCodes(_ bytes: [UInt8], at offset: Int, count: Int) -> [Int8] {
    let data = bytes[offset..<offset + record.weightByteCount(count)]
    guard record.hasNarrowWeights else { return data.map { Int8(bitPattern: $0) } }
    return [Int8](halvesOf: data, count: count)
  }
}

extension BlobReader {
  func weightCodes(_ view: OperatorView, _ word: some ParameterWord, count: Int) -> [Int8] {
    view.weightCodes(bytes, at: self.word(view, word), count: count)
  }
}

extension [Int8] {
  /// The sum of the weights of each channel along `axis`, counted from their zero point.
  fileprivate func sums(shape: [Int], axis: Int, zeroPoint: Int) -> [Int64] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    var sums = [Int64](repeating: 0, count: shape[axis])
    for (position, weight) in enumerated() {
      sums[position / inner % shape[axis]] += Int64(weight) - Int64(zeroPoint)
    }
    return sums
  }
}

extension FixedPointMultiplier {
  /// The factor.
  var real: Double {
    Double(multiplier) * Double(sign: .plus, exponent: Int(shift) - 31, significand: 1)
  }
}
