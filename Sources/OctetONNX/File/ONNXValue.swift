import OctetModel

/// A tensor with its elements, in ONNX's own layout.
public struct ONNXValue: Sendable, Equatable {
  /// Reals are held as floats, integers and truth values as 64-bit integers (`uint64` as the
  /// `Int64` of the same bits).
  public enum Elements: Sendable, Equatable {
    case real([Float])
    case integer([Int64])
  }

  /// The dimensions; empty for a single number.
  public var shape: [Int]
  /// What the elements are in the file.
  public var elementType: ONNXElementType
  /// Row-major.
  public var elements: Elements

  /// A tensor of 32-bit floats.
  ///
  /// - Precondition: `reals`, row-major, has as many elements as `shape`.
  public init(shape: [Int], reals: [Float]) {
    self.shape = shape
    elementType = .float
    elements = .real(reals)
  }

  /// A tensor of integers or truth values.
  ///
  /// - Precondition: `integers`, row-major, has as many elements as `shape`.
  public init(shape: [Int], integers: [Int64], elementType: ONNXElementType = .int64) {
    self.shape = shape
    self.elementType = elementType
    elements = .integer(integers)
  }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The elements as floats, whatever they are held as.
  public var reals: [Float] {
    switch elements {
    case .real(let values): values
    case .integer(let values) where elementType == .uint64:
      values.map { Float(UInt64(bitPattern: $0)) }
    case .integer(let values): values.map { Float($0) }
    }
  }

  /// The elements when they are integers, else nil.
  public var integers: [Int64]? {
    guard case .integer(let values) = elements else { return nil }
    return values
  }

  /// Reads a TensorProto that stands alone, such as the inputs and outputs of ONNX's tests.
  public static func read(tensorProto bytes: [UInt8]) throws(ExchangeError) -> ONNXValue {
    let tensor = try ONNXParser.tensor(ProtobufReader(bytes))
    return try tensor.value(ONNXData(bytes: bytes))
  }

  /// Reads the tensors of a SequenceProto that stands alone.
  package static func read(sequenceProto bytes: [UInt8]) throws(ExchangeError) -> [ONNXValue] {
    var reader = ProtobufReader(bytes)
    var values: [ONNXValue] = []
    while let field = try reader.next() {
      if field.number == 3 {
        let tensor = try ONNXParser.tensor(try reader.message(field))
        values.append(try tensor.value(ONNXData(bytes: bytes)))
      }
    }
    return values
  }
}

/// Where the data of a model's tensors lies.
struct ONNXData: Sendable {
  var bytes: [UInt8]
  /// Reads a part of a file beside the model; nil when the model came without a place.
  var external: (@Sendable (ExternalRange) throws(ExchangeError) -> [UInt8])?

  struct ExternalRange {
    var location: String
    var offset: Int
    /// nil: all that follows.
    var byteCount: Int?
  }
}

extension ONNXTensor {
  /// The dimensions, checked.
  func checkedShape() throws(ExchangeError) -> [Int] {
    let dimensions = shape.map { Int(clamping: $0) }
    do {
      _ = try Graph.checkedElementCount(dimensions, node: name)
    } catch {
      throw problem("has the impossible shape \(shape)")
    }
    return dimensions
  }

  func problem(_ reason: String) -> ExchangeError {
    .malformed(format: "ONNX", offset: offset, reason: "tensor '\(name)' \(reason)")
  }

  /// Decodes the elements.
  func value(_ data: ONNXData) throws(ExchangeError) -> ONNXValue {
    let shape = try checkedShape()
    let count = shape.reduce(1, *)
    guard let type = ONNXElementType(rawValue: elementType) else {
      throw .unsupported([
        UnsupportedNode(
          name: name, operatorName: "tensor",
          reason: "it holds \(ONNXElementType.name(elementType)) elements, which Octet does not "
            + "read; store it as float")
      ])
    }
    if isExternal { return try decode(try externalBytes(data), shape, count, type) }
    if let raw { return try decode(data.bytes[raw], shape, count, type) }

    if type == .float || type == .double {
      let held = type == .float ? floats.count : doubles.count
      guard held == count else { throw problem("has \(held) elements for the shape \(shape)") }
      return ONNXValue(shape: shape, reals: type == .float ? floats : doubles.map { Float($0) })
        .retyped(type)
    }
    return try decodeIntegers(shape, count, type)
  }

  /// `int32_data` and its like: the integers themselves, the bits of narrow reals, or bytes into
  /// which elements of fewer than 8 bits are packed.
  private func decodeIntegers(
    _ shape: [Int], _ count: Int, _ type: ONNXElementType
  ) throws(ExchangeError) -> ONNXValue {
    let perItem = max(8 / type.bitCount, 1)
    guard integers.count == (count + perItem - 1) / perItem else {
      throw problem("has \(integers.count) elements for the shape \(shape)")
    }
    if type.elementType.bitCount < 8 || type.isReal {
      let bits = integers.map { UInt64(truncatingIfNeeded: $0) }
      return Self.value(shape, count, type) {
        bits[$0 / perItem] >> UInt64($0 % perItem * type.bitCount)
      }
    }
    if type != .uint64, let outside = integers.first(where: { !type.range.contains($0) }) {
      throw problem("holds \(outside), which is no \(type)")
    }
    return ONNXValue(shape: shape, integers: integers, elementType: type)
  }

