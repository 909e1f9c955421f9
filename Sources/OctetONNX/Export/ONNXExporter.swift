import OctetModel

/// Turns a `Graph` into ONNX nodes: the importer backwards, with the same layouts. A tensor of
/// four dimensions that an image operation makes is written with the channels first.
struct ONNXExporter {
  let graph: Graph
  var model = ONNXWriter.Model()
  /// The name under which each tensor is written, by layout of the tensor.
  private var written: [Form: String] = [:]
  /// The layout in which each tensor was written first.
  private var layouts: [TensorIndex: ONNXLayout] = [:]
  private var valueNames: UniqueNames
  private var nodeNames: UniqueNames
  private var refused: [UnsupportedNode] = []
  /// Constants that were written under their own names.
  private var writtenConstants = Set<TensorIndex>()
  /// The names that values get at the end, by those that they were written with.
  private var renamed: [String: String] = [:]

  private struct Form: Hashable {
    var tensor: TensorIndex
    var layout: String
  }

  init(_ graph: Graph) {
    self.graph = graph
    valueNames = UniqueNames(Set(graph.tensors.map(\.name)))
    nodeNames = UniqueNames(Set(graph.nodes.map(\.name)))
  }

  /// - Parameters:
  ///   - inputs: how the file holds the graph's inputs; nil: images with the channels first, all
  ///     else as it is, the batch open.
  ///   - outputs: the same for its outputs; nil: as they come, images with the channels first.
  mutating func run(
    inputs: [ONNXImport.Port]?, outputs: [ONNXImport.Port]?
  ) throws(ExchangeError) -> ONNXWriter.Model {
    model.name = graph.name
    // Codes between a step to a grid and the one back are QDQ's.
    let codes = Set(graph.nodes.filter { $0.operation == .quantize }.flatMap(\.outputs))
    for (index, tensor) in graph.tensors.enumerated()
    where tensor.quantization != nil && !codes.contains(index) {
      throw .unsupported([
        UnsupportedNode(
          name: tensor.name, operatorName: "quantized tensor",
          reason: "ONNX files hold float models; export the .oct file to tflite instead")
      ])
    }
    for (position, input) in graph.inputs.enumerated() {
      let tensor = graph.tensors[input]
      let port = inputs?[position]
      let layout = port?.layout ?? (tensor.shape.count == 4 ? .channelsLast : .plain)
      if let name = port?.name, name != tensor.name { renamed[tensor.name] = name }
      layouts[input] = layout
      written[Form(tensor: input, layout: "\(layout)")] = tensor.name
      model.inputs.append(
        ONNXWriter.Port(
          name: port?.name ?? tensor.name,
          shape: openShape(layout.valueShape(tensor.shape), isOpen: port?.isBatchOpen ?? true),
          elementType: ONNXElementType(tensor.elementType)))
    }
    for node in graph.nodes { try add(node) }
    if !refused.isEmpty { throw .unsupported(refused) }
    for (position, output) in graph.outputs.enumerated() {
      finish(output, outputs?[position])
    }
    applyNames()
    model.metadata = metadata()
    return model
  }

  /// Adds what gives an output its layout, under its own name.
  private mutating func finish(_ output: TensorIndex, _ port: ONNXImport.Port?) {
    let tensor = graph.tensors[output]
    var layout = port?.layout ?? layout(of: output)
    if case .flattened = layout { layout = .plain }
    // An image leaves with the channels first.
    if port == nil, layout == .plain, tensor.shape.count == 4 { layout = .channelsLast }
    let name = value(output, layout)
    let wanted = port?.name ?? tensor.name
    if name != wanted {
      if valueNames.contains(wanted) { renamed[wanted] = freshValue(wanted + "/held") }
      renamed[name] = wanted
    }
    model.outputs.append(
      ONNXWriter.Port(
        name: wanted,
        shape: openShape(layout.valueShape(tensor.shape), isOpen: port?.isBatchOpen ?? true),
        elementType: ONNXElementType(tensor.elementType)))
  }

