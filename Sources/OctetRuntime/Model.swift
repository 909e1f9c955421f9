/// A validated `.oct` blob, read in place from flash, `mmap` or memory.
///
/// Nothing is parsed into objects and nothing is copied: a model is a pointer and its views compute
/// offsets. The bytes must outlive the model and must not change.
@safe public struct Model: @unchecked Sendable {
  // Safety: `Model(validating:)` is the only way to make one, so every offset read below was
  // checked to lie inside `base ..< base + byteCount`; the bytes are never written.
  let base: UnsafeRawPointer
  public let byteCount: Int

  init(uncheckedBase base: UnsafeRawPointer, byteCount: Int) {
    unsafe self.base = base
    self.byteCount = byteCount
  }

  /// Views of bytes that were not validated, for the compiler that is about to write the rest.
  @unsafe package init(unvalidated bytes: UnsafeRawBufferPointer) {
    unsafe self.init(uncheckedBase: bytes.baseAddress!, byteCount: bytes.count)
  }

  // MARK: What a program asks of a model

  /// Bytes of the arena that a session needs.
  public var arenaByteCount: Int { word(BlobHeader.arenaByteCount) }
  /// Bytes of weights and biases.
  public var weightByteCount: Int { word(BlobHeader.weightByteCount) }
  /// CRC-32 of the blob.
  public var checksum: UInt32 { UInt32(truncatingIfNeeded: word(BlobHeader.checksum)) }

  public var inputCount: Int { half(BlobHeader.inputCount) }
  public var outputCount: Int { half(BlobHeader.outputCount) }
  public var tensorCount: Int { half(BlobHeader.tensorCount) }
  public var operatorCount: Int { half(BlobHeader.operatorCount) }
  public var labelCount: Int { half(BlobHeader.labelCount) }
  /// The channels of the input normalisation; 0 when the model has none.
  public var normalizationChannelCount: Int { half(BlobHeader.normalizationChannelCount) }

  // An index out of range stops the program, as an array's does.

  /// The tensor of input `index`, in 0 ..< `inputCount`.
  public func input(_ index: Int) -> TensorView {
    precondition(index >= 0 && index < inputCount, "the model has no such input")
    return uncheckedTensor(listEntry(index))
  }

  /// The tensor of output `index`, in 0 ..< `outputCount`.
  public func output(_ index: Int) -> TensorView {
    precondition(index >= 0 && index < outputCount, "the model has no such output")
    return uncheckedTensor(listEntry(inputCount &+ index))
  }

  /// Tensor `index`, in 0 ..< `tensorCount`: activations and constants in no particular order.
  public func tensor(_ index: Int) -> TensorView {
    precondition(index >= 0 && index < tensorCount, "the model has no such tensor")
    return uncheckedTensor(index)
  }

  /// Operator `index`, in 0 ..< `operatorCount`, in the order of execution.
  public func `operator`(_ index: Int) -> OperatorView {
    precondition(index >= 0 && index < operatorCount, "the model has no such operator")
    return uncheckedOperator(index)
  }

  /// The UTF-8 bytes of the label of class `index`, in 0 ..< `labelCount`.
  public func label(_ index: Int) -> Name {
    precondition(index >= 0 && index < labelCount, "the model has no such label")
    var offset = 0
    for _ in 0..<index { offset &+= name(at: offset).byteCount &+ 1 }
    return name(at: offset)
  }

  /// The mean of `channel`, in 0 ..< `normalizationChannelCount`.
  public func normalizationMean(channel: Int) -> Float {
    normalization(channel)
  }

  /// The standard deviation of `channel`, in 0 ..< `normalizationChannelCount`; above 0.
  public func normalizationStandardDeviation(channel: Int) -> Float {
    normalization(channel, after: normalizationChannelCount)
  }

  private func normalization(_ channel: Int, after count: Int = 0) -> Float {
    precondition(
      channel >= 0 && channel < normalizationChannelCount, "the normalisation has no such channel")
    return float(word(BlobHeader.normalizationOffset) &+ 4 &* (count &+ channel))
  }

  // MARK: What the compiler and its tests ask

