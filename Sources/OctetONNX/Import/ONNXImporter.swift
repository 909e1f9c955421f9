import OctetModel

/// Turns an `ONNXModel` into a `Graph`, node by node.
///
/// Each value of the file is either a constant or held by a tensor in a known layout. Operations
/// say which layout they need; a transpose is inserted only where the value has another one, and
/// once for each value. Nodes whose inputs are all constant are computed on the spot.
struct ONNXImporter {
  let model: ONNXModel
  let data: ONNXData
  let version: Int64
  var graph: Graph
  var values: [String: ImportedValue] = [:]
  /// Values that could not be made because a node before was refused.
  private var lost = Set<String>()
  private var refused: [UnsupportedNode] = []
  /// The node of the file that is being taken over.
  private var nodeIndex = 0
  var names = UniqueNames()
  private var nodeNames = UniqueNames()
  private var conversions: [Conversion: TensorIndex] = [:]
  var inputs: [ONNXImport.Port] = []
  /// The file's nodes as they were taken over, for the proof.
  private(set) var takenNodes: [ONNXNode] = []
  var rare = RareONNX()
  private let givenConstants: [String: ONNXValue]
  let givenShapes: [String: [[Int]]]
  /// How many nodes read each value of the file; graph outputs count.
  private(set) var readCounts: [String: Int] = [:]
  /// How many values each tensor holds, by way of Identity, Transpose and the like.
  private var viewCounts: [TensorIndex: Int] = [:]
  private var readTensors = Set<TensorIndex>()
  private var producers: [TensorIndex: Int] = [:]
  private var inputTensors = Set<TensorIndex>()
  var outputTensors = Set<TensorIndex>()
  /// For each value the first node that reads it.
  private(set) var firstReaders: [String: Int] = [:]
  /// The grids on which constants lie that were dequantized, by the name of the value.
  var constantGrids: [String: Quantization] = [:]
  /// The same by the tensors that were made of them.
  var tensorGrids: [TensorIndex: Quantization] = [:]
  /// Those of both that had elements of four bits.
  var narrowConstants: Set<String> = []
  var narrowTensors: Set<TensorIndex> = []
  /// What folding may still make and do: a small file cannot grow without bound.
  let meter: ONNXMeter
  /// Elements that constants of the graph may still take.
  private var constantBudget: Int
  /// Whether constants may hold what no sound network has, as the inputs of a single node may.
  private(set) var takesAllReals = false

  /// A tensor or a named constant seen in another order.
  struct Conversion: Hashable {
    var source: String
    var permutation: [Int]
    var shape: [Int]
  }

  init(
    _ model: ONNXModel, data: ONNXData, constants: [String: ONNXValue],
    shapes: [String: [[Int]]] = [:]
  ) {
    self.model = RareONNX.modernized(model)
    self.data = data
    version = model.operatorSets[""] ?? 1
    graph = Graph(name: model.graph.name)
    givenConstants = constants
    givenShapes = shapes
    meter = ONNXMeter(
      elementCount: 1 << 20 + data.bytes.count, work: 1 << 28 + 16 * data.bytes.count)
    constantBudget = 1 << 20
  }

  /// For a node by itself, whose inputs are constants.
  init(alone call: ONNXCall) {
    self.init(
      ONNXModel(operatorSets: ["": call.version]), data: ONNXData(bytes: []), constants: [:])
    takesAllReals = true
    for value in call.arguments { constantBudget += 4 * (value?.count ?? 0) }
  }

  mutating func run() throws(ExchangeError) -> ONNXImport {
    guard ONNXReader.operatorSets.contains(version) else {
      throw .unsupported([
        UnsupportedNode(
          name: model.graph.name, operatorName: "model",
          reason: "it uses operator set \(version), Octet reads "
            + "\(ONNXReader.operatorSets.lowerBound) to \(ONNXReader.operatorSets.upperBound); "
            + "convert it with onnx.version_converter")
      ])
    }
    for (index, node) in model.graph.nodes.enumerated() {
      for name in node.allReads {
        readCounts[name, default: 0] += 1
        if firstReaders[name] == nil { firstReaders[name] = index }
      }
    }
    for output in model.graph.outputs { readCounts[output.name, default: 0] += 1 }
    try addConstants()
    try addInputs()
    for (index, node) in model.graph.nodes.enumerated() {
      nodeIndex = index
      try add(node)
    }
    if !refused.isEmpty { throw .unsupported(refused) }
    return try finish()
  }

  // MARK: Constants and inputs

  private mutating func addConstants() throws(ExchangeError) {
    try addInitializers(model.graph)
    for (name, value) in givenConstants {
      constantBudget += 4 * value.count
      define(value, named: name)
    }
  }

  mutating func addInitializers(_ graph: ONNXGraph) throws(ExchangeError) {
    for tensor in graph.initializers {
      let value = try tensor.value(data)
      constantBudget += 4 * value.count
      define(value, named: tensor.name)
    }
  }

