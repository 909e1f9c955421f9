import OctetModel

extension ONNXOperator {
  static let clip = ONNXOperator(
    "Clip", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.clip(node) })
}

extension ONNXImporter {
  /// Integers, and reals whose bounds are computed, are clipped by the greater and the smaller of
  /// two tensors; other reals by attributes of the operation.
  mutating func clip(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let isKnown = [1, 2].allSatisfy { view.optionalInput($0).map { $0.constant != nil } ?? true }
    if x.elementType.isReal && isKnown { return try unary(view, try Self.clip(view)) }
    if isKnown, try clipCodes(view, x) { return }
    var value = x
    for (index, operation) in [(1, Operation.maximum), (2, .minimum)] {
      guard var bound = view.optionalInput(index) else { continue }
      guard bound.shape.elementCount == 1 else { throw .invalid("a bound should be one number") }
      if let constant = bound.constant {
        bound.source = .constant(constant.reshaped([]))
        bound.shape = []
      }
      let name = view.name + (index == 1 ? "/min" : "/max")
      let result = try combine([value, bound], operation, name: name, output: name)
      value = heldValue(result.tensor, result.layout, named: name)
    }
    guard case .tensor(let tensor) = value.source, value.name != x.name else {
      return try alias(view)
    }
    rename(tensor, view.node.outputs[0])
    define(view, tensor, value.layout)
  }

  static func clip(_ view: ONNXNodeView) throws(ImportFailure) -> Operation {
    var bounds: [Float] = []
    for (index, name) in ["min", "max"].enumerated() {
      let standard = index == 0 ? -Float.infinity : .infinity
      let values = try view.realsInput(index + 1) ?? [standard]
      guard values.count == 1 else { throw .invalid("\(name) should be one number") }
      bounds.append(values[0])
    }
    if bounds == [0, .infinity] { return .scalar(.relu) }
    if bounds == [0, 6] { return .scalar(.relu6) }
    return .scalar(.clip(lower: bounds[0], upper: bounds[1]))
  }

  /// Clip of a grid's integers, with which exporters narrow a range: of the reals for which they
  /// stand. Returns whether the node was one.
  mutating func clipCodes(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) -> Bool {
    guard !x.elementType.isReal, case .tensor(let source) = x.source,
      let grid = graph.tensors[source].quantization, grid.scales.count == 1
    else { return false }
    let step = grid.scales[0]
    let zeroPoint = Float(grid.zeroPoints[0]) + Float(x.elementType.shift)
    var bounds = (lower: -Float.infinity, upper: Float.infinity)
    if let lowest = try view.integersInput(1) {
      guard lowest.count == 1 else { throw .invalid("min should be one number") }
      bounds.lower = (Float(lowest[0]) - zeroPoint) * step
    }
    if let highest = try view.integersInput(2) {
      guard highest.count == 1 else { throw .invalid("max should be one number") }
      bounds.upper = (Float(highest[0]) - zeroPoint) * step
    }
    try emit(
      view, .scalar(.clip(lower: bounds.lower, upper: bounds.upper)), [try tensor(x, x.layout)],
      x.layout, movedFrom: x)
    return true
  }
}

extension ONNXExporter {
  mutating func addClip(
    _ name: String, _ bounds: (lower: Float, upper: Float), _ source: String, _ target: String
  ) {
    let lower = initializer(name + "/min", ONNXValue(shape: [], reals: [bounds.lower]))
    let upper = initializer(name + "/max", ONNXValue(shape: [], reals: [bounds.upper]))
    addNode("Clip", name, [source, lower, upper], [target])
  }
}
