// The bytes of a `.oct` blob, version 3. Little-endian; every offset counts from the first byte.
//
//     header │ tensor records │ operator records │ index list │ parameter words │ strings │ data
//
// The writer and the reader share these numbers; the article "The blob" explains them.

#if _endian(big)
  #error("Octet's blobs are read in place and need a little-endian machine.")
#endif

package enum BlobHeader {
  /// "OCT8"
  package static let magicValue: UInt32 = 0x3854_434F
  package static let versionValue: UInt16 = 3

  package static let magic = 0  // u32
  package static let version = 4  // u16
  package static let headerByteCount = 6  // u16
  package static let blobByteCount = 8  // u32
  /// CRC-32 of the whole blob with these four bytes taken as zero.
  package static let checksum = 12  // u32
  package static let tensorOffset = 16  // u32
  package static let operatorOffset = 20  // u32
  package static let listOffset = 24  // u32
  package static let parameterOffset = 28  // u32
  package static let stringOffset = 32  // u32
  package static let dataOffset = 36  // u32
  package static let tensorCount = 40  // u16
  package static let operatorCount = 42  // u16
  package static let inputCount = 44  // u16; list entries 0 ..< inputCount
  package static let outputCount = 46  // u16; the list entries after the inputs
  package static let listCount = 48  // u32, entries of u16
  package static let parameterCount = 52  // u32, words of i32
  package static let stringByteCount = 56  // u32
  package static let dataByteCount = 60  // u32
  package static let arenaByteCount = 64  // u32
  /// Weights and biases, for reports.
  package static let weightByteCount = 68  // u32
  package static let labelCount = 72  // u16; labels stand first in the strings
  package static let normalizationChannelCount = 74  // u16; 0: unknown
  /// In the data: mean then standard deviation, f32 for each channel.
  package static let normalizationOffset = 76  // u32
  package static let selfTestSeed = 80  // u32
  /// In the data: the expected outputs, end to end.
  package static let selfTestOffset = 84  // u32
  /// 0 when the operators' checksums alone are kept.
  package static let selfTestByteCount = 88  // u32
  /// What the compiler rounded the multipliers and tables for, which no kernel reads: 0 TensorFlow
  /// Lite's arithmetic, 1 ONNX's.
  package static let arithmetic = 92  // u32
  package static let byteCount = 96
}

/// An activation in the arena, or a constant operand in the data.
package enum TensorRecord {
  package static let offset = 0  // u32: into the arena, or from the blob's first byte
  package static let tensorByteCount = 4  // u32
  package static let dimensions = 8  // 4 × i32, padded in front with 1
  package static let scale = 24  // f32
  package static let zeroPoint = 28  // i8
  package static let rank = 29  // u8, 0…4
  package static let storage = 30  // u8: Storage
  package static let reserved = 31  // u8, 0
  /// The operators between which the value lives: from the one that writes it (0 for an input) to
  /// the last one that reads it (the operator count for an output).
  package static let firstUse = 32  // u16
  package static let lastUse = 34  // u16
  package static let name = 36  // u32: offset in the strings
  package static let byteCount = 40

  package enum Storage: UInt8, Sendable {
    case arena = 0
    case data = 1
  }
}

package enum OperatorRecord {
  package static let kind = 0  // u16: OperatorKind
  package static let inputCount = 2  // u8
  package static let outputCount = 3  // u8
  package static let listIndex = 4  // u32: inputs, then outputs, as tensor indices
  package static let parameterIndex = 8  // u32
  package static let parameterCount = 12  // u32
  package static let scratchOffset = 16  // u32, in the arena, a multiple of 16
  package static let scratchByteCount = 20  // u32
  /// CRC-32 of the outputs, end to end, in the self-test.
  package static let outputChecksum = 24  // u32
  package static let name = 28  // u32: offset in the strings
  package static let byteCount = 32
}

/// What bounds the memory and the work of a blob, whoever made it. The article "The blob" gives the
/// reasons.
public enum BlobLimits {
  public static let byteCount = 1 << 30
  public static let tensorCount = 2048
  public static let operatorCount = 2048
  /// Elements of a tensor.
  public static let elementCount = 1 << 26
  public static let arenaByteCount = 1 << 28
  /// Weights of one operator: VGG's first fully connected layer has 102,760,448.
  public static let weightCount = 1 << 27
  /// Kernel extents, strides, dilations.
  public static let windowExtent = 1 << 12
  /// Bytes of a name, without the zero that ends it. (Labels may be longer: none is written twice.)
  public static let nameByteCount = 255
  /// The most that a sum may be, above and below zero.
  public static let sumMagnitude: UInt32 = (1 << 31) - 1

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
