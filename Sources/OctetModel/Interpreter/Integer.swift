// Operations on integers. What a node makes is wrapped to its element type by the step after it,
// so 64-bit arithmetic that wraps around is right for every width.

extension StepContext {
  /// Whether one integer of x's type is less than another.
  var integerOrder: (Int64, Int64) -> Bool {
    x.elementType == .uint64
      ? { UInt64(bitPattern: $0) < UInt64(bitPattern: $1) } : { $0 < $1 }
  }

  func integerBinary(_ body: @escaping (Int64, Int64) -> Int64) -> InterpreterStep {
    let (a, b, y) = unsafe (inputs[0].integers, inputs[1].integers, self.y.integers)
    let offsets = BroadcastOffsets(inputs[0].shape, inputs[1].shape)
    return {
      for index in 0..<offsets.count {
        unsafe y[index] = body(a[offsets.a[index]], b[offsets.b[index]])
      }
    }
  }

  func integerMap(_ body: @escaping (Int64) -> Int64) -> InterpreterStep {
    let (x, y, count) = unsafe (self.x.integers, self.y.integers, self.y.count)
    return { for index in 0..<count { unsafe y[index] = body(x[index]) } }
  }
}

/// Towards zero; the nearest 64-bit integer when out of range, 0 for NaN.
func truncated(_ real: Float, to type: ElementType) -> Int64 {
  if real.isNaN { return 0 }
  if type == .uint64 && real >= 0x1p63 {
    return Int64(bitPattern: real >= 0x1p64 ? .max : UInt64(real))
  }
  return real >= 0x1p63 ? .max : real < -0x1p63 ? .min : Int64(real)
}
