import OctetModel
import OctetRuntime

extension OperatorView {
  /// Its place in execution order.
  package var index: Int { (offset - model.operator(0).offset) / OperatorRecord.byteCount }
}

extension TensorView {
  /// The dimensions up to the rank.
  package var shape: [Int] { (4 - rank..<4).map { dimension($0) } }

  /// Its place among the model's tensors.
  package var index: Int { (offset - model.tensor(0).offset) / TensorRecord.byteCount }

  /// The real number that a code stands for.
  @inlinable package func real(_ code: Int8) -> Float { scale * (Float(code) - Float(zeroPoint)) }

  /// The step, counted from zero, that a real number is rounded to; not clamped to the codes.
  @inlinable package func step(_ real: Float) -> Float { (real / scale).rounded() }

  /// The code nearest to a real number; that of zero where it is none.
  package func code(_ real: Float) -> Int8 {
    Int8(TieRule.awayFromZero.code(steps: Double(real / scale), zeroPoint: Int32(zeroPoint)))
  }
}
