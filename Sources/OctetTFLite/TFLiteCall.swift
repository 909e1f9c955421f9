import OctetModel

/// A node of the file, with its options at hand.
struct TFLiteCall {
  let node: TFLiteFile.Node
  let kind: TFLiteOperator
  /// Unique within the graph.
  let name: String
  let file: TFLiteFile
  let known: TFLiteKnowledge

  func checkOperandCounts() throws(TFLiteRefusal) {
    // Absent optional inputs at the end do not count.
    let count = node.inputs.count
    guard kind.inputCounts.contains(count) else {
      throw broken("it has \(count) inputs")
    }
    let isSplit = [.split, .splitV, .unpack].contains(kind)
    guard node.outputs.count == 1 || isSplit && !node.outputs.isEmpty else {
      throw broken("it has \(node.outputs.count) outputs")
    }
  }

  func broken(_ reason: String) -> TFLiteRefusal {
    .broken(.invalidModel(place: "node '\(name)' (\(node.operatorName))", reason: reason))
  }

  // MARK: Options

  /// An integer of the options of the given union type; `value` when the file leaves it out.
  func option(
    _ type: Int, _ slot: Int, default value: Int32 = 0
  ) throws(TFLiteRefusal) -> Int {
    guard let options = try options(type) else { return Int(value) }
    return try reading { () throws(ExchangeError) in
      try options.integer(slot, Int32.self, default: value)
    }
  }

  func byteOption(_ type: Int, _ slot: Int) throws(TFLiteRefusal) -> Int {
    guard let options = try options(type) else { return 0 }
    return try reading { () throws(ExchangeError) in try options.integer(slot, Int8.self) }
  }

  func flagOption(_ type: Int, _ slot: Int) throws(TFLiteRefusal) -> Bool {
    try byteOption(type, slot) != 0
  }

  func floatOption(_ type: Int, _ slot: Int) throws(TFLiteRefusal) -> Float {
    guard let options = try options(type) else { return 0 }
    return try reading { () throws(ExchangeError) in try options.float(slot) }
  }

  private func options(_ type: Int) throws(TFLiteRefusal) -> FlatTable? {
    guard node.optionsType != 0, let options = node.options else { return nil }
    guard node.optionsType == type else {
      throw broken("its options are of type \(node.optionsType), not \(type)")
    }
    return options
  }

  func reading<Value>(
    _ body: () throws(ExchangeError) -> Value
  ) throws(TFLiteRefusal) -> Value {
    do {
      return try body()
    } catch {
      throw .broken(error)
    }
  }

  /// The fused activation in the options.
  func activation(_ type: Int, _ slot: Int) throws(TFLiteRefusal) -> Activation {
    switch try byteOption(type, slot) {
    case 0: return .none
    case 1: return .relu
    case 2: return .reluN1To1
    case 3: return .relu6
    case 4: throw .unsupported("fused tanh has no operation; apply tanh in a node of its own")
    case let other: throw .unsupported("fused activation \(other) has no operation")
    }
  }

  // MARK: Operands

  func shape(_ position: Int) throws(TFLiteRefusal) -> [Int] {
    let tensor = try input(position)
    if let shape = known.shapes[node.inputs[position]] { return shape }
    try tensor.checkShape()
    return tensor.shape
  }

  func input(_ position: Int) throws(TFLiteRefusal) -> TFLiteFile.Tensor {
    guard node.inputs.indices.contains(position), node.inputs[position] >= 0 else {
      throw broken("input \(position) is absent")
    }
    return file.tensors[node.inputs[position]]
  }

  func output() throws(TFLiteRefusal) -> TFLiteFile.Tensor {
    let tensor = file.tensors[node.outputs[0]]
    try tensor.checkShape()
    return tensor
  }

  /// The values of an int32 or int64 constant, such as axes or sizes.
  func integers(_ position: Int, _ what: String) throws(TFLiteRefusal) -> [Int] {
    let tensor = try input(position)
    if let values = known.integers[node.inputs[position]] { return values }
    try tensor.checkShape()
    switch try file.constant(tensor) {
    case .int32(let values): return values.map { Int($0) }
    case .int64(let values): return values.map { Int($0) }
    default:
      throw .unsupported("\(what) computed by the model; only constants are supported")
    }
  }

  /// A non-negative axis.
  func axis(_ axis: Int, rank: Int) throws(TFLiteRefusal) -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw broken("axis \(axis) does not exist in \(rank) dimensions")
    }
    return axis < 0 ? axis + rank : axis
  }
}

// MARK: Tensors

extension TFLiteFile.Tensor {
  func broken(_ reason: String) -> TFLiteRefusal {
    .broken(.invalidModel(place: "tensor '\(name)'", reason: reason))
  }

