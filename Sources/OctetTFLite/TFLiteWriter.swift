import OctetModel

/// Writes a float or int8 `Graph` as a TFLite file (schema version 3) that TensorFlow Lite for
/// Microcontrollers and LiteRT run.
///
/// Padding that is neither `SAME` nor `VALID` becomes a PAD before the node, and clipping that no
/// fused activation does becomes MAXIMUM and MINIMUM after it; in int8 both leave every byte as it
/// was. Names are kept.
public enum TFLiteWriter {
  /// - Throws: `unsupported` with all nodes that TFLite has no operator for.
  public static func write(_ graph: Graph) throws(ExchangeError) -> [UInt8] {
    if graph.metadata.roundsOnce {
      throw .unsupported([
        UnsupportedNode(
          name: graph.name, operatorName: "requantization",
          reason:
            "a quantized ONNX model rounds once, TensorFlow Lite twice, so it would not compute "
            + "the same bytes; export the float model and quantize it with 'octet quantize'")
      ])
    }
    do {
      try graph.validate()
    } catch {
      switch error {
      case .invalid(let node, let reason), .unsupported(let node, _, let reason):
        throw .invalidModel(place: node, reason: reason)
      }
    }
    var exporter = TFLiteExporter(graph)
    for node in graph.nodes { exporter.add(node) }
    guard exporter.refusals.isEmpty else { throw .unsupported(exporter.refusals) }
    return exporter.file()
  }
}

/// Why a node has no form in TFLite.
struct TFLiteExportRefusal: Error {
  var reason: String
}

/// Collects a file's tensors, buffers and operators. How each operation is written stands in the
/// extensions.
struct TFLiteExporter {
  let graph: Graph
  private(set) var refusals: [UnsupportedNode] = []
  private var tensors: [FlatObject] = []
  /// Data of the buffers; the first is always empty.
  private var buffers: [[UInt8]] = [[]]
  private var operators: [FlatObject] = []
  private var codes: [Code] = []
  private var placed: [TensorIndex: Int] = [:]
  /// What products of two activations read with its last axes swapped, by the result of the node
  /// that would swap them.
  private(set) var swapped: [TensorIndex: TensorIndex] = [:]
  private var helperCount = 0

  private struct Code: Equatable {
    var kind: TFLiteOperator
    var version: Int32
  }

  init(_ graph: Graph) {
    self.graph = graph
    for index in graph.inputs { _ = tensor(index) }
    let consumers = graph.consumers()
    for (index, node) in graph.nodes.enumerated()
    where graph.transposesForProducts(index, consumers: consumers) {
      swapped[node.outputs[0]] = node.inputs[0]
    }
  }