  /// Says that `name` is `value`.
  mutating func hold(_ value: ImportedValue, as name: String) {
    var named = value
    named.name = name
    values[name] = named
    if case .tensor(let tensor) = value.source { viewCounts[tensor, default: 0] += 1 }
  }

  /// Whether a value is read by one node only, and its tensor holds no other value.
  func isReadOnce(_ value: ImportedValue, _ tensor: TensorIndex) -> Bool {
    readCounts[value.name] == 1 && viewCounts[tensor] == 1 && !readTensors.contains(tensor)
  }

  /// The tensor no longer holds this value, which nothing else reads.
  mutating func release(_ value: ImportedValue, _ tensor: TensorIndex) {
    values[value.name] = nil
    viewCounts[tensor, default: 1] -= 1
  }

  func isInput(_ tensor: TensorIndex) -> Bool { inputTensors.contains(tensor) }

  /// Whether a value of this name has been made, or could not be.
  func isKnown(_ name: String) -> Bool {
    values[name] != nil || rare.holds(name) || lost.contains(name)
  }

  /// The node that makes a tensor.
  func producer(of tensor: TensorIndex) -> Int? { producers[tensor] }

  mutating func define(_ constant: ONNXValue, named name: String) {
    values[name] = ImportedValue(
      name: name, shape: constant.shape, elementType: constant.elementType,
      source: .constant(constant), layout: .plain)
  }

  private mutating func addInputs() throws(ExchangeError) {
    let spatial = SpatialReach(model.graph) { values[$0]?.constant?.integers }
    for info in model.graph.inputs where values[info.name] == nil {
      let shapes: [[Int]]
      do {
        shapes = try self.shapes(of: info)
      } catch {
        let node = ONNXNode(operatorName: "input", outputs: [info.name])
        try report(error, of: info.name, node)
        continue
      }
      guard let type = ONNXElementType(rawValue: info.elementType) else {
        refuse(
          info.name, "input",
          info.elementType == 0
            ? "it is a map or a sequence of sequences; feed tensors"
            : "it holds \(ONNXElementType.name(info.elementType)) elements; feed numbers")
        lost.insert(info.name)
        continue
      }
      let isSpatial = spatial.reaches(from: info.name)
      let isOpen = info.shape.map { $0.first.map { $0 ?? -1 < 0 } ?? false } ?? true
      for (name, shape) in zip(rare.names(ofInput: info, count: shapes.count), shapes) {
        addInput(name, shape, type, isSpatial, isBatchOpen: isOpen)
      }
    }
  }

  private mutating func addInput(
    _ name: String, _ shape: [Int], _ type: ONNXElementType, _ isSpatial: Bool,
    isBatchOpen: Bool
  ) {
    if values[name] != nil { return }
    let grid = type.isReal ? nil : inputGrid(name, type)
    let layout: ONNXLayout =
      shape.count >= 3 && isSpatial ? .spatial(rank: shape.count) : .plain
    let tensor = graph.add(
      Tensor(
        name: uniqueName(name), shape: layout.tensorShape(shape), elementType: type.elementType))
    graph.inputs.append(tensor)
    inputTensors.insert(tensor)
    if let grid { setGrid(tensor, grid, type) }
    hold(
      ImportedValue(
        name: name, shape: shape, elementType: type, source: .tensor(tensor), layout: layout),
      as: name)
    inputs.append(
      ONNXImport.Port(
        name: name, shape: shape, elementType: type, layout: layout, tensor: tensor,
        isBatchOpen: isBatchOpen))
  }

  // MARK: Nodes

  private mutating func refuse(_ name: String, _ operatorName: String, _ reason: String) {
    refused.append(UnsupportedNode(name: name, operatorName: operatorName, reason: reason))
  }

  private mutating func add(_ node: ONNXNode) throws(ExchangeError) {
    let name = node.displayName(index: nodeIndex)
    let place = "node '\(name)' (\(node.operatorName))"
    for (position, output) in node.outputs.enumerated() where !output.isEmpty || position == 0 {
      if output.isEmpty {
        throw .invalidModel(place: place, reason: "its first output has no name")
      }
      if isKnown(output) {
        throw .invalidModel(place: place, reason: "its output '\(output)' is made twice")
      }
    }
    if node.outputs.isEmpty { throw .invalidModel(place: place, reason: "it has no outputs") }
    if rare.replaces(node) {
      if lose(node) { return }
      let replacements: [ONNXNode]
      do {
        replacements = try self.replacements(of: node)
      } catch {
        return try report(error, of: name, node)
      }
      for replacement in replacements { try add(replacement) }
      return
    }
    takenNodes.append(node)
    let isConstant = isConstant(node)
    guard node.domain.isEmpty, let definition = ONNXOperator.byName[node.operatorName],
      definition.read != nil || isConstant
    else {
      return try report(.unknownOperator(node.operatorName, domain: node.domain), of: name, node)
    }
    if lose(node) { return }
    var resolved: [ImportedValue?] = []
    for input in node.inputs {
      if !input.isEmpty && values[input] == nil {
        throw .invalidModel(
          place: place, reason: "it reads '\(input)', which nothing has made before")
      }
      resolved.append(values[input])
    }
    let view = ONNXNodeView(node: node, inputs: resolved, data: data)
    do {
      if isConstant {
        let results = try fold(node)
        for (output, value) in zip(node.outputs, results) where !output.isEmpty {
          define(value, named: output)
        }
        passConstantGrid(node, view)
      } else {
        try take(view, definition)
      }
    } catch {
      try report(error, of: name, node)
    }
  }

