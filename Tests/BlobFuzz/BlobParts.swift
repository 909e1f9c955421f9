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
      case .convolution: four(Convolution.Word.weights)
      case .depthwiseConvolution: four(DepthwiseConvolution.Word.weights)
      case .transposedConvolution: four(TransposedConvolution.Word.weights)
      case .fullyConnected: four(FullyConnected.Word.weights)
      case .lookup: [Lookup.Word.tables.rawValue]
      case .resizeNearest, .resizeBilinear:
        [ResizeNearest.Word.rows.rawValue, ResizeNearest.Word.columns.rawValue]
      default: []
      }
    }

    /// Weights, biases, multipliers and shifts.
    private func four(_ weights: some ParameterWord) -> [Int] {
      Array(weights.rawValue..<weights.rawValue + 4)
    }
  }

  var tensors: [Tensor] = []
  var operators: [Operator] = []
  var inputs: [Int] = []
  var outputs: [Int] = []
  var data: [UInt8]
  var arithmetic: UInt32 = 0
  /// Lines behind the data that say what tables were made of.
  var origins: [UInt8] = []

  /// - Parameter bytes: a valid blob.
  init(_ bytes: [UInt8]) {
    func read<Value: FixedWidthInteger>(_ field: Field<Value>, _ record: Int = 0) -> Int {
      Int(bytes.value(of: field, in: record))
    }
    let dataStart = read(BlobHeader.dataOffset)
    let list = (0..<read(BlobHeader.listCount)).map {
      read(Field<UInt16>(2 * $0), read(BlobHeader.listOffset))
    }
    let dataEnd = dataStart + read(BlobHeader.dataByteCount)
    data = Array(bytes[dataStart..<dataEnd])
    arithmetic = bytes.value(of: BlobHeader.arithmetic)
    origins = Array(bytes[dataEnd...])
    let inputCount = read(BlobHeader.inputCount)
    inputs = Array(list[..<inputCount])
    outputs = Array(list[inputCount..<inputCount + read(BlobHeader.outputCount)])
    for index in 0..<read(BlobHeader.tensorCount) {
      let record = read(BlobHeader.tensorOffset) + TensorRecord.byteCount * index
      let isConstant = read(TensorRecord.storage, record) != 0
      tensors.append(
        Tensor(
          dimensions: (0..<4).map { read(TensorRecord.dimensions, record + 4 * $0) },
          rank: read(TensorRecord.rank, record),
          scaleBits: bytes.word(at: record + TensorRecord.scale.offset),
          zeroPoint: UInt8(bitPattern: bytes.value(of: TensorRecord.zeroPoint, in: record)),
          constant: isConstant ? read(TensorRecord.dataOffset, record) - dataStart : nil))
    }
    for index in 0..<read(BlobHeader.operatorCount) {
      let record = read(BlobHeader.operatorOffset) + OperatorRecord.byteCount * index
      let first = read(OperatorRecord.listIndex, record)
      let middle = first + read(OperatorRecord.inputCount, record)
      let start = read(BlobHeader.parameterOffset) + 4 * read(OperatorRecord.parameterIndex, record)
      var added = Operator(
        kind: bytes.value(of: OperatorRecord.kind, in: record), inputs: Array(list[first..<middle]),
        outputs: Array(list[middle..<middle + read(OperatorRecord.outputCount, record)]),
        words: (0..<read(OperatorRecord.parameterCount, record)).map {
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
      record.put(item.kind, at: OperatorRecord.kind)
      record.put(UInt8(truncatingIfNeeded: item.inputs.count), at: OperatorRecord.inputCount)
      record.put(UInt8(truncatingIfNeeded: item.outputs.count), at: OperatorRecord.outputCount)
      let fields: [(Field<UInt32>, Int)] = [
        (OperatorRecord.listIndex, list.count),
        (OperatorRecord.parameterIndex, words.count),
        (OperatorRecord.parameterCount, item.words.count),
        (OperatorRecord.scratchOffset, plan.scratchOffset),
        (OperatorRecord.scratchByteCount, plan.scratchByteCounts[index]),
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
    header.put(BlobHeader.versionValue, at: BlobHeader.version)
    header.put(UInt16(BlobHeader.byteCount), at: BlobHeader.headerByteCount)
    header.put(UInt16(truncatingIfNeeded: tensors.count), at: BlobHeader.tensorCount)
    header.put(UInt16(truncatingIfNeeded: operators.count), at: BlobHeader.operatorCount)
    header.put(UInt16(truncatingIfNeeded: inputs.count), at: BlobHeader.inputCount)
    header.put(UInt16(truncatingIfNeeded: outputs.count), at: BlobHeader.outputCount)
    let fields: [(Field<UInt32>, Int)] = [
      (BlobHeader.blobByteCount, dataOffset + data.count + origins.count),
      (BlobHeader.tensorOffset, tensorOffset), (BlobHeader.arithmetic, Int(arithmetic)),
      (BlobHeader.operatorOffset, operatorOffset), (BlobHeader.listOffset, listOffset),
      (BlobHeader.parameterOffset, parameterOffset), (BlobHeader.stringOffset, stringOffset),
      (BlobHeader.dataOffset, dataOffset),
      (BlobHeader.listCount, listCount), (BlobHeader.parameterCount, words.count),
      (BlobHeader.stringByteCount, 4), (BlobHeader.dataByteCount, data.count),
      (BlobHeader.arenaByteCount, plan.arenaByteCount), (BlobHeader.selfTestSeed, 0x0C7E_7000),
    ]
    for (field, value) in fields { header.put(UInt32(truncatingIfNeeded: value), at: field) }
    var bytes = header + records
    for word in words { bytes.append(word: UInt32(bitPattern: word)) }
    for entry in list {
      bytes += [UInt8(truncatingIfNeeded: entry), UInt8(truncatingIfNeeded: entry >> 8)]
    }
    bytes += [UInt8](repeating: 0, count: dataOffset - bytes.count) + data + origins
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
    record.put(UInt32(truncatingIfNeeded: place), at: TensorRecord.dataOffset)
    record.put(
      UInt32(truncatingIfNeeded: tensor.elementCount), at: TensorRecord.tensorByteCount)
    for (axis, dimension) in tensor.dimensions.enumerated() {
      record.put(
        Int32(truncatingIfNeeded: dimension), at: TensorRecord.dimensions, in: 4 * axis)
    }
    record.put(tensor.scaleBits, at: TensorRecord.scale.offset)
    record.put(Int8(bitPattern: tensor.zeroPoint), at: TensorRecord.zeroPoint)
    record.put(UInt8(truncatingIfNeeded: tensor.rank), at: TensorRecord.rank)
    record.put(tensor.constant == nil ? 0 : 1, at: TensorRecord.storage)
    if tensor.constant == nil {
      record.put(UInt16(truncatingIfNeeded: first), at: TensorRecord.firstUse)
      record.put(UInt16(truncatingIfNeeded: last), at: TensorRecord.lastUse)
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
