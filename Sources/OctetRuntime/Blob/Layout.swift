// The bytes of a `.oct` blob, version 3. Little-endian; every offset counts from the first byte.
//
//     header │ tensor records │ operator records │ parameter words │ index list │ strings │ data
//
// The writer and the reader share these fields; the article "The blob" explains them.

#if _endian(big)
  #error("Octet's blobs are read in place and need a little-endian machine.")
#endif

/// A number of the header or of a record: its type, and where it stands from their first byte.
package struct Field<Value: BitwiseCopyable>: Sendable {
  package let offset: Int

  package init(_ offset: Int) { self.offset = offset }

  /// The byte after it.
  package var end: Int { offset &+ MemoryLayout<Value>.size }
}

package enum BlobHeader {
  /// "OCT8"
  package static let magicValue: UInt32 = 0x3854_434F
  package static let versionValue: UInt16 = 3
  /// Blobs of the version before are taken too.
  package static let previousVersion: UInt16 = 2
  package static let byteCount = 96

  package static let magic = Field<UInt32>(0)
  package static let version = Field<UInt16>(4)
  package static let headerByteCount = Field<UInt16>(6)
  package static let blobByteCount = Field<UInt32>(8)
  /// CRC-32 of the whole blob with these four bytes taken as zero.
  package static let checksum = Field<UInt32>(12)
  package static let tensorOffset = Field<UInt32>(16)
  package static let operatorOffset = Field<UInt32>(20)
  package static let listOffset = Field<UInt32>(24)
  package static let parameterOffset = Field<UInt32>(28)
  package static let stringOffset = Field<UInt32>(32)
  package static let dataOffset = Field<UInt32>(36)
  package static let tensorCount = Field<UInt16>(40)
  package static let operatorCount = Field<UInt16>(42)
  /// List entries 0 ..< `inputCount` are the model's inputs.
  package static let inputCount = Field<UInt16>(44)
  /// The list entries after the inputs.
  package static let outputCount = Field<UInt16>(46)
  /// Entries of 16 bits.
  package static let listCount = Field<UInt32>(48)
  /// Words of 32 bits, signed.
  package static let parameterCount = Field<UInt32>(52)
  package static let stringByteCount = Field<UInt32>(56)
  package static let dataByteCount = Field<UInt32>(60)
  package static let arenaByteCount = Field<UInt32>(64)
  /// Weights and biases, for reports.
  package static let weightByteCount = Field<UInt32>(68)
  /// Labels stand first in the strings.
  package static let labelCount = Field<UInt16>(72)
  /// 0: unknown.
  package static let normalizationChannelCount = Field<UInt16>(74)
  /// Blob offset, in the data, of the means, then the standard deviations: a Float per channel.
  package static let normalizationOffset = Field<UInt32>(76)
  package static let selfTestSeed = Field<UInt32>(80)
  /// Blob offset, in the data, of the expected outputs, end to end.
  package static let selfTestOffset = Field<UInt32>(84)
  /// 0 when the operators' checksums alone are kept.
  package static let selfTestByteCount = Field<UInt32>(88)
  /// What the compiler rounded the multipliers and tables for, which no kernel reads: 0 TensorFlow
  /// Lite's arithmetic, 1 ONNX's.
  package static let arithmetic = Field<UInt32>(92)
}

extension TensorRecord {
  package static let byteCount = 40

  /// Into the arena, or for a constant from the blob's first byte.
  package static let dataOffset = Field<UInt32>(0)
  package static let tensorByteCount = Field<UInt32>(4)
  /// The first of four, padded in front with 1.
  package static let dimensions = Field<Int32>(8)
  package static let scale = Field<Float>(24)
  package static let zeroPoint = Field<Int8>(28)
  /// 0…4
  package static let rank = Field<UInt8>(29)
  /// `Storage`
  package static let storage = Field<UInt8>(30)
  /// 0 for int8, 1 for int16.
  package static let elementType = Field<UInt8>(31)
  /// The operators between which the value lives: from the one that writes it (0 for an input) to
  /// the last one that reads it (the operator count for an output).
  package static let firstUse = Field<UInt16>(32)
  package static let lastUse = Field<UInt16>(34)
  /// Offset in the strings.
  package static let name = Field<UInt32>(36)

  package enum Storage: UInt8, Sendable {
    case arena = 0
    case data = 1
  }
}

extension OperatorRecord {
  package static let byteCount = 32

  /// `OperatorKind`
  package static let kind = Field<UInt16>(0)
  package static let inputCount = Field<UInt8>(2)
  package static let outputCount = Field<UInt8>(3)
  /// Where the inputs, then the outputs, stand in the list as tensor indices.
  package static let listIndex = Field<UInt32>(4)
  package static let parameterIndex = Field<UInt32>(8)
  package static let parameterCount = Field<UInt32>(12)
  /// Where in the arena the operator's scratch starts, a multiple of 16 bytes.
  package static let scratchOffset = Field<UInt32>(16)
  package static let scratchByteCount = Field<UInt32>(20)
  /// CRC-32 of the outputs, end to end, in the self-test.
  package static let outputChecksum = Field<UInt32>(24)
  /// Offset in the strings.
  package static let name = Field<UInt32>(28)
}

/// What bounds the memory and the work of a blob, whoever made it. The article "The blob" gives the
/// reasons.
package enum BlobLimits {
  package static let byteCount = 1 << 30
  package static let tensorCount = 2048
  package static let operatorCount = 2048
  /// Elements of a tensor.
  package static let elementCount = 1 << 26
  package static let arenaByteCount = 1 << 28
  /// Weights of one operator: VGG's first fully connected layer has 102,760,448.
  package static let weightCount = 1 << 27
  /// Kernel extents, strides, dilations.
  package static let windowExtent = 1 << 12
  /// Bytes of a name, without the zero that ends it. (Labels may be longer: none is written twice.)
  package static let nameByteCount = 255
  /// The most that a sum may be, above and below zero.
  package static let sumMagnitude: UInt32 = (1 << 31) - 1

  package static let alignment = 4
  package static let scratchAlignment = 16
  /// Bytes that may be read past the end of any weights: the blob ends with as many zeros.
  package static let overreadByteCount = 16

  /// Steps of one inference, in units of 2⁸: 2³¹ for any blob, 2¹⁸ more for each byte of its data,
  /// and at most 2³⁵. A step is a multiply-add, or what takes as long on the slowest backend.
  package static func workCount(dataByteCount: Int) -> Int {
    min((1 << 23) + (min(dataByteCount, 1 << 17) << 10), 1 << 27)
  }
}
