import OctetModel

/// The tables of a TFLite file that matter here, checked to lie inside it; what they mean together
/// is not checked yet.
struct TFLiteFile {
  struct Tensor {
    var name: String
    var shape: [Int]
    /// The axes whose length the file leaves open; `shape` has a placeholder there.
    var openAxes: Set<Int> = []
    /// The number of the type in the schema's `TensorType`.
    var type: Int
    var buffer: Int
    var scales: [Float]
    var zeroPoints: [Int64]
    var axis: Int
    /// The file has uint8; codes and zero points are taken as int8, 128 lower.
    var isUnsigned = false
    /// Why no node may use it.
    var refusal: String?
  }

  struct Node {
    /// The number of the operator in the schema's `BuiltinOperator`.
    var code: Int
    var operatorName: String
    /// Tensor indices; −1 for an absent optional input.
    var inputs: [Int]
    var outputs: [Int]
    var optionsType: Int
    var options: FlatTable?
    /// Set for a convolution that is dilated by the nodes around it.
    var block: Block?
  }

  var tensors: [Tensor]
  var nodes: [Node]
  var inputs: [Int]
  var outputs: [Int]
  private let flatBuffer: FlatBuffer
  private let buffers: [FlatTable]

  static let format = "TFLite"
  static let identifier = "TFL3"
  /// The most inputs and outputs.
  static let endpointLimit = 255

  init(_ bytes: [UInt8]) throws(ExchangeError) {
    flatBuffer = FlatBuffer(bytes, format: Self.format)
    let root = try flatBuffer.root(identifier: Self.identifier)
    let version = try root[TFLiteSchema.Model.version]
    guard version == 3 else {
      throw flatBuffer.malformed(at: root.position, "the schema's version is \(version), not 3")
    }
    let codes = try root[TFLiteSchema.Model.operatorCodes]
    let subgraphs = try root[TFLiteSchema.Model.subgraphs]
    guard let subgraph = subgraphs.first else {
      throw flatBuffer.malformed(at: root.position, "there is no graph in it")
    }
    buffers = try root[TFLiteSchema.Model.buffers]
    tensors = []
    for table in try subgraph[TFLiteSchema.Subgraph.tensors] {
      tensors.append(try Self.tensor(table, index: tensors.count))
    }
    inputs = try subgraph[TFLiteSchema.Subgraph.inputs].map { Int($0) }
    outputs = try subgraph[TFLiteSchema.Subgraph.outputs].map { Int($0) }
    let operators = try codes.map { (table) throws(ExchangeError) in try Self.operatorCode(table) }
    nodes = []
    for table in try subgraph[TFLiteSchema.Subgraph.operators] {
      nodes.append(try Self.node(table, operators))
    }
    try checkIndices()
  }

  /// The bytes that a tensor's value has in the file; empty for an activation.
  func data(of tensor: Tensor) throws(ExchangeError) -> ArraySlice<UInt8> {
    guard tensor.buffer != 0 else { return [] }
    guard buffers.indices.contains(tensor.buffer) else {
      throw .invalidModel(
        place: "tensor '\(tensor.name)'",
        reason: "it has buffer \(tensor.buffer), the file has \(buffers.count)")
    }
    let table = buffers[tensor.buffer]
    var (start, count) = (0, 0)
    let offset = try table[TFLiteSchema.Buffer.offset]
    if offset > 1 {
      (start, count) = (offset, try table[TFLiteSchema.Buffer.byteCount])
      try flatBuffer.require(start, count)
    } else if let data = try table.vector(TFLiteSchema.Buffer.data) {
      (start, count) = data
    }
    try flatBuffer.spend(count, at: start)
    return flatBuffer.bytes[start..<start + count]
  }

  // MARK: Tables

  private static func tensor(_ table: FlatTable, index: Int) throws(ExchangeError) -> Tensor {
    typealias Slot = TFLiteSchema.Tensor
    let name = String((try table[Slot.name] ?? "").prefix(1000))
    var tensor = Tensor(
      name: name.isEmpty ? "tensor\(index)" : name,
      shape: try table[Slot.shape].map { Int($0) },
      type: try table[Slot.type],
      buffer: try table[Slot.buffer], scales: [], zeroPoints: [], axis: 0)
    let signature = try table[Slot.shapeSignature]
    if signature.count == tensor.shape.count {
      tensor.openAxes = Set(signature.indices.filter { signature[$0] < 0 })
    }
    if let quantization = try table[Slot.quantization] {
      typealias Slot = TFLiteSchema.Quantization
      tensor.scales = try quantization[Slot.scales]
      tensor.zeroPoints = try quantization[Slot.zeroPoints]
      tensor.axis = try quantization[Slot.dimension]
      if try quantization[Slot.detailsType] != 0 {
        tensor.refusal =
          "has a quantization scheme of its own; convert it to scales and zero points"
      }
    }
    tensor.makeSigned()
    if try table[Slot.isVariable] {
      tensor.refusal = "keeps a state between runs; only models without state are supported"
    }
    if try table.field(Slot.sparsity, byteCount: 1) != nil {
      tensor.refusal = "is stored sparse; convert the model without sparsity"
    }
    if try table[Slot.externalBuffer] != 0 {
      tensor.refusal = "has its data in another file; convert the model into one file"
    }
    return tensor
  }

  private static func operatorCode(
    _ table: FlatTable
  ) throws(ExchangeError) -> (code: Int, name: String) {
    typealias Slot = TFLiteSchema.OperatorCode
    // Old files have only the byte, new ones both; a code above 127 stands only in the new field.
    let code = max(
      try table[Slot.deprecatedBuiltinCode],
      try table[Slot.builtinCode])
    let custom = try table[Slot.customCode]
    return (code, custom.map { "custom \($0)" } ?? TFLiteBuiltin.name(code))
  }

  private static func node(
    _ table: FlatTable, _ operators: [(code: Int, name: String)]
  ) throws(ExchangeError) -> Node {
    typealias Slot = TFLiteSchema.Operator
    let index = try table[Slot.codeIndex]
    guard operators.indices.contains(index) else {
      throw table.buffer.malformed(
        at: table.position, "operator code \(index) of \(operators.count) does not exist")
    }
    return Node(
      code: operators[index].code, operatorName: operators[index].name,
      inputs: try table[Slot.inputs].map { Int($0) },
      outputs: try table[Slot.outputs].map { Int($0) },
      optionsType: try table[Slot.optionsType],
      options: try table[Slot.options])
  }

  private func checkIndices() throws(ExchangeError) {
    func check(_ indices: [Int], from lowest: Int, _ place: String) throws(ExchangeError) {
      for index in indices where index < lowest || index >= tensors.count {
        throw .invalidModel(
          place: place, reason: "it names tensor \(index), the file has \(tensors.count)")
      }
    }
    guard inputs.count <= Self.endpointLimit, outputs.count <= Self.endpointLimit else {
      throw .invalidModel(
        place: "the model's inputs and outputs",
        reason: "\(inputs.count) and \(outputs.count) are more than the \(Self.endpointLimit) that "
          + "Octet takes")
    }
    try check(inputs, from: 0, "the model's inputs")
    try check(outputs, from: 0, "the model's outputs")
    for (index, node) in nodes.enumerated() {
      try check(node.inputs, from: -1, "node \(index) (\(node.operatorName))")
      try check(node.outputs, from: 0, "node \(index) (\(node.operatorName))")
    }
  }
}
