import COctetFloatKernels

/// A matrix of floats inside a larger buffer: element (i, j) is at `i · rowStride + j ·
/// columnStride`. Swapping the strides transposes it.
public struct MatrixShape: Sendable, Equatable {
  public var rowCount, columnCount: Int
  /// In elements.
  public var rowStride, columnStride: Int

  /// Row-major and contiguous.
  public init(rowCount: Int, columnCount: Int) {
    self.init(
      rowCount: rowCount, columnCount: columnCount, rowStride: columnCount, columnStride: 1)
  }

  public init(rowCount: Int, columnCount: Int, rowStride: Int, columnStride: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  public var transposed: MatrixShape {
    MatrixShape(
      rowCount: columnCount, columnCount: rowCount, rowStride: columnStride,
      columnStride: rowStride)
  }

  /// How many elements a buffer must hold.
  var reach: Int {
    rowCount == 0 || columnCount == 0
      ? 0 : (rowCount - 1) * rowStride + (columnCount - 1) * columnStride + 1
  }
}

/// Float matrix product with the best kernels of this machine: blocked in registers, the sums in
/// the order of the inner dimension. The same machine type gives the same bits.
///
/// - Parameters:
///   - a: `[M, K]`, any strides.
///   - b: `[K, N]`, any strides.
///   - c: `[M, N]`, row-major with `cRowStride` elements from row to row, all of it written.
///   - accumulates: adds the product to what is in `c` (starting from a bias, for instance).
public func matrixMultiply(
  _ a: UnsafeBufferPointer<Float>, _ aShape: MatrixShape, _ b: UnsafeBufferPointer<Float>,
  _ bShape: MatrixShape, into c: UnsafeMutableBufferPointer<Float>, cRowStride: Int,
  accumulates: Bool = false
) {
  let m = aShape.rowCount
  let k = aShape.columnCount
  let n = bShape.columnCount
  precondition(bShape.rowCount == k, "the inner dimensions differ")
  precondition(
    aShape.reach <= a.count && bShape.reach <= b.count
      && (m == 0 || n == 0 || (m - 1) * cRowStride + n <= c.count),
    "a matrix reaches past its buffer")
  guard m > 0, n > 0, let c = c.baseAddress else { return }
  guard k > 0, let a = a.baseAddress, let b = b.baseAddress else {
    if !accumulates { for row in 0..<m { (c + row * cRowStride).update(repeating: 0, count: n) } }
    return
  }
  octet_float_kernels_at(0)?.pointee.multiply(
    m, n, k, a, aShape.rowStride, aShape.columnStride, b, bShape.rowStride, bShape.columnStride,
    c, cRowStride, accumulates ? 1 : 0)
}

/// The product of two row-major matrices, `[M, K]` · `[K, N]`.
public func matrixMultiply(
  _ a: [Float], _ b: [Float], rowCount m: Int, innerCount k: Int, columnCount n: Int
) -> [Float] {
  var result = [Float](repeating: 0, count: m * n)
  result.withUnsafeMutableBufferPointer { c in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        matrixMultiply(
          a, MatrixShape(rowCount: m, columnCount: k), b,
          MatrixShape(rowCount: k, columnCount: n), into: c, cRowStride: n)
      }
    }
  }
  return result
}
