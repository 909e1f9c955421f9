/// A blob read in place from flash, `mmap` or memory: offsets and loads, without copies or objects.
///
/// What ``Model`` and the kernels share. Its bytes must outlive it and must not change: a `Model`
/// has the compiler see to that, whoever else makes one sees to it himself.
@safe package struct BlobView: @unchecked Sendable {
  // Safety: `init(validating:)` is the only way to make one (but for the compiler's unfinished
  // blobs), so every offset read below was checked to lie inside `base ..< base + byteCount`; the
  // bytes are never written.
  let base: UnsafeRawPointer
  package let byteCount: Int

  init(uncheckedBase base: UnsafeRawPointer, byteCount: Int) {
    unsafe self.base = base
    self.byteCount = byteCount
  }

  /// Views of bytes that were validated before, or that the compiler is about to write the rest of.
  @unsafe package init(unvalidated bytes: UnsafeRawBufferPointer) {
    unsafe self.init(uncheckedBase: bytes.baseAddress!, byteCount: bytes.count)
  }

  package var arenaByteCount: Int { self[BlobHeader.arenaByteCount] }
  /// Bytes of weights and biases.
  package var weightByteCount: Int { self[BlobHeader.weightByteCount] }
  /// CRC-32 of the blob.
  package var checksum: UInt32 { UInt32(truncatingIfNeeded: self[BlobHeader.checksum]) }
  package var inputCount: Int { self[BlobHeader.inputCount] }
  package var outputCount: Int { self[BlobHeader.outputCount] }
  package var tensorCount: Int { self[BlobHeader.tensorCount] }
  package var operatorCount: Int { self[BlobHeader.operatorCount] }
  package var labelCount: Int { self[BlobHeader.labelCount] }
  /// The channels of the input normalisation; 0 when the model has none.
  package var normalizationChannelCount: Int { self[BlobHeader.normalizationChannelCount] }

  // An index out of range stops the program, as an array's does.

  /// The tensor of input `index`, in 0 ..< `inputCount`.
  package func input(_ index: Int) -> TensorRecord {
    precondition(index >= 0 && index < inputCount, "the model has no such input")
    return uncheckedTensor(listEntry(index))
  }

  /// The tensor of output `index`, in 0 ..< `outputCount`.
  package func output(_ index: Int) -> TensorRecord {
    precondition(index >= 0 && index < outputCount, "the model has no such output")
    return uncheckedTensor(listEntry(inputCount &+ index))
  }

  /// Tensor `index`, in 0 ..< `tensorCount`: activations and constants in no particular order.
  package func tensor(_ index: Int) -> TensorRecord {
    precondition(index >= 0 && index < tensorCount, "the model has no such tensor")
    return uncheckedTensor(index)
  }

  /// Operator `index`, in 0 ..< `operatorCount`, in the order of execution.
  package func `operator`(_ index: Int) -> OperatorRecord {
    precondition(index >= 0 && index < operatorCount, "the model has no such operator")
    return uncheckedOperator(index)
  }

  /// The label of class `index`, in 0 ..< `labelCount`.
  package func label(_ index: Int) -> NameBytes {
    precondition(index >= 0 && index < labelCount, "the model has no such label")
    var offset = 0
    for _ in 0..<index { offset &+= name(at: offset).count &+ 1 }
    return name(at: offset)
  }

  /// The mean and the standard deviation (above 0) of `channel`, in
  /// 0 ..< `normalizationChannelCount`.
  package func normalization(channel: Int) -> (mean: Float, standardDeviation: Float) {
    let count = normalizationChannelCount
    precondition(channel >= 0 && channel < count, "the normalisation has no such channel")
    let mean = self[BlobHeader.normalizationOffset] &+ 4 &* channel
    return (float(mean), float(mean &+ 4 &* count))
  }

  /// Where the self-test's expected outputs stand, end to end; nil when there are only checksums.
  package var selfTestRange: Range<Int>? {
    let start = self[BlobHeader.selfTestOffset]
    let count = self[BlobHeader.selfTestByteCount]
    return count == 0 ? nil : start..<start &+ count
  }

  /// What results are rounded for: 0 TensorFlow Lite's arithmetic, 1 ONNX's.
  package var arithmetic: Int { self[BlobHeader.arithmetic] }

  /// Where the last section ends; what stands behind it is for tools.
  package var sectionsEnd: Int {
    var end = BlobHeader.byteCount
    func reach(_ offset: Field<UInt32>, _ byteCount: Int) {
      end = max(end, self[offset] &+ byteCount)
    }
    reach(BlobHeader.tensorOffset, tensorCount &* TensorRecord.byteCount)
    reach(BlobHeader.operatorOffset, operatorCount &* OperatorRecord.byteCount)
    reach(BlobHeader.listOffset, 2 &* self[BlobHeader.listCount])
    reach(BlobHeader.parameterOffset, 4 &* self[BlobHeader.parameterCount])
    reach(BlobHeader.stringOffset, self[BlobHeader.stringByteCount])
    reach(BlobHeader.dataOffset, self[BlobHeader.dataByteCount])
    return end
  }

  // MARK: Records by index; the index is in range

  func uncheckedTensor(_ index: Int) -> TensorRecord {
    TensorRecord(
      blob: self, offset: self[BlobHeader.tensorOffset] &+ index &* TensorRecord.byteCount)
  }

  func uncheckedOperator(_ index: Int) -> OperatorRecord {
    OperatorRecord(
      blob: self, offset: self[BlobHeader.operatorOffset] &+ index &* OperatorRecord.byteCount)
  }

  // MARK: Raw reads; offsets are inside the blob

  /// A field of the record at `record`, or of the header.
  package subscript<Value: FixedWidthInteger>(field: Field<Value>, of record: Int = 0) -> Int {
    // Safety: see `base`; the address is a multiple of the value's size, as the base is of 4.
    Int(
      truncatingIfNeeded: unsafe base.load(fromByteOffset: record &+ field.offset, as: Value.self))
  }

  func word(_ offset: Int) -> Int {
    // Safety: see `base`; `offset` is a multiple of 4 and so is the base.
    Int(truncatingIfNeeded: unsafe base.load(fromByteOffset: offset, as: UInt32.self))
  }

  func signedWord(_ offset: Int) -> Int32 {
    unsafe base.load(fromByteOffset: offset, as: Int32.self)
  }

  func byte(_ offset: Int) -> UInt8 {
    unsafe base.load(fromByteOffset: offset, as: UInt8.self)
  }

  func float(_ offset: Int) -> Float {
    unsafe base.load(fromByteOffset: offset, as: Float.self)
  }

  func listEntry(_ index: Int) -> Int {
    Int(
      unsafe base.load(
        fromByteOffset: self[BlobHeader.listOffset] &+ 2 &* index, as: UInt16.self))
  }

  func name(at offset: Int) -> NameBytes {
    NameBytes(blob: self, offset: self[BlobHeader.stringOffset] &+ offset)
  }

  func pointer(_ offset: Int) -> UnsafeRawPointer { unsafe base + offset }
}

