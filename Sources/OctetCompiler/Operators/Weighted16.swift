import Foundation
import OctetModel
import OctetRuntime

// What operators of int16 activations with int8 weights share: how wide their sums are, and how
// those come to the output's scale.

/// The words of operators with int8 weights of int16 activations.
protocol Weight16Word: WeightWord, ClampWord {
  static var sumsNarrowly: Self { get }
}

extension Convolution16.Word: WindowWord, Weight16Word {}
extension DepthwiseConvolution16.Word: WindowWord, Weight16Word {}
extension FullyConnected16.Word: Weight16Word {}

extension Lowering {
  /// The words of a node's weights, whose output channels run along `axis`.
  func words16<Word: Weight16Word>(
    _ node: Node, axis: Int, _ activation: Activation
  ) throws(CompilerError) -> (words: ParameterWords<Word>, kernel: Extent) {
    guard node.inputs.count >= 2, case .int8(let weights) = graph.tensors[node.inputs[1]].constant,
      let grid = graph.tensors[node.inputs[1]].quantization, grid.zeroPoints.allSatisfy({ $0 == 0 })
    else {
      throw .invalid(
        node: node.name, reason: "its weights are not int8 constants with zero points of 0")
    }
    let shape = graph.tensors[node.inputs[1]].shape
    let (biases, isNarrow) = try biases16(node, channelCount: shape[axis])
    let magnitudes = weights.magnitudes(shape: shape, axis: axis)
    var multipliers: [FixedPointMultiplier] = []
    for channel in 0..<shape[axis] {
      let weightScale = grid.scales[grid.scales.count == 1 ? 0 : channel]
      let real = Double(scale(node.inputs[0])) * Double(weightScale) / Double(scale(node.outputs[0]))
      let by = FixedPointMultiplier(wide: real, isNarrow: isNarrow, in: graph.arithmetic)
      let sum = biases[channel].magnitude.addingReportingOverflow(magnitudes[channel] << 15)
      let limit = isNarrow ? UInt64(BlobLimits.sumMagnitude) : 1 << 46
      guard !sum.overflow, sum.partialValue <= limit else {
        throw .invalid(
          node: node.name,
          reason: "its output channel \(channel) could overflow a sum of \(isNarrow ? 32 : 47) bits"
            + (isNarrow ? "; give it a bias of int64" : ""))
      }
      // Beyond, results would wrap around where int16 could not hold them anyway.
      guard by.shift <= 7, real * Double(sum.partialValue) < 0x1p31 else {
        throw .invalid(node: node.name, reason: "its output scale is far too small for its sums")
      }
      multipliers.append(by)
    }
    let words: ParameterWords<Word> = [
      .sumsNarrowly: .value(isNarrow ? 1 : 0), .weights: .weights(weights),
      .bias: .biases(
        biases.flatMap { [Int32(truncatingIfNeeded: $0), Int32(truncatingIfNeeded: $0 >> 32)] }),
      .multipliers: .words(multipliers.map(\.multiplier)),
      .shifts: .bytes(multipliers.map { Int8($0.shift) }),
    ]
    let kernel = shape.count == 4 ? Extent(height: shape[1], width: shape[2]) : Extent(1)
    return (words + clampWords(activation, node), kernel)
  }

  /// A node's biases, and whether the reference adds up in the 32 bits that they have.
  private func biases16(
    _ node: Node, channelCount: Int
  ) throws(CompilerError) -> (values: [Int64], isNarrow: Bool) {
    let isReference = graph.arithmetic == .tensorFlowLite
    guard node.inputs.count > 2 else {
      return ([Int64](repeating: 0, count: channelCount), isReference)
    }
    let (values, isNarrow): ([Int64], Bool)
    switch graph.tensors[node.inputs[2]].constant {
    case .int32(let narrow): (values, isNarrow) = (narrow.map { Int64($0) }, isReference)
    case .int64(let wide): (values, isNarrow) = (wide, false)
    case .float, .int8, nil:
      throw .invalid(node: node.name, reason: "its bias is no constant of int32 or int64")
    }
    guard values.count == channelCount else {
      throw .invalid(
        node: node.name, reason: "\(values.count) biases for \(channelCount) output channels")
    }
    return (values, isNarrow)
  }
}

extension FixedPointMultiplier {
  /// What sums of int16 are multiplied with: TensorFlow Lite's has 15 bits where sums have 64; ONNX's
  /// all 31, which rounds once there.
  init(wide real: Double, isNarrow: Bool, in arithmetic: Arithmetic) {
    self.init(real)
    guard !isNarrow, arithmetic == .tensorFlowLite else { return }
    let reduced = multiplier < 0x7FFF_0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF
    multiplier = reduced << 16
  }
}

extension [Int8] {
  /// The sum of the magnitudes of each channel along `axis`.
  fileprivate func magnitudes(shape: [Int], axis: Int) -> [UInt64] {
    let inner = shape[(axis + 1)...].reduce(1, *)
    var sums = [UInt64](repeating: 0, count: shape[axis])
    for (position, weight) in enumerated() {
      sums[position / inner % shape[axis]] += UInt64(weight.magnitude)
    }
    return sums
  }
}

extension BlobReader {
  /// An operator's weights with their scales, and its bias, as two constants of the graph.
  mutating func weights16<Word: Weight16Word>(
    _ view: OperatorView, _: Word.Type, shape: [Int], axis: Int
  ) throws(CompilerError) -> [TensorIndex] {
    let count = shape[axis]
    let codes = int8s(view, Word.weights, count: shape.elementCount)
    let shifts = int8s(view, Word.shifts, count: count)
    let multipliers = zip(int32s(view, Word.multipliers, count: count), shifts).map {
      FixedPointMultiplier(multiplier: $0, shift: Int32($1))
    }
    let halves = int32s(view, Word.bias, count: 2 * count)
    let biases = (0..<count).map {
      Int64(UInt32(bitPattern: halves[2 * $0])) | Int64(halves[2 * $0 + 1]) << 32
    }
    let inputScale = Double(input(view).quantization?.scales[0] ?? 1)
    let outputScale = Double(output(view).quantization?.scales[0] ?? 1)
    var scales = multipliers.map { by in
      let real = by.multiplier == 0 && purpose == .bytes ? 0x1p-40 : by.real
      return Float(min(real * outputScale / inputScale, Double(Float.greatestFiniteMagnitude)))
    }
    if purpose == .bytes, view.kind == .fullyConnected16,
      multipliers.allSatisfy({ $0 == multipliers[0] })
    {
      scales = [scales[0]]
    }
    let weights = Tensor(
      name: "\(name(view))/weights", shape: shape, elementType: .int8, constant: .int8(codes),
      quantization: Quantization(
        scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count),
        axis: scales.count == 1 ? nil : axis))
    var bias = Tensor(name: "\(name(view))/bias", shape: [count])
    switch purpose {
    case .values:
      bias.constant = .float(
        zip(biases, multipliers).map { Float(Double($0) * $1.real * outputScale) })
    case .bytes:
      let isNarrow = word(view, Word.sumsNarrowly) == 1
      bias.elementType = isNarrow ? .int32 : .int64
      bias.constant =
        isNarrow ? .int32(biases.map { Int32(truncatingIfNeeded: $0) }) : .int64(biases)
      bias.quantization = Quantization(
        scales: scales.map { $0 * Float(inputScale) },
        zeroPoints: [Int32](repeating: 0, count: scales.count), axis: scales.count == 1 ? nil : 0)
    }
    return [add(weights), add(bias)]
  }
}
