import Foundation

/// An array of a NumPy file, in place: elements are read when they are asked for.
package struct NumPyArray: Sendable {
  /// The types that are read; complex numbers, half floats, texts and objects are refused.
  package enum ElementType: String, Sendable {
    case float32 = "f4"
    case float64 = "f8"
    case int8 = "i1"
    case int16 = "i2"
    case int32 = "i4"
    case int64 = "i8"
    case uint8 = "u1"
    case uint16 = "u2"
    case uint32 = "u4"
    case uint64 = "u8"
    case bool = "b1"

    package var byteCount: Int { Int(rawValue.suffix(1)) ?? 1 }
    package var isReal: Bool { self == .float32 || self == .float64 }
  }

  /// Its name in an archive; empty otherwise.
  package var name: String
  /// The sizes, slowest first in C's order.
  package var shape: [Int]
  package var elementType: ElementType
  /// The strides of the axes in elements: Fortran's order is only another order of these.
  private var strides: [Int]
  private var isBigEndian: Bool
  /// The elements, exactly as many bytes as there must be.
  private var bytes: Data
  /// The file, and the array in it, for messages.
  package var path: String

  /// The elements along the first axis, which counts samples; 1 for a scalar.
  package var count: Int { shape.first ?? 1 }
  /// The sizes of one sample.
  package var sampleShape: [Int] { Array(shape.dropFirst()) }
  package var elementCount: Int { shape.reduce(1, *) }
  /// The CRC-32 of the elements as they lie in the file.
  package var crc32: UInt32 { ZipArchive.checksum(bytes) }

  /// Dimensions that NumPy has at most.
  private static let rankLimit = 32

  /// - Parameters:
  ///   - file: the bytes of an `.npy` file, nothing behind them.
  ///   - path: for the messages.
  package init(_ file: Data, name: String = "", path: String) throws(DataError) {
    let header = try NumPyHeader(file, path: path)
    guard let type = ElementType(rawValue: String(header.description.dropFirst())) else {
      throw .malformed(
        path: path, byteOffset: header.offset,
        reason: "its elements are '\(header.description)'; float32, float64 and whole numbers of 8 "
          + "to 64 bits are read (array.astype('float32') makes them)")
    }
    guard header.shape.count <= Self.rankLimit else {
      throw .malformed(
        path: path, byteOffset: header.offset, reason: "it has \(header.shape.count) dimensions")
    }
    var byteCount = type.byteCount
    for size in header.shape {
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
      guard !overflows else {
        throw .malformed(
          path: path, byteOffset: header.offset, reason: "its shape asks for too many elements")
      }
      byteCount = product
    }
    guard byteCount > 0 else {
      throw .malformed(
        path: path, byteOffset: header.offset, reason: "a size of its shape is 0: it is empty")
    }
    let start = file.startIndex + header.byteCount
    guard file.endIndex - start == byteCount else {
      let found = file.endIndex - start
      throw .malformed(
        path: path, byteOffset: header.byteCount,
        reason: "\(found) bytes of elements where its shape "
          + "\(header.shape.map(String.init).joined(separator: "×")) needs \(byteCount)"
          + (found < byteCount ? "; the file is cut off" : ""))
    }
    self.name = name
    self.path = path
    shape = header.shape
    elementType = type
    isBigEndian = header.description.hasPrefix(">")
    bytes = file[start..<file.endIndex]
    strides = shape
    var step = 1
    for axis in header.isFortran ? Array(shape.indices) : shape.indices.reversed() {
      strides[axis] = step
      step *= shape[axis]
    }
  }

  // MARK: Elements

  /// Copies sample `index`, in C's order.
  ///
  /// - Parameters:
  ///   - axes: the axes of the sample, in the order that they have in `target`, the slowest first.
  ///   - target: as many elements as a sample has.
  package func copy(
    sample index: Int, axes: [Int], to target: UnsafeMutableBufferPointer<Float>
  ) {
    let sizes = axes.map { shape[$0 + 1] }
    let steps = axes.map { strides[$0 + 1] }
    let start = shape.isEmpty ? 0 : index * strides[0]
    unsafe bytes.withUnsafeBytes { bytes in
      var position = 0
      unsafe walk(sizes[...], steps[...], start, bytes, target, &position)
    }
  }

  /// All elements in C's order.
  package func floats() -> [Float] {
    let sampleCount = sampleShape.reduce(1, *)
    let axes = Array(sampleShape.indices)
    return unsafe [Float](unsafeUninitializedCapacity: elementCount) { buffer, initializedCount in
      for index in 0..<count {
        unsafe copy(
          sample: index, axes: axes,
          to: UnsafeMutableBufferPointer(
            rebasing: buffer[index * sampleCount..<(index + 1) * sampleCount]))
      }
      initializedCount = elementCount
    }
  }

  private func walk(
    _ sizes: ArraySlice<Int>, _ steps: ArraySlice<Int>, _ start: Int,
    _ bytes: UnsafeRawBufferPointer, _ target: UnsafeMutableBufferPointer<Float>,
    _ position: inout Int
  ) {
    guard let size = sizes.first, let step = steps.first else {
      unsafe target[position] = unsafe Float(real(start, bytes))
      position += 1
      return
    }
    if sizes.count > 1 {
      for index in 0..<size {
        unsafe walk(
          sizes.dropFirst(), steps.dropFirst(), start + index * step, bytes, target, &position)
      }
      return
    }
    if elementType == .float32, !isBigEndian {
      for index in 0..<size {
        let bits = unsafe bytes.loadUnaligned(
          fromByteOffset: 4 * (start + index * step), as: UInt32.self)
        unsafe target[position + index] = Float(bitPattern: UInt32(littleEndian: bits))
      }
    } else {
      for index in 0..<size {
        unsafe target[position + index] = unsafe Float(real(start + index * step, bytes))
      }
    }
    position += size
  }

  /// The element at a place in the file.
  private func real(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Double {
    func load<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
      let value = unsafe bytes.loadUnaligned(
        fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
      return isBigEndian ? Value(bigEndian: value) : Value(littleEndian: value)
    }
    return switch elementType {
    case .float32: Double(Float(bitPattern: load(UInt32.self)))
    case .float64: Double(bitPattern: load(UInt64.self))
    case .int8: Double(load(Int8.self))
    case .int16: Double(load(Int16.self))
    case .int32: Double(load(Int32.self))
    case .int64: Double(load(Int64.self))
    case .uint8: Double(load(UInt8.self))
    case .uint16: Double(load(UInt16.self))
    case .uint32: Double(load(UInt32.self))
    case .uint64: Double(load(UInt64.self))
    case .bool: load(UInt8.self) == 0 ? 0 : 1
    }
  }
}

extension NumPyArray {
  /// The arrays of an `.npy` or `.npz` file, in the order of the archive. Which it is, its first
  /// bytes say.
  package static func load(_ path: String) throws(DataError) -> [NumPyArray] {
    let file = try Files.map(path)
    if NumPyHeader.isStart(of: file) { return [try NumPyArray(file, path: path)] }
    guard ZipArchive.isStart(of: file) else {
      throw .malformed(
        path: path, byteOffset: 0,
        reason: "this is neither an .npy file, which starts with 93 4E 55 4D 50 59, nor an .npz "
          + "archive, which starts with 50 4B")
    }
    let archive = try ZipArchive(file, path: path)
    var arrays: [NumPyArray] = []
    for entry in archive.entries {
      var name = entry.name
      if name.hasSuffix(".npy") { name.removeLast(4) }
      arrays.append(
        try NumPyArray(try archive.contents(of: entry), name: name, path: "\(path)/\(entry.name)"))
    }
    guard !arrays.isEmpty else {
      throw .unsuitable(path: path, reason: "the archive has no arrays")
    }
    return arrays
  }

  /// Whether a file's first bytes are those of one that `load` reads.
  package static func canLoad(_ path: String) -> Bool {
    guard let file = try? Files.map(path) else { return false }
    return NumPyHeader.isStart(of: file) || ZipArchive.isStart(of: file)
  }
}
