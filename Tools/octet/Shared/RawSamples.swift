import Foundation
import OctetCommand
import OctetData
import OctetDiff
import OctetModel
import OctetQuantization

/// Tensors in a file without a header: one sample after the other, the inputs of a sample in order.
struct RawSamples: Sendable {
  /// Bytes of one element: 1 for int8, 4 for float32 (little-endian).
  let elementByteCount: Int
  /// Elements of each input.
  let elementCounts: [Int]
  let count: Int
  private let bytes: Data

  init(_ path: String, elementCounts: [Int], elementByteCount: Int) throws(CommandError) {
    bytes = try InputFile.map(path)
    let sizes = elementCounts.map { $0 * elementByteCount }
    let sampleByteCount = sizes.reduce(0, +)
    guard bytes.count > 0, sampleByteCount > 0, bytes.count % sampleByteCount == 0 else {
      let parts = sizes.count > 1 ? " (\(sizes.map(String.init).joined(separator: " + ")))" : ""
      throw CommandError(
        .badData,
        "\(path): \(bytes.count) bytes; a sample of this model has \(sampleByteCount)"
          + "\(parts) as \(elementByteCount == 1 ? "int8" : "float32"), so a multiple is needed")
    }
    count = bytes.count / sampleByteCount
    self.elementCounts = elementCounts
    self.elementByteCount = elementByteCount
  }

  /// The CRC-32 of all bytes, eight hexadecimal digits.
  var checksum: String { CRC32.text(bytes) }

  /// Copies input `index` of a sample to memory of as many bytes.
  func copy(sample: Int, input index: Int, to target: UnsafeMutableRawBufferPointer) {
    let before = sample * elementCounts.reduce(0, +) + elementCounts[..<index].reduce(0, +)
    let start = bytes.startIndex + before * elementByteCount
    unsafe target.withMemoryRebound(to: UInt8.self) {
      unsafe bytes.copyBytes(to: $0, from: start..<start + elementCounts[index] * elementByteCount)
    }
  }

  /// Input `index` of a sample of float32.
  func floats(sample: Int, input index: Int) -> [Float] {
    unsafe [Float](unsafeUninitializedCapacity: elementCounts[index]) { buffer, count in
      unsafe copy(sample: sample, input: index, to: UnsafeMutableRawBufferPointer(buffer))
      count = elementCounts[index]
    }
  }
}

extension RawSamples {
  /// The samples, of float32, as `diff` takes them.
  var tensors: TensorSamples {
    unsafe TensorSamples(count: count, elementCounts: elementCounts, checksum: checksum) {
      sample, input, target in
      unsafe copy(sample: sample, input: input, to: UnsafeMutableRawBufferPointer(target))
    }
  }
}

extension Graph {
  /// The elements of each input.
  ///
  /// - Throws: when one does not hold float32.
  func floatInputCounts() throws(CommandError) -> [Int] {
    for input in inputs
    where tensors[input].elementType != .float32 && tensors[input].quantization == nil {
      throw CommandError(
        .badData,
        "its input '\(tensors[input].name)' holds \(tensors[input].elementType), not float32")
    }
    return inputs.map { tensors[$0].elementCount }
  }
}

extension CalibrationSamples {
  /// The samples at `indices`.
  init(_ all: TensorSamples, _ indices: [Int]) {
    unsafe self.init(count: indices.count) { sample, input, target in
      unsafe all.copy(sample: indices[sample], input: input, to: target)
    }
  }
}

extension TensorSamples {
  /// Samples for a float graph: of a NumPy file, or raw float32.
  init(path: String, for graph: Graph) throws {
    if Self.isNumPy(path) {
      try self.init(numPy: path, for: graph)
    } else {
      let counts = try graph.floatInputCounts()
      self = try RawSamples(path, elementCounts: counts, elementByteCount: 4).tensors
    }
  }

  /// Whether the file is one of NumPy's, or is said to be: then its reader tells what is wrong.
  static func isNumPy(_ path: String) -> Bool {
    path != "-"
      && (DataSource.isNumPy(path) || path.hasSuffix(".npy") || path.hasSuffix(".npz"))
  }
}