  /// Gives values other names wherever they stand, all at once.
  private mutating func applyNames() {
    if renamed.isEmpty { return }
    for index in model.nodes.indices {
      model.nodes[index].inputs = model.nodes[index].inputs.map { renamed[$0] ?? $0 }
      model.nodes[index].outputs = model.nodes[index].outputs.map { renamed[$0] ?? $0 }
    }
    for index in model.initializers.indices {
      let name = model.initializers[index].name
      model.initializers[index].name = renamed[name] ?? name
    }
  }

  /// The batch, a first dimension of 1, open.
  private func openShape(_ shape: [Int], isOpen: Bool) -> [Int?] {
    shape.enumerated().map { isOpen && $0 == 0 && $1 == 1 && shape.count > 1 ? nil : $1 }
  }

  private func metadata() -> [(key: String, value: String)] {
    var result: [(key: String, value: String)] = []
    if !graph.metadata.labels.isEmpty {
      result.append(("octet.labels", graph.metadata.labels.joined(separator: "\n")))
    }
    if let normalization = graph.metadata.normalization {
      func text(_ values: [Float]) -> String { values.map { "\($0)" }.joined(separator: ",") }
      result.append(("octet.mean", text(normalization.mean)))
      result.append(("octet.std", text(normalization.standardDeviation)))
    }
    if let training = graph.metadata.training {
      result.append(("octet.test_data", training.dataName))
      result.append(("octet.test_accuracy", "\(training.testAccuracy)"))
    }
    return result
  }