/// A zero-terminated UTF-8 string inside the blob.
package struct NameBytes: Sendable {
  private let blob: BlobView
  private let offset: Int
  /// Bytes without the zero.
  package let count: Int

  init(blob: BlobView, offset: Int) {
    self.blob = blob
    self.offset = offset
    var count = 0
    while blob.byte(offset &+ count) != 0 { count &+= 1 }
    self.count = count
  }

  /// The first byte; a zero follows the last.
  @unsafe package var start: UnsafeRawPointer { unsafe blob.pointer(offset) }
}

/// A tensor's record: int8 or int16 values, up to four dimensions.
package struct TensorRecord: Sendable {
  package let blob: BlobView
  /// The record's first byte, counted from the blob's.
  package let offset: Int

  package var byteCount: Int { blob[Self.tensorByteCount, of: offset] }
  /// 1 or 2. Firmware without int16 activations links nothing for them.
  package var elementByteCount: Int {
    #if OCTET_SELECT && !OCTET_INT16
      1
    #else
      1 &+ blob[Self.elementType, of: offset]
    #endif
  }
  package var isInt16: Bool { elementByteCount == 2 }
  /// 0…4; the dimensions before it are 1.
  package var rank: Int { blob[Self.rank, of: offset] }
  /// `real = scale · (value − zeroPoint)`
  package var scale: Float { blob.float(offset &+ Self.scale.offset) }
  package var zeroPoint: Int32 { Int32(truncatingIfNeeded: blob[Self.zeroPoint, of: offset]) }
  package var name: NameBytes { blob.name(at: blob[Self.name, of: offset]) }
  /// Its place among the blob's tensors.
  package var index: Int { (offset - blob[BlobHeader.tensorOffset]) / Self.byteCount }

  /// N, H, W, C: dimension `axis` of four, those before the rank being 1.
  package func dimension(_ axis: Int) -> Int {
    precondition(axis >= 0 && axis < 4, "a tensor has four dimensions")
    return Int(blob.signedWord(offset &+ Self.dimensions.offset &+ 4 &* axis))
  }

  package var batch: Int { dimension(0) }
  package var height: Int { dimension(1) }
  package var width: Int { dimension(2) }
  package var channels: Int { dimension(3) }
  /// The product of the dimensions.
  package var elementCount: Int { byteCount &>> (elementByteCount &- 1) }
  /// Bytes of a row of pixels.
  var rowByteCount: Int { width &* channels &* elementByteCount }

  package var isConstant: Bool {
    blob[Self.storage, of: offset] == Int(Storage.data.rawValue)
  }
  /// Into the arena, or for a constant from the blob's first byte.
  package var dataOffset: Int { blob[Self.dataOffset, of: offset] }
  package var firstUse: Int { blob[Self.firstUse, of: offset] }
  package var lastUse: Int { blob[Self.lastUse, of: offset] }

  func hasSameShape(as other: TensorRecord) -> Bool {
    batch == other.batch && height == other.height && width == other.width
      && channels == other.channels
  }
}

