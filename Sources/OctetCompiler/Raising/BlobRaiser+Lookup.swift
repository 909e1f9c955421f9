import OctetModel
import OctetRuntime

extension BlobRaiser {
  /// The operation whose table this is.
  mutating func raiseLookup(_ view: OperatorView) throws(CompilerError) {
    guard word(view, Lookup.Word.tableCount) == 1, let x = input(view).quantization,
      let y = output(view).quantization
    else { throw .invalid(node: name(view), reason: "its table varies by channel") }
    let table = int8s(view, Lookup.Word.tables, count: 256)
    var maker = LookupTable(
      input: .init(scale: x.scales[0], zeroPoint: Int(x.zeroPoints[0])),
      output: .init(scale: y.scales[0], zeroPoint: Int(y.zeroPoints[0])))
    var candidates: [Operation] = [.quantize, .scalar(.relu), .scalar(.relu6), .scalar(.hardSwish)]
    if y == Quantization(scale: 1 / 256, zeroPoint: -128) {
      candidates.insert(.scalar(.logistic), at: 0)
    }
    if y == Quantization(scale: 1 / 128, zeroPoint: 0) { candidates.insert(.scalar(.tanh), at: 0) }
    candidates.append(clip(table, y))
    candidates += slopes(table, maker).map { .scalar(.leakyRelu(alpha: $0)) }
    for roundsOnce in [false, true] {
      maker.roundsOnce = roundsOnce
      guard let operation = candidates.first(where: { maker.values(of: $0) == table }) else {
        continue
      }
      if roundsOnce { graph.metadata.roundsOnce = true }
      return append(view, operation)
    }
    throw .invalid(node: name(view), reason: "its table is that of no operation of TFLite")
  }

  /// Clipping to the table's own ends.
  private func clip(_ table: [Int8], _ y: Quantization) -> Operation {
    func real(_ code: Int8) -> Float { Float(Int32(code) - y.zeroPoints[0]) * y.scales[0] }
    return .scalar(
      .clip(lower: real(table.min() ?? 0), upper: real(table.max() ?? 0)))
  }

  /// Slopes below zero that give nearly this table, those with the fewest decimals first: every
  /// value that is not clamped bounds the slope from both sides, by three quarters of a code since
  /// it was rounded twice.
  private func slopes(_ table: [Int8], _ maker: LookupTable) -> [Float] {
    var (lower, upper) = (-Double.infinity, Double.infinity)
    for x in -128..<max(-128, maker.input.zeroPoint) where abs(Int(table[x + 128])) < 127 {
      let steps = Double(Int(table[x + 128]) - maker.output.zeroPoint)
      let step = Double(maker.output.scale) / Double(maker.input.scale)
      let real = Double(x - maker.input.zeroPoint)
      let ends = [(steps - 0.75) * step / real, (steps + 0.75) * step / real].sorted()
      (lower, upper) = (max(lower, ends[0]), min(upper, ends[1]))
    }
    guard lower.isFinite, upper.isFinite else { return [0.01, 0.1, 0.2, 0.3] }
    guard lower <= upper else { return [] }
    var candidates: [Double] = []
    for unit in [10.0, 100, 1000, 10_000] {
      let first = (lower * unit).rounded(.up)
      let count = max(0, min(256, (upper * unit).rounded(.down) - first + 1))
      candidates += (0..<Int(count)).map { (first + Double($0)) / unit }
    }
    candidates += (0...256).map { lower + (upper - lower) * Double($0) / 256 }
    return candidates.map { Float($0) }
  }

  mutating func raiseSoftmax(_ view: OperatorView) throws(CompilerError) {
    typealias Word = Softmax.Word
    let (x, scale) = (input(view), Double(input(view).quantization?.scales.first ?? 1))
    let multiplier = word(view, Word.multiplier)
    let real =
      Double(multiplier)
      * Double(sign: .plus, exponent: word(view, Word.shift) - 31, significand: 1)
    let nearest = Float(real / (scale * 0x1p26))
    let beta = [1, nearest, nearest.nextUp, nearest.nextDown].first { beta in
      let made = FixedPointMultiplier(min(Double(beta) * scale * 0x1p26, 0x1p31 - 1))
      return Int(made.multiplier) == multiplier && Int(made.shift) == word(view, Word.shift)
    }
    guard let beta = beta ?? (purpose == .values ? nearest : nil) else {
      throw .invalid(node: name(view), reason: "no beta gives its multiplier")
    }
    noteOwnScale(view)
    append(view, .softmax(axis: x.shape.count - 1, beta: beta))
  }

  /// A softmax, or its logarithm, on another grid than TensorFlow Lite's.
  mutating func noteOwnScale(_ view: OperatorView) {
    if word(view, SoftmaxRows.Word.outputMultiplier) != 0 { graph.metadata.roundsOnce = true }
  }
}
