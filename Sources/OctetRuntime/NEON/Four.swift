#if canImport(COctetKernels.NEON)
  /// One each for four patches.
  struct Four<Element> {
    var a, b, c, d: Element
  }

  /// The next 16 bytes, and a step past them.
  @inline(__always)
  func loadNext(_ bytes: inout UnsafePointer<Int8>) -> SIMD16<Int8> {
    let vector = unsafe UnsafeRawPointer(bytes).loadUnaligned(as: SIMD16<Int8>.self)
    unsafe bytes += 16
    return vector
  }

  extension Four where Element == UnsafePointer<Int8> {
    @inline(__always)
    mutating func next() -> Four<SIMD16<Int8>> {
      unsafe Four<SIMD16<Int8>>(
        a: loadNext(&a), b: loadNext(&b), c: loadNext(&c), d: loadNext(&d))
    }

    @inline(__always)
    mutating func skip(_ byteCount: Int) {
      unsafe a += byteCount
      unsafe b += byteCount
      unsafe c += byteCount
      unsafe d += byteCount
    }

    @inline(__always)
    mutating func nextTwo() -> (Four<SIMD16<Int8>>, Four<SIMD16<Int8>>) {
      let a = unsafe (loadNext(&a), loadNext(&a))
      let b = unsafe (loadNext(&b), loadNext(&b))
      let c = unsafe (loadNext(&c), loadNext(&c))
      let d = unsafe (loadNext(&d), loadNext(&d))
      return (
        Four<SIMD16<Int8>>(a: a.0, b: b.0, c: c.0, d: d.0),
        Four<SIMD16<Int8>>(a: a.1, b: b.1, c: c.1, d: d.1)
      )
    }
  }

  extension Four<SIMD16<Int8>> {
    @inline(__always)
    static func & (four: Self, mask: SIMD16<Int8>) -> Self {
      Self(a: four.a & mask, b: four.b & mask, c: four.c & mask, d: four.d & mask)
    }
  }
#endif
