import OctetModel

/// Collects a file's tensors, buffers and operators. How each operation is written stands in the
/// files of `Operators`.
final class TFLiteExporter {
  let graph: Graph
  private(set) var refusals: [UnsupportedNode] = []
  private var tensors: [[FlatField]] = []
  /// Data of the buffers; the first is always empty.
  private var buffers: [[UInt8]] = [[]]
  private var operators: [[FlatField]] = []
  private var codes: [Code] = []
  private var placed: [TensorIndex: Int] = [:]
  /// What products of two activations read with its last axes swapped, by the result of the node
  /// that would swap them.
  private(set) var swapped: [TensorIndex: TensorIndex] = [:]
  private var helperCount = 0

  private struct Code: Equatable {
    var builtin: Int
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

  func add(_ node: Node) {
    if let result = node.outputs.first, swapped[result] != nil { return }
    do throws(TFLiteRefusal) {
      if let type = graph.foreignElementType(of: node) {
        throw .unsupported(
          "it works on \(type) elements; only float32 and quantized tensors are written")
      }
      try export(node)
    } catch {
      refusals.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.name, reason: error.reason))
    }
  }

  // MARK: Tensors

  /// Whether the node's weights are written as int4. Of a fully connected operator only with one
  /// scale, as TensorFlow Lite for Microcontrollers has it; with more the same codes are int8.
  func hasNarrowWeights(_ node: Node) -> Bool {
    guard node.operation.takesNarrowWeights, graph.tensors[node.inputs[1]].elementType == .int4
    else { return false }
    if case .fullyConnected = node.operation {
      return graph.tensors[node.inputs[1]].quantization?.axis == nil
    }
    return true
  }

  /// The file's tensor for a node's weights.
  func weights(_ node: Node) -> Int {
    var tensor = graph.tensors[node.inputs[1]]
    guard tensor.elementType == .int4, !hasNarrowWeights(node) else {
      return self.tensor(node.inputs[1])
    }
    tensor.elementType = .int8
    return self.tensor(tensor)
  }

  /// The file's tensor for one of the graph, made when first asked for.
  func tensor(_ index: TensorIndex) -> Int {
    if let known = placed[index] { return known }
    placed[index] = tensor(graph.tensors[index])
    return tensors.count - 1
  }

  /// A tensor of the file.
  func tensor(_ tensor: Tensor) -> Int {
    typealias Slot = TFLiteSchema.Tensor
    var fields = [
      Slot.shape(tensor.shape), Slot.name(tensor.name), Slot.type(tensor.tfliteType.rawValue),
    ]
    if let constant = tensor.constant {
      fields.append(Slot.buffer(buffers.count))
      buffers.append(constant.littleEndianBytes(of: tensor.elementType))
    }
    if let quantization = tensor.quantization {
      typealias Grid = TFLiteSchema.Quantization
      fields.append(
        Slot.quantization([
          Grid.scales(quantization.scales), Grid.zeroPoints(quantization.zeroPoints),
          Grid.dimension(quantization.axis ?? 0),
        ]))
    }
    tensors.append(fields)
    return tensors.count - 1
  }

  /// A constant of int32, such as axes or a shape.
  func integers(_ values: [Int], shape: [Int]? = nil, _ node: Node) -> Int {
    tensor(
      Tensor(
        name: helperName(node), shape: shape ?? [values.count], elementType: .int32,
        constant: .int32(values.map { Int32($0) })))
  }

  /// One real number on the grid of `like`.
  func number(_ value: Float, like: Tensor, _ node: Node) -> Int {
    tensor(
      Tensor(
        name: helperName(node), shape: [1], elementType: like.elementType,
        constant: like.quantization.map { grid in
          guard like.elementType == .int16 else {
            return .int8([grid.code(value, ties: .awayFromZero)])
          }
          let steps = Double(value / grid.scales[0])
          return .int32([TieRule.awayFromZero.code(steps: steps, in: -32_768...32_767)])
        } ?? .float([value]),
        quantization: like.quantization))
  }

  /// An activation between the operators that one node becomes.
  func between(_ like: Tensor, shape: [Int], _ node: Node) -> Int {
    var tensor = like
    (tensor.name, tensor.shape, tensor.constant) = (helperName(node), shape, nil)
    return self.tensor(tensor)
  }

  private func helperName(_ node: Node) -> String {
    helperCount += 1
    return "\(node.name)/octet\(helperCount)"
  }

  // MARK: Operators

  /// Whether the node computes int8 codes.
  func isInt8(_ node: Node) -> Bool { graph.tensors[node.outputs[0]].elementType == .int8 }

  /// Whether the node reads or makes int16 codes.
  func isInt16(_ node: Node) -> Bool {
    (node.inputs.prefix(1) + node.outputs).contains { graph.tensors[$0].elementType == .int16 }
  }

  /// The version of an operator that computes with the node's elements.
  private func version(_ builtin: TFLiteBuiltin, _ node: Node) -> Int32 {
    if isInt16(node) { return builtin.int16Version }
    if let version = builtin.int4Version, hasNarrowWeights(node) { return version }
    return (isInt8(node) ? builtin.int8Version : nil) ?? 1
  }

  /// Adds an operator with the node's own operands, and lists of int32 after them.
  func append(
    _ builtin: TFLiteBuiltin, _ node: Node, _ lists: [[Int]] = [], options: [FlatField] = []
  ) {
    let inputs = node.inputs.map { tensor($0) } + lists.map { integers($0, node) }
    append(
      builtin, node, inputs: inputs, outputs: node.outputs.map { tensor($0) }, options: options)
  }

  /// Adds an operator. `version` is that of the node's element type when nil.
  func append(
    _ builtin: TFLiteBuiltin, _ node: Node, inputs: [Int], outputs: [Int], version: Int32? = nil,
    options: [FlatField] = []
  ) {
    let code = Code(
      builtin: builtin.code,
      version: version ?? self.version(builtin, node))
    let index = codes.firstIndex(of: code) ?? codes.count
    if index == codes.count { codes.append(code) }
    typealias Slot = TFLiteSchema.Operator
    var fields = [Slot.codeIndex(index), Slot.inputs(inputs), Slot.outputs(outputs)]
    if builtin.optionsType != 0 {
      fields += [Slot.optionsType(builtin.optionsType), Slot.options(options)]
    }
    operators.append(fields)
  }

  /// Adds an operator with the node's activation in its options, or behind it where TFLite has no
  /// such activation.
  ///
  /// - Parameter inputs: makes the operands, after the result.
  func append(
    _ builtin: TFLiteBuiltin, _ node: Node, fusing activation: Activation,
    at slot: FlatSlot<Int8>, version: Int32? = nil, options: [FlatField] = [],
    inputs: () -> [Int]
  ) {
    let target = graph.tensors[node.outputs[0]]
    let number = FusedActivation.all.firstIndex(of: activation)
    let result =
      number == nil ? between(target, shape: target.shape, node) : tensor(node.outputs[0])
    append(
      builtin, node, inputs: inputs(), outputs: [result], version: version,
      options: (options + [slot(number ?? 0)]).sorted { $0.offset < $1.offset })
    if number == nil { clip(result, to: activation.bounds, node) }
  }

  /// Clips a tensor to real bounds, by MAXIMUM and MINIMUM; what comes out is the node's result.
  func clip(_ tensor: Int, to bounds: (lower: Float, upper: Float), _ node: Node) {
    let target = graph.tensors[node.outputs[0]]
    // An infinite bound clips nothing, but the last operator must write the node's output.
    let limit = Float.greatestFiniteMagnitude
    let lower = number(max(-limit, min(limit, bounds.lower)), like: target, node)
    let middle = between(target, shape: target.shape, node)
    append(Arithmetic.maximum.builtin, node, inputs: [tensor, lower], outputs: [middle])
    let upper = number(max(-limit, min(limit, bounds.upper)), like: target, node)
    append(
      Arithmetic.minimum.builtin, node, inputs: [middle, upper],
      outputs: [self.tensor(node.outputs[0])])
  }

  // MARK: The whole

  func file() -> [UInt8] {
    typealias Schema = TFLiteSchema
    for index in graph.outputs { _ = tensor(index) }
    let subgraph = [
      Schema.Subgraph.tensors(tensors), Schema.Subgraph.inputs(indices(graph.inputs)),
      Schema.Subgraph.outputs(indices(graph.outputs)), Schema.Subgraph.operators(operators),
      Schema.Subgraph.name("main"),
    ]
    let codes = self.codes.map { code in
      [
        Schema.OperatorCode.deprecatedBuiltinCode(min(code.builtin, 127)),
        Schema.OperatorCode.version(code.version), Schema.OperatorCode.builtinCode(code.builtin),
      ]
    }
    let buffers = self.buffers.map { data in
      data.isEmpty ? [] : [Schema.Buffer.data(bytes: data, alignment: 16)]
    }
    return FlatBufferWriter.write(
      root: [
        Schema.Model.version(3), Schema.Model.operatorCodes(codes),
        Schema.Model.subgraphs([subgraph]), Schema.Model.description(graph.name),
        Schema.Model.buffers(buffers),
      ], identifier: TFLiteFile.identifier)
  }

  private func indices(_ tensors: [TensorIndex]) -> [Int] { tensors.map { placed[$0] ?? 0 } }
}

extension Tensor {
  fileprivate var tfliteType: TFLiteTensorType {
    switch elementType {
    case .float32: .float32
    case .int4: .int4
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
  /// Codes of int16 are held in int32.
  fileprivate func littleEndianBytes(of type: ElementType) -> [UInt8] {
    func bytes<Value: FixedWidthInteger>(_ values: [Value]) -> [UInt8] {
      unsafe values.map(\.littleEndian).withUnsafeBytes { unsafe Array($0) }
    }
    return switch self {
    case .float(let values): bytes(values.map(\.bitPattern))
    case .int8(let values): type == .int4 ? values.packedInHalves : bytes(values)
    case .int32(let values) where type == .int16:
      bytes(values.map { Int16(truncatingIfNeeded: $0) })
    case .int32(let values): bytes(values)
    case .int64(let values): bytes(values)
    }
  }
}
