/// The IDX format of MNIST (LeCun, Cortes, Burges), of unsigned bytes, plain or in gzip.
///
///     00 00 08 rank   sizes: rank big-endian 32-bit counts   product(sizes) bytes, row-major
package enum IDX {
  /// One array of unsigned bytes.
  package struct Array: Equatable, Sendable {
    /// Slowest first: N, H, W for images, N for labels.
    package var sizes: [Int]
    package var bytes: [UInt8]

    package init(sizes: [Int], bytes: [UInt8]) {
      self.sizes = sizes
      self.bytes = bytes
    }
  }

  /// Reads one file. A file is taken as gzip by its first two bytes, not by its name.
  ///
  /// No more than the sizes in the header is ever unpacked, and at most `DataLimits.byteCount`.
  package static func read(contentsOf path: String) throws(DataError) -> Array {
    try decode(try Files.read(path), path: path)
  }

  /// The same from bytes in memory; `path` serves the error messages only.
  package static func decode(_ file: [UInt8], path: String) throws(DataError) -> Array {
    var source = IDXSource(file: file, path: path)
    var header: [UInt8] = []
    try source.read(4, into: &header, of: "the header")
    guard header[0] == 0, header[1] == 0 else {
      throw source.malformed(0, "this is not an IDX file, which starts with two zero bytes")
    }
    guard header[2] == 0x08 else {
      throw source.malformed(
        2, "the element type is \(header[2]), and only 8, unsigned bytes, is read")
    }
    let rank = Int(header[3])
    guard (1...4).contains(rank) else {
      throw source.malformed(3, "the rank is \(rank), and 1 to 4 is expected")
    }
    try source.read(4 * rank, into: &header, of: "the sizes")
    var sizes: [Int] = []
    var byteCount = 1
    for axis in 0..<rank {
      let offset = 4 + 4 * axis
      let size = header[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: size)
      guard size > 0 else { throw source.malformed(offset, "a size is 0") }
      guard !overflows, product <= DataLimits.byteCount else {
        throw source.malformed(
          offset, "the sizes ask for more than \(DataLimits.byteCount) bytes; split the file")
      }
      sizes.append(size)
      byteCount = product
    }
    var bytes: [UInt8] = []
    try source.read(byteCount, into: &bytes, of: "\(byteCount) bytes of data")
    try source.finish()
    return Array(sizes: sizes, bytes: bytes)
  }

  /// The bytes of an IDX file. Sizes must be 1 to 4, below 2³², with the product `bytes.count`.
  package static func encode(_ array: Array) -> [UInt8] {
    precondition((1...4).contains(array.sizes.count), "an IDX file has 1 to 4 sizes")
    precondition(array.sizes.reduce(1, *) == array.bytes.count, "sizes and bytes do not match")
    var file: [UInt8] = [0, 0, 8, UInt8(array.sizes.count)]
    for size in array.sizes {
      for shift in [24, 16, 8, 0] { file.append(UInt8(truncatingIfNeeded: size >> shift)) }
    }
    return file + array.bytes
  }
}

/// The bytes of an IDX file in order, plain or through an `Inflater`.
private struct IDXSource {
  let path: String
  let file: [UInt8]
  let inflater: Inflater<ArraySlice<UInt8>>?
  /// Bytes handed out so far, counted after unpacking.
  var offset = 0

  init(file: [UInt8], path: String) {
    self.path = path
    self.file = file
    inflater = file.starts(with: [0x1f, 0x8b]) ? Inflater(file[...], as: .gzip) : nil
  }

  mutating func read(
    _ count: Int, into output: inout [UInt8], of what: String
  ) throws(DataError) {
    let countBefore = output.count
    if let inflater {
      do {
        try inflater.read(count, into: &output)
      } catch {
        throw malformed(error)
      }
    } else {
      output.append(contentsOf: file[offset..<min(file.count, offset + count)])
    }
    let received = output.count - countBefore
    offset += received
    if received < count {
      throw malformed(
        offset,
        "the file ends within \(what): \(count - received) bytes are missing; fetch it again")
    }
  }

  /// Nothing may follow the data.
  func finish() throws(DataError) {
    let isAtEnd: Bool
    if let inflater {
      do {
        isAtEnd = try inflater.isAtEnd()
      } catch {
        throw malformed(error)
      }
    } else {
      isAtEnd = offset == file.count
    }
    guard isAtEnd else { throw malformed(offset, "bytes follow the data that the sizes announce") }
  }

  func malformed(_ byteOffset: Int, _ reason: String) -> DataError {
    .malformed(
      path: path, byteOffset: byteOffset,
      reason: inflater == nil ? reason : reason + " (bytes counted after unpacking)")
  }

  private func malformed(_ failure: InflateFailure) -> DataError {
    let byteOffset = inflater?.consumedByteCount ?? 0
    let reason =
      switch failure {
      case .truncated: "the gzip stream ends too early; fetch the file again"
      case .corrupt(let words): "the gzip stream is damaged (\(words)); fetch the file again"
      }
    return .malformed(path: path, byteOffset: byteOffset, reason: reason)
  }
}
