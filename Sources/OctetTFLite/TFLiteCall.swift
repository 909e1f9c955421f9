import OctetModel

/// A node of the file, with its options at hand.
struct TFLiteCall {
  let node: TFLiteFile.Node
  let kind: TFLiteBuiltin
  /// Unique within the graph.
  var name: String
  let importer: TFLiteImporter

  var file: TFLiteFile { importer.file }

  func checkOperandCounts() throws(TFLiteRefusal) {
    // Absent optional inputs at the end do not count.
    let count = node.inputs.count
    guard kind.inputCounts.contains(count) else {
      throw broken("it has \(count) inputs")
    }
    guard node.outputs.count == 1 || kind.hasManyOutputs && !node.outputs.isEmpty else {
      throw broken("it has \(node.outputs.count) outputs")
    }
  }

  /// Only QUANTIZE makes int16 of int8, or int8 of int16.
  func checkWidths() throws(TFLiteRefusal) {
    let ends = node.inputs.prefix(1) + node.outputs
    let types = Set(ends.filter { $0 >= 0 }.map { file.tensors[$0].type })
    let both = [TFLiteTensorType.int8, .int16].map(\.rawValue)
    if kind != Quantize.quantize, types.isSuperset(of: both) {
      throw .unsupported("it reads and makes both INT8 and INT16; only QUANTIZE may do that")
    }
  }

  func broken(_ reason: String) -> TFLiteRefusal {
    .broken(.invalidModel(place: "node '\(name)' (\(node.operatorName))", reason: reason))
  }

  // MARK: Options

  subscript<Value: FixedWidthInteger>(slot: FlatSlot<Value>) -> Int {
    get throws(TFLiteRefusal) {
      try option(slot.standard) { options throws(ExchangeError) in try options[slot] }
    }
  }

  subscript(slot: FlatSlot<Bool>) -> Bool {
    get throws(TFLiteRefusal) {
      try option(false) { options throws(ExchangeError) in try options[slot] }
    }
  }

  subscript(slot: FlatSlot<Float>) -> Float {
    get throws(TFLiteRefusal) {
      try option(0) { options throws(ExchangeError) in try options[slot] }
    }
  }

  /// What is read from the options; `standard` when the file has none.
  private func option<Value>(
    _ standard: Value, _ read: (FlatTable) throws(ExchangeError) -> Value
  ) throws(TFLiteRefusal) -> Value {
    guard node.optionsType != 0, let options = node.options else { return standard }
    guard node.optionsType == kind.optionsType else {
      throw broken("its options are of type \(node.optionsType), not \(kind.optionsType)")
    }
    do {
      return try read(options)
    } catch {
      throw .broken(error)
    }
  }

  /// The fused activation in the options.
  func activation(_ slot: FlatSlot<Int8>) throws(TFLiteRefusal) -> Activation {
    let number = try self[slot]
    if FusedActivation.all.indices.contains(number) { return FusedActivation.all[number] }
    throw .unsupported(
      number == 4
        ? "fused tanh has no operation; apply tanh in a node of its own"
        : "fused activation \(number) has no operation")
  }

  // MARK: Operands

  func shape(_ position: Int) throws(TFLiteRefusal) -> [Int] {
    let tensor = try input(position)
    if let shape = importer.knownShapes[node.inputs[position]] { return shape }
    try tensor.checkShape()
    return tensor.shape
  }

  func input(_ position: Int) throws(TFLiteRefusal) -> TFLiteFile.Tensor {
    guard has(position) else {
      throw broken("input \(position) is absent")
    }
    return file.tensors[node.inputs[position]]
  }

  /// Whether an operand that may be left out is there.
  func has(_ position: Int) -> Bool {
    node.inputs.indices.contains(position) && node.inputs[position] >= 0
  }

  /// The file's index of a tensor that must be there.
  func inputIndex(_ position: Int) throws(TFLiteRefusal) -> Int {
    _ = try input(position)
    return node.inputs[position]
  }

  /// Whether an operand is of real numbers in the file.
  func isFloat(_ position: Int) throws(TFLiteRefusal) -> Bool {
    try input(position).type == TFLiteTensorType.float32.rawValue
  }

  func output() throws(TFLiteRefusal) -> TFLiteFile.Tensor {
    let tensor = file.tensors[node.outputs[0]]
    try tensor.checkShape()
    return tensor
  }

  /// The values of an int32 or int64 constant, such as axes or sizes.
  func integers(_ position: Int, _ what: String) throws(TFLiteRefusal) -> [Int] {
    let tensor = try input(position)
    if let values = importer.knownIntegers[node.inputs[position]] { return values }
    try tensor.checkShape()
    guard let values = try file.constant(tensor)?.integers else {
      throw .unsupported("\(what) computed by the model; only constants are supported")
    }
    return values
  }

  /// A non-negative axis.
  func axis(_ axis: Int, rank: Int) throws(TFLiteRefusal) -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw broken("axis \(axis) does not exist in \(rank) dimensions")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// The one axis that an operand holds.
  func axis(operand: Int, rank: Int) throws(TFLiteRefusal) -> Int {
    let axes = try integers(operand, "its axis is")
    guard axes.count == 1 else { throw broken("it has \(axes.count) axes") }
    return try axis(axes[0], rank: rank)
  }

  /// The shape of an operand that must have four dimensions, none of them 0.
  func imageShape(_ position: Int) throws(TFLiteRefusal) -> [Int] {
    let shape = try shape(position)
    guard shape.count == 4, !shape.contains(0) else {
      throw broken("input \(position) has the shape \(shape) instead of four dimensions")
    }
    return shape
  }
}
