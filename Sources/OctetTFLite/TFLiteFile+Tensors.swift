import OctetModel

// What a tensor of a file is, and its value.

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
    case .int16: return .int16
    case .int4: return .int4
    case .bool: return .bool
    case nil:
      throw .unsupported(
        "tensor '\(name)' is \(TFLiteTensorType.name(type)); only FLOAT32, INT8 and INT16 models "
          + "are supported")
    }
  }

  /// Scales and zero points; nil for a tensor of real numbers.
  func quantization() throws(TFLiteRefusal) -> Quantization? {
    let kind = TFLiteTensorType(rawValue: type)
    if scales.isEmpty, kind == .int8 || kind == .int16 || kind == .int4 {
      throw broken("it is \(TFLiteTensorType.name(type)) without a scale")
    }
    guard !scales.isEmpty, [.int4, .int8, .uint8, .int16, .int32].contains(kind) else { return nil }
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
        switch kind {
        case .uint8: 0...255
        case .int16: -32_768...32_767
        case .int4: -8...7
        default: -128...127
        }
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
    guard let type else { return nil }
    try tensor.checkShape()
    let byteCount = type.byteCount(tensor.shape.elementCount)
    guard data.count == byteCount else {
      throw tensor.broken(
        "it has \(data.count) bytes of data; the shape \(tensor.shape) needs \(byteCount)")
    }
    let half = ElementType.float16.floatFormat
    switch type {
    case .float32: return .float(data.elements(UInt32.self) { Float(bitPattern: $0) })
    case .float16: return .float(data.elements(UInt16.self) { half?.value(bits: $0) ?? .nan })
    case .int8:
      let sign: UInt8 = tensor.isUnsigned ? 0x80 : 0
      return .int8(data.map { Int8(bitPattern: $0 ^ sign) })
    case .int4: return .int8([Int8](halvesOf: data, count: tensor.shape.elementCount))
    case .int16: return .int32(data.elements(Int16.self) { Int32($0) })
    case .int32: return .int32(data.elements(Int32.self) { $0 })
    case .int64: return .int64(data.elements(Int64.self) { $0 })
    case .uint8: return nil
    case .bool: return .int64(data.map { $0 == 0 ? 0 : 1 })
    }
  }
}

extension ArraySlice<UInt8> {
  /// Little-endian integers, converted one by one.
  fileprivate func elements<Value: FixedWidthInteger, Result>(
    _ type: Value.Type, _ convert: (Value) -> Result
  ) -> [Result] {
    let width = Value.bitWidth / 8
    return unsafe withUnsafeBytes { bytes in
      (0..<bytes.count / width).map { index in
        unsafe convert(
          Value(
            littleEndian: bytes.loadUnaligned(fromByteOffset: index * width, as: Value.self)))
      }
    }
  }
}

extension Payload {
  /// The elements of an int32 or int64 constant.
  var integers: [Int]? {
    switch self {
    case .int32(let values): values.map { Int($0) }
    case .int64(let values): values.map { Int($0) }
    case .float, .int8: nil
    }
  }
}
