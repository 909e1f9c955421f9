extension BlobView {
  /// Checks `bytes` once, completely: after it, kernels run without checks and cannot fail.
  ///
  /// The work is one pass over the bytes for the checksum, one over the tables, at most two over
  /// the data, and a comparison of the tensors pair by pair; `BlobLimits` bounds all of it.
  /// Nothing outside `bytes` is read.
  ///
  /// - Parameter bytes: the whole blob, 4-aligned. It must outlive the model unchanged.
  package init(validating bytes: UnsafeRawBufferPointer) throws(ModelError) {
    guard let base = bytes.baseAddress, bytes.count >= BlobHeader.byteCount else {
      throw ModelError(.truncated, at: bytes.count)
    }
    guard UInt(bitPattern: base) & UInt(BlobLimits.alignment - 1) == 0 else {
      throw ModelError(.misaligned, at: 0)
    }
    unsafe self.init(uncheckedBase: base, byteCount: bytes.count)
    try validateHeader()
    try validateSections()
    try validateStrings()
    for index in 0..<tensorCount { try validate(tensor: index) }
    try validateOperands()
    try validateOperators()
    try validateLifetimes()
    try validateOverlaps()
    try validateMetadata()
  }

  // MARK: Header and sections

  private func validateHeader() throws(ModelError) {
    guard self[BlobHeader.magic] == Int(truncatingIfNeeded: BlobHeader.magicValue) else {
      throw ModelError(.magic, at: BlobHeader.magic)
    }
    let version = self[BlobHeader.version]
    guard version == Int(BlobHeader.versionValue) || version == Int(BlobHeader.previousVersion),
      self[BlobHeader.headerByteCount] == BlobHeader.byteCount
    else { throw ModelError(.version, at: BlobHeader.version) }
    guard self[BlobHeader.blobByteCount] == byteCount else {
      throw ModelError(.byteCount, at: BlobHeader.blobByteCount)
    }
    guard byteCount <= BlobLimits.byteCount else {
      throw ModelError(.tooLarge, at: BlobHeader.blobByteCount)
    }
    var crc = Checksum()
    unsafe crc.update(base, count: BlobHeader.checksum.offset)
    crc.updateZeros(count: 4)
    let rest = BlobHeader.checksum.end
    unsafe crc.update(base + rest, count: byteCount - rest)
    guard crc.value == checksum else { throw ModelError(.checksum, at: BlobHeader.checksum) }
    // Firmware takes it as it is: no kernel reads it.
    #if !hasFeature(Embedded)
      guard arithmetic == 0 || arithmetic == 1 else {
        throw ModelError(.arithmetic, at: BlobHeader.arithmetic)
      }
    #endif
  }

  private func validateSections() throws(ModelError) {
    guard tensorCount <= BlobLimits.tensorCount, operatorCount <= BlobLimits.operatorCount else {
      throw ModelError(.tooLarge, at: BlobHeader.tensorCount)
    }
    guard (0...BlobLimits.arenaByteCount).contains(arenaByteCount) else {
      throw ModelError(.tooLarge, at: BlobHeader.arenaByteCount)
    }
    try validateSection(
      BlobHeader.tensorOffset, count: tensorCount, elementByteCount: TensorRecord.byteCount)
    try validateSection(
      BlobHeader.operatorOffset, count: operatorCount, elementByteCount: OperatorRecord.byteCount)
    try validateSection(
      BlobHeader.listOffset, count: self[BlobHeader.listCount], elementByteCount: 2)
    try validateSection(
      BlobHeader.parameterOffset, count: self[BlobHeader.parameterCount], elementByteCount: 4)
    try validateSection(
      BlobHeader.stringOffset, count: self[BlobHeader.stringByteCount], elementByteCount: 1)
    try validateSection(
      BlobHeader.dataOffset, count: self[BlobHeader.dataByteCount], elementByteCount: 1)
  }

  /// A section's offset stands in the header at `field`; it is 4-aligned and inside the blob.
  private func validateSection(
    _ field: Field<UInt32>, count: Int, elementByteCount: Int
  ) throws(ModelError) {
    let start = self[field]
    guard let needed = product(count, elementByteCount, limit: byteCount),
      start >= BlobHeader.byteCount, start & 3 == 0, start <= byteCount &- needed
    else { throw ModelError(.sectionOutOfBounds, at: field) }
  }

  /// The strings end with a zero, so every name inside them ends; there are as many as labels.
  private func validateStrings() throws(ModelError) {
    let start = self[BlobHeader.stringOffset]
    let count = self[BlobHeader.stringByteCount]
    guard count > 0, byte(start &+ count &- 1) == 0 else {
      throw ModelError(.stringOffset, at: BlobHeader.stringByteCount)
    }
    var terminatorCount = 0
    for index in 0..<count where byte(start &+ index) == 0 { terminatorCount &+= 1 }
    guard labelCount <= terminatorCount else {
      throw ModelError(.stringOffset, at: BlobHeader.labelCount)
    }
  }

  /// Whether the Float at `offset` is, judged by its bits: cores without floating point link none.
  func isFiniteAndPositive(_ offset: Int) -> Bool {
    let bits = signedWord(offset)
    return bits > 0 && bits < 0x7F80_0000
  }

  /// A name starts inside the strings, which end with a zero, and is not long: thousands of records
  /// may share it.
  private func validateName(_ field: Field<UInt32>, of record: Int) throws(ModelError) {
    let start = self[field, of: record]
    guard (0..<self[BlobHeader.stringByteCount]).contains(start) else {
      throw ModelError(.stringOffset, at: field, of: record)
    }
    guard name(at: start).count <= BlobLimits.nameByteCount else {
      throw ModelError(.longName, at: field, of: record)
    }
  }

  // MARK: Tensors

  private func validate(tensor index: Int) throws(ModelError) {
    let tensor = uncheckedTensor(index)
    guard tensor.rank <= 4 else { throw ModelError(.tensorShape, at: tensor.offset) }
    var count = 1
    for axis in 0..<4 {
      let dimension = tensor.dimension(axis)
      guard dimension > 0, axis >= 4 &- tensor.rank || dimension == 1,
        let next = product(count, dimension)
      else { throw ModelError(.tensorShape, at: TensorRecord.dimensions, of: tensor.offset) }
      count = next
    }
    // At most 256 bytes an element, of which int8 and int16 are known.
    let byteCount = count &* (tensor.elementByteCount & 3)
    guard tensor.elementByteCount <= 2, tensor.byteCount == byteCount else {
      throw ModelError(.tensorByteCount, at: TensorRecord.tensorByteCount, of: tensor.offset)
    }
    guard !tensor.isInt16 || tensor.zeroPoint == 0 && tensor.dataOffset & 1 == 0 else {
      throw ModelError(.tensorStorage, at: TensorRecord.elementType, of: tensor.offset)
    }
    guard isFiniteAndPositive(tensor.offset &+ TensorRecord.scale.offset) else {
      throw ModelError(.tensorScale, at: TensorRecord.scale, of: tensor.offset)
    }
    let storage = UInt8(self[TensorRecord.storage, of: tensor.offset])
    guard let storage = TensorRecord.Storage(rawValue: storage) else {
      throw ModelError(.tensorStorage, at: TensorRecord.storage, of: tensor.offset)
    }
    let start: Int
    let end: Int
    switch storage {
    case .arena: (start, end) = (0, arenaByteCount)
    case .data:
      start = self[BlobHeader.dataOffset]
      end = start &+ self[BlobHeader.dataByteCount]
    }
    guard tensor.dataOffset >= start, byteCount <= end, tensor.dataOffset <= end &- byteCount
    else {
      throw ModelError(.tensorOutOfBounds, at: tensor.offset)
    }
    try validateName(TensorRecord.name, of: tensor.offset)
  }

  // MARK: Operators

  /// Every index list lies inside the list section and names tensors that exist; outputs and the
  /// model's inputs are not constants.
  private func validateOperands() throws(ModelError) {
    let listCount = self[BlobHeader.listCount]
    for index in 0..<listCount where listEntry(index) >= tensorCount {
      throw ModelError(.tensorIndex, at: self[BlobHeader.listOffset] &+ 2 &* index)
    }
    // No more than there are tensors, which bounds the search for one among them.
    guard outputCount > 0, inputCount <= tensorCount, outputCount <= tensorCount,
      inputCount &+ outputCount <= listCount
    else {
      throw ModelError(.modelInputsOutputs, at: BlobHeader.inputCount)
    }
    for index in 0..<inputCount &+ outputCount where uncheckedTensor(listEntry(index)).isConstant {
      throw ModelError(.modelInputsOutputs, at: BlobHeader.inputCount)
    }
    for index in 0..<operatorCount {
      let view = uncheckedOperator(index)
      let list = self[OperatorRecord.listIndex, of: view.offset]
      let count = view.inputCount &+ view.outputCount
      guard list >= 0, list <= listCount &- count else {
        throw ModelError(.operatorOperands, at: OperatorRecord.listIndex, of: view.offset)
      }
      for output in 0..<view.outputCount where view.result(output).isConstant {
        throw ModelError(.operatorOperands, at: view.offset)
      }
      let first = self[OperatorRecord.parameterIndex, of: view.offset]
      guard first >= 0, view.parameterCount >= 0,
        first <= self[BlobHeader.parameterCount],
        view.parameterCount <= self[BlobHeader.parameterCount] &- first
      else { throw ModelError(.operatorParameters, at: view.offset) }
      try validateName(OperatorRecord.name, of: view.offset)
    }
  }

  /// Each operator, and what they name and do together.
  private func validateOperators() throws(ModelError) {
    // What operators share is counted for each, as preparing them costs memory and time for each;
    // but bands of one operator are prepared once.
    var rest = self[BlobHeader.dataByteCount]
    var workRest = BlobLimits.workCount(dataByteCount: rest)
    for index in 0..<operatorCount {
      let view = uncheckedOperator(index)
      var validation = OperatorValidation()
      try view.accept(&validation)
      let start = view.scratchOffset
      let count = view.scratchByteCount
      guard count >= validation.scratchByteCount, start >= 0, count <= arenaByteCount,
        start <= arenaByteCount &- count, start & (BlobLimits.scratchAlignment - 1) == 0
      else { throw ModelError(.scratch, at: OperatorRecord.scratchOffset, of: view.offset) }
      if validation.demand.dataByteCount > 0, view.firstBand == nil {
        rest &-= validation.demand.dataByteCount
      }
      guard rest >= 0 else { throw ModelError(.sharedData, at: view.offset) }
      let workCount = validation.demand.workCount
      guard workCount <= workRest else { throw ModelError(.tooManySteps, at: view.offset) }
      workRest &-= workCount
    }
  }
}

/// Checks the operand counts, then what the kind demands.
private struct OperatorValidation: OperatorVisitor {
  var scratchByteCount = 0
  var demand = Demand(partCount: 0, stepCount: 0)

  mutating func visit<Kind: Operator>(
    _ kind: Kind.Type, _ view: OperatorRecord
  ) throws(ModelError) {
    guard Kind.inputCounts.contains(view.inputCount),
      Kind.outputCounts.contains(view.outputCount)
    else { throw ModelError(.operatorOperands, at: view.offset) }
    guard view.hasOwnElements else { throw ModelError(.operatorOperands, at: view.offset) }
    let isPrevious = view.blob[BlobHeader.version] == Int(BlobHeader.previousVersion)
    let count = isPrevious ? Kind.previousParameterCount : Kind.parameterCount
    let isBare = Kind.takesNoParameters && view.parameterCount == 0
    guard view.parameterCount == count || isBare else {
      throw ModelError(.operatorParameters, at: view.offset)
    }
    let checked = Kind(view)
    try checked.validate()
    scratchByteCount = checked.leastScratchByteCount
    demand = checked.demand
  }
}
