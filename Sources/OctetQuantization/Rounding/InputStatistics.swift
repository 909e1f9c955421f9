import OctetModel

/// How the inputs of a node with weights vary together, in the float graph (x) and in the graph
/// that is quantized up to the node (x̂), for each group of its output channels: sums over the
/// patches that its weights are multiplied with.
///
/// A patch has a last element of 1, which stands for the bias.
struct InputStatistics: Sendable {
  /// Σ x̂[i] · x̂[j] of each group, `[size, size]`, row-major, symmetric; empty where patches are
  /// too large.
  var quantized: [[Double]]
  /// Σ x[i] · x̂[j], likewise.
  var cross: [[Double]]
  /// Elements of a patch and 1.
  let size: Int
  /// Output channels `g · n ..< (g + 1) · n` use the sums of group g.
  let channelsPerGroup: Int

  /// Larger patches are not worth their time and memory: weights are rounded to nearest then.
  static let sizeLimit = 1025

  init(_ layout: PatchLayout) {
    size = layout.patchCount + 1
    channelsPerGroup = layout.channelsPerGroup
    let zeros = [Double](repeating: 0, count: size * size)
    quantized = [[Double]](repeating: zeros, count: layout.isSmall ? layout.groupCount : 0)
    cross = quantized
  }

  /// Adds patches of one sample, spread evenly.
  mutating func add(
    real: UnsafeBufferPointer<Float>, quantized codes: UnsafeBufferPointer<Float>,
    _ layout: PatchLayout, patchesPerSample: Int
  ) {
    let step = max(1, layout.positionCount / patchesPerSample)
    let positions = Array(stride(from: step / 2, to: layout.positionCount, by: step))
    var (x, y) = ([Float](repeating: 1, count: positions.count * size), [Float]())
    y = x
    var product = [Float](repeating: 0, count: size * size)
    for group in quantized.indices {
      unsafe x.withUnsafeMutableBufferPointer { x in
        unsafe y.withUnsafeMutableBufferPointer { y in
          for (row, position) in positions.enumerated() {
            guard let x = x.baseAddress, let y = y.baseAddress else { return }
            unsafe layout.fill(x + row * size, from: real, position: position, group: group)
            unsafe layout.fill(y + row * size, from: codes, position: position, group: group)
          }
        }
      }
      Self.addProduct(y, y, size, &product, into: &quantized[group])
      Self.addProduct(x, y, size, &product, into: &cross[group])
    }
  }

  /// Adds aᵀ · b, both `[rows, size]`.
  private static func addProduct(
    _ a: [Float], _ b: [Float], _ size: Int, _ product: inout [Float], into sums: inout [Double]
  ) {
    let rows = a.count / size
    unsafe a.withUnsafeBufferPointer { a in
      unsafe b.withUnsafeBufferPointer { b in
        unsafe product.withUnsafeMutableBufferPointer { product in
          unsafe matrixMultiply(
            a, MatrixShape(rowCount: size, columnCount: rows, rowStride: 1, columnStride: size), b,
            MatrixShape(rowCount: rows, columnCount: size, rowStride: size, columnStride: 1),
            into: product, cRowStride: size)
        }
      }
    }
    for index in sums.indices { sums[index] += Double(product[index]) }
  }

  mutating func merge(_ other: InputStatistics) {
    for group in quantized.indices {
      for position in quantized[group].indices {
        quantized[group][position] += other.quantized[group][position]
        cross[group][position] += other.cross[group][position]
      }
    }
  }

  /// Σ (x̂[i] − x[i]) · x̂[j] of a group.
  func difference(group: Int) -> [Float] {
    zip(quantized[group], cross[group]).map { Float($0 - $1) }
  }
}

/// The product of `[rows, size]` and `[size, size]`.
func product(_ a: [Float], _ b: [Float], _ size: Int) -> [Float] {
  let rows = a.count / size
  var result = [Float](repeating: 0, count: a.count)
  unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe result.withUnsafeMutableBufferPointer { result in
        unsafe matrixMultiply(
          a, MatrixShape(rowCount: rows, columnCount: size), b,
          MatrixShape(rowCount: size, columnCount: size), into: result, cRowStride: size)
      }
    }
  }
  return result
}
