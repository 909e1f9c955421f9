/// `c[m, n] = bias[n] + Σ_k a[m, k] · b[n, k]`: the one matrix product of the interpreter, behind
/// convolution and fully connected.
///
/// - Parameters:
///   - a: `[rows, depth]`, row-major.
///   - b: `[columns, depth]`, row-major: weights as the graph holds them.
///   - bias: `[columns]`, or nil.
///   - c: `[rows, columns]` with `rowStride` elements from row to row.
func multiplyByTransposed(
  a: UnsafePointer<Float>, b: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
  c: UnsafeMutablePointer<Float>, size: ProductSize
) {
  let depth = size.depth
  if size.rows >= 8 {
    for row in 0..<size.rows {
      let target = unsafe c + row * size.rowStride
      for column in 0..<size.columns { unsafe target[column] = bias?[column] ?? 0 }
    }
    unsafe matrixMultiply(
      UnsafeBufferPointer(start: a, count: size.rows * depth),
      MatrixShape(rowCount: size.rows, columnCount: depth),
      UnsafeBufferPointer(start: b, count: size.columns * depth),
      MatrixShape(rowCount: size.columns, columnCount: depth).transposed,
      into: UnsafeMutableBufferPointer(
        start: c, count: (size.rows - 1) * size.rowStride + size.columns),
      cRowStride: size.rowStride, accumulates: true)
    return
  }
  for row in 0..<size.rows {
    let x = unsafe a + row * depth
    let target = unsafe c + row * size.rowStride
    var column = 0
    while column + 4 <= size.columns {
      let sums = unsafe fourDotProducts(x, b + column * depth, depth)
      for k in 0..<4 { unsafe target[column + k] = sums[k] + (bias?[column + k] ?? 0) }
      column += 4
    }
    while column < size.columns {
      unsafe target[column] = dotProduct(x, b + column * depth, depth) + (bias?[column] ?? 0)
      column += 1
    }
  }
}

struct ProductSize {
  var rows, columns, depth: Int
  /// Elements from one row of the result to the next.
  var rowStride: Int
}

/// `Σ_k a[k] · b[k]` in eight interleaved partial sums.
func dotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
  var sum = SIMD8<Float>()
  var k = 0
  while k + 8 <= count {
    unsafe sum += loadEight(a + k) * loadEight(b + k)
    k += 8
  }
  var result = sum.sum()
  while k < count {
    unsafe result += a[k] * b[k]
    k += 1
  }
  return result
}

/// The products of `a` with four consecutive rows of `b`, which share the loads of `a`.
private func fourDotProducts(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ depth: Int
) -> SIMD4<Float> {
  var sum0 = SIMD8<Float>()
  var sum1 = SIMD8<Float>()
  var sum2 = SIMD8<Float>()
  var sum3 = SIMD8<Float>()
  let (b1, b2, b3) = unsafe (b + depth, b + 2 * depth, b + 3 * depth)
  var k = 0
  while k + 8 <= depth {
    let x = unsafe loadEight(a + k)
    unsafe sum0 += x * loadEight(b + k)
    unsafe sum1 += x * loadEight(b1 + k)
    unsafe sum2 += x * loadEight(b2 + k)
    unsafe sum3 += x * loadEight(b3 + k)
    k += 8
  }
  var result = SIMD4(sum0.sum(), sum1.sum(), sum2.sum(), sum3.sum())
  while k < depth {
    unsafe result += a[k] * SIMD4(b[k], b1[k], b2[k], b3[k])
    k += 1
  }
  return result
}

@inline(__always)
private func loadEight(_ pointer: UnsafePointer<Float>) -> SIMD8<Float> {
  unsafe UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self)
}
