import OctetModel
import OctetRuntime

extension Blob {
  /// One operator as a blob of its own, with the very parameters that it has here: it computes the
  /// same bytes. Its inputs are the activations that the operator reads, each once, in the order of
  /// its operands.
  ///
  /// - Parameter index: below the model's number of operators.
  /// - Throws: `rejected` when this blob is not valid.
  public func part(operator index: Int) throws(CompilerError) -> Blob {
    try part(operators: [index])
  }

  /// Some operators as a blob of their own, with the very parameters that they have here. Its
  /// inputs are the activations that they read and none of them makes, each once, in the order of
  /// the operands; its outputs what they make and others read, or none.
  ///
  /// - Parameter indices: ascending, each below the model's number of operators.
  /// - Throws: `CompilerError.rejected` when this blob is not valid.
  public func part(operators indices: [Int]) throws(CompilerError) -> Blob {
    let model: LoadedModel
    do {
      model = try self.model()
    } catch {
      throw .rejected(error)
    }
    let chosen = Set(indices)
    var readElsewhere = Set((0..<model.outputCount).map { model.output($0).index })
    for index in 0..<model.operatorCount where !chosen.contains(index) {
      let view = model.operator(index)
      for input in 0..<view.inputCount { readElsewhere.insert(view.inputTensorIndex(input)) }
    }
    var lowered = LoweredModel(
      operators: indices.map { model.operator($0) }, of: bytes, readElsewhere: readElsewhere)
    lowered.arithmetic = arithmetic
    for (place, index) in indices.enumerated() { lowered.operators[place].origin = origins[index] }
    return try Compiler.assemble(lowered).blob
  }
}

extension LoweredModel {
  /// All of a valid blob, under the indices that tensors and operators have there.
  init(_ loaded: LoadedModel) {
    let bytes = loaded.blob.bytes
    tensors = (0..<loaded.tensorCount).map { LoweredTensor(loaded.tensor($0), of: bytes) }
    operators = (0..<loaded.operatorCount).compactMap { index in
      let view = loaded.operator(index)
      return LoweredOperator(
        view, of: bytes, inputs: (0..<view.inputCount).map { view.inputTensorIndex($0) },
        outputs: (0..<view.outputCount).map { view.outputTensorIndex($0) })
    }
    inputs = (0..<loaded.inputCount).map { loaded.input($0).index }
    outputs = (0..<loaded.outputCount).map { loaded.output($0).index }
    arithmetic = loaded.blob.arithmetic
    metadata.labels = loaded.labels
    metadata.normalization = loaded.normalization
  }

  /// Some of a valid blob's operators alone, in order.
  fileprivate init(operators views: [OperatorView], of bytes: [UInt8], readElsewhere: Set<Int>) {
    var known: [Int: Int] = [:]
    var (made, read) = (Set<Int>(), Set<Int>())
    func place(_ index: Int, _ view: TensorView) -> Int {
      if let found = known[index] { return found }
      tensors.append(LoweredTensor(view, of: bytes))
      known[index] = tensors.count - 1
      return tensors.count - 1
    }
    for view in views {
      let operands = (0..<view.inputCount).map { place(view.inputTensorIndex($0), view.input($0)) }
      let results = (0..<view.outputCount).map {
        place(view.outputTensorIndex($0), view.output($0))
      }
      for operand in operands
      where tensors[operand].constant == nil && !made.contains(operand)
        && !inputs.contains(operand)
      {
        inputs.append(operand)
      }
      made.formUnion(results)
      read.formUnion(operands)
      operators += [LoweredOperator(view, of: bytes, inputs: operands, outputs: results)]
        .compactMap(\.self)
    }
    let wanted = Set(readElsewhere.compactMap { known[$0] })
    outputs = operators.flatMap(\.outputs).filter { wanted.contains($0) || !read.contains($0) }
  }
}

extension LoweredTensor {
  /// A tensor of a valid blob.
  init(_ view: TensorView, of bytes: [UInt8]) {
    var constant: [Int8]?
    if view.isConstant {
      let data = bytes[view.dataOffset..<view.dataOffset + view.byteCount]
      constant = data.map { Int8(bitPattern: $0) }
    }
    self.init(
      name: view.name, shape: (4 - view.rank..<4).map { view.dimension($0) },
      scale: view.scale, zeroPoint: Int8(truncatingIfNeeded: view.zeroPoint), constant: constant)
    isInt16 = view.isInt16
  }
}

extension LoweredOperator {
  /// An operator of a valid blob with its own parameters; nil when its kind is unknown.
  init?(_ view: OperatorView, of bytes: [UInt8], inputs: [Int], outputs: [Int]) {
    guard let kind = view.kind else { return nil }
    let data = view.dataParameters
    let parameters = (0..<view.parameterCount).map { word -> Parameter in
      let value = Int(view.parameter(word))
      guard let part = data[word] else { return .value(value) }
      if part.kind == .weights {
        return .weights(view.weightCodes(bytes, at: value, count: part.count))
      }
      return part.parameter(bytes[value..<value + part.byteCount])
    }
    self.init(
      kind: kind, name: view.name, inputs: inputs, outputs: outputs, parameters: parameters)
  }
}