  /// Adds to the graph what a node stands for.
  mutating func take(
    _ view: ONNXNodeView, _ definition: ONNXOperator
  ) throws(ImportFailure) {
    var node = view
    if try takeOverRare(&node) { return }
    guard let read = definition.read else { throw .unknownOperator() }
    try read(&self, node)
  }

  private mutating func report(
    _ failure: ImportFailure, of name: String, _ node: ONNXNode
  ) throws(ExchangeError) {
    switch failure {
    case .unsupported(let reason):
      refuse(name, node.operatorName, reason)
      lost.formUnion(node.outputs)
    case .invalid(let reason):
      throw .invalidModel(place: "node '\(name)' (\(node.operatorName))", reason: reason)
    }
  }

  /// Whether the node reads something that could not be made; then nor can its results.
  private mutating func lose(_ node: ONNXNode) -> Bool {
    guard node.inputs.contains(where: { lost.contains($0) }) else { return false }
    lost.formUnion(node.outputs)
    return true
  }

  /// Whether all that the node reads is known now.
  private func isConstant(_ node: ONNXNode) -> Bool {
    node.inputs.allSatisfy { $0.isEmpty || values[$0]?.constant != nil }
  }

  private mutating func fold(_ node: ONNXNode) throws(ImportFailure) -> [ONNXValue] {
    let inputs = node.inputs.map { values[$0]?.constant }
    let call = ONNXCall(node: node, version: version, inputs: inputs, data: data, meter: meter)
    let results = try call.evaluate()
    for result in results { constantBudget += result.count }
    return results
  }

  /// Counts a constant of the graph.
  mutating func spend(_ count: Int) throws(ImportFailure) {
    constantBudget -= count
    if constantBudget < 0 {
      throw .unsupported("its constants are much larger than the file; fold them in the exporter")
    }
  }

  // MARK: Making tensors

  mutating func uniqueName(_ name: String) -> String { names.take(name) }

  /// Appends a node with one output and returns that output's tensor.
  mutating func emit(
    _ operation: Operation, name: String, inputs: [TensorIndex], output: String
  ) throws(ImportFailure) -> TensorIndex {
    try emit(operation, name: name, inputs: inputs, outputs: [output])[0]
  }

  mutating func emit(
    _ operation: Operation, name: String, inputs: [TensorIndex], outputs: [String]
  ) throws(ImportFailure) -> [TensorIndex] {
    var node = Node(
      name: nodeNames.take(name), operation: operation, inputs: inputs, outputs: [])
    do {
      let type = try graph.outputElementType(of: node)
      node.outputs = outputs.map {
        graph.add(Tensor(name: uniqueName($0), shape: [], elementType: type))
      }
      for (tensor, shape) in zip(node.outputs, try graph.outputShapes(of: node)) {
        graph.tensors[tensor].shape = shape
      }
    } catch {
      throw ImportFailure(error)
    }
    for output in node.outputs { producers[output] = graph.nodes.count }
    readTensors.formUnion(inputs)
    graph.nodes.append(node)
    return node.outputs
  }

  /// Says that the node's output number `index` is held by `tensor`. Where the node only moves the
  /// elements of `x`, integers that the graph holds as the reals for which they stand keep their
  /// grid.
  mutating func define(
    _ view: ONNXNodeView, at index: Int = 0, _ tensor: TensorIndex, _ layout: ONNXLayout,
    movedFrom x: ImportedValue? = nil
  ) {
    let name = view.node.outputs[index]
    let held = graph.tensors[tensor]
    hold(
      ImportedValue(
        name: name, shape: layout.valueShape(held.shape),
        elementType: held.quantization == nil ? ONNXElementType(held.elementType) : .float,
        source: .tensor(tensor), layout: layout), as: name)
    guard let x, !x.elementType.isReal, case .tensor(let source) = x.source,
      let grid = graph.tensors[source].quantization
    else { return }
    setGrid(tensor, grid, x.elementType)
    values[view.node.outputs[index]]?.elementType = x.elementType
  }

  /// Fails when a value is of integers that the graph holds as the reals for which they stand.
  func requireOwnElements(_ value: ImportedValue) throws(ImportFailure) {
    if !value.elementType.isReal, case .tensor(let tensor) = value.source,
      graph.tensors[tensor].quantization != nil
    {
      throw .unsupported(
        "it computes with the quantized integers of '\(value.name)'; put a DequantizeLinear "
          + "before it")
    }
  }

  func conversion(_ key: Conversion) -> TensorIndex? { conversions[key] }

  mutating func remember(_ key: Conversion, _ tensor: TensorIndex) { conversions[key] = tensor }
}