  private mutating func add(_ node: Node) throws(ExchangeError) {
    let types = (node.inputs + node.outputs).map { graph.tensors[$0].elementType }
    if let type = types.first(where: { !Self.isWritten($0) }) {
      refused.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.name,
          reason:
            "it works on \(type) elements; float32, integers of 8 to 64 bits and truth values "
            + "are written"))
      return
    }
    do {
      try export(node)
    } catch {
      switch error {
      case .unsupported(let reason), .invalid(let reason):
        refused.append(
          UnsupportedNode(name: node.name, operatorName: node.operation.name, reason: reason))
      }
    }
  }

  private static func isWritten(_ type: ElementType) -> Bool {
    type == .float32 || !type.isReal && type.bitCount >= 8
  }

  // MARK: Values

  func layout(of tensor: TensorIndex) -> ONNXLayout { layouts[tensor] ?? .plain }

  mutating func freshValue(_ name: String) -> String { valueNames.take(name) }

  mutating func freshNode(_ name: String) -> String { nodeNames.take(name) }

  /// Says in which layout the file holds a tensor that a node makes, and gives its name.
  mutating func make(_ tensor: TensorIndex, _ layout: ONNXLayout) -> String {
    layouts[tensor] = layout
    let name = graph.tensors[tensor].name
    written[Form(tensor: tensor, layout: "\(layout)")] = name
    return name
  }

  mutating func addNode(
    _ operatorName: String, _ name: String, _ inputs: [String], _ outputs: [String],
    _ attributes: [(name: String, value: ONNXAttribute)] = []
  ) {
    model.nodes.append(
      ONNXWriter.NodeProto(
        name: name, operatorName: operatorName, inputs: inputs, outputs: outputs,
        attributes: attributes))
  }

  /// An initializer with its own name.
  mutating func initializer(_ name: String, _ value: ONNXValue) -> String {
    let unique = freshValue(name)
    model.initializers.append((unique, value))
    return unique
  }

  func constant(_ tensor: TensorIndex) -> ONNXValue? {
    let tensor = graph.tensors[tensor]
    switch tensor.constant {
    case .float(let values): return ONNXValue(shape: tensor.shape, reals: values)
    case .int8(let values): return ONNXValue(shape: tensor.shape, reals: values.map { Float($0) })
    case .int32(let values): return ONNXValue(shape: tensor.shape, reals: values.map { Float($0) })
    case .int64(let values):
      return ONNXValue(
        shape: tensor.shape, integers: values, elementType: ONNXElementType(tensor.elementType))
    case nil: return nil
    }
  }

  /// A constant in the form that `change` gives it, written once under the tensor's name.
  mutating func constant(
    _ tensor: TensorIndex, form: String, _ change: (ONNXValue) -> ONNXValue
  ) -> String? {
    let key = Form(tensor: tensor, layout: form)
    if let known = written[key] { return known }
    guard let value = constant(tensor) else { return nil }
    let isFirst = writtenConstants.insert(tensor).inserted
    let name = isFirst ? graph.tensors[tensor].name : freshValue(graph.tensors[tensor].name)
    model.initializers.append((name, change(value)))
    written[key] = name
    return name
  }

  /// The name of the value that holds `tensor` in `layout`; adds transposes when it is held
  /// otherwise.
  mutating func value(_ tensor: TensorIndex, _ layout: ONNXLayout) -> String {
    let key = Form(tensor: tensor, layout: "\(layout)")
    if let known = written[key] { return known }
    let source = graph.tensors[tensor]
    if let name = constant(tensor, form: "\(layout)", { layout.valueElements($0) }) { return name }
    let held = layouts[tensor] ?? .plain
    var name = written[Form(tensor: tensor, layout: "\(held)")] ?? source.name
    switch (held, layout) {
    case (.line, .channelsLast): name = axisOfOne("Unsqueeze", name)
    case (.channelsLast, .line): name = axisOfOne("Squeeze", name)
    default: name = fromPlain(toPlain(name, source.shape, held), source.shape, layout)
    }
    written[key] = name
    return name
  }

  /// The name of the value `held` when it is brought from `layout` to the tensor's own order.
  private mutating func toPlain(_ held: String, _ shape: [Int], _ layout: ONNXLayout) -> String {
    switch layout {
    case .plain: return held
    case .channelsLast: return transposed(held, layout.permutation(rank: shape.count))
    case .line: return reshaped(transposed(held, layout.permutation(rank: 3)), shape)
    case .flattened(let dimensions):
      let wide = [shape.dropLast().reduce(1, *)] + dimensions
      let last = ONNXLayout.channelsLast.permutation(rank: wide.count)
      return reshaped(transposed(reshaped(held, wide), last), shape)
    }
  }

  /// The name of the value `held` when it is brought from the tensor's own order to `layout`.
  private mutating func fromPlain(_ held: String, _ shape: [Int], _ layout: ONNXLayout) -> String {
    switch layout {
    case .plain: return held
    case .channelsLast, .flattened:
      return transposed(held, ONNXLayout.inverse(layout.permutation(rank: shape.count)))
    case .line:
      let narrow = reshaped(held, [shape[0], shape[2], shape[3]])
      return transposed(narrow, ONNXLayout.inverse(layout.permutation(rank: 3)))
    }
  }

  /// `[N, C, L]` ↔ `[N, C, 1, L]`
  private mutating func axisOfOne(_ operatorName: String, _ source: String) -> String {
    let name = freshValue(source + "/\(operatorName.lowercased())")
    let axes = initializer(name + "/axes", ONNXValue(shape: [1], integers: [2]))
    addNode(operatorName, freshNode(name), [source, axes], [name])
    return name
  }

  mutating func transposed(_ source: String, _ permutation: [Int]) -> String {
    if permutation == Array(permutation.indices) { return source }
    let name = freshValue(source + "/transpose")
    addNode(
      "Transpose", freshNode(name), [source], [name],
      [("perm", .integers(permutation.map { Int64($0) }))])
    return name
  }

  /// A first dimension of 1 stays open.
  mutating func reshaped(_ source: String, _ shape: [Int]) -> String {
    let name = freshValue(source + "/reshape")
    let sizes = shape.enumerated().map { Int64($0 == 0 && $1 == 1 && shape.count > 1 ? -1 : $1) }
    let list = initializer(name + "/shape", ONNXValue(shape: [sizes.count], integers: sizes))
    addNode("Reshape", freshNode(name), [source, list], [name])
    return name
  }
}
