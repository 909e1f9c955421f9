package import COctetFloatKernels

/// A matrix of floats inside a larger buffer: element (i, j) is at `i · rowStride + j ·
/// columnStride`. Swapping the strides transposes it.
public struct MatrixShape: Sendable, Equatable {
  /// Rows and columns.
  public var rowCount, columnCount: Int
  /// Elements from a row to the next, and from a column to the next.
  public var rowStride, columnStride: Int

  /// Row-major and contiguous.
  public init(rowCount: Int, columnCount: Int) {
    self.init(
      rowCount: rowCount, columnCount: columnCount, rowStride: columnCount, columnStride: 1)
  }

  /// A matrix whose neighbours lie so many elements apart.
  public init(rowCount: Int, columnCount: Int, rowStride: Int, columnStride: Int) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.rowStride = rowStride
    self.columnStride = columnStride
  }

  /// The same elements with rows and columns exchanged.
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
    if !accumulates {
      for row in 0..<m { unsafe (c + row * cRowStride).update(repeating: 0, count: n) }
    }
    return
  }
  unsafe matrixMultiply(
    a, aShape, b, bShape, into: c, cRowStride: cRowStride, accumulates: accumulates,
    kernels: FloatKernels.best)
}

/// The same for pointers and any kernels; M, N and K are above 0.
///
/// The kernel wants neighbouring vectors of B and whole vectors of C. So B goes in panels of a few
/// vectors of columns, copied where they are not neighbours already; the columns of C after its
/// last whole vector go through a tile of their own.
package func matrixMultiply(
  _ a: UnsafePointer<Float>, _ aShape: MatrixShape, _ b: UnsafePointer<Float>,
  _ bShape: MatrixShape, into c: UnsafeMutablePointer<Float>, cRowStride: Int,
  accumulates: Bool, kernels: octet_float_kernels
) {
  let k = aShape.columnCount
  let n = bShape.columnCount
  let depthLimit = min(k, 256)
  unsafe withUnsafeTemporaryAllocation(
    byteCount: depthLimit * kernels.pixelLimit * 64, alignment: 64
  ) { memory in
    guard let panel = unsafe memory.bindMemory(to: Float.self).baseAddress else { return }
    var column = 0
    while column < n {
      let vectors = unsafe max(1, min(kernels.pixelLimit, (n - column) / 16))
      let columns = min(vectors * 16, n - column)
      for first in stride(from: 0, to: k, by: depthLimit) {
        var source = unsafe b + first * bShape.rowStride + column * bShape.columnStride
        var product = PanelProduct(
          vectorCount: vectors, columnCount: columns, depth: min(depthLimit, k - first),
          sourceStride: bShape.rowStride, accumulates: accumulates || first > 0)
        if columns < 16 || bShape.columnStride != 1 {
          unsafe product.copy(source, bShape, to: panel)
          unsafe source = UnsafePointer(panel)
        }
        unsafe product.add(
          a + first * aShape.columnStride, aShape, source, to: c + column, cRowStride, kernels)
      }
      column += columns
    }
  }
}

/// The product of A and a panel of B.
private struct PanelProduct {
  var vectorCount, columnCount, depth: Int
  /// Floats from row to row of the panel.
  var sourceStride: Int
  var accumulates: Bool

  /// Fills the last vector with zeros.
  mutating func copy(
    _ source: UnsafePointer<Float>, _ shape: MatrixShape, to panel: UnsafeMutablePointer<Float>
  ) {
    sourceStride = vectorCount * 16
    for row in 0..<depth {
      let line = unsafe panel + row * sourceStride
      let source = unsafe source + row * shape.rowStride
      for i in 0..<columnCount { unsafe line[i] = source[i * shape.columnStride] }
      for i in columnCount..<sourceStride { unsafe line[i] = 0 }
    }
  }

  func add(
    _ a: UnsafePointer<Float>, _ aShape: MatrixShape, _ source: UnsafePointer<Float>,
    to c: UnsafeMutablePointer<Float>, _ cRowStride: Int, _ kernels: octet_float_kernels
  ) {
    let isWhole = columnCount >= 16
    var block = octet_contraction()
    block.aCount = 1
    block.bCount = 1
    block.kCount = depth
    block.xPixel = 16
    block.xK = sourceStride
    block.wK = aShape.columnStride
    block.wJ = aShape.rowStride
    block.yPixel = 16
    block.yJ = isWhole ? cRowStride : 16
    block.accumulates = accumulates ? 1 : 0
    let limit = unsafe vectorCount == 1 ? kernels.onePixelOutputLimit : kernels.outputLimit
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: limit * 16) { tile in
      guard let tile = tile.baseAddress else { return }
      for row in stride(from: 0, to: aShape.rowCount, by: limit) {
        let rows = min(limit, aShape.rowCount - row)
        let target = unsafe c + row * cRowStride
        if !isWhole, accumulates {
          for i in 0..<rows {
            unsafe (tile + i * 16).update(from: target + i * cRowStride, count: columnCount)
          }
        }
        unsafe kernels.contract(
          &block, vectorCount, rows, 1, source, a + row * aShape.rowStride, nil,
          isWhole ? target : tile)
        if !isWhole {
          for i in 0..<rows {
            unsafe (target + i * cRowStride).update(from: tile + i * 16, count: columnCount)
          }
        }
      }
    }
  }
}

/// The product of two row-major matrices, `[M, K]` · `[K, N]`.
public func matrixMultiply(
  _ a: [Float], _ b: [Float], rowCount m: Int, innerCount k: Int, columnCount n: Int
) -> [Float] {
  var result = [Float](repeating: 0, count: m * n)
  unsafe result.withUnsafeMutableBufferPointer { c in
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe matrixMultiply(
          a, MatrixShape(rowCount: m, columnCount: k), b,
          MatrixShape(rowCount: k, columnCount: n), into: c, cRowStride: n)
      }
    }
  }
  return result
}
