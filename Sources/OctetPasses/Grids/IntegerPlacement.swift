import OctetModel

extension Graph {
  /// Decides which nodes of a graph with quantized tensors run in integers, as an importer has made
  /// it: activations with grids, constants in floats.
  ///
  /// 1. A ReLU or Clip joins the operation before it when only its result is quantized.
  /// 2. What only moves elements, or takes maxima, passes a grid on, forwards and backwards.
  /// 3. A node runs in integers when everything that it reads and makes is quantized. Between such
  ///    nodes and others stand `quantize` and `dequantize`.
  ///
  /// None of this changes what the float interpreter computes, but for the rounding of biases. A
  /// graph without quantized tensors stays as it is.
  ///
  /// - Parameters:
  ///   - constantGrids: the grids of float constants that were dequantized.
  ///   - narrow: those of them that had four bits: as weights they keep them, where −8…7 hold them.
  /// - Returns: the names of the nodes that read their input several times since their weights need
  ///   more than 8 bits.
  package mutating func placeIntegers(
    constantGrids: [TensorIndex: Quantization], narrow: Set<TensorIndex> = []
  ) -> [String] {
    guard tensors.contains(where: { $0.quantization != nil }) else { return [] }
    mergeMeans()
    fuseActivations(.beforeRounding)
    var placement = IntegerPlacement(self, constantGrids: constantGrids, narrow: narrow)
    placement.passGridsOn()
    placement.convertNodes()
    self = placement.graph
    return placement.widenedNodes
  }
}

/// What is known while the nodes of a graph are placed.
struct IntegerPlacement {
  var graph: Graph
  let constantGrids: [TensorIndex: Quantization]
  let narrow: Set<TensorIndex>
  var nodes: [Node] = []
  private var reals: [TensorIndex: TensorIndex] = [:]
  var names: UniqueNames
  var nodeNames: UniqueNames
  private var indices: [String: TensorIndex] = [:]
  var widenedNodes: [String] = []
  let outputs: Set<TensorIndex>
  private let inputs: Set<TensorIndex>

  init(
    _ graph: Graph, constantGrids: [TensorIndex: Quantization], narrow: Set<TensorIndex>
  ) {
    self.graph = graph
    self.constantGrids = constantGrids
    self.narrow = narrow
    names = UniqueNames(Set(graph.tensors.map(\.name)))
    nodeNames = UniqueNames(Set(graph.nodes.map(\.name)))
    for (index, tensor) in graph.tensors.enumerated() { indices[tensor.name] = index }
    outputs = Set(graph.outputs)
    inputs = Set(graph.inputs)
  }

  func isQuantized(_ tensor: TensorIndex) -> Bool {
    graph.tensors[tensor].quantization != nil
  }

  fileprivate mutating func passGridsOn() {
    let consumers = graph.consumers()
    for node in graph.nodes where isQuantized(node.inputs[0]) {
      if node.operation.traits.movesElements || node.operation == .scalar(.relu) {
        for output in node.outputs where !isQuantized(output) {
          graph.setGrid(output, like: node.inputs[0])
        }
      } else {
        takeKnownGrid(node, consumers)
      }
    }
    for (index, node) in graph.nodes.enumerated().reversed()
    where node.operation.traits.movesElements && node.outputs.count == 1 {
      let source = node.inputs[0]
      if inputs.contains(source), !isQuantized(source), isQuantized(node.outputs[0]),
        graph.tensors[source].elementType == .float32, !outputs.contains(source)
      {
        quantizeFirst(index)
        continue
      }
      guard isQuantized(node.outputs[0]), !isQuantized(source),
        graph.tensors[source].constant == nil, consumers[source].count == 1,
        !inputs.contains(source), !outputs.contains(source)
      else { continue }
      graph.setGrid(source, like: node.outputs[0])
    }
  }

  /// Quantizes a graph input before the node that moves its elements, not after it.
  private mutating func quantizeFirst(_ index: Int) {
    let node = graph.nodes[index]
    if case .slice = node.operation { return }
    var tensor = graph.tensors[node.outputs[0]]
    tensor.name = names.take(graph.tensors[node.inputs[0]].name + "/grid")
    tensor.shape = graph.tensors[node.inputs[0]].shape
    let quantized = graph.add(tensor)
    nodes.append(
      Node(
        name: nodeNames.take(tensor.name), operation: .quantize, inputs: [node.inputs[0]],
        outputs: [quantized]))
    graph.nodes[index].inputs[0] = quantized
  }