/// An operator's record.
package struct OperatorRecord: Sendable {
  package let blob: BlobView
  /// The record's first byte, counted from the blob's.
  package let offset: Int

  /// Nil for a kind that this version does not know; never nil once validated.
  package var kind: OperatorKind? {
    OperatorKind(rawValue: UInt16(truncatingIfNeeded: blob[Self.kind, of: offset]))
  }
  package var name: NameBytes { blob.name(at: blob[Self.name, of: offset]) }
  package var inputCount: Int { blob[Self.inputCount, of: offset] }
  package var outputCount: Int { blob[Self.outputCount, of: offset] }

  /// Operand `index`, in 0 ..< `inputCount`.
  package func input(_ index: Int) -> TensorRecord {
    precondition(index >= 0 && index < inputCount, "the operator has no such input")
    return operand(index)
  }

  /// Result `index`, in 0 ..< `outputCount`.
  package func output(_ index: Int) -> TensorRecord {
    precondition(index >= 0 && index < outputCount, "the operator has no such output")
    return result(index)
  }

  /// Operand `index`, and below it result `index`, for kernels: not checked to be in range.
  func operand(_ index: Int) -> TensorRecord { blob.uncheckedTensor(inputTensorIndex(index)) }
  func result(_ index: Int) -> TensorRecord { blob.uncheckedTensor(outputTensorIndex(index)) }

  /// Its place in the order of execution.
  package var index: Int { (offset - blob[BlobHeader.operatorOffset]) / Self.byteCount }
  package var parameterCount: Int { blob[Self.parameterCount, of: offset] }
  package var scratchOffset: Int { blob[Self.scratchOffset, of: offset] }
  package var scratchByteCount: Int { blob[Self.scratchByteCount, of: offset] }
  /// CRC-32 of the outputs, end to end, in the self-test.
  package var outputChecksum: UInt32 {
    UInt32(truncatingIfNeeded: blob[Self.outputChecksum, of: offset])
  }

  /// Operand `index`, in 0 ..< `inputCount`, as its place among the blob's tensors.
  package func inputTensorIndex(_ index: Int) -> Int {
    assert(index >= 0 && index < inputCount)
    return blob.listEntry(blob[Self.listIndex, of: offset] &+ index)
  }

  /// Result `index`, in 0 ..< `outputCount`, as its place among the blob's tensors.
  package func outputTensorIndex(_ index: Int) -> Int {
    assert(index >= 0 && index < outputCount)
    return blob.listEntry(blob[Self.listIndex, of: offset] &+ inputCount &+ index)
  }

  /// Parameter word `index`, in 0 ..< `parameterCount`.
  package func parameter(_ index: Int) -> Int32 {
    assert(index >= 0 && index < parameterCount)
    return blob.signedWord(parameterOffset(index))
  }

  /// Where parameter word `index` stands in the blob.
  func parameterOffset(_ index: Int) -> Int {
    blob[BlobHeader.parameterOffset] &+ 4 &* (blob[Self.parameterIndex, of: offset] &+ index)
  }
}

#if !hasFeature(Embedded)
  extension String {
    package init(_ name: NameBytes) {
      self = unsafe String(
        decoding: UnsafeRawBufferPointer(start: name.start, count: name.count), as: UTF8.self)
    }
  }

  extension BlobView {
    /// Steps of one inference, to 2⁸ for each operator, and how many `BlobLimits` allows.
    package var stepCount: Int {
      // An operator that cannot be counted is of more than 2⁵⁵ units.
      (0..<operatorCount).reduce(0) {
        min($0 + min(uncheckedOperator($1).workCount, 1 << 40), 1 << 40)
      } << 8
    }
    package var stepLimit: Int {
      BlobLimits.workCount(dataByteCount: self[BlobHeader.dataByteCount]) << 8
    }

    /// All labels, in one walk.
    package var labels: [String] {
      var offset = 0
      return (0..<labelCount).map { _ in
        let name = name(at: offset)
        offset += name.count + 1
        return String(name)
      }
    }
  }
#endif