  mutating func add(_ node: Node) {
    if let result = node.outputs.first, swapped[result] != nil { return }
    if let type = graph.foreignElementType(of: node) {
      refusals.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.name,
          reason: "it works on \(type) elements; only float32 and quantized tensors are written"))
      return
    }
    do {
      try export(node)
    } catch {
      refusals.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.name, reason: error.reason))
    }
  }

  // MARK: What the operations' files use

  /// The file's tensor for one of the graph, made when first asked for.
  mutating func tensor(_ index: TensorIndex) -> Int {
    if let known = placed[index] { return known }
    placed[index] = tensor(graph.tensors[index])
    return tensors.count - 1
  }

  /// A tensor of the file.
  mutating func tensor(_ tensor: Tensor) -> Int {
    typealias Slot = TFLiteSlot.Tensor
    var fields: [FlatField] = [
      .object(Slot.shape, .integers(tensor.shape.map { Int32($0) })),
      .object(Slot.name, .string(tensor.name)),
      .integer(Slot.type, Int8(tensor.tfliteType.rawValue)),
    ]
    if let constant = tensor.constant {
      fields.append(.integer(Slot.buffer, UInt32(buffers.count)))
      buffers.append(constant.littleEndianBytes)
    }
    if let quantization = tensor.quantization {
      typealias Slot = TFLiteSlot.Quantization
      fields.append(
        .object(
          TFLiteSlot.Tensor.quantization,
          .table([
            .object(Slot.scales, .floats(quantization.scales)),
            .object(Slot.zeroPoints, .integers(quantization.zeroPoints.map { Int64($0) })),
            .integer(Slot.dimension, Int32(quantization.axis ?? 0)),
          ])))
    }
    tensors.append(.table(fields))
    return tensors.count - 1
  }

  /// A constant of int32, such as axes or a shape; a scalar when `isScalar`.
  mutating func integers(
    _ values: [Int], shape: [Int]? = nil, _ node: Node
  ) -> Int {
    tensor(
      Tensor(
        name: helperName(node), shape: shape ?? [values.count], elementType: .int32,
        constant: .int32(values.map { Int32($0) })))
  }

  /// An activation between the operators that one node becomes.
  mutating func between(_ like: Tensor, shape: [Int], _ node: Node) -> Int {
    var tensor = like
    tensor.name = helperName(node)
    tensor.shape = shape
    tensor.constant = nil
    return self.tensor(tensor)
  }

  mutating func helperName(_ node: Node) -> String {
    helperCount += 1
    return "\(node.name)/octet\(helperCount)"
  }

  /// Adds an operator; `version` is that of its int8 form, the float form has 1.
  mutating func append(
    _ kind: TFLiteOperator, version: Int32 = 1, inputs: [Int], outputs: [Int],
    optionsType: Int = 0, _ options: [FlatField] = []
  ) {
    let code = Code(kind: kind, version: version)
    let index = codes.firstIndex(of: code) ?? codes.count
    if index == codes.count { codes.append(code) }
    typealias Slot = TFLiteSlot.Operator
    var fields: [FlatField] = [
      .integer(Slot.codeIndex, UInt32(index)),
      .object(Slot.inputs, .integers(inputs.map { Int32($0) })),
      .object(Slot.outputs, .integers(outputs.map { Int32($0) })),
    ]
    if optionsType != 0 {
      fields.append(.integer(Slot.optionsType, UInt8(optionsType)))
      fields.append(.object(Slot.options, .table(options)))
    }
    operators.append(.table(fields))
  }

  // MARK: The whole

  mutating func file() -> [UInt8] {
    for index in graph.outputs { _ = tensor(index) }
    let subgraph = FlatObject.table([
      .object(TFLiteSlot.Subgraph.tensors, .objects(tensors)),
      .object(TFLiteSlot.Subgraph.inputs, indices(graph.inputs)),
      .object(TFLiteSlot.Subgraph.outputs, indices(graph.outputs)),
      .object(TFLiteSlot.Subgraph.operators, .objects(operators)),
      .object(TFLiteSlot.Subgraph.name, .string("main")),
    ])
    let codes = self.codes.map { code in
      FlatObject.table([
        .integer(TFLiteSlot.OperatorCode.deprecatedBuiltinCode, Int8(min(code.kind.rawValue, 127))),
        .integer(TFLiteSlot.OperatorCode.version, code.version),
        .integer(TFLiteSlot.OperatorCode.builtinCode, Int32(code.kind.rawValue)),
      ])
    }
    let buffers = self.buffers.map { data -> FlatObject in
      if data.isEmpty { return .table([]) }
      let vector = FlatObject.vector(count: data.count, bytes: data, alignment: 16)
      return .table([.object(TFLiteSlot.Buffer.data, vector)])
    }
    let root = FlatObject.table([
      .integer(TFLiteSlot.Model.version, UInt32(3)),
      .object(TFLiteSlot.Model.operatorCodes, .objects(codes)),
      .object(TFLiteSlot.Model.subgraphs, .objects([subgraph])),
      .object(TFLiteSlot.Model.description, .string(graph.name)),
      .object(TFLiteSlot.Model.buffers, .objects(buffers)),
    ])
    return FlatBufferWriter.write(root: root, identifier: TFLiteFile.identifier)
  }

  private func indices(_ tensors: [TensorIndex]) -> FlatObject {
    .integers(tensors.map { Int32(placed[$0] ?? 0) })
  }
}

extension Tensor {
  /// Whether the tensor's values are int8 codes.
  var isInt8: Bool { elementType == .int8 }

  fileprivate var tfliteType: TFLiteTensorType {
    switch elementType {
    case .float32: .float32
    case .int8: .int8
    case .uint8: .uint8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    // `add` has refused all nodes with other elements.
    default: .float32
    }
  }
}

extension Payload {
  fileprivate var littleEndianBytes: [UInt8] {
    func bytes<Value: FixedWidthInteger>(_ values: [Value]) -> [UInt8] {
      values.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }
    return switch self {
    case .float(let values): bytes(values.map(\.bitPattern))
    case .int8(let values): bytes(values)
    case .int32(let values): bytes(values)
    case .int64(let values): bytes(values)
    }
  }
}
