import OctetModel
import OctetRuntime

/// Writes the bytes of a blob; `Blob/Layout.swift` of the runtime says where everything stands.
struct BlobWriter {
  private let model: LoweredModel
  private let lifetimes: [(first: Int, last: Int)]
  private var strings: [UInt8] = []
  private var list: [UInt16] = []
  private var words: [Int32] = []
  /// Words that hold blob offsets, relative to the start of the data until that is known.
  private var dataWords: [Int] = []
  private var data: [UInt8] = []
  private var weightByteCount = 0
  private var operators: [[UInt8]] = []
  private var tensors: [[UInt8]] = []
  /// The words of a band of each operator that is cut into some.
  private var bandData: [Int: [Int32]] = [:]
  private var knownParameters: [ParameterKey: Int] = [:]
  private var bandNames: [String: Int] = [:]
  private var constantTensors: [Int] = []
  /// Lines behind the data, see ``Origin`` and ``RemovedChannels``.
  private var origins: [UInt8] = []

  /// The blob without an arena plan, self-test or checksum.
  static func write(_ model: LoweredModel) throws(CompilerError) -> [UInt8] {
    guard model.tensors.count <= BlobLimits.tensorCount,
      model.operators.count <= BlobLimits.operatorCount
    else {
      throw .tooLarge(
        reason: "\(model.tensors.count) tensors and \(model.operators.count) operators; a blob "
          + "holds \(BlobLimits.tensorCount) and \(BlobLimits.operatorCount)")
    }
    try model.requireCountsThatFit()
    var writer = BlobWriter(model)
    for label in model.metadata.labels { writer.strings += label.utf8.filter { $0 != 0 } + [0] }
    writer.list = (model.inputs + model.outputs).map { UInt16($0) }
    for (index, lowered) in model.operators.enumerated() {
      writer.append(lowered)
      if let origin = lowered.origin { writer.origins += Array("\(index) \(origin.text)\n".utf8) }
      if let layer = lowered.layer { writer.origins += Array("\(index) \(layer.text)\n".utf8) }
    }
    for (index, tensor) in model.tensors.enumerated() {
      writer.append(tensor: index)
      if let removed = tensor.removed {
        writer.origins += Array("\(removed.text(tensor: index))\n".utf8)
      }
    }
    let bytes = writer.assemble()
    guard bytes.count <= BlobLimits.byteCount else {
      throw .tooLarge(reason: "the blob would have \(bytes.count) bytes, more than 1 GiB")
    }
    return bytes
  }

  private init(_ model: LoweredModel) {
    self.model = model
    lifetimes = model.lifetimes
  }

  // MARK: Records

  private mutating func append(_ lowered: LoweredOperator) {
    var record = [UInt8](repeating: 0, count: OperatorRecord.byteCount)
    record.put(lowered.kind.rawValue, at: OperatorRecord.kind)
    record.put(UInt8(lowered.inputs.count), at: OperatorRecord.inputCount)
    record.put(UInt8(lowered.outputs.count), at: OperatorRecord.outputCount)
    record.put(UInt32(list.count), at: OperatorRecord.listIndex)
    record.put(UInt32(appendParameters(lowered)), at: OperatorRecord.parameterIndex)
    record.put(UInt32(lowered.parameters.count), at: OperatorRecord.parameterCount)
    record.put(
      UInt32(intern(lowered.name, isRepeated: lowered.layer != nil)), at: OperatorRecord.name)
    list += (lowered.inputs + lowered.outputs).map { UInt16($0) }
    operators.append(record)
  }

  /// The index of the first word. Bands of one operator share its data, and those that have the
  /// same words share these, as do the operators that bring rows together.
  private mutating func appendParameters(_ lowered: LoweredOperator) -> Int {
    let first = words.count
    guard let layer = lowered.layer else {
      for parameter in lowered.parameters { append(parameter, of: lowered.kind) }
      return first
    }
    var dataPlaces: [Int32]?
    if case .band(let index, _, _) = layer { dataPlaces = bandData[index] }
    for (position, parameter) in lowered.parameters.enumerated() {
      if case .value = parameter {
        append(parameter, of: lowered.kind)
      } else if let dataPlaces {
        dataWords.append(words.count)
        words.append(dataPlaces[position])
      } else {
        append(parameter, of: lowered.kind)
      }
    }
    if case .band(let index, _, _) = layer { bandData[index] = Array(words[first...]) }
    let key = ParameterKey(kind: lowered.kind, words: Array(words[first...]))
    if let known = knownParameters[key] {
      words.removeSubrange(first...)
      dataWords.removeAll { $0 >= first }
      return known
    }
    knownParameters[key] = first
    return first
  }

  private struct ParameterKey: Hashable {
    let kind: OperatorKind
    let words: [Int32]
  }

