import OctetModel
import OctetRuntime

extension BlobRaiser {
  /// The operation whose table this is.
  mutating func raiseLookup(_ view: OperatorView) throws(CompilerError) {
    guard word(view, Lookup.Word.tableCount) == 1, let x = input(view).quantization,
      let y = output(view).quantization
    else { throw .invalid(node: name(view), reason: "its table varies by channel") }
    let table = int8s(view, Lookup.Word.tables, count: 256)
    let maker = LookupTable(
      input: .init(scale: x.scales[0], zeroPoint: Int(x.zeroPoints[0])),
      output: .init(scale: y.scales[0], zeroPoint: Int(y.zeroPoints[0])))
    var candidates: [Operation] = [.quantize, .relu, .relu6, .hardSwish]
    if y == Quantization(scale: 1 / 256, zeroPoint: -128) { candidates.insert(.logistic, at: 0) }
    if y == Quantization(scale: 1 / 128, zeroPoint: 0) { candidates.insert(.tanh, at: 0) }
    candidates.append(clip(table, y))
    candidates += slopes(table, maker).map { .leakyRelu(alpha: $0) }
    guard let operation = candidates.first(where: { maker.values(of: $0) == table }) else {
      throw .invalid(node: name(view), reason: "its table is that of no operation of TFLite")
    }
    append(view, operation)
  }

  /// Clipping to the table's own ends.
  private func clip(_ table: [Int8], _ y: Quantization) -> Operation {
    func real(_ code: Int8) -> Float { Float(Int32(code) - y.zeroPoints[0]) * y.scales[0] }
    return .clip(lower: real(table.min() ?? 0), upper: real(table.max() ?? 0))
  }

  /// Slopes below zero that the table may have: the usual ones, then what its last value that is
  /// not clamped says, in finer and finer steps.
  private func slopes(_ table: [Int8], _ maker: LookupTable) -> [Float] {
    let usual: [Float] = [0.01, 0.1, 0.2, 0.3, 0.05, 0.25, 0.125, 0.02, 0.5]
    // The most negative input has the most precise quotient.
    for x in -128..<maker.input.zeroPoint {
      let code = Int(table[x + 128])
      guard code > -128, code < 127 else { continue }
      let real = Double(code - maker.output.zeroPoint) * Double(maker.output.scale)
      let slope = real / (Double(x - maker.input.zeroPoint) * Double(maker.input.scale))
      let step = abs(
        Double(maker.output.scale) / (Double(x - maker.input.zeroPoint) * Double(maker.input.scale))
      )
      return usual
        + (-64...64).map { Float(slope + step * Double($0) / 128) }.filter { $0.isFinite }
    }
    return usual
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
    guard let beta else { throw .invalid(node: name(view), reason: "no beta gives its multiplier") }
    append(view, .softmax(axis: x.shape.count - 1, beta: beta))
  }
}
