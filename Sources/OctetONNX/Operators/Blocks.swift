import OctetModel

// Blocks of an image ↔ channels: one transpose of the tensor with the channels last, seen in other
// dimensions, and one more when the channels come before the blocks. Four dimensions are enough,
// as many as the int8 transpose has, and quantized values keep their grid.

extension ONNXOperator {
  static let depthToSpace = ONNXOperator(
    "DepthToSpace", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.depthToSpace(node) })

  static let spaceToDepth = ONNXOperator(
    "SpaceToDepth", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.spaceToDepth(node) })
}

extension ONNXImporter {
  /// Channel `[i, j, c]` (DCR) or `[c, i, j]` (CRD) of pixel `[h, w]` becomes channel c of pixel
  /// `[h · b + i, w · b + j]`.
  mutating func depthToSpace(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let b = try blockLength(view, x)
    guard x.shape[1] % (b * b) == 0 else {
      throw .invalid("\(x.shape[1]) channels are no multiple of \(b)²")
    }
    let depth = x.shape[1] / (b * b)
    let (rows, columns) = (x.shape[0] * x.shape[2], x.shape[3])
    var source = try tensor(x, .channelsLast)
    if try !isDepthFirst(view) {
      source = try transpose(
        try reshape(source, [rows * columns, depth, b * b]), [0, 2, 1])
    }
    let moved = try transpose(
      try reshape(source, [rows, columns, b, b * depth]), [0, 2, 1, 3])
    try finishBlocks(view, x, moved, [x.shape[0], x.shape[2] * b, columns * b, depth])
  }

  /// The other way round.
  mutating func spaceToDepth(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let b = try blockLength(view, x)
    guard x.shape[2] % b == 0, x.shape[3] % b == 0 else {
      throw .invalid("\(x.shape[2]) × \(x.shape[3]) pixels do not divide into blocks of \(b)")
    }
    let depth = x.shape[1]
    let (height, columns) = (x.shape[2] / b, x.shape[3] / b)
    let source = try tensor(x, .channelsLast)
    let rows = x.shape[0] * height
    var moved = try transpose(
      try reshape(source, [rows, b, columns, b * depth]), [0, 2, 1, 3])
    if try !isDepthFirst(view) {
      moved = try transpose(
        try reshape(moved, [rows * columns, b * b, depth]), [0, 2, 1])
    }
    try finishBlocks(view, x, moved, [x.shape[0], height, columns, depth * b * b])
  }

  func blockLength(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) -> Int {
    guard x.rank == 4 else { throw .invalid("x needs four dimensions, has \(x.shape)") }
    let length = try view.integer("blocksize")
    guard (1...1 << 16).contains(length) else { throw .invalid("its blocksize is \(length)") }
    return length
  }

  private func isDepthFirst(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    switch try view.string("mode", "DCR") {
    case "DCR": true
    case "CRD": false
    case let other: throw .invalid("the mode '\(other)' is not known")
    }
  }

  private mutating func finishBlocks(
    _ view: ONNXNodeView, _ x: ImportedValue, _ moved: TensorIndex, _ shape: [Int]
  ) throws(ImportFailure) {
    try emit(view, .reshape(shape), [moved], .channelsLast, movedFrom: x)
  }
}
