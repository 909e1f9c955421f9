import OctetCompiler
import OctetModel

extension TensorView {
  /// The real number that a code stands for.
  @inlinable package func real(_ code: Int8) -> Float { scale * (Float(code) - Float(zeroPoint)) }

  /// The codes that elements can have.
  package var codeRange: ClosedRange<Int32> { isInt16 ? -32_768...32_767 : -128...127 }

  /// The real numbers of the first and the last code.
  package var ends: (lower: Float, upper: Float) {
    (scale * steps.lowerBound, scale * steps.upperBound)
  }

  /// The same in steps, counted from zero.
  package var steps: ClosedRange<Float> {
    let (range, zero) = (codeRange, Float(zeroPoint))
    return Float(range.lowerBound) - zero...Float(range.upperBound) - zero
  }

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

  /// Writes the codes nearest to real numbers as elements, for as many as both have.
  package func write(
    _ reals: UnsafeBufferPointer<Float>, into elements: UnsafeMutableBufferPointer<Int8>
  ) {
    guard isInt16 else {
      for index in 0..<min(elements.count, reals.count) {
        unsafe elements[index] = unsafe code(reals[index])
      }
      return
    }
    unsafe UnsafeMutableRawBufferPointer(elements).withMemoryRebound(to: Int16.self) { codes in
      for index in 0..<min(codes.count, reals.count) {
        unsafe codes[index] = unsafe code16(reals[index])
      }
    }
  }

  /// The same of an array.
  package func write(_ reals: [Float], into elements: UnsafeMutableBufferPointer<Int8>) {
    unsafe reals.withUnsafeBufferPointer { unsafe write($0, into: elements) }
  }

  /// Reads the real numbers that elements stand for into the beginning of a buffer.
  package func read(
    _ elements: UnsafeBufferPointer<Int8>, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let zero = Float(zeroPoint)
    guard isInt16 else {
      for index in 0..<min(elements.count, target.count) {
        unsafe target[index] = unsafe scale * (Float(elements[index]) - zero)
      }
      return
    }
    unsafe UnsafeRawBufferPointer(elements).withMemoryRebound(to: Int16.self) { codes in
      for index in 0..<min(codes.count, target.count) {
        unsafe target[index] = unsafe scale * Float(codes[index])
      }
    }
  }

  /// The real numbers that elements stand for.
  package func reals(_ elements: UnsafeBufferPointer<Int8>) -> [Float] {
    let size = isInt16 ? elements.count / 2 : elements.count
    return unsafe [Float](unsafeUninitializedCapacity: size) { buffer, count in
      unsafe read(elements, into: UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
      count = size
    }
  }

  /// The elements of the codes nearest to real numbers, as bytes.
  package func bytes(_ reals: [Float]) -> [UInt8] {
    isInt16
      ? reals.flatMap { real -> [UInt8] in
        let code = UInt16(bitPattern: code16(real))
        return [UInt8(truncatingIfNeeded: code), UInt8(code >> 8)]
      } : reals.map { UInt8(bitPattern: code($0)) }
  }
}