  fileprivate mutating func convertNodes() {
    for original in graph.nodes {
      var node = original
      if node.operation.isConversion {
        nodes.append(node)
        continue
      }
      let real = takeGridAtTheEnd(&node)
      let operands = node.inputs.filter { graph.tensors[$0].constant == nil }
      let touched = (operands + node.outputs).filter { isQuantized($0) }
      if touched.isEmpty {
        nodes.append(node)
      } else if touched.count == operands.count + node.outputs.count, convertConstants(&node) {
        shareGrid(&node)
        averageOnOwnGrid(&node)
        let conversions = fixGrids(&node)
        nodes.append(node)
        nodes += conversions
        if let real { nodes.append(real) }
      } else {
        keepConstantGrids(&node)
        runInFloat(&node)
      }
    }
    graph.nodes = nodes
  }

  /// Operands on other grids than the result's are put on it where that is the same: what is
  /// copied, padded or compared is rounded before instead of after.
  private mutating func shareGrid(_ node: inout Node) {
    guard node.operation.joinsGrids,
      let grid = graph.tensors[node.outputs[0]].quantization, grid.axis == nil
    else { return }
    for (position, input) in node.inputs.enumerated()
    where graph.tensors[input].quantization != grid {
      var tensor = graph.tensors[input]
      tensor.elementType = graph.tensors[node.outputs[0]].elementType
      tensor.quantization = grid
      tensor.name = names.take("\(tensor.name)/shared")
      if let values = graph.tensors[input].reals {
        tensor.constant =
          tensor.elementType == .int16
          ? .int32(
            values.map {
              TieRule.toEven.code(steps: Double($0 / grid.scales[0]), in: -32_768...32_767)
            }) : .int8(grid.codes(values, ties: .toEven))
      }
      let shared = graph.add(tensor)
      if tensor.constant == nil {
        nodes.append(
          Node(
            name: nodeNames.take(tensor.name), operation: .quantize, inputs: [input],
            outputs: [shared]))
      }
      node.inputs[position] = shared
    }
  }

  /// A function whose grid is known in advance, of a quantized tensor, ends the model in reals: it
  /// gives integers, and a node after it the reals.
  private mutating func takeGridAtTheEnd(_ node: inout Node) -> Node? {
    guard let (grid, type) = fixedGrid(of: node), isQuantized(node.inputs[0]),
      graph.tensors[node.inputs[0]].constant == nil, outputs.contains(node.outputs[0]),
      !isQuantized(node.outputs[0])
    else { return nil }
    let output = node.outputs[0]
    var tensor = graph.tensors[output]
    tensor.name = names.take("\(tensor.name)/grid")
    tensor.elementType = type
    tensor.quantization = grid
    node.outputs[0] = graph.add(tensor)
    return Node(
      name: nodeNames.take("\(node.name)/real"), operation: .dequantize,
      inputs: [node.outputs[0]], outputs: [output])
  }

  /// The grid that the node's kernel prescribes for its result, and its elements.
  func fixedGrid(of node: Node) -> (Quantization, ElementType)? {
    guard let grid = node.operation.fixedOutputQuantization else { return nil }
    // Of int16 they are from −1 to 1.
    return graph.tensors[node.inputs[0]].elementType == .int16
      ? (Quantization(scale: 0x1p-15, zeroPoint: 0), .int16) : (grid, .int8)
  }

  /// Keeps the constants of a node in floats on the grids that the file has put them on.
  private mutating func keepConstantGrids(_ node: inout Node) {
    if let axis = node.operation.weightChannelAxis {
      let isConstant = node.inputs.dropFirst().allSatisfy { graph.tensors[$0].constant != nil }
      if isConstant { _ = convertWeights(&node, axis: axis) }
      return
    }
    for (position, input) in node.inputs.enumerated() {
      guard let grid = constantGrids[input], grid.scales.count == 1,
        node.operation.traits.takesConstantOperands, let tensor = onGrid(graph.tensors[input], grid)
      else { continue }
      node.inputs[position] = addConstant(tensor)
    }
  }

  /// Surrounds a node with conversions.
  private mutating func runInFloat(_ node: inout Node) {
    for (position, input) in node.inputs.enumerated()
    where graph.tensors[input].constant == nil && isQuantized(input) {
      // Integer weights take their input's codes; only the result's scale is missing.
      let isWeighted = node.inputs.count > 1 && isQuantized(node.inputs[1])
      if position > 0 || !isWeighted || node.operation.weightChannelAxis == nil {
        node.inputs[position] = real(input)
      }
    }
    var conversions: [Node] = []
    for (position, output) in node.outputs.enumerated() where isQuantized(output) {
      let tensor = graph.tensors[output]
      let float = graph.add(
        Tensor(
          name: names.take(tensor.name + "/real"), shape: tensor.shape))
      node.outputs[position] = float
      conversions.append(
        Node(
          name: nodeNames.take(tensor.name + "/quantize"),
          operation: .quantize, inputs: [float], outputs: [output]))
    }
    nodes.append(node)
    nodes += conversions
  }