  private mutating func append(
    _ parameter: LoweredOperator.Parameter, of kind: OperatorKind
  ) {
    if case .value(let value) = parameter {
      words.append(Int32(truncatingIfNeeded: value))
      return
    }
    dataWords.append(words.count)
    switch parameter {
    case .value: break
    case .weights(let values):
      let bytes =
        kind.hasNarrowWeights ? values.packedInHalves : values.map { UInt8(bitPattern: $0) }
      words.append(place(bytes, alignment: 16))
      weightByteCount += bytes.count
    case .biases(let values):
      words.append(place(values.littleEndianBytes, alignment: 4))
      weightByteCount += 4 * values.count
    case .words(let values): words.append(place(values.littleEndianBytes, alignment: 4))
    case .bytes(let values):
      words.append(place(values.map { UInt8(bitPattern: $0) }, alignment: 1))
    }
  }

  private mutating func append(tensor index: Int) {
    let tensor = model.tensors[index]
    var record = [UInt8](repeating: 0, count: TensorRecord.byteCount)
    let dimensions = [Int](repeating: 1, count: 4 - tensor.shape.count) + tensor.shape
    record.put(UInt32(tensor.byteCount), at: TensorRecord.tensorByteCount)
    record.put(tensor.isInt16 ? 1 : 0, at: TensorRecord.elementType)
    for (axis, dimension) in dimensions.enumerated() {
      record.put(Int32(dimension), at: TensorRecord.dimensions, in: 4 * axis)
    }
    record.put(tensor.scale, at: TensorRecord.scale)
    record.put(tensor.zeroPoint, at: TensorRecord.zeroPoint)
    record.put(UInt8(tensor.shape.count), at: TensorRecord.rank)
    if let constant = tensor.constant {
      let offset = place(constant.map { UInt8(bitPattern: $0) }, alignment: 16)
      weightByteCount += constant.count
      record.put(UInt32(offset), at: TensorRecord.dataOffset)
      record.put(TensorRecord.Storage.data.rawValue, at: TensorRecord.storage)
      constantTensors.append(index)
    } else {
      let (first, last) = lifetimes[index]
      record.put(UInt16(first), at: TensorRecord.firstUse)
      record.put(UInt16(last), at: TensorRecord.lastUse)
    }
    record.put(
      UInt32(intern(tensor.name, isRepeated: tensor.isBand)), at: TensorRecord.name)
    tensors.append(record)
  }

  /// The offset of a name in the strings; that of bands is written once.
  private mutating func intern(_ name: String, isRepeated: Bool) -> Int {
    if isRepeated, let known = bandNames[name] { return known }
    let bytes = name.blobName.utf8.filter { $0 != 0 } + [0]
    let start = strings.count
    strings += bytes
    if isRepeated { bandNames[name] = start }
    return start
  }

  /// The offset of `bytes` in the data.
  private mutating func place(_ bytes: [UInt8], alignment: Int) -> Int32 {
    while data.count % alignment != 0 { data.append(0) }
    defer { data += bytes }
    return Int32(data.count)
  }

  // MARK: The whole

  private mutating func assemble() -> [UInt8] {
    var header = [UInt8](repeating: 0, count: BlobHeader.byteCount)
    if let normalization = model.metadata.normalization {
      let values = normalization.mean + normalization.standardDeviation
      let bits = values.map { Int32(bitPattern: $0.bitPattern) }
      header.put(UInt16(normalization.mean.count), at: BlobHeader.normalizationChannelCount)
      let place = place(bits.littleEndianBytes, alignment: 4)
      header.put(UInt32(place), at: BlobHeader.normalizationOffset)
    }
    // Room for the self-test's expected outputs, then the zeros that kernels may read past the end.
    let outputByteCount = model.outputs.reduce(0) { $0 + model.tensors[$1].byteCount }
    let selfTestByteCount = outputByteCount <= Self.selfTestByteLimit ? outputByteCount : 0
    let selfTest = place([UInt8](repeating: 0, count: selfTestByteCount), alignment: 1)
    data += [UInt8](repeating: 0, count: BlobLimits.overreadByteCount)
    while data.count % 4 != 0 { data.append(0) }
    while strings.count % 4 != 0 || strings.isEmpty { strings.append(0) }

    let tensorOffset = BlobHeader.byteCount
    let operatorOffset = tensorOffset + TensorRecord.byteCount * tensors.count
    let parameterOffset = operatorOffset + OperatorRecord.byteCount * operators.count
    let listOffset = parameterOffset + 4 * words.count
    let stringOffset = (listOffset + 2 * list.count + 3) / 4 * 4
    let dataOffset = (stringOffset + strings.count + 15) / 16 * 16
    for index in dataWords { words[index] += Int32(dataOffset) }
    for index in constantTensors { tensors[index].add(dataOffset, at: TensorRecord.dataOffset) }
    if model.metadata.normalization != nil {
      header.add(dataOffset, at: BlobHeader.normalizationOffset)
    }
    header.put(BlobHeader.magicValue, at: BlobHeader.magic)
    header.put(BlobHeader.versionValue, at: BlobHeader.version)
    header.put(UInt16(BlobHeader.byteCount), at: BlobHeader.headerByteCount)
    header.put(UInt16(model.inputs.count), at: BlobHeader.inputCount)
    header.put(UInt16(model.outputs.count), at: BlobHeader.outputCount)
    header.put(UInt16(tensors.count), at: BlobHeader.tensorCount)
    header.put(UInt16(operators.count), at: BlobHeader.operatorCount)
    header.put(UInt16(model.metadata.labels.count), at: BlobHeader.labelCount)
    let fields: [(Field<UInt32>, Int)] = [
      (BlobHeader.tensorOffset, tensorOffset), (BlobHeader.operatorOffset, operatorOffset),
      (BlobHeader.listOffset, listOffset), (BlobHeader.parameterOffset, parameterOffset),
      (BlobHeader.stringOffset, stringOffset), (BlobHeader.dataOffset, dataOffset),
      (BlobHeader.listCount, list.count), (BlobHeader.parameterCount, words.count),
      (BlobHeader.stringByteCount, strings.count), (BlobHeader.dataByteCount, data.count),
      (BlobHeader.weightByteCount, weightByteCount),
      (BlobHeader.selfTestSeed, Int(Self.selfTestSeed)),
      (BlobHeader.selfTestOffset, dataOffset + Int(selfTest)),
      (BlobHeader.selfTestByteCount, selfTestByteCount),
      (BlobHeader.blobByteCount, dataOffset + data.count + origins.count),
      (BlobHeader.arithmetic, Int(model.arithmetic.rawValue)),
    ]
    for (field, value) in fields { header.put(UInt32(value), at: field) }

    var bytes = header + tensors.joined() + operators.joined() + words.littleEndianBytes
    for entry in list { bytes += [UInt8(entry & 0xFF), UInt8(entry >> 8)] }
    bytes += [UInt8](repeating: 0, count: stringOffset - bytes.count) + strings
    bytes += [UInt8](repeating: 0, count: dataOffset - bytes.count) + data + origins
    return bytes
  }

