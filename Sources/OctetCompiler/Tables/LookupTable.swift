import Foundation
import OctetModel
import OctetRuntime

/// The 256 results of a function of one int8 element, for the runtime's `lookup`.
///
/// Where TensorFlow Lite for Microcontrollers has an integer kernel, the table holds what that
/// kernel computes; otherwise, and always in ONNX's arithmetic, the real function, rounded.
package struct LookupTable: Sendable {
  /// The scale and zero point of a tensor.
  package struct Code: Sendable, Equatable {
    package var scale: Float
    package var zeroPoint: Int

    package init(scale: Float, zeroPoint: Int) {
      self.scale = scale
      self.zeroPoint = zeroPoint
    }
  }

  package var input: Code
  package var output: Code
  /// How results are rounded: ONNX's way, in float32, once, half to even; or that of TensorFlow
  /// Lite's kernels, which round what they rescale twice, so that 0.48 may become 1.
  package var arithmetic: Arithmetic

  package init(input: Code, output: Code, in arithmetic: Arithmetic = .tensorFlowLite) {
    self.input = input
    self.output = output
    self.arithmetic = arithmetic
  }

  /// The table of `operation`, the result for x at x + 128; nil when the operation is not a
  /// function of one element alone.
  package func values(of operation: OctetModel.Operation) -> [Int8]? {
    if case .scalar(let function) = operation {
      return (arithmetic == .onnx ? nil : tensorFlowLite(function)) ?? values(function.value)
    }
    guard operation == .identity || operation == .quantize else { return nil }
    return arithmetic == .onnx
      ? values({ (x: Double) in x }) : clipped(lower: -.infinity, upper: .infinity)
  }

  /// The tables of a parametric ReLU, one for each slope.
  package func preluValues(slopes: [Float]) -> [Int8] {
    slopes.flatMap { slope in values { $0 < 0 ? Double(slope) * $0 : $0 } }
  }

  /// The tables of a parametric ReLU, one for each slope: as TensorFlow Lite's kernel, `slopes` are
  /// codes of `slope`.
  package func preluValues(slopes: [Int8], of slope: Code) -> [Int8] {
    if arithmetic == .onnx {
      return preluValues(slopes: slopes.map { Float(Int($0) - slope.zeroPoint) * slope.scale })
    }
    let positive = FixedPointMultiplier(Double(input.scale) / Double(output.scale))
    let negative = FixedPointMultiplier(
      Double(input.scale) * Double(slope.scale) / Double(output.scale))
    return slopes.flatMap { code in
      values { x in
        x >= 0 ? rescale(x, positive) : rescale(x * (Int(code) - slope.zeroPoint), negative)
      }
    }
  }

  /// The table of a real function.
  package func values(_ function: (Double) -> Double) -> [Int8] {
    (-128...127).map { x in
      let real =
        arithmetic == .onnx
        ? Double(input.scale * Float(x - input.zeroPoint))
        : Double(input.scale) * Double(x - input.zeroPoint)
      return code(function(real))
    }
  }

  /// The result's code for a real number, 0 where a function is not defined, an end where it is
  /// infinite. Halves are rounded away from zero, or to even in ONNX's arithmetic.
  package func code(_ real: Double) -> Int8 {
    let steps =
      arithmetic == .onnx ? Double(Float(real) / output.scale) : real / Double(output.scale)
    let ties = arithmetic == .onnx ? TieRule.toEven : .awayFromZero
    return Int8(ties.code(steps: steps, zeroPoint: Int32(output.zeroPoint)))
  }

  // MARK: TensorFlow Lite's kernels

  /// nil where it has none of its own: the function's results are rounded.
  private func tensorFlowLite(_ function: ScalarFunction) -> [Int8]? {
    if let (lower, upper) = function.bounds { return clipped(lower: lower, upper: upper) }
    return switch function {
    case _ where function.kind == .leakyRelu: leakyRelu(alpha: function.parameters[0])
    case .hardSwish: hardSwish()
    case .logistic where output == Code(scale: 1 / 256, zeroPoint: -128): logistic()
    case .tanh where output == Code(scale: 1 / 128, zeroPoint: 0): tanh()
    case .absolute: absolute()
    case .power(exponent: -0.5): inverseSquareRoot()
    case .elu(alpha: 1): inFloat { $0 < 0 ? expf($0) - 1 : $0 }
    case .exponential: inFloat { expf($0) }
    case .logarithm: inFloat { logf($0) }
    case .gelu, .geluByTanh: inFloat { Float(function.value(Double($0))) }
    default: nil
    }
  }

  private func values(_ code: (_ x: Int) -> Int) -> [Int8] {
    (-128...127).map { Int8(min(max(code($0 - input.zeroPoint), -128), 127)) }
  }

  private func rescale(_ x: Int, _ by: FixedPointMultiplier) -> Int {
    Int(requantize(Int32(x), by)) + output.zeroPoint
  }

  private func clipped(lower: Float, upper: Float) -> [Int8] {
    let by = FixedPointMultiplier(Double(input.scale) / Double(output.scale))
    let bounds = [lower, upper].map { Int(code(steps: $0 / output.scale)) }
    return values { max(bounds[0], min(bounds[1], rescale($0, by))) }
  }

  private func absolute() -> [Int8] {
    let by = FixedPointMultiplier(Double(input.scale) / Double(output.scale))
    return values { rescale(abs($0), by) }
  }

  /// The table of x^−½, with 20 more bits in between; TensorFlow Lite refuses negative values and
  /// takes 0 to the greatest code.
  private func inverseSquareRoot() -> [Int8] {
    let by = FixedPointMultiplier(1 / (Double(input.scale).squareRoot() * Double(output.scale)))
    let bits: Int32 = 20
    return values { x in
      if x <= 0 { return x == 0 ? 127 : output.zeroPoint }
      var root = GemmlowpFixedPoint.inverseSquareRoot(Int32(x))
      root.shift += bits
      let fine = requantize(1, root)
      guard by.shift - bits >= -31 else { return output.zeroPoint }
      let value = requantize(
        fine, FixedPointMultiplier(multiplier: by.multiplier, shift: by.shift - bits))
      return Int(value) + output.zeroPoint
    }
  }

  /// What has a table in TensorFlow Lite too: made in float32, by the inverse of the scale.
  private func inFloat(_ function: (Float) -> Float) -> [Int8] {
    let inverse = 1 / output.scale
    return (-128...127).map { x in
      let real = function(input.scale * Float(x - input.zeroPoint))
      return code(steps: real * inverse)
    }
  }

  private func code(steps: Float) -> Int8 {
    Int8(TieRule.awayFromZero.code(steps: Double(steps), zeroPoint: Int32(output.zeroPoint)))
  }

  /// A negative slope has the negated multiplier of its magnitude.
  private func leakyRelu(alpha: Float) -> [Int8] {
    let identity = FixedPointMultiplier(Double(input.scale) / Double(output.scale))
    let ratio = Double(input.scale) * Double(alpha) / Double(output.scale)
    let slope = FixedPointMultiplier(abs(ratio))
    let multiplier = ratio < 0 ? -slope.multiplier : slope.multiplier
    return values { x in
      if x >= 0 { return rescale(x, identity) }
      let value = highMultiply(Int32(x) &<< max(slope.shift, 0), multiplier)
      return Int(roundingShiftRight(value, max(-slope.shift, 0))) + output.zeroPoint
    }
  }

  /// Both take x to Q4.27; beyond the radius the result is an end of the range.
  private func logistic() -> [Int8] {
    let (by, radius) = fixedPointInput
    return values { x in
      if x <= -radius { return -128 }
      if x >= radius { return 127 }
      let value = GemmlowpFixedPoint.logistic(requantize(Int32(x), by))
      return Int(roundingShiftRight(value, 23)) - 128
    }
  }

  private func tanh() -> [Int8] {
    let (by, radius) = fixedPointInput
    return values { x in
      if x <= -radius { return -128 }
      if x >= radius { return 127 }
      return Int(roundingShiftRight(GemmlowpFixedPoint.tanh(requantize(Int32(x), by)), 24))
    }
  }

  private var fixedPointInput: (by: FixedPointMultiplier, radius: Int) {
    let real = Double(input.scale) * 0x1p27
    let radius = (15 * 0x1p27 / scalbn(1, Int(real.exponent) + 1)).rounded(.down)
    return (FixedPointMultiplier(real), Int(min(radius, 256)))
  }
}
