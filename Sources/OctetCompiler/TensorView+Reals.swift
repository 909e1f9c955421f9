extension TensorView {
  /// The codes that the bytes of the tensor's elements are.
  package func codes(_ bytes: [Int8]) -> [Int32] {
    guard isInt16 else { return bytes.map { Int32($0) } }
    return stride(from: 0, to: bytes.count - 1, by: 2).map {
      Int32(UInt8(bitPattern: bytes[$0])) | Int32(bytes[$0 + 1]) << 8
    }
  }

  /// The real numbers that the bytes of the tensor's elements stand for.
  package func reals(_ bytes: [Int8]) -> [Float] {
    codes(bytes).map { scale * Float($0 - zeroPoint) }
  }
}