  /// Throws unless the number of elements is a sensible one.
  func checkShape() throws(TFLiteRefusal) {
    do {
      _ = try Graph.checkedElementCount(shape, node: name)
    } catch {
      throw broken(
        "the shape \(shape) is not possible (dimensions are 0 or more, at most "
          + "\(Graph.maximumElementCount) elements)")
    }
    guard shape.count <= 16 else { throw broken("it has \(shape.count) dimensions") }
  }

  func elementType() throws(TFLiteRefusal) -> ElementType {
    switch TFLiteTensorType(rawValue: type) {
    case .float32, .float16: return .float32
    case .int8: return .int8
    case .uint8: return .uint8
    case .int32: return .int32
    case .int64: return .int64
    case .int16:
      throw .unsupported(
        "tensor '\(name)' is INT16; convert the model with int8 activations")
    case .bool: return .bool
    case nil:
      throw .unsupported(
        "tensor '\(name)' is \(TFLiteTensorType.name(type)); only FLOAT32 and INT8 models are "
          + "supported")
    }
  }

  /// Scales and zero points; nil for a tensor of real numbers.
  func quantization() throws(TFLiteRefusal) -> Quantization? {
    let kind = TFLiteTensorType(rawValue: type)
    if scales.isEmpty, kind == .int8 { throw broken("it is INT8 without a scale") }
    guard !scales.isEmpty, [.int8, .uint8, .int32].contains(kind) else { return nil }
    guard scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw broken("its scales are not all positive and finite")
    }
    // A missing zero point is 0; one may stand for all scales.
    let points = zeroPoints.isEmpty ? [0] : zeroPoints
    guard points.count == 1 || points.count == scales.count else {
      throw broken("it has \(scales.count) scales and \(points.count) zero points")
    }
    var zeroPoints: [Int32] = []
    for index in scales.indices {
      let limits: ClosedRange<Int64> =
        kind == .uint8 ? 0...255 : -128...127
      let point = points[points.count == 1 ? 0 : index]
      guard limits.contains(point) else { throw broken("zero point \(point) is out of range") }
      zeroPoints.append(Int32(point))
    }
    if scales.count == 1 {
      return Quantization(scales: scales, zeroPoints: zeroPoints)
    }
    // Old converters write the weights' axis into one-dimensional biases.
    let axis = shape.count == 1 ? 0 : axis
    guard shape.indices.contains(axis), shape[axis] == scales.count else {
      throw broken("it has \(scales.count) scales along axis \(axis) of \(shape)")
    }
    return Quantization(scales: scales, zeroPoints: zeroPoints, axis: axis)
  }
}

extension TFLiteFile {
  /// The tensor's value; nil for an activation.
  func constant(_ tensor: Tensor) throws(TFLiteRefusal) -> Payload? {
    let data: ArraySlice<UInt8>
    do {
      data = try self.data(of: tensor)
    } catch {
      throw .broken(error)
    }
    if data.isEmpty { return nil }
    let type = TFLiteTensorType(rawValue: tensor.type)
    guard let width = type?.byteCount else { return nil }
    try tensor.checkShape()
    guard data.count == tensor.shape.elementCount * width else {
      throw tensor.broken(
        "it has \(data.count) bytes of data; the shape \(tensor.shape) needs "
          + "\(tensor.shape.elementCount * width)")
    }
    switch type {
    case .float32: return .float(data.elements(UInt32.self) { Float(bitPattern: $0) })
    case .float16: return .float(data.elements(UInt16.self) { Float(halfBits: $0) })
    case .int8:
      let sign: UInt8 = tensor.isUnsigned ? 0x80 : 0
      return .int8(data.map { Int8(bitPattern: $0 ^ sign) })
    case .int32: return .int32(data.elements(Int32.self) { $0 })
    case .int64: return .int64(data.elements(Int64.self) { $0 })
    case .bool: return .int64(data.map { $0 == 0 ? 0 : 1 })
    default: return nil
    }
  }
}

extension TFLiteTensorType {
  var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .int16: 2
    case .float32, .int32: 4
    case .int64: 8
    }
  }
}

extension ArraySlice<UInt8> {
  /// Little-endian integers, converted one by one.
  fileprivate func elements<Value: FixedWidthInteger, Result>(
    _ type: Value.Type, _ convert: (Value) -> Result
  ) -> [Result] {
    let width = Value.bitWidth / 8
    return withUnsafeBytes { bytes in
      (0..<bytes.count / width).map { index in
        convert(
          Value(
            littleEndian: bytes.loadUnaligned(fromByteOffset: index * width, as: Value.self)))
      }
    }
  }
}

extension Float {
  /// An IEEE half: 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits.
  init(halfBits bits: UInt16) {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: self = sign * fraction / 16_777_216
    case 31: self = fraction == 0 ? sign * .infinity : .nan
    default:
      self =
        sign * (1 + fraction / 1024) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
