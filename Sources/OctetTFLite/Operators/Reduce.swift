import OctetModel

/// MEAN, SUM, REDUCE_PROD, REDUCE_MAX and REDUCE_MIN.
enum Reduce: TFLiteDefinition {
  private static let mean = builtin(40)
  private static let sum = builtin(74)
  private static let product = builtin(81, int8Version: nil)
  private static let maximum = builtin(82, int8Version: nil)
  private static let minimum = builtin(89, int8Version: nil)
  static let builtins = [mean, sum, product, maximum, minimum]
  private static let keepsDimensions = FlatSlot<Bool>(0)

  private static func builtin(_ code: Int, int8Version: Int32? = 2) -> TFLiteBuiltin {
    TFLiteBuiltin(code, inputs: 2...2, int8Version: int8Version, options: 27)
  }

  private static func axes(_ call: TFLiteCall) throws(TFLiteRefusal) -> [Int] {
    let rank = try call.shape(0).count
    var axes: Set<Int> = []
    for axis in try call.integers(1, "its axes are") {
      axes.insert(try call.axis(axis, rank: rank))
    }
    return axes.sorted()
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    if call.kind == product, try !call.isFloat(0) {
      throw .unsupported("a product along axes has no int8 kernel; keep this part in floats")
    }
    let (axes, keeps) = (try axes(call), try call[keepsDimensions])
    switch call.kind {
    case mean: try call.append(.mean(axes: axes, keepsDimensions: keeps))
    case sum: try call.append(.reduce(.sum, axes: axes, keepsDimensions: keeps))
    case product: try call.append(.reduce(.product, axes: axes, keepsDimensions: keeps))
    default: try readExtreme(call, axes, keeps)
    }
  }

  /// Over neighbouring axes a maximum is a max pool, which has an int8 kernel, and a minimum one of
  /// the negated values.
  private static func readExtreme(
    _ call: TFLiteCall, _ axes: [Int], _ keepsDimensions: Bool
  ) throws(TFLiteRefusal) {
    let shape = try call.shape(0)
    let isMinimum = call.kind == minimum
    guard let image = window(shape, axes) else {
      guard try call.isFloat(0) else {
        throw .unsupported(
          "in int8 only extremes over neighbouring axes are supported; transpose before it")
      }
      return try call.append(
        .reduce(isMinimum ? .minimum : .maximum, axes: axes, keepsDimensions: keepsDimensions))
    }
    var last = try call.operand(0)
    if image != shape { last = try call.step(.reshape(image), [last], "/image") }
    if isMinimum { last = try negated(last, call, "/negated") }
    let pool = PoolAttributes(
      kernel: Extent(height: image[1], width: image[2]), stride: Extent(1))
    last = try call.step(.maxPool(pool), [last], "/pool")
    if isMinimum { last = try negated(last, call, "/restored") }
    var result: [Int] = []
    for (axis, extent) in shape.enumerated() {
      if !axes.contains(axis) { result.append(extent) } else if keepsDimensions { result.append(1) }
    }
    try call.append(.reshape(result), inputs: [last])
  }

  /// −x. Of codes on a grid of its own, on which −q − 1 stands for it exactly.
  private static func negated(
    _ tensor: TensorIndex, _ call: TFLiteCall, _ suffix: String
  ) throws(TFLiteRefusal) -> TensorIndex {
    let output = try call.step(.scalar(.negate), [tensor], suffix)
    if let grid = call.tensor(tensor).quantization {
      call.importer.graph.tensors[output].quantization = Quantization(
        scales: grid.scales, zeroPoints: grid.zeroPoints.map { -1 - $0 }, axis: grid.axis)
    }
    return output
  }

  /// The shape as `[outer, height, width, inner]` where height and width are what goes; nil when
  /// other axes stand between those that go.
  private static func window(_ shape: [Int], _ axes: [Int]) -> [Int]? {
    guard !shape.contains(0) else { return nil }
    // Axes of one element neither separate nor matter.
    let going = axes.filter { shape[$0] > 1 }
    guard let first = going.first, let last = going.last else {
      return [1, 1, 1, shape.elementCount]
    }
    guard (first...last).allSatisfy({ going.contains($0) || shape[$0] == 1 }) else { return nil }
    let extents = going.map { shape[$0] }
    return [
      shape[..<first].reduce(1, *), extents.count > 1 ? extents[0] : 1,
      extents.dropFirst(extents.count > 1 ? 1 : 0).reduce(1, *),
      shape[(last + 1)...].reduce(1, *),
    ]
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    guard call.kind == product, let values = operands.first else { return nil }
    return ShapeArithmetic.joined([1] + values) { $0.multipliedReportingOverflow(by: $1) }
      .map { [$0] }
  }

  /// - Parameter reduction: nil for the mean.
  static func write(
    _ node: Node, _ reduction: Reduction?, _ axes: [Int], _ keepsDimensions: Bool,
    _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    let builtins: [Reduction?: TFLiteBuiltin] = [
      nil: mean, .sum: sum, .product: product, .maximum: maximum, .minimum: minimum,
    ]
    guard let builtin = builtins[reduction], !exporter.isInt8(node) || builtin.int8Version != nil
    else { throw .unsupported("TFLite has no such reduction") }
    exporter.append(
      builtin, node, [axes], options: [Self.keepsDimensions(keepsDimensions)])
  }
}
