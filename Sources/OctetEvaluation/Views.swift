import OctetCompiler
import OctetModel

extension TensorView {
  /// The real number that a code stands for.
  @inlinable package func real(_ code: Int8) -> Float { scale * (Float(code) - Float(zeroPoint)) }

  /// The step, counted from zero, that a real number is rounded to; not clamped to the codes.
  @inlinable package func step(_ real: Float) -> Float { (real / scale).rounded() }

  /// The code nearest to a real number; that of zero where it is none.
  package func code(_ real: Float) -> Int8 {
    Int8(TieRule.awayFromZero.code(steps: Double(real / scale), zeroPoint: Int32(zeroPoint)))
  }

  /// The int16 code nearest to a real number; 0 where it is none.
  package func code16(_ real: Float) -> Int16 {
    Int16(TieRule.awayFromZero.code(steps: Double(real / scale), in: -32_768...32_767))
  }
}
