// The bytes of a `.oct` blob, version 3. Little-endian; every offset counts from the first byte.
//
//     header │ tensor records │ operator records │ index list │ parameter words │ strings │ data
//
// The writer and the reader share these numbers; the article "The blob" explains them.

#if _endian(big)
  #error("Octet's blobs are read in place and need a little-endian machine.")
#endif

public enum BlobHeader {
  /// "OCT8"
  public static let magicValue: UInt32 = 0x3854_434F
  public static let versionValue: UInt16 = 3

  public static let magic = 0  // u32
  public static let version = 4  // u16
  public static let headerByteCount = 6  // u16
  public static let blobByteCount = 8  // u32
  /// CRC-32 of the whole blob with these four bytes taken as zero.
  public static let checksum = 12  // u32
  public static let tensorOffset = 16  // u32
  public static let operatorOffset = 20  // u32
  public static let listOffset = 24  // u32
  public static let parameterOffset = 28  // u32
  public static let stringOffset = 32  // u32
  public static let dataOffset = 36  // u32
  public static let tensorCount = 40  // u16
  public static let operatorCount = 42  // u16
  public static let inputCount = 44  // u16; list entries 0 ..< inputCount
  public static let outputCount = 46  // u16; the list entries after the inputs
  public static let listCount = 48  // u32, entries of u16
  public static let parameterCount = 52  // u32, words of i32
  public static let stringByteCount = 56  // u32
  public static let dataByteCount = 60  // u32
  public static let arenaByteCount = 64  // u32
  /// Weights and biases, for reports.
  public static let weightByteCount = 68  // u32
  public static let labelCount = 72  // u16; labels stand first in the strings
  public static let normalizationChannelCount = 74  // u16; 0: unknown
  /// In the data: mean then standard deviation, f32 for each channel.
  public static let normalizationOffset = 76  // u32
  public static let selfTestSeed = 80  // u32
  /// In the data: the expected outputs, end to end.
  public static let selfTestOffset = 84  // u32
  /// 0 when the operators' checksums alone are kept.
  public static let selfTestByteCount = 88  // u32
  public static let reserved = 92  // u32, 0
  public static let byteCount = 96
}

/// An activation in the arena, or a constant operand in the data.
public enum TensorRecord {
  public static let offset = 0  // u32: into the arena, or from the blob's first byte
  public static let tensorByteCount = 4  // u32
  public static let dimensions = 8  // 4 × i32, padded in front with 1
  public static let scale = 24  // f32
  public static let zeroPoint = 28  // i8
  public static let rank = 29  // u8, 0…4
  public static let storage = 30  // u8: Storage
  public static let reserved = 31  // u8, 0
  /// The operators between which the value lives: from the one that writes it (0 for an input) to
  /// the last one that reads it (the operator count for an output).
  public static let firstUse = 32  // u16
  public static let lastUse = 34  // u16
  public static let name = 36  // u32: offset in the strings
  public static let byteCount = 40

  public enum Storage: UInt8, Sendable {
    case arena = 0
    case data = 1
  }
}

public enum OperatorRecord {
  public static let kind = 0  // u16: OperatorKind
  public static let inputCount = 2  // u8
  public static let outputCount = 3  // u8
  public static let listIndex = 4  // u32: inputs, then outputs, as tensor indices
  public static let parameterIndex = 8  // u32
  public static let parameterCount = 12  // u32
  public static let scratchOffset = 16  // u32, in the arena, a multiple of 16
  public static let scratchByteCount = 20  // u32
  /// CRC-32 of the outputs, end to end, in the self-test.
  public static let outputChecksum = 24  // u32
  public static let name = 28  // u32: offset in the strings
  public static let byteCount = 32
}

/// What bounds the work of validating and running a blob.
public enum BlobLimits {
  public static let byteCount = 1 << 30
  public static let tensorCount = 2048
  public static let operatorCount = 2048
  public static let elementCount = 1 << 26
  public static let arenaByteCount = 1 << 28
  /// Kernel extents, strides, dilations.
  public static let windowExtent = 1 << 12
  public static let alignment = 4
  public static let scratchAlignment = 16
  /// Bytes that may be read past the end of any weights: the blob ends with as many zeros.
  public static let overreadByteCount = 16
}