  /// Larger outputs are checked by their checksum alone.
  static let selfTestByteLimit = 256
  static let selfTestSeed: UInt32 = 0x0C7E_7000
}

extension LoweredModel {
  /// The fields of a blob hold 16 bits for labels and channels, 8 for an operator's operands.
  fileprivate func requireCountsThatFit() throws(CompilerError) {
    guard metadata.labels.count <= UInt16.max else {
      throw .tooLarge(
        reason: "\(metadata.labels.count) labels; a blob holds \(UInt16.max)")
    }
    for lowered in operators where max(lowered.inputs.count, lowered.outputs.count) > UInt8.max {
      throw .invalid(
        node: lowered.name,
        reason: "\(lowered.inputs.count) inputs and \(lowered.outputs.count) outputs; an operator "
          + "has at most \(UInt8.max) of each")
    }
    for lowered in operators {
      for case .weights(let values) in lowered.parameters
      where values.count > BlobLimits.weightCount {
        throw .invalid(
          node: lowered.name,
          reason: "\(values.count) weights; an operator has at most \(BlobLimits.weightCount)")
      }
    }
    guard let normalization = metadata.normalization else { return }
    let (mean, deviation) = (normalization.mean, normalization.standardDeviation)
    guard (1...Int(UInt16.max)).contains(mean.count), mean.count == deviation.count,
      mean.allSatisfy(\.isFinite), deviation.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw .invalid(
        node: name(ofInput: 0),
        reason: "the input normalisation needs a finite mean and a standard deviation above 0 for "
          + "each channel; it has \(mean) and \(deviation)")
    }
  }

  private func name(ofInput index: Int) -> String {
    index < inputs.count ? tensors[inputs[index]].name : ""
  }

  /// The operators between which each tensor lives, as the blob's records say it.
  var lifetimes: [(first: Int, last: Int)] {
    var lifetimes = [(first: Int, last: Int)](repeating: (0, 0), count: tensors.count)
    for (index, lowered) in operators.enumerated() {
      for tensor in lowered.outputs { lifetimes[tensor] = (index, index) }
    }
    for (index, lowered) in operators.enumerated() {
      for tensor in lowered.inputs { lifetimes[tensor].last = index }
    }
    for tensor in outputs { lifetimes[tensor].last = operators.count }
    return lifetimes
  }
}

extension String {
  /// The name as a blob carries it: at most 48 bytes; of a longer one its end, which is the part
  /// that differs in TensorFlow's names.
  public var blobName: String {
    guard utf8.count > 48 else { return self }
    var name = Substring(self)
    while name.utf8.count > 45 { name.removeFirst() }
    return "…" + name
  }
}

extension [UInt8] {
  fileprivate mutating func add(_ addend: Int, at field: Field<UInt32>) {
    put(value(of: field) + UInt32(addend), at: field)
  }
}

extension [Int32] {
  var littleEndianBytes: [UInt8] {
    flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * Int32($0))) } }
  }
}