  /// What results are rounded for: 0 TensorFlow Lite's arithmetic, 1 ONNX's.
  package var arithmetic: Int { word(BlobHeader.arithmetic) }

  /// Where the last section ends; what stands behind it is for tools.
  package var sectionsEnd: Int {
    var end = BlobHeader.byteCount
    func reach(_ offset: Int, _ byteCount: Int) { end = max(end, word(offset) &+ byteCount) }
    reach(BlobHeader.tensorOffset, tensorCount &* TensorRecord.byteCount)
    reach(BlobHeader.operatorOffset, operatorCount &* OperatorRecord.byteCount)
    reach(BlobHeader.listOffset, 2 &* word(BlobHeader.listCount))
    reach(BlobHeader.parameterOffset, 4 &* word(BlobHeader.parameterCount))
    reach(BlobHeader.stringOffset, word(BlobHeader.stringByteCount))
    reach(BlobHeader.dataOffset, word(BlobHeader.dataByteCount))
    return end
  }

  /// Where the operator records start.
  package var operatorTableOffset: Int { word(BlobHeader.operatorOffset) }

  /// Where the self-test's expected outputs stand, end to end; nil when there are only checksums.
  package var selfTestRange: Range<Int>? {
    let start = word(BlobHeader.selfTestOffset)
    let count = word(BlobHeader.selfTestByteCount)
    return count == 0 ? nil : start..<start &+ count
  }

  // MARK: Views by index; the index is in range

  func uncheckedTensor(_ index: Int) -> TensorView {
    TensorView(
      model: self, offset: word(BlobHeader.tensorOffset) &+ index &* TensorRecord.byteCount)
  }

  func uncheckedOperator(_ index: Int) -> OperatorView {
    OperatorView(
      model: self, offset: word(BlobHeader.operatorOffset) &+ index &* OperatorRecord.byteCount)
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
  private let model: Model
  private let offset: Int
  /// Without the zero.
  public let byteCount: Int

  init(model: Model, offset: Int) {
    self.model = model
    self.offset = offset
    var count = 0
    while model.byte(offset &+ count) != 0 { count &+= 1 }
    byteCount = count
  }

  /// The first byte; a zero follows the last.
  @unsafe package var bytes: UnsafeRawPointer { unsafe model.pointer(offset) }

  /// Byte `index`, in 0 ..< `byteCount`.
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < byteCount, "the name has no such byte")
    return model.byte(offset &+ index)
  }
}

#if !hasFeature(Embedded)
  extension String {
    public init(_ name: Name) {
      self.init(decoding: (0..<name.byteCount).map { name[$0] }, as: UTF8.self)
    }
  }

  extension Model {
    /// Steps of one inference, to 2⁸ for each operator, and how many `BlobLimits` allows.
    package var stepCount: Int {
      // An operator that cannot be counted is of more than 2⁵⁵ units.
      (0..<operatorCount).reduce(0) {
        min($0 + min(uncheckedOperator($1).workCount, 1 << 40), 1 << 40)
      } << 8
    }
    package var stepLimit: Int {
      BlobLimits.workCount(dataByteCount: word(BlobHeader.dataByteCount)) << 8
    }

    /// All labels, in one walk.
    package var labels: [String] {
      var offset = 0
      return (0..<labelCount).map { _ in
        let name = name(at: offset)
        offset += name.byteCount + 1
        return String(name)
      }
    }
  }
#endif

/// A tensor record: int8 values, up to four dimensions.
public struct TensorView: Sendable {
  package let model: Model
  /// Of the record in the blob.
  package let offset: Int

  /// Bytes and elements.
  public var byteCount: Int { model.word(offset &+ TensorRecord.tensorByteCount) }
  /// 0…4; the dimensions before it are 1.
  public var rank: Int { Int(model.byte(offset &+ TensorRecord.rank)) }
  /// `real = scale · (value − zeroPoint)`
  public var scale: Float { model.float(offset &+ TensorRecord.scale) }
  public var zeroPoint: Int32 {
    Int32(Int8(bitPattern: model.byte(offset &+ TensorRecord.zeroPoint)))
  }
  public var name: Name { model.name(at: model.word(offset &+ TensorRecord.name)) }