/// What stands at the blob offset that a parameter word holds.
private struct DataParameter {
  enum Kind { case weights, biases, words, bytes }

  var kind: Kind
  /// Elements: of one byte for weights and bytes, of four for others.
  var count: Int

  var byteCount: Int {
    switch kind {
    case .weights, .bytes: count
    case .biases, .words: 4 * count
    }
  }

  func parameter(_ data: ArraySlice<UInt8>) -> LoweredOperator.Parameter {
    switch kind {
    case .weights, .bytes: .bytes(data.map { Int8(bitPattern: $0) })
    case .biases: .biases(data.littleEndianWords)
    case .words: .words(data.littleEndianWords)
    }
  }
}

extension OperatorView {
  /// The parameters that are offsets of data, by parameter word; all others are plain numbers.
  fileprivate var dataParameters: [Int: DataParameter] {
    guard let kind else { return [:] }
    let channels = output(0).channels
    func value(_ word: some ParameterWord) -> Int { Int(parameter(word)) }
    func weighted<Word: WeightWord>(_: Word.Type, _ patchCount: Int) -> [Int: DataParameter] {
      [
        Word.weights.rawValue: .init(kind: .weights, count: channels * patchCount),
        Word.bias.rawValue: .init(kind: .biases, count: channels),
        Word.multipliers.rawValue: .init(kind: .words, count: channels),
        Word.shifts.rawValue: .init(kind: .bytes, count: channels),
      ]
    }
    func weighted16<Word: WeightWord>(_: Word.Type, _ patchCount: Int) -> [Int: DataParameter] {
      var parameters = weighted(Word.self, patchCount)
      parameters[Word.bias.rawValue]?.count *= 2
      return parameters
    }
    func taps<Word: WindowWord>(_: Word.Type) -> Int {
      value(Word.kernelHeight) * value(Word.kernelWidth)
    }
    func tables<Word: ParameterWord>(
      _ rows: Word, _ columns: Word, entryCount: Int
    ) -> [Int: DataParameter] {
      [
        rows.rawValue: .init(kind: .words, count: entryCount * output(0).height),
        columns.rawValue: .init(kind: .words, count: entryCount * output(0).width),
      ]
    }
    switch kind {
    case .convolution, .convolution4:
      typealias Word = Convolution.Word
      return weighted(Word.self, taps(Word.self) * (input(0).channels / value(Word.groups)))
    case .transposedConvolution:
      typealias Word = TransposedConvolution.Word
      return weighted(Word.self, taps(Word.self) * (input(0).channels / value(Word.groups)))
    case .depthwiseConvolution, .depthwiseConvolution4:
      return weighted(DepthwiseConvolution.Word.self, taps(DepthwiseConvolution.Word.self))
    case .fullyConnected, .fullyConnected4:
      let rows = output(0).elementCount / channels
      return weighted(FullyConnected.Word.self, input(0).elementCount / rows)
    case .convolution16:
      typealias Word = Convolution16.Word
      return weighted16(Word.self, taps(Word.self) * (input(0).channels / value(Word.groups)))
    case .depthwiseConvolution16:
      return weighted16(DepthwiseConvolution16.Word.self, taps(DepthwiseConvolution16.Word.self))
    case .fullyConnected16:
      let rows = output(0).elementCount / channels
      return weighted16(FullyConnected16.Word.self, input(0).elementCount / rows)
    case .softmax16:
      let table = DataParameter(kind: .words, count: (Softmax16.tableCount + 1) / 2)
      return [
        Softmax16.Word.exponentials.rawValue: table, Softmax16.Word.reciprocals.rawValue: table,
      ]
    case .sigmoid16: return [Sigmoid16.Word.table.rawValue: .init(kind: .words, count: 128)]
    case .lookup:
      let count = 256 * value(Lookup.Word.tableCount)
      return [Lookup.Word.tables.rawValue: .init(kind: .bytes, count: count)]
    case .resizeNearest:
      return tables(ResizeNearest.Word.rows, .columns, entryCount: 1)
    case .resizeBilinear:
      return tables(ResizeBilinear.Word.rows, .columns, entryCount: 3)
    case .maxPool, .averagePool, .softmax, .logSoftmax, .matrixMultiply, .add, .subtract,
      .multiply, .minimum, .maximum, .squaredDifference, .l2Normalization, .mean, .concatenation,
      .pad, .reshape, .transpose, .slice, .requantize:
      return [:]
    }
  }
}
