import OctetCompiler

extension TensorView {
  /// The real number that a code stands for.
  package func real(_ code: Int8) -> Float { scale * (Float(code) - Float(zeroPoint)) }

  /// The step, counted from zero, that a real number is rounded to; not clamped to the codes.
  package func step(_ real: Float) -> Float { (real / scale).rounded() }

  /// The code nearest to a real number; that of zero where it is none.
  package func code(_ real: Float) -> Int8 {
    let code = step(real) + Float(zeroPoint)
    return code.isNaN ? Int8(clamping: zeroPoint) : Int8(max(-128, min(127, code)))
  }
}