  /// A real tensor with the values of a quantized one.
  private mutating func real(_ tensor: TensorIndex) -> TensorIndex {
    if let known = reals[tensor] { return known }
    let name = graph.tensors[tensor].name
    let result = graph.add(
      Tensor(
        name: names.take(name + "/real"), shape: graph.tensors[tensor].shape))
    nodes.append(
      Node(
        name: nodeNames.take(name + "/dequantize"), operation: .dequantize,
        inputs: [tensor], outputs: [result]))
    reals[tensor] = result
    return result
  }

  /// Gives the node integer constants; false, and no change, when they do not lie on a grid.
  private mutating func convertConstants(_ node: inout Node) -> Bool {
    let constants = node.inputs.indices.filter { graph.tensors[node.inputs[$0]].constant != nil }
    if constants.isEmpty { return true }
    if let axis = node.operation.weightChannelAxis {
      return constants.first == 1 && convertWeights(&node, axis: axis)
    }
    if case .divide(let activation) = node.operation {
      guard constants == [1], var reciprocal = graph.reciprocal(of: node.inputs[1]) else {
        return false
      }
      reciprocal.name = names.take(reciprocal.name)
      guard let tensor = onOwnGrid(reciprocal) else { return false }
      node.operation = .multiply(activation)
      node.inputs[1] = addConstant(tensor)
      return true
    }
    if case .batchNormalization = node.operation { return convertNormalization(&node) }
    // The slopes become tables.
    if case .prelu = node.operation { return constants == [1] }
    guard node.operation.traits.takesConstantOperands else { return false }
    // Constants like activations, with one scale.
    var converted: [(Int, Tensor)] = []
    let isInt16 = graph.tensors[node.outputs[0]].elementType == .int16
    for position in constants {
      let constant = graph.tensors[node.inputs[position]]
      let grid = constantGrids[node.inputs[position]]
      if isInt16 {
        guard let tensor = constant.onInt16Grid(grid) else { return false }
        converted.append((position, tensor))
        continue
      }
      guard grid.map({ $0.scales.count == 1 }) ?? true,
        let tensor = grid.map({ onGrid(constant, $0) }) ?? onOwnGrid(constant)
      else { return false }
      converted.append((position, tensor))
    }
    for (position, tensor) in converted { node.inputs[position] = addConstant(tensor) }
    return true
  }

  mutating func addConstant(_ tensor: Tensor) -> TensorIndex {
    if let old = indices[tensor.name] {
      if graph.tensors[old] == tensor { return old }
      // The float constant keeps its place until it is found unused.
      graph.tensors[old].name = names.take(tensor.name + "/real")
    }
    let index = graph.add(tensor)
    indices[tensor.name] = index
    return index
  }

  /// The constant as int8, when every value is an integer multiple of its scale.
  private func onGrid(_ tensor: Tensor, _ grid: Quantization) -> Tensor? {
    if let axis = grid.axis, tensor.shape[axis] != grid.scales.count { return nil }
    guard let steps = tensor.steps(grid.scales, axis: grid.axis) else { return nil }
    let inner = grid.axis.map { tensor.shape[($0 + 1)...].reduce(1, *) } ?? 1
    var integers: [Int8] = []
    integers.reserveCapacity(steps.count)
    for (index, steps) in steps.enumerated() {
      let channel = index / inner % grid.scales.count
      guard let code = Int8(exactly: steps + Int(grid.zeroPoints[channel])) else { return nil }
      integers.append(code)
    }
    var result = tensor
    result.elementType = .int8
    result.constant = .int8(integers)
    result.quantization = grid
    return result
  }

  /// A constant that came without a grid, when the grid of its largest value holds all of it.
  private func onOwnGrid(_ tensor: Tensor) -> Tensor? {
    guard case .float(let values) = tensor.constant, values.allSatisfy(\.isFinite) else {
      return nil
    }
    let largest = values.reduce(0) { max($0, abs($1)) }
    return onGrid(
      tensor, Quantization(scale: largest == 0 ? 1 : largest / 127, zeroPoint: 0))
  }
}
