import OctetModel

// Operators that take axes away.

extension TFLiteImporter {
  private func reducedAxes(_ call: TFLiteCall) throws(TFLiteRefusal) -> [Int] {
    let rank = try call.shape(0).count
    var axes: Set<Int> = []
    for axis in try call.integers(1, "its axes are") {
      axes.insert(try call.axis(axis, rank: rank))
    }
    return axes.sorted()
  }

  private func keepsDimensions(_ call: TFLiteCall) throws(TFLiteRefusal) -> Bool {
    try call.flagOption(TFLiteOptions.Reducer.type, TFLiteOptions.Reducer.keepsDimensions)
  }

  mutating func mean(_ call: TFLiteCall) throws(TFLiteRefusal) {
    try append(
      call, .mean(axes: try reducedAxes(call), keepsDimensions: try keepsDimensions(call)))
  }

  mutating func sum(_ call: TFLiteCall) throws(TFLiteRefusal) {
    try append(
      call, .reduce(.sum, axes: try reducedAxes(call), keepsDimensions: try keepsDimensions(call)))
  }

  mutating func reduceProduct(_ call: TFLiteCall) throws(TFLiteRefusal) {
    guard try call.input(0).type == TFLiteTensorType.float32.rawValue else {
      throw .unsupported("a product along axes has no int8 kernel; keep this part in floats")
    }
    try append(
      call,
      .reduce(.product, axes: try reducedAxes(call), keepsDimensions: try keepsDimensions(call)))
  }

  /// Over neighbouring axes a maximum is a max pool, which has an int8 kernel, and a minimum one of
  /// the negated values.
  mutating func reduceExtreme(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let shape = try call.shape(0)
    let axes = try reducedAxes(call)
    let keepsDimensions = try keepsDimensions(call)
    let isMinimum = call.kind == .reduceMin
    guard let image = Self.window(shape, axes) else {
      guard try call.input(0).type == TFLiteTensorType.float32.rawValue else {
        throw .unsupported(
          "in int8 only extremes over neighbouring axes are supported; transpose before it")
      }
      return try append(
        call,
        .reduce(isMinimum ? .minimum : .maximum, axes: axes, keepsDimensions: keepsDimensions))
    }
    var last = try tensor(call.node.inputs[0])
    if image != shape {
      last = step(call, .reshape(image), [last], like: last, shape: image, "/image")
    }
    if isMinimum { last = negated(last, call, "/negated") }
    let pool = PoolAttributes(
      kernel: Extent(height: image[1], width: image[2]), stride: Extent(1))
    last = step(
      call, .maxPool(pool), [last], like: last, shape: [image[0], 1, 1, image[3]], "/pool")
    if isMinimum { last = negated(last, call, "/restored") }
    var result: [Int] = []
    for (axis, extent) in shape.enumerated() {
      if !axes.contains(axis) { result.append(extent) } else if keepsDimensions { result.append(1) }
    }
    try append(call, .reshape(result), inputs: [last])
  }

  /// −x. Of codes on a grid of its own, on which −q − 1 stands for it exactly.
  private mutating func negated(
    _ tensor: TensorIndex, _ call: TFLiteCall, _ suffix: String
  ) -> TensorIndex {
    let output = step(
      call, .scalar(.negate), [tensor], like: tensor, shape: graph.tensors[tensor].shape, suffix)
    if let grid = graph.tensors[tensor].quantization {
      graph.tensors[output].quantization = Quantization(
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

  mutating func extremum(_ call: TFLiteCall) throws(TFLiteRefusal) {
    // At the end of a model whoever makes the blob may give its operand instead.
    let isAtTheEnd = call.node.outputs.allSatisfy { file.outputs.contains($0) }
    guard try call.input(0).type == TFLiteTensorType.float32.rawValue || isAtTheEnd else {
      throw .unsupported(
        "it gives positions, and a blob's tensors are int8; end the model with its input and take "
          + "the position of the extreme code")
    }
    let axes = try call.integers(1, "its axis is")
    guard axes.count == 1 else { throw call.broken("it has \(axes.count) axes") }
    try append(
      call,
      .extremum(
        ExtremumAttributes(
          axis: try call.axis(axes[0], rank: try call.shape(0).count), keepsDimensions: false,
          isMinimum: call.kind == .argMin, takesLast: false)))
  }
}
