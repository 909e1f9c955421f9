/// A validated `.oct` blob, read in place from flash, `mmap` or memory.
///
/// Nothing is parsed into objects and nothing is copied: a model is a pointer and its views compute
/// offsets. The bytes must outlive the model and must not change.
@safe public struct Model: @unchecked Sendable {
  // Safety: `Model(validating:)` is the only way to make one, so every offset read below was
  // checked to lie inside `base ..< base + byteCount`; the bytes are never written.
  @usableFromInline let base: UnsafeRawPointer
  public let byteCount: Int

  init(uncheckedBase base: UnsafeRawPointer, byteCount: Int) {
    unsafe self.base = base
    self.byteCount = byteCount
  }

  /// Views of bytes that were not validated, for the compiler that is about to write the rest.
  @unsafe package init(unvalidated bytes: UnsafeRawBufferPointer) {
    unsafe self.init(uncheckedBase: bytes.baseAddress!, byteCount: bytes.count)
  }

  /// Where the operator records start.
  package var operatorTableOffset: Int { word(BlobHeader.operatorOffset) }

  /// Where the self-test's expected outputs stand, end to end; nil when there are only checksums.
  public var selfTestRange: Range<Int>? {
    let start = word(BlobHeader.selfTestOffset)
    let count = word(BlobHeader.selfTestByteCount)
    return count == 0 ? nil : start..<start &+ count
  }

  // MARK: Counts

  public var arenaByteCount: Int { word(BlobHeader.arenaByteCount) }
  /// Bytes of weights and biases.
  public var weightByteCount: Int { word(BlobHeader.weightByteCount) }
  public var tensorCount: Int { half(BlobHeader.tensorCount) }
  public var operatorCount: Int { half(BlobHeader.operatorCount) }
  public var inputCount: Int { half(BlobHeader.inputCount) }
  public var outputCount: Int { half(BlobHeader.outputCount) }
  public var labelCount: Int { half(BlobHeader.labelCount) }
  public var checksum: UInt32 { UInt32(truncatingIfNeeded: word(BlobHeader.checksum)) }

  // MARK: Views; indices must be in range

  public func tensor(_ index: Int) -> TensorView {
    TensorView(
      model: self, offset: word(BlobHeader.tensorOffset) &+ index &* TensorRecord.byteCount)
  }

  public func `operator`(_ index: Int) -> OperatorView {
    OperatorView(
      model: self, offset: word(BlobHeader.operatorOffset) &+ index &* OperatorRecord.byteCount)
  }

  /// The tensor of input `index`, in 0 ..< `inputCount`.
  public func input(_ index: Int) -> TensorView { tensor(listEntry(index)) }

  /// The tensor of output `index`, in 0 ..< `outputCount`.
  public func output(_ index: Int) -> TensorView { tensor(listEntry(inputCount &+ index)) }

  /// The channels of the input normalisation; 0 when the model has none.
  public var normalizationChannelCount: Int { half(BlobHeader.normalizationChannelCount) }

  public func normalizationMean(channel: Int) -> Float {
    float(word(BlobHeader.normalizationOffset) &+ 4 &* channel)
  }

  public func normalizationStandardDeviation(channel: Int) -> Float {
    float(
      word(BlobHeader.normalizationOffset) &+ 4 &* (normalizationChannelCount &+ channel))
  }

  /// The UTF-8 bytes of the label of class `index`, in 0 ..< `labelCount`.
  public func label(_ index: Int) -> Name {
    var offset = 0
    for _ in 0..<index { offset &+= name(at: offset).byteCount &+ 1 }
    return name(at: offset)
  }

  // MARK: Raw reads; offsets are inside the blob

  func word(_ offset: Int) -> Int {
    // Safety: see `base`; `offset` is a multiple of 4 and so is the base.
    Int(truncatingIfNeeded: unsafe base.load(fromByteOffset: offset, as: UInt32.self))
  }

  func signedWord(_ offset: Int) -> Int32 {
    unsafe base.load(fromByteOffset: offset, as: Int32.self)
  }

  func half(_ offset: Int) -> Int {
    Int(unsafe base.load(fromByteOffset: offset, as: UInt16.self))
  }

  func byte(_ offset: Int) -> UInt8 {
    unsafe base.load(fromByteOffset: offset, as: UInt8.self)
  }

  func float(_ offset: Int) -> Float {
    unsafe base.load(fromByteOffset: offset, as: Float.self)
  }

  func listEntry(_ index: Int) -> Int {
    half(word(BlobHeader.listOffset) &+ 2 &* index)
  }

  func name(at offset: Int) -> Name {
    Name(model: self, offset: word(BlobHeader.stringOffset) &+ offset)
  }

