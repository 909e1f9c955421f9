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
      value = try importer.combined([value] + others, operation, named: view.name + suffix)
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
    try broadcasting(view, .cast(attributes), [value])
    return true
  }

  /// Takes a DequantizeLinear over whose input is held as the integers that it has in the file:
  /// `(x − zero point) · scale`. Returns whether it is one.
  mutating func dequantizeStepwise(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    let x = try view.input(0)
    if case .tensor(let held) = x.source, graph.tensors[held].quantization != nil { return false }
    let parameters = try stepwiseParameters(view, x.shape)
    let type = try view.outputType() ?? parameters.scale.elementType
    var value = try combined(
      [x], .cast(CastAttributes(.float32)), named: view.name + "/real")
    if let zeroPoint = parameters.zeroPoint {
      value = try combined(
        [value, zeroPoint], .subtract(.none), named: view.name + "/centred")
    }
    if type == .float {
      try broadcasting(view, .multiply(.none), [value, parameters.scale])
    } else {
      value = try combined(
        [value, parameters.scale], .multiply(.none), named: view.name + "/scaled")
      try broadcasting(view, .cast(CastAttributes(type.elementType)), [value])
    }
    return true
  }

  /// Scale and zero point in shapes that broadcast against x; the zero point as floats, nil when
  /// it is known to be 0 throughout.
  private mutating func stepwiseParameters(
    _ view: ONNXNodeView, _ x: [Int]
  ) throws(ImportFailure) -> (scale: ImportedValue, zeroPoint: ImportedValue?) {
    let (scale, zeroPoint) = (try view.input(1), view.optionalInput(2))
    let axis = try view.axis(try view.integer("axis", 1), rank: max(x.count, 2))
    let blockLength = scale.rank > 1 ? try view.integer("block_size") : 0
    var shape: [Int] = []
    if scale.rank > 1 || scale.shape.elementCount > 1 {
      guard x.indices.contains(axis) else { throw .invalid("axis \(axis) does not exist") }
      let isBlocked = scale.rank > 1
      if isBlocked && blockLength <= 0 { throw .invalid("its block_size is \(blockLength)") }
      shape = isBlocked ? x : [Int](repeating: 1, count: x.count)
      shape[axis] = isBlocked ? (x[axis] + blockLength - 1) / blockLength : x[axis]
    }
    for value in [scale, zeroPoint].compactMap({ $0 })
    where value.shape.elementCount != shape.elementCount || value.rank > 1 && value.shape != shape {
      throw .invalid("'\(value.name)' of shape \(value.shape) does not fit x of shape \(x)")
    }
    let spread = Spread(
      shape: shape, axis: axis, blockLength: blockLength, length: x, name: view.name + "/blocks")
    var offset: ImportedValue?
    if let zeroPoint, !(zeroPoint.constant?.reals.allSatisfy { $0 == 0 } ?? false) {
      offset = try spreadParameter(zeroPoint, view.name + "/zero point", .float, spread)
    }
    return (try spreadParameter(scale, view.name + "/scale", scale.elementType, spread), offset)
  }

  /// How a parameter is brought beside the elements that it is for.
  private struct Spread {
    /// A dimension for each of x.
    var shape: [Int]
    var axis: Int
    /// Elements along the axis that share a parameter; 0 when there are no blocks.
    var blockLength: Int
    /// The shape of x.
    var length: [Int]
    /// The name of the constant that says which block each index along the axis is in.
    var name: String
  }

  /// Under `name`, and of the type `type`, when it is a constant.
  private mutating func spreadParameter(
    _ value: ImportedValue, _ name: String, _ type: ONNXElementType, _ spread: Spread
  ) throws(ImportFailure) -> ImportedValue {
    let (axis, blockLength) = (spread.axis, spread.blockLength)
    if let constant = value.constant {
      let parameters = ONNXValue(shape: spread.shape, reals: constant.reals).retyped(type)
      return operand(
        name,
        blockLength == 0
          ? parameters
          : parameters.repeated(along: axis, blockLength, upTo: spread.length[axis]))
    }
    var tensor = try tensor(value, .plain)
    let held = value.name + (blockLength == 0 ? "/shaped" : "/spread")
    if !value.elementType.isReal {
      let real = blockLength == 0 ? value.name + "/real" : held + "/real"
      tensor = try emit(
        .cast(CastAttributes(.float32)), name: real, inputs: [tensor], output: real)
    }
    if blockLength == 0 {
      let shaped = try reshape(tensor, spread.shape)
      return heldValue(shaped, .plain, named: held)
    }
    // Each is gathered as often as its block has elements.
    let count = spread.length[axis]
    try spend(count)
    let indices = try constantTensor(
      spread.name,
      ONNXValue(shape: [count], integers: (0..<count).map { Int64($0 / blockLength) }),
      tag: "blocks")
    let gathered = try emit(
      .gather(axis: axis), name: held, inputs: [tensor, indices], output: held)
    return heldValue(gathered, .plain, named: held)
  }
}

extension ONNXValue {
  /// Each index along an axis `count` times, as many as there is room for in `length`.
  fileprivate func repeated(along axis: Int, _ count: Int, upTo length: Int) -> ONNXValue {
    var result = self
    result.shape[axis] = length
    let values = reals
    var repeated: [Float] = []
    forEachIndex(in: result.shape) { index in
      var source = index
      source[axis] /= count
      repeated.append(values[offset(source)])
    }
    result.elements = .real(repeated)
    return result
  }
}
