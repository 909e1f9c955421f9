import OctetRuntime

/// A blob taken apart, so that its parts can be changed and put together with every count, offset,
/// lifetime and place in the arena right again. Names and metadata are left out.
struct BlobParts {
  struct Tensor {
    /// N, H, W, C.
    var dimensions: [Int]
    var rank: Int
    var scaleBits: UInt32
    var zeroPoint: UInt8
    /// Where a constant stands in the data; nil for an activation.
    var constant: Int?

    var elementCount: Int { dimensions.reduce(1) { $0 &* $1 } }
  }

  struct Operator {
    var kind: UInt16
    var inputs: [Int]
    var outputs: [Int]
    /// Those that name data count from its first byte.
    var words: [Int32]

    /// The parameter words that are offsets of data, as far as they are there.
    var dataWords: [Int] { dataWordsOfKind.filter { $0 < words.count } }

    private var dataWordsOfKind: [Int] {
      switch OperatorKind(rawValue: kind) {
      case .convolution: Array(Convolution.Word.weights...Convolution.Word.shifts)
      case .depthwiseConvolution:
        Array(DepthwiseConvolution.Word.weights...DepthwiseConvolution.Word.shifts)
      case .transposedConvolution:
        Array(TransposedConvolution.Word.weights...TransposedConvolution.Word.shifts)
      case .fullyConnected: Array(FullyConnected.Word.weights...FullyConnected.Word.shifts)
      case .lookup: [Lookup.Word.tables]
      case .resizeNearest, .resizeBilinear: [ResizeNearest.Word.rows, ResizeNearest.Word.columns]
      default: []
      }
    }
  }

  var tensors: [Tensor] = []
  var operators: [Operator] = []
  var inputs: [Int] = []
  var outputs: [Int] = []
  var data: [UInt8]

  /// - Parameter bytes: a valid blob.
  init(_ bytes: [UInt8]) {
    func u32(_ offset: Int) -> Int { Int(bytes.word(at: offset)) }
    func u16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
    let dataStart = u32(BlobHeader.dataOffset.offset)
    let list = (0..<u32(BlobHeader.listCount.offset)).map { u16(u32(BlobHeader.listOffset.offset) + 2 * $0) }
    data = Array(bytes[dataStart..<dataStart + u32(BlobHeader.dataByteCount.offset)])
    let inputCount = u16(BlobHeader.inputCount.offset)
    inputs = Array(list[..<inputCount])
    outputs = Array(list[inputCount..<inputCount + u16(BlobHeader.outputCount.offset)])
    for index in 0..<u16(BlobHeader.tensorCount.offset) {
      let record = u32(BlobHeader.tensorOffset.offset) + TensorRecord.byteCount * index
      let isConstant = bytes[record + TensorRecord.storage.offset] != 0
      tensors.append(
        Tensor(
          dimensions: (0..<4).map { u32(record + TensorRecord.dimensions.offset + 4 * $0) },
          rank: Int(bytes[record + TensorRecord.rank.offset]),
          scaleBits: bytes.word(at: TensorRecord.scale, in: record),
          zeroPoint: bytes[record + TensorRecord.zeroPoint.offset],
          constant: isConstant ? u32(record) - dataStart : nil))
    }
    for index in 0..<u16(BlobHeader.operatorCount.offset) {
      let record = u32(BlobHeader.operatorOffset.offset) + OperatorRecord.byteCount * index
      let first = u32(record + OperatorRecord.listIndex.offset)
      let middle = first + Int(bytes[record + OperatorRecord.inputCount.offset])
      let start = u32(BlobHeader.parameterOffset.offset) + 4 * u32(record + OperatorRecord.parameterIndex.offset)
      var added = Operator(
        kind: UInt16(u16(record + OperatorRecord.kind.offset)), inputs: Array(list[first..<middle]),
        outputs: Array(list[middle..<middle + Int(bytes[record + OperatorRecord.outputCount.offset])]),
        words: (0..<u32(record + OperatorRecord.parameterCount.offset)).map {
          Int32(bitPattern: bytes.word(at: start + 4 * $0))
        })
      for word in added.dataWords { added.words[word] -= Int32(dataStart) }
      operators.append(added)
    }
  }

  /// Where everything stands in the arena.
  struct Plan {
    /// For each tensor.
    var offsets: [Int]
    /// For each operator, in the scratch memory that they share.
    var scratchByteCounts: [Int]
    var scratchOffset: Int
    var arenaByteCount: Int
  }

  /// Each activation in memory of its own, with gaps.
  func plan(scratchByteCounts: [Int]) -> Plan {
    var end = 4
    let offsets = tensors.map { tensor in
      guard tensor.constant == nil else { return 0 }
      defer { end = min(end + tensor.elementCount + 4, 1 << 30) }
      return end
    }
    let scratch = (end + 15) & ~15
    return Plan(
      offsets: offsets, scratchByteCounts: scratchByteCounts, scratchOffset: scratch,
      arenaByteCount: scratch + (scratchByteCounts.max() ?? 0))
  }

