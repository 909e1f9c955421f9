/// The elements of one tensor, which live as long as the interpreter: floats, or 64-bit integers.
@safe final class TensorBuffer {
  // Safety: allocated in `init` for `count` elements, freed in `deinit`.
  let raw: UnsafeMutableRawPointer
  let count: Int
  let isInteger: Bool

  /// Zeros. There is always room for one element, so that `raw` exists.
  init(count: Int, isInteger: Bool) {
    self.count = count
    self.isInteger = isInteger
    let byteCount = Swift.max(count, 1) * (isInteger ? 8 : 4)
    unsafe raw = .allocate(byteCount: byteCount, alignment: 8)
    unsafe raw.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  deinit { unsafe raw.deallocate() }

  /// - Precondition: a tensor of reals.
  var base: UnsafeMutablePointer<Float> { unsafe raw.assumingMemoryBound(to: Float.self) }

  /// - Precondition: a tensor of integers.
  var integers: UnsafeMutablePointer<Int64> { unsafe raw.assumingMemoryBound(to: Int64.self) }

  /// Writes the integers, or the real numbers that they stand for.
  func fill(_ payload: Payload, shape: [Int], quantization: Quantization?) {
    switch payload {
    case .float(let values): fill(values, { $0 }, { truncated($0, to: .int64) })
    case .int8(let values): fill(values, { Float($0) }, { Int64($0) })
    case .int32(let values): fill(values, { Float($0) }, { Int64($0) })
    case .int64(let values): fill(values, { Float($0) }, { $0 })
    }
    if case .float = payload { return }
    guard let quantization else { return }
    let inner = quantization.axis.map { shape[($0 + 1)...].reduce(1, *) } ?? count
    let (scales, zeroPoints) = (quantization.scales, quantization.zeroPoints)
    for index in 0..<count {
      let channel = index / inner % scales.count
      unsafe base[index] = (base[index] - Float(zeroPoints[channel])) * scales[channel]
    }
  }

  private func fill<Element>(
    _ values: [Element], _ real: (Element) -> Float, _ integer: (Element) -> Int64
  ) {
    if isInteger {
      for index in 0..<count { unsafe integers[index] = integer(values[index]) }
    } else {
      for index in 0..<count { unsafe base[index] = real(values[index]) }
    }
  }
}

/// A tensor as a step sees it.
@safe struct Operand {
  // Safety: the interpreter that made it holds the buffer as long as its steps; every way to the
  // elements hands out a pointer and so is unsafe itself.
  let shape: [Int]
  let raw: UnsafeMutableRawPointer
  let elementType: ElementType
  let isInteger: Bool

  var count: Int { shape.elementCount }

  /// - Precondition: a tensor of reals.
  var base: UnsafeMutablePointer<Float> { unsafe elements(Float.self) }

  /// - Precondition: a tensor of integers.
  var integers: UnsafeMutablePointer<Int64> { unsafe elements(Int64.self) }

  /// - Precondition: the elements are held as `Element`.
  func elements<Element>(_: Element.Type) -> UnsafeMutablePointer<Element> {
    unsafe raw.assumingMemoryBound(to: Element.self)
  }
}
