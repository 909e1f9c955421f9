internal import OctetRuntime

/// What the slots ask of the platform: two regions of flash of the same size, and its judgement.
///
/// Offsets count from a slot's first byte. A function returns false when it could not do its work;
/// what was under way then ends with ``UpdateError/flash``.
public protocol SlotPlatform: ~Copyable {
  /// Bytes of each slot, whole pages of the flash.
  var slotByteCount: Int { get }
  /// What erased bytes read as: 0xFF or 0x00.
  var erasedValue: UInt8 { get }
  /// Starts that a new model has to be confirmed in before the last good one comes back, 1…7.
  var trialLimit: Int { get }
  /// Whether a model that is not newer than the last good one is taken too.
  var allowsDowngrade: Bool { get }
  /// Models of a lower version are never run: the platform's own monotonic counter, where it has
  /// one that an attacker cannot turn back; otherwise 0.
  var minimumVersion: UInt32 { get }

  /// Fills `bytes` from `slot`, 0 or 1.
  mutating func read(_ slot: Int, at offset: Int, into bytes: inout MutableRawSpan) -> Bool
  /// Erases the whole slot.
  mutating func erase(_ slot: Int) -> Bool
  /// Programs 64 erased bytes, at a multiple of 64, and never again before the slot is erased: so
  /// flash that programs 1, 2, 4 … 64 bytes at once, with or without error correction, can do it.
  mutating func program(_ slot: Int, at offset: Int, _ bytes: RawSpan) -> Bool
  /// Whether the image's bytes are from whom they should be, by a signature that lies behind them
  /// in the slot. The checksum is right; the bytes may still be anybody's.
  mutating func isAuthentic(_ image: SlotImage) -> Bool
  /// Whether the blob loads and gives the bytes that it should. It is authentic.
  mutating func passesSelfTest(_ image: SlotImage) -> Bool
}

/// A model in a slot.
public struct SlotImage: Sendable, Equatable {
  /// 0 or 1.
  public internal(set) var slot = 0
  /// The model's version, as `octet export --model-version` wrote it.
  public internal(set) var version: UInt32 = 0
  /// Bytes of the blob.
  public internal(set) var blobByteCount = 0
  /// Bytes of the slot behind the image: the signature, then whatever is left.
  public internal(set) var trailingByteCount = 0
  /// Whether the model has still to be confirmed.
  public internal(set) var isTrial = false
  /// Whether a newer model was there and is not run: damaged, refused, or never confirmed.
  public internal(set) var isFallback = false
  /// CRC-32 of the header.
  var checksum: UInt32 = 0

  /// Where in a slot the image starts: what is signed, a header and the blob. Before it a device
  /// makes its notes.
  public static let offset = 960
  /// Where in a slot the blob starts.
  public static let blobOffset = 1024
  /// Bytes of the image.
  public var byteCount: Int { Block.byteCount &+ blobByteCount }
}

/// Why an update was not taken, or a slot not used. The last good model is where it was.
public enum UpdateError: UInt8, Error, Sendable {
  /// The platform could not read, erase or program.
  case flash = 110
  /// What came is not an update image, is of another format, or is damaged.
  case image = 111
  /// The image is larger than a slot.
  case tooLarge = 112
  /// The version is not above that of the last good model, or below the lowest allowed.
  case version = 113
  /// The platform did not find the image authentic.
  case notAuthentic = 114
  /// The model did not pass its self-test.
  case selfTest = 115
  /// A model on trial is running: confirm or reject it first.
  case trial = 116
}

extension UpdateError {
  /// One clear sentence part: what is wrong.
  public var text: StaticString { ErrorCode.text(of: Int(rawValue)) ?? "" }
}
