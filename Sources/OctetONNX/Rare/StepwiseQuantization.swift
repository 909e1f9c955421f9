import OctetModel

// Quantization by ordinary operations, for grids that int8 kernels do not have: other element
// types, several scales for an activation, blocks, scales that are computed.

extension ONNXImporter {
  /// Takes a QuantizeLinear over whose result has no grid that int8 kernels have:
  /// `round(x / scale) + zero point`, clipped and cast. Returns whether it is one.
  mutating func quantizeStepwise(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    let x = try view.input(0)
    let declared = try view.outputType()
    if x.elementType == .float, x.constant == nil, try view.input(1).elementType == .float,
      (try? gridInputs(view, scale: 1, zeroPoint: 2, type: declared)) != nil
    {
      return false
    }
    let parameters = try stepwiseParameters(view, x.shape)
    let type = view.optionalInput(2)?.elementType ?? declared ?? .uint8
    var value = x
    func step(
      _ importer: inout ONNXImporter, _ operation: Operation, _ others: [ImportedValue],
      _ suffix: String
    ) throws(ImportFailure) {
      let name = view.name + suffix
      let result = try importer.combine([value] + others, operation, name: name, output: name)
      value = importer.heldValue(result.tensor, result.layout, named: name)
    }
    let precision: ONNXElementType =
      try view.integer("precision") == 0
      ? parameters.scale.elementType : try view.castTarget("precision")
    if value.elementType != precision {
      try step(&self, .cast(CastAttributes(precision.elementType)), [], "/precision")
    }
    try step(&self, .divide(.none), [parameters.scale], "/quotient")
    if value.elementType != .float { try step(&self, .cast(CastAttributes(.float32)), [], "/real") }
    if !type.isReal { try step(&self, .scalar(.round), [], "/round") }
    if let zeroPoint = parameters.zeroPoint {
      try step(&self, .add(.none), [zeroPoint], "/shifted")
    }
    var attributes = CastAttributes(type.elementType)
    attributes.saturates = try view.integer("saturate", 1) != 0
    if !type.isReal {
      guard type.bitCount <= 16 else { throw .unsupported("it makes \(type) elements") }
      let (lower, upper) = (Float(type.range.lowerBound), Float(type.range.upperBound))
      try step(&self, .scalar(.clip(lower: lower, upper: upper)), [], "/clipped")
    }
    let result = try combine(
      [value], .cast(attributes), name: view.name, output: view.node.outputs[0])
    define(view, result.tensor, result.layout)
    return true
  }

  /// Takes a DequantizeLinear over whose input is held as the integers that it has in the file:
  /// `(x − zero point) · scale`. Returns whether it is one.
  mutating func dequantizeStepwise(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    let x = try view.input(0)
    if case .tensor(let held) = x.source, graph.tensors[held].quantization != nil { return false }
    let parameters = try stepwiseParameters(view, x.shape)
    let type = try view.outputType() ?? parameters.scale.elementType
    let real = view.name + "/real"
    let cast = try combine(
      [x], .cast(CastAttributes(.float32)), name: real, output: real)
    var value = heldValue(cast.tensor, cast.layout, named: real)
    if let zeroPoint = parameters.zeroPoint {
      let name = view.name + "/centred"
      let centred = try combine(
        [value, zeroPoint], .subtract(.none), name: name, output: name)
      value = heldValue(centred.tensor, centred.layout, named: name)
    }
    let isLast = type == .float
    let name = isLast ? view.node.outputs[0] : view.name + "/scaled"
    var result = try combine(
      [value, parameters.scale], .multiply(.none), name: isLast ? view.name : name, output: name)
    if !isLast {
      result = try combine(
        [heldValue(result.tensor, result.layout, named: name)],
        .cast(CastAttributes(type.elementType)), name: view.name, output: view.node.outputs[0])
    }
    define(view, result.tensor, result.layout)
    return true
  }

  /// Scale and zero point in shapes that broadcast against x; the zero point as floats, nil when
  /// it is 0 throughout.
  private mutating func stepwiseParameters(
    _ view: ONNXNodeView, _ x: [Int]
  ) throws(ImportFailure) -> (scale: ImportedValue, zeroPoint: ImportedValue?) {
    guard let scale = try view.input(1).constant,
      view.optionalInput(2) == nil || view.optionalInput(2)?.constant != nil
    else { return try computedParameters(view, x) }
    let zeroPoint = try view.realsInput(2)
    let axis = try view.axis(try view.integer("axis", 1), rank: max(x.count, 2))
    let blockLength = try view.integer("block_size")
    var shape: [Int] = []
    if scale.shape.count > 1 {
      shape = x
      guard blockLength > 0, x.indices.contains(axis), scale.shape.count == x.count else {
        throw .invalid("scales of shape \(scale.shape) do not fit \(x)")
      }
      shape[axis] = (x[axis] + blockLength - 1) / blockLength
    } else if scale.count > 1 {
      guard x.indices.contains(axis) else { throw .invalid("axis \(axis) does not exist") }
      shape = [Int](repeating: 1, count: x.count)
      shape[axis] = x[axis]
    }
    guard scale.count == shape.elementCount, zeroPoint?.count ?? scale.count == scale.count else {
      throw .invalid("\(scale.count) scales and the zero points do not fit \(x)")
    }
    func value(_ reals: [Float], _ suffix: String, _ type: ONNXElementType) -> ImportedValue {
      var constant = ONNXValue(shape: shape, reals: reals).retyped(type)
      if scale.shape.count > 1 {
        constant = constant.repeated(along: axis, blockLength, upTo: x[axis])
      }
      return operand(view.name + suffix, constant)
    }
    let hasOffset = zeroPoint?.contains { $0 != 0 } ?? false
    return (
      value(scale.reals, "/scale", scale.elementType),
      hasOffset ? value(zeroPoint ?? [], "/zero point", .float) : nil
    )
  }

