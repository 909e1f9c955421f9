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

  private struct Form: Hashable {
    var tensor: TensorIndex
    var layout: String
  }

  init(_ graph: Graph) {
    self.graph = graph
    valueNames = UniqueNames(Set(graph.tensors.map(\.name)))
    nodeNames = UniqueNames(Set(graph.nodes.map(\.name)))
  }

  mutating func run() throws(ExchangeError) -> ONNXWriter.Model {
    model.name = graph.name
    for tensor in graph.tensors where tensor.quantization != nil {
      throw .unsupported([
        UnsupportedNode(
          name: tensor.name, operatorName: "quantized tensor",
          reason: "ONNX files hold float models; export the .oct file to tflite instead")
      ])
    }
    for input in graph.inputs {
      let tensor = graph.tensors[input]
      let layout: ONNXLayout = tensor.shape.count == 4 ? .channelsLast : .plain
      layouts[input] = layout
      written[Form(tensor: input, layout: "\(layout)")] = tensor.name
      model.inputs.append((tensor.name, openShape(layout.valueShape(tensor.shape))))
    }
    for node in graph.nodes { try add(node) }
    if !refused.isEmpty { throw .unsupported(refused) }
    for output in graph.outputs {
      let layout = layouts[output] ?? .plain
      var shape = layout.valueShape(graph.tensors[output].shape)
      var name = value(output, layout)
      if case .flattened = layout {
        name = value(output, .plain)
        shape = graph.tensors[output].shape
      }
      if layout == .plain && shape.count == 4 {
        // An image leaves with the channels first, under its own name.
        let held = freshValue(name + "/nhwc")
        rename(name, held)
        name = transposed(held, [0, 3, 1, 2], to: name)
        shape = ONNXLayout.channelsLast.valueShape(shape)
      }
      model.outputs.append((name, openShape(shape)))
    }
    model.metadata = metadata()
    return model
  }

  /// A first dimension of 1 is the batch, which stays open.
  private func openShape(_ shape: [Int]) -> [Int?] {
    shape.enumerated().map { $0 == 0 && $1 == 1 && shape.count > 1 ? nil : $1 }
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
    if let type = graph.foreignElementType(of: node) {
      refused.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.name,
          reason: "it works on \(type) elements; only float32 and quantized tensors are written"))
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
    case .int64(let values): return ONNXValue(shape: tensor.shape, reals: values.map { Float($0) })
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
    let isFirst = !model.initializers.contains { $0.name == graph.tensors[tensor].name }
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
    // From the layout that is held to the tensor's own order, then to the one that is wanted.
    var shape = held.valueShape(source.shape)
    if case .flattened(let dimensions) = held {
      shape = [shape.dropLast().reduce(1, *)] + dimensions
      name = reshaped(name, shape)
      name = transposed(name, ONNXLayout.channelsLast.permutation(rank: shape.count))
      name = reshaped(name, source.shape)
    } else if held != .plain {
      name = transposed(name, held.permutation(rank: shape.count))
    }
    if layout != .plain {
      name = transposed(name, ONNXLayout.inverse(layout.permutation(rank: source.shape.count)))
    }
    written[key] = name
    return name
  }

  /// Gives a value another name wherever it stands.
  private mutating func rename(_ name: String, _ other: String) {
    for index in model.nodes.indices {
      model.nodes[index].inputs = model.nodes[index].inputs.map { $0 == name ? other : $0 }
      model.nodes[index].outputs = model.nodes[index].outputs.map { $0 == name ? other : $0 }
    }
  }

  private mutating func transposed(
    _ source: String, _ permutation: [Int], to target: String? = nil
  ) -> String {
    let name = target ?? freshValue(source + "/transpose")
    addNode(
      "Transpose", freshNode(name), [source], [name],
      [("perm", .integers(permutation.map { Int64($0) }))])
    return name
  }

  /// A first dimension of 1 stays open.
  mutating func reshaped(_ source: String, _ shape: [Int], to target: String? = nil) -> String {
    let name = target ?? freshValue(source + "/reshape")
    let sizes = shape.enumerated().map { Int64($0 == 0 && $1 == 1 && shape.count > 1 ? -1 : $1) }
    let list = initializer(name + "/shape", ONNXValue(shape: [sizes.count], integers: sizes))
    addNode("Reshape", freshNode(name), [source, list], [name])
    return name
  }
}