  func pointer(_ offset: Int) -> UnsafeRawPointer { unsafe base + offset }
}

/// A zero-terminated UTF-8 string inside the blob.
public struct Name: Sendable {
  let model: Model
  let offset: Int

  public var byteCount: Int {
    var count = 0
    while model.byte(offset &+ count) != 0 { count &+= 1 }
    return count
  }

  /// The first byte; a zero follows the last.
  @unsafe package var bytes: UnsafeRawPointer { unsafe model.pointer(offset) }

  /// Byte `index`, in 0 ..< `byteCount`.
  public subscript(index: Int) -> UInt8 { model.byte(offset &+ index) }
}

#if !hasFeature(Embedded)
  extension String {
    public init(_ name: Name) {
      self.init(decoding: (0..<name.byteCount).map { name[$0] }, as: UTF8.self)
    }
  }
#endif

/// A tensor record: int8 values, up to four dimensions.
public struct TensorView: Sendable {
  public let model: Model
  /// Of the record in the blob.
  public let offset: Int

  public var byteCount: Int { model.word(offset &+ TensorRecord.tensorByteCount) }
  /// 0…4; the dimensions before it are 1.
  public var rank: Int { Int(model.byte(offset &+ TensorRecord.rank)) }
  public var scale: Float { model.float(offset &+ TensorRecord.scale) }
  public var zeroPoint: Int32 {
    Int32(Int8(bitPattern: model.byte(offset &+ TensorRecord.zeroPoint)))
  }
  public var isConstant: Bool {
    model.byte(offset &+ TensorRecord.storage) == TensorRecord.Storage.data.rawValue
  }
  /// Into the arena, or for a constant from the blob's first byte.
  public var dataOffset: Int { model.word(offset &+ TensorRecord.offset) }
  public var firstUse: Int { model.half(offset &+ TensorRecord.firstUse) }
  public var lastUse: Int { model.half(offset &+ TensorRecord.lastUse) }
  public var name: Name { model.name(at: model.word(offset &+ TensorRecord.name)) }

  /// N, H, W, C: dimension `axis` of four, those before the rank being 1.
  public func dimension(_ axis: Int) -> Int {
    Int(model.signedWord(offset &+ TensorRecord.dimensions &+ 4 &* axis))
  }

  public var batch: Int { dimension(0) }
  public var height: Int { dimension(1) }
  public var width: Int { dimension(2) }
  public var channels: Int { dimension(3) }
  /// The product of the dimensions.
  public var elementCount: Int { byteCount }

  func hasSameShape(as other: TensorView) -> Bool {
    batch == other.batch && height == other.height && width == other.width
      && channels == other.channels
  }
}

/// An operator record.
public struct OperatorView: Sendable {
  public let model: Model
  /// Of the record in the blob.
  public let offset: Int

  /// Nil for a kind that this version does not know; never nil once validated.
  public var kind: OperatorKind? {
    OperatorKind(rawValue: UInt16(model.half(offset &+ OperatorRecord.kind)))
  }
  public var inputCount: Int { Int(model.byte(offset &+ OperatorRecord.inputCount)) }
  public var outputCount: Int { Int(model.byte(offset &+ OperatorRecord.outputCount)) }
  public var parameterCount: Int { model.word(offset &+ OperatorRecord.parameterCount) }
  public var scratchOffset: Int { model.word(offset &+ OperatorRecord.scratchOffset) }
  public var scratchByteCount: Int { model.word(offset &+ OperatorRecord.scratchByteCount) }
  /// CRC-32 of the outputs, end to end, in the self-test.
  public var outputChecksum: UInt32 {
    UInt32(truncatingIfNeeded: model.word(offset &+ OperatorRecord.outputChecksum))
  }
  public var name: Name { model.name(at: model.word(offset &+ OperatorRecord.name)) }

  public func input(_ index: Int) -> TensorView { model.tensor(inputTensorIndex(index)) }
  public func output(_ index: Int) -> TensorView { model.tensor(outputTensorIndex(index)) }

  public func inputTensorIndex(_ index: Int) -> Int {
    model.listEntry(model.word(offset &+ OperatorRecord.listIndex) &+ index)
  }

  public func outputTensorIndex(_ index: Int) -> Int {
    model.listEntry(model.word(offset &+ OperatorRecord.listIndex) &+ inputCount &+ index)
  }

  /// Parameter word `index`, in 0 ..< `parameterCount`.
  public func parameter(_ index: Int) -> Int32 {
    model.signedWord(parameterOffset(index))
  }

  /// Where parameter word `index` stands in the blob.
  func parameterOffset(_ index: Int) -> Int {
    model.word(BlobHeader.parameterOffset)
      &+ 4 &* (model.word(offset &+ OperatorRecord.parameterIndex) &+ index)
  }
}