  /// The blob, sealed.
  func bytes(_ plan: Plan) -> [UInt8] {
    var list = inputs + outputs
    var words: [Int32] = []
    let tensorOffset = BlobHeader.byteCount
    let operatorOffset = tensorOffset + TensorRecord.byteCount * tensors.count
    let parameterOffset = operatorOffset + OperatorRecord.byteCount * operators.count
    let listCount = operators.reduce(list.count) { $0 + $1.inputs.count + $1.outputs.count }
    let listOffset = parameterOffset + 4 * operators.reduce(0) { $0 + $1.words.count }
    let stringOffset = (listOffset + 2 * listCount + 3) & ~3
    let dataOffset = (stringOffset + 4 + 15) & ~15
    var records: [UInt8] = []
    for index in tensors.indices { records += record(of: index, plan, dataOffset: dataOffset) }
    for (index, item) in operators.enumerated() {
      var record = [UInt8](repeating: 0, count: OperatorRecord.byteCount)
      record.put(UInt32(item.kind), at: OperatorRecord.kind.offset)
      record[OperatorRecord.inputCount.offset] = UInt8(truncatingIfNeeded: item.inputs.count)
      record[OperatorRecord.outputCount.offset] = UInt8(truncatingIfNeeded: item.outputs.count)
      let fields = [
        (OperatorRecord.listIndex.offset, list.count), (OperatorRecord.parameterIndex.offset, words.count),
        (OperatorRecord.parameterCount.offset, item.words.count),
        (OperatorRecord.scratchOffset.offset, plan.scratchOffset),
        (OperatorRecord.scratchByteCount.offset, plan.scratchByteCounts[index]),
      ]
      for (field, value) in fields { record.put(UInt32(truncatingIfNeeded: value), at: field) }
      var shifted = item.words
      for word in item.dataWords { shifted[word] &+= Int32(dataOffset) }
      words += shifted
      list += item.inputs + item.outputs
      records += record
    }
    var header = [UInt8](repeating: 0, count: BlobHeader.byteCount)
    header.put(BlobHeader.magicValue, at: BlobHeader.magic)
    header.put(
      UInt32(BlobHeader.versionValue) | UInt32(BlobHeader.byteCount) << 16, at: BlobHeader.version.offset)
    let fields = [
      (BlobHeader.blobByteCount.offset, dataOffset + data.count), (BlobHeader.tensorOffset.offset, tensorOffset),
      (BlobHeader.operatorOffset.offset, operatorOffset), (BlobHeader.listOffset.offset, listOffset),
      (BlobHeader.parameterOffset.offset, parameterOffset), (BlobHeader.stringOffset.offset, stringOffset),
      (BlobHeader.dataOffset.offset, dataOffset),
      (BlobHeader.tensorCount.offset, tensors.count | operators.count << 16),
      (BlobHeader.inputCount.offset, inputs.count | outputs.count << 16),
      (BlobHeader.listCount.offset, listCount), (BlobHeader.parameterCount.offset, words.count),
      (BlobHeader.stringByteCount.offset, 4), (BlobHeader.dataByteCount.offset, data.count),
      (BlobHeader.arenaByteCount.offset, plan.arenaByteCount), (BlobHeader.selfTestSeed.offset, 0x0C7E_7000),
    ]
    for (field, value) in fields { header.put(UInt32(truncatingIfNeeded: value), at: field) }
    var bytes = header + records
    for word in words { bytes.append(word: UInt32(bitPattern: word)) }
    for entry in list {
      bytes += [UInt8(truncatingIfNeeded: entry), UInt8(truncatingIfNeeded: entry >> 8)]
    }
    bytes += [UInt8](repeating: 0, count: dataOffset - bytes.count) + data
    bytes.repairChecksum()
    return bytes
  }

  private func record(of index: Int, _ plan: Plan, dataOffset: Int) -> [UInt8] {
    let tensor = tensors[index]
    var record = [UInt8](repeating: 0, count: TensorRecord.byteCount)
    let first = operators.firstIndex { $0.outputs.contains(index) } ?? 0
    let read = operators.lastIndex { $0.inputs.contains(index) } ?? first
    let last = outputs.contains(index) ? operators.count : read
    let place = tensor.constant.map { $0 + dataOffset } ?? plan.offsets[index]
    record.put(UInt32(truncatingIfNeeded: place), at: TensorRecord.dataOffset.offset)
    record.put(UInt32(truncatingIfNeeded: tensor.elementCount), at: TensorRecord.tensorByteCount.offset)
    for (axis, dimension) in tensor.dimensions.enumerated() {
      record.put(UInt32(truncatingIfNeeded: dimension), at: TensorRecord.dimensions.offset + 4 * axis)
    }
    record.put(tensor.scaleBits, at: TensorRecord.scale.offset)
    record[TensorRecord.zeroPoint.offset] = tensor.zeroPoint
    record[TensorRecord.rank.offset] = UInt8(truncatingIfNeeded: tensor.rank)
    record[TensorRecord.storage.offset] = tensor.constant == nil ? 0 : 1
    if tensor.constant == nil {
      record.put(UInt32(first | last << 16), at: TensorRecord.firstUse.offset)
    }
    return record
  }
}

extension [UInt8] {
  package func word(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * UInt32($1)) }
  }

  package mutating func put(_ value: UInt32, at offset: Int) {
    for index in 0..<4 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))
    }
  }

  mutating func append(word value: UInt32) {
    for index in 0..<4 { append(UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))) }
  }

  /// Makes the checksum right, so that a change reaches the checks behind it.
  package mutating func repairChecksum() {
    if count >= BlobHeader.byteCount { putChecksum() }
  }
}