  private func externalBytes(_ data: ONNXData) throws(ExchangeError) -> ArraySlice<UInt8> {
    guard let read = data.external, let location = external["location"] else {
      throw problem("has its data in another file; give the model's place on disk")
    }
    let offset = external["offset"].map { Int($0) } ?? 0
    let length = external["length"].map { Int($0) }
    guard let offset, offset >= 0, length == nil || (length.flatMap { $0 } ?? -1) >= 0 else {
      throw problem("has a range of '\(location)' that is no number")
    }
    return try read(
      ONNXData.ExternalRange(location: location, offset: offset, byteCount: length.flatMap { $0 })
    )[...]
  }

  /// `raw_data`: little-endian, row-major.
  private func decode(
    _ raw: ArraySlice<UInt8>, _ shape: [Int], _ count: Int, _ type: ONNXElementType
  ) throws(ExchangeError) -> ONNXValue {
    guard raw.count == (count * type.bitCount + 7) / 8 else {
      throw problem("has \(raw.count) bytes for \(count) elements of \(type)")
    }
    if type == .float {
      let reals = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initializedCount in
        unsafe raw.withUnsafeBytes { bytes in
          for index in 0..<count {
            let bits = unsafe bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            unsafe buffer.initializeElement(
              at: index, to: Float(bitPattern: UInt32(littleEndian: bits)))
          }
        }
        initializedCount = count
      }
      return ONNXValue(shape: shape, reals: reals)
    }
    let (width, first) = (type.byteCount, raw.startIndex)
    let perByte = max(8 / type.bitCount, 1)
    return Self.value(shape, count, type) { index in
      if perByte > 1 {
        return UInt64(raw[first + index / perByte]) >> UInt64(index % perByte * type.bitCount)
      }
      var bits: UInt64 = 0
      for byte in 0..<width {
        bits |= UInt64(raw[first + index * width + byte]) << UInt64(8 * byte)
      }
      return bits
    }
  }

  /// The value whose elements have the lowest bits of what `bits` gives.
  private static func value(
    _ shape: [Int], _ count: Int, _ type: ONNXElementType, _ bits: (Int) -> UInt64
  ) -> ONNXValue {
    func reals(_ real: (UInt64) -> Float) -> ONNXValue {
      ONNXValue(shape: shape, reals: (0..<count).map { real(bits($0)) }).retyped(type)
    }
    if let format = type.elementType.floatFormat {
      return reals { format.value(bits: UInt16(truncatingIfNeeded: $0)) }
    }
    switch type {
    case .float: return reals { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
    case .double: return reals { Float(Double(bitPattern: $0)) }
    default:
      return ONNXValue(
        shape: shape, integers: (0..<count).map { type.wrapped(Int64(bitPattern: bits($0))) },
        elementType: type)
    }
  }
}

extension ONNXValue {
  func retyped(_ type: ONNXElementType) -> ONNXValue {
    var result = self
    result.elementType = type
    return result
  }

  /// Reals rounded to a real type.
  func narrowed(
    to type: ONNXElementType, saturates: Bool = false, _ powers: FloatFormat.PowerRounding = .up
  ) -> ONNXValue {
    guard let format = type.elementType.floatFormat else { return retyped(type) }
    var result = retyped(type)
    result.elements = .real(reals.map { format.rounded($0, saturates: saturates, powers) })
    return result
  }

  /// The same elements under another shape of as many elements.
  func reshaped(_ shape: [Int]) -> ONNXValue {
    var result = self
    result.shape = shape
    return result
  }

  /// Axis k of the result is axis `permutation[k]` of this value.
  func transposed(_ permutation: [Int]) -> ONNXValue {
    var result = self
    result.shape = permutation.map { shape[$0] }
    if shape.contains(0) { return result }
    switch elements {
    case .real(let values): result.elements = .real(Self.permuted(values, shape, permutation))
    case .integer(let values): result.elements = .integer(Self.permuted(values, shape, permutation))
    }
    return result
  }

  /// The elements in the order of the permuted axes, with no memory but the result's.
  private static func permuted<Element>(
    _ values: [Element], _ shape: [Int], _ permutation: [Int]
  ) -> [Element] {
    guard let last = permutation.last else { return values }
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let (count, stride) = (shape[last], strides[last])
    let outer = permutation.dropLast()
    var index = [Int](repeating: 0, count: outer.count)
    var offset = 0
    var result: [Element] = []
    result.reserveCapacity(values.count)
    while result.count < values.count {
      for k in 0..<count { result.append(values[offset + k * stride]) }
      // The next row: the last axis that has one more, those after it from the start.
      for (place, axis) in outer.enumerated().reversed() {
        index[place] += 1
        offset += strides[axis]
        if index[place] < shape[axis] { break }
        offset -= index[place] * strides[axis]
        index[place] = 0
      }
    }
    return result
  }
}