  /// The same when they are computed while the model runs.
  private mutating func computedParameters(
    _ view: ONNXNodeView, _ x: [Int]
  ) throws(ImportFailure) -> (scale: ImportedValue, zeroPoint: ImportedValue?) {
    let scale = try view.input(1)
    if scale.rank > 1 { return try computedBlocks(view, x) }
    var shape: [Int] = []
    if scale.shape.elementCount > 1 {
      let axis = try view.axis(try view.integer("axis", 1), rank: max(x.count, 2))
      guard scale.rank == 1, x.indices.contains(axis), x[axis] == scale.shape[0] else {
        throw .invalid("scales of shape \(scale.shape) do not fit \(x)")
      }
      shape = [Int](repeating: 1, count: x.count)
      shape[axis] = x[axis]
    }
    func shaped(
      _ importer: inout ONNXImporter, _ value: ImportedValue
    ) throws(ImportFailure) -> ImportedValue {
      guard value.shape.elementCount == shape.elementCount else {
        throw .invalid("scale and zero point have different shapes")
      }
      var tensor = try importer.tensor(value, .plain)
      if importer.graph.tensors[tensor].elementType != .float32, !value.elementType.isReal {
        let name = value.name + "/real"
        tensor = try importer.emit(
          .cast(CastAttributes(.float32)), name: name, inputs: [tensor], output: name)
      }
      tensor = try importer.reshape(tensor, shape)
      return importer.heldValue(tensor, .plain, named: value.name + "/shaped")
    }
    let zeroPoint = try view.optionalInput(2).map { (value) throws(ImportFailure) in
      try shaped(&self, value)
    }
    return (try shaped(&self, scale), zeroPoint)
  }

  /// The same when there is one for each block of an axis: each is gathered as often as its block
  /// has elements.
  private mutating func computedBlocks(
    _ view: ONNXNodeView, _ x: [Int]
  ) throws(ImportFailure) -> (scale: ImportedValue, zeroPoint: ImportedValue?) {
    let axis = try view.axis(try view.integer("axis", 1), rank: x.count)
    let length = try view.integer("block_size")
    var blocks = x
    guard length > 0 else { throw .invalid("its block_size is \(length)") }
    blocks[axis] = (x[axis] + length - 1) / length
    try spend(x[axis])
    let indices = try constantTensor(
      view.name + "/blocks",
      ONNXValue(shape: [x[axis]], integers: (0..<x[axis]).map { Int64($0 / length) }),
      tag: "blocks")
    func spread(
      _ importer: inout ONNXImporter, _ value: ImportedValue
    ) throws(ImportFailure) -> ImportedValue {
      guard value.shape == blocks else {
        throw .invalid("scales of shape \(value.shape) do not fit \(x)")
      }
      var tensor = try importer.tensor(value, .plain)
      let name = value.name + "/spread"
      if !value.elementType.isReal {
        tensor = try importer.emit(
          .cast(CastAttributes(.float32)), name: name + "/real", inputs: [tensor],
          output: name + "/real")
      }
      tensor = try importer.emit(
        .gather(axis: axis), name: name, inputs: [tensor, indices], output: name)
      return importer.heldValue(tensor, .plain, named: name)
    }
    let zeroPoint = try view.optionalInput(2).map { (value) throws(ImportFailure) in
      try spread(&self, value)
    }
    return (try spread(&self, try view.input(1)), zeroPoint)
  }
}

extension ONNXValue {
  /// Each index along an axis `count` times, as many as there is room for in `length`.
  fileprivate func repeated(along axis: Int, _ count: Int, upTo length: Int) -> ONNXValue {
    var result = self
    result.shape[axis] = length
    let values = reals
    var repeated: [Float] = []
    ONNXCall.forEachIndex(result.shape) { index in
      var source = index
      source[axis] /= count
      repeated.append(values[offset(source)])
    }
    result.elements = .real(repeated)
    return result
  }
}
