/// The product of two activations.
///
/// a `[…, M, K]`, b `[…, K, N]` or, with its last axes swapped, `[…, N, K]`; output `[…, M, N]`, of
/// which only the number of elements counts. Leading dimensions broadcast as in NumPy.
///
/// As TensorFlow Lite: Σ (a − zero point)(b − zero point), requantized by one multiplier.
///
///     for each two matrices, for each block of columns of b:
///       copy the columns, each contiguous
///       bias[n] = zero point of a · (K · zero point of b − Σₖ b[k, n])
///       for each row m: out[m, n] = int8 of bias[n] + Σₖ a[m, k] · (b[k, n] − zero point of b)
package struct MatrixMultiply: Operator {
  package static let parameterCount = 3
  static let inputCounts = 2...2
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// `scale of a · scale of b / output scale`
    case multiplier
    case shift
    /// 1 when b is `[…, N, K]`, else 0.
    case isTransposed
  }

  let view: OperatorRecord
  let a: TensorRecord
  let b: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    a = view.operand(0)
    b = view.operand(1)
    output = view.result(0)
  }

  var isTransposed: Bool { view.parameter(Word.isTransposed) != 0 }
  /// M, K and N.
  var rows: Int { a.width }
  var depth: Int { a.channels }
  var columns: Int { isTransposed ? b.width : b.channels }

  func validate() throws(ModelError) {
    try view.requireMultiplier(parameter: Word.multiplier, shift: Word.shift)
    try view.require(parameter: Word.isTransposed, in: 0...1)
    try view.require((isTransposed ? b.channels : b.width) == depth)
    // |Σ| ≤ 255² · K, so int32 holds it; what wraps around on the way comes back.
    try view.require(depth < 1 << 15, .tooLarge)
    for axis in 0..<2 {
      let (x, y) = (a.dimension(axis), b.dimension(axis))
      try view.require(x == y || x == 1 || y == 1)
    }
    let matrices = product(max(a.batch, b.batch), max(a.height, b.height))
    guard let matrices, let elements = product(rows, columns),
      let count = product(matrices, elements)
    else { throw ModelError(.tooLarge, at: view.offset) }
    try view.require(count == output.elementCount)
  }

  /// For each column of each matrix: it is copied, then multiplied with all rows.
  var demand: Demand {
    Demand(
      partCount: output.elementCount / rows, stepCount: rows &* (depth &+ 16) &+ 4 &* depth)
  }

  var scratchByteCount: Int { MatrixBlock.byteCount(self) }

  func run(_ context: OperatorContext) {
    let block = MatrixBlock(self, context)
    let aStrides = Broadcast.strides(of: a)
    let bStrides = Broadcast.strides(of: b)
    var target = unsafe context.output(0)
    for n in 0..<max(a.batch, b.batch) {
      for h in 0..<max(a.height, b.height) {
        let left = unsafe context.input(0) + (n &* aStrides.n &+ h &* aStrides.h)
        let right = unsafe context.input(1) + (n &* bStrides.n &+ h &* bStrides.h)
        unsafe block.start(left, context.backend)
        var first = 0
        while first < columns {
          let count = min(columns &- first, MatrixBlock.columnCount)
          unsafe block.load(right, first: first, count: count)
          unsafe block.multiply(left, target + first, count: count, context)
          first &+= count
        }
        unsafe target += rows &* columns
      }
    }
  }
}

/// Some columns of b in scratch memory, in the form of a fully connected layer's weights.
@safe struct MatrixBlock {
  // Safety: the operator was validated, so the scratch memory has `byteCount` bytes, 16-aligned.
  let layer: MatrixMultiply
  /// `[columnCount]` each; the last two always the same.
  let bias: UnsafeMutablePointer<Int32>
  let multipliers: UnsafeMutablePointer<Int32>
  let shifts: UnsafeMutablePointer<Int8>
  /// `[M]`: what the zero point of b takes off the products of each row. Portable kernels do
  /// without.
  let rowOffsets: UnsafeMutablePointer<Int32>
  /// `[columnCount, K]`, and bytes that kernels may read behind it.
  let columns: UnsafeMutablePointer<Int8>

  static let columnCount = 8

  static func byteCount(_ layer: MatrixMultiply) -> Int {
    columnOffset(layer) &+ min(layer.columns, columnCount) &* layer.depth
      &+ BlobLimits.overreadByteCount
  }

  private static func columnOffset(_ layer: MatrixMultiply) -> Int {
    10 &* columnCount &+ 4 &* layer.rows
  }

  init(_ layer: MatrixMultiply, _ context: OperatorContext) {
    self.layer = layer
    let count = Self.columnCount
    unsafe bias = context.scratch.assumingMemoryBound(to: Int32.self)
    unsafe multipliers = bias + count
    unsafe rowOffsets = multipliers + count
    unsafe shifts = UnsafeMutableRawPointer(rowOffsets + layer.rows)
      .assumingMemoryBound(to: Int8.self)
    unsafe columns = (context.scratch + Self.columnOffset(layer))
      .assumingMemoryBound(to: Int8.self)
    let by = layer.view.multiplier(MatrixMultiply.Word.multiplier, shift: MatrixMultiply.Word.shift)
    for index in 0..<count {
      unsafe multipliers[index] = by.multiplier
      unsafe shifts[index] = Int8(truncatingIfNeeded: by.shift)
    }
  }

  /// Copies `count` columns of the matrix at `source`, from `first` on.
  func load(_ source: UnsafePointer<Int8>, first: Int, count: Int) {
    let (depth, next) = (layer.depth, layer.columns)
    let zeroPoint = layer.a.zeroPoint
    let zeroSum = Int32(truncatingIfNeeded: depth) &* layer.b.zeroPoint
    if layer.isTransposed {
      let rows = unsafe source + first &* depth
      for index in 0..<count &* depth { unsafe columns[index] = rows[index] }
    } else {
      for column in 0..<count {
        var value = unsafe source + (first &+ column)
        let target = unsafe columns + column &* depth
        for index in 0..<depth {
          unsafe target[index] = value.pointee
          unsafe value += next
        }
      }
    }
    for column in 0..<count {
      let total = unsafe sum(columns + column &* depth, count: depth)
      unsafe bias[column] = zeroPoint &* (zeroSum &- total)
    }
  }

  /// The products of all rows of `left` with the first `count` columns, from `target` on.
  func multiplyPortable(
    _ left: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, count: Int
  ) {
    let channels = Channels(self, count: count)
    let (rows, columns) = (layer.rows, layer.columns)
    let zeroPoint = Int16(truncatingIfNeeded: layer.b.zeroPoint)
    var source = unsafe left
    var results = unsafe target
    for _ in 0..<rows {
      unsafe channels.connectPortable(source, weightZeroPoint: zeroPoint, results)
      unsafe source += channels.depth
      unsafe results += columns
    }
  }
}