  /// N, H, W, C: dimension `axis` of four, those before the rank being 1.
  public func dimension(_ axis: Int) -> Int {
    precondition(axis >= 0 && axis < 4, "a tensor has four dimensions")
    return Int(model.signedWord(offset &+ TensorRecord.dimensions &+ 4 &* axis))
  }

  public var batch: Int { dimension(0) }
  public var height: Int { dimension(1) }
  public var width: Int { dimension(2) }
  public var channels: Int { dimension(3) }
  /// The product of the dimensions.
  public var elementCount: Int { byteCount }

  package var isConstant: Bool {
    model.byte(offset &+ TensorRecord.storage) == TensorRecord.Storage.data.rawValue
  }
  /// Into the arena, or for a constant from the blob's first byte.
  package var dataOffset: Int { model.word(offset &+ TensorRecord.offset) }
  package var firstUse: Int { model.half(offset &+ TensorRecord.firstUse) }
  package var lastUse: Int { model.half(offset &+ TensorRecord.lastUse) }

  func hasSameShape(as other: TensorView) -> Bool {
    batch == other.batch && height == other.height && width == other.width
      && channels == other.channels
  }
}

/// An operator record.
public struct OperatorView: Sendable {
  package let model: Model
  /// Of the record in the blob.
  package let offset: Int

  /// Nil for a kind that this version does not know; never nil once validated.
  public var kind: OperatorKind? {
    OperatorKind(rawValue: UInt16(model.half(offset &+ OperatorRecord.kind)))
  }
  public var name: Name { model.name(at: model.word(offset &+ OperatorRecord.name)) }
  public var inputCount: Int { Int(model.byte(offset &+ OperatorRecord.inputCount)) }
  public var outputCount: Int { Int(model.byte(offset &+ OperatorRecord.outputCount)) }

  /// Operand `index`, in 0 ..< `inputCount`.
  public func input(_ index: Int) -> TensorView {
    precondition(index >= 0 && index < inputCount, "the operator has no such input")
    return operand(index)
  }

  /// Result `index`, in 0 ..< `outputCount`.
  public func output(_ index: Int) -> TensorView {
    precondition(index >= 0 && index < outputCount, "the operator has no such output")
    return result(index)
  }

  /// As `input` and `output`, for kernels: the index is in range.
  func operand(_ index: Int) -> TensorView { model.uncheckedTensor(inputTensorIndex(index)) }
  func result(_ index: Int) -> TensorView { model.uncheckedTensor(outputTensorIndex(index)) }

  package var parameterCount: Int { model.word(offset &+ OperatorRecord.parameterCount) }
  package var scratchOffset: Int { model.word(offset &+ OperatorRecord.scratchOffset) }
  package var scratchByteCount: Int { model.word(offset &+ OperatorRecord.scratchByteCount) }
  /// CRC-32 of the outputs, end to end, in the self-test.
  package var outputChecksum: UInt32 {
    UInt32(truncatingIfNeeded: model.word(offset &+ OperatorRecord.outputChecksum))
  }

  /// Of the tensor that is operand `index`.
  package func inputTensorIndex(_ index: Int) -> Int {
    assert(index >= 0 && index < inputCount)
    return model.listEntry(model.word(offset &+ OperatorRecord.listIndex) &+ index)
  }

  /// Of the tensor that is result `index`.
  package func outputTensorIndex(_ index: Int) -> Int {
    assert(index >= 0 && index < outputCount)
    return model.listEntry(model.word(offset &+ OperatorRecord.listIndex) &+ inputCount &+ index)
  }

  /// Parameter word `index`, in 0 ..< `parameterCount`.
  package func parameter(_ index: Int) -> Int32 {
    assert(index >= 0 && index < parameterCount)
    return model.signedWord(parameterOffset(index))
  }

  /// Where parameter word `index` stands in the blob.
  func parameterOffset(_ index: Int) -> Int {
    model.word(BlobHeader.parameterOffset)
      &+ 4 &* (model.word(offset &+ OperatorRecord.parameterIndex) &+ index)
  }
}
