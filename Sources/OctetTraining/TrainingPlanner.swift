import COctetFloatKernels
import OctetModel

/// Turns a graph into the steps of a `TrainingNetwork`.
///
/// Reshapes and identities share their input's buffer, because their order of elements is the
/// same; so does a ReLU after a convolution, fully connected layer or sum that nothing else reads,
/// and any clamping function after a normalization. The tensor whose buffer it is is called the
/// root.
struct TrainingPlanner {
  let network: TrainableGraph
  /// The network's, with an operation of its own for every activation that cannot stay fused.
  let graph: Graph
  var steps: [any TrainingStep] = []
  var parameters: [ParameterSegment] = []
  var parameterCount = 0
  var input = BlockBuffer(offset: 0, count: 0)
  var logits = BlockBuffer(offset: 0, count: 0)
  var logitsGradient = BlockBuffer(offset: 0, count: 0)
  var memory = MemoryLayoutPlan()

  /// Where an operation over the whole batch begins: its step and its first parameter.
  var cuts: [(step: Int, parameter: Int)] = []
  /// Constants that already have a buffer.
  var lifts: [TensorIndex: BlockBuffer] = [:]
  var dropoutCount = 0

  private let producers: [Int?]
  private var aliases: [TensorIndex: TensorIndex] = [:]
  /// Roots whose producer clamps them, with the bounds.
  private var clamped: [TensorIndex: ActivationBounds] = [:]
  /// Roots with a ReLU whose one reader, a max pool, takes its gradient.
  private var maskedByPool: Set<TensorIndex> = []
  /// The nodes that read each root, in execution order.
  private var readers: [TensorIndex: [Int]] = [:]
  var buffers: [TensorIndex: BlockBuffer] = [:]
  /// Gradients are needed from their last reader's backward pass to their producer's, so they share
  /// room: one is handed out when its producer is planned and given back after its last reader.
  private var gradients: [TensorIndex: BlockBuffer] = [:]
  /// Roots whose gradients a reader writes; the others' stay as they are, 0.
  private var written: Set<TensorIndex> = []
  /// Roots that depend on a parameter.
  private var trained: Set<TensorIndex> = []
  /// The node being planned, for messages.
  private(set) var node = Node(name: "", operation: .identity, inputs: [], outputs: [])
  private var nodeIndex = 0

  init(_ network: TrainableGraph) {
    self.network = network
    graph = network.codes == nil ? network.graph.withSeparateActivations() : network.graph
    producers = graph.producers()
  }

  mutating func plan() throws(TrainingError) {
    try checkTensors()
    guard graph.inputs.count == 1, graph.outputs.count == 1 else {
      throw .graph(node: graph.name, reason: "one input and one output are needed")
    }
    var nodes = Array(graph.nodes.enumerated())
    var output = graph.outputs[0]
    if let last = nodes.last?.element, last.outputs == [output], last.operation.isSoftmax {
      // The loss works on what goes into the softmax, or into its logarithm.
      output = last.inputs[0]
      nodes.removeLast()
    }
    findRoots(nodes.map { ($0.offset, $0.element) }, output: output)
    input = network.codes == nil ? buffer(graph.inputs[0]) : try planCodedInput()
    for (index, node) in nodes {
      self.node = node
      nodeIndex = index
      try planNode()
      if aliases[node.outputs[0]] == nil { try planDropout() }
      releaseGradients()
    }
    logits = network.codes == nil ? buffer(output) : planCodedLogits(output)
    guard trained.contains(root(output)), readers[root(output)] == nil,
      let gradient = gradients[root(output)]
    else {
      throw .graph(
        node: graph.name, reason: "the output must come last and depend on weights")
    }
    logitsGradient = gradient
  }

  /// The steps between one cut and the next.
  func stages() -> [TrainingStage] {
    let starts = [(step: 0, parameter: 0)] + cuts
    let ends = cuts + [(step: steps.count, parameter: (parameterCount + 15) / 16 * 16)]
    return zip(starts, ends).map { start, end in
      TrainingStage(
        steps: start.step..<end.step, parameters: start.parameter..<end.parameter)
    }
  }

  // MARK: Roots

  func root(_ tensor: TensorIndex) -> TensorIndex {
    var tensor = tensor
    while let next = aliases[tensor] { tensor = next }
    return tensor
  }

  private mutating func findRoots(_ nodes: [(Int, Node)], output: TensorIndex) {
    for (_, node) in nodes where node.operation.keepsElementOrder {
      aliases[node.outputs[0]] = node.inputs[0]
    }
    countReaders(nodes)
    for (_, node) in nodes {
      guard case .scalar(let function) = node.operation,
        let bounds = function.bounds.map({ ActivationBounds(lower: $0.lower, upper: $0.upper) })
      else { continue }
      let source = root(node.inputs[0])
      guard let producer = producers[source], readers[source]?.count == 1,
        source != root(output), clamped[source] == nil
      else { continue }
      if takes(bounds, graph.nodes[producer], source) {
        aliases[node.outputs[0]] = source
        clamped[source] = bounds
      }
    }
    countReaders(nodes)
    for (source, bounds) in clamped where bounds == .relu {
      guard let reader = readers[source], reader.count == 1 else { continue }
      if case .maxPool = graph.nodes[reader[0]].operation { maskedByPool.insert(source) }
    }
  }

  /// Whether the step of a node clamps its result.
  private func takes(_ bounds: ActivationBounds, _ node: Node, _ source: TensorIndex) -> Bool {
    if case .batchNormalization = node.operation {
      // Dropout before another function than ReLU is not the same as after it.
      return bounds == .relu || network.dropout.allSatisfy { root($0.key) != source }
    }
    return bounds == .relu && (node.operation.takesReLU || isPlainSum(node))
  }

  private mutating func countReaders(_ nodes: [(Int, Node)]) {
    readers = [:]
    for (index, node) in nodes where aliases[node.outputs[0]] == nil {
      for input in node.inputs where graph.tensors[input].constant == nil {
        readers[root(input), default: []].append(index)
      }
    }
  }

  // MARK: Buffers

  mutating func buffer(_ tensor: TensorIndex) -> BlockBuffer {
    let source = root(tensor)
    if let buffer = buffers[source] { return buffer }
    let buffer = memory.allocate(graph.tensors[source].elementCount)
    buffers[source] = buffer
    return buffer
  }

  /// Where the gradient of the loss with respect to the planned node's output is found.
  mutating func outputGradient() -> BlockBuffer { gradient(root(node.outputs[0])) }

  mutating func gradient(_ source: TensorIndex) -> BlockBuffer {
    if let buffer = gradients[source] { return buffer }
    let count = graph.tensors[source].elementCount
    let buffer = readers[source] == nil ? memory.allocate(count) : memory.allocateUsed(count)
    gradients[source] = buffer
    return buffer
  }

  /// Gives back the gradients that the planned node is the last to read.
  private mutating func releaseGradients() {
    for source in Set(node.inputs.map(root)) where written.contains(source) {
      guard readers[source]?.last == nodeIndex, let buffer = gradients[source] else { continue }
      memory.release(buffer)
    }
  }

  mutating func inputGradient(_ index: Int = 0) -> InputGradient? {
    let source = root(node.inputs[index])
    guard trained.contains(source) else { return nil }
    written.insert(source)
    let seen = node.inputs[..<index].contains { root($0) == source }
    return InputGradient(
      buffer: gradient(source), isFirst: readers[source]?.last == nodeIndex && !seen)
  }

  /// - Parameter hasParameters: the operation has parameters that are trained.
  mutating func markTrained(hasParameters: Bool = false) {
    guard hasParameters || node.inputs.contains(where: { trained.contains(root($0)) }) else {
      return
    }
    for output in node.outputs { trained.insert(root(output)) }
  }

  func isTrained(_ tensor: TensorIndex) -> Bool { trained.contains(root(tensor)) }

  /// Whether an operand is a constant that is trained.
  func trains(_ index: Int) -> Bool {
    node.inputs.indices.contains(index) && graph.tensors[node.inputs[index]].constant != nil
      && !network.fixed.contains(node.inputs[index])
  }

  /// The clamping that the planned node takes along.
  var bounds: ActivationBounds? { clamped[root(node.outputs[0])] }
  var hasReLU: Bool { bounds == .relu }
  var outputIsMaskedByPool: Bool { maskedByPool.contains(root(node.outputs[0])) }
  var inputIsMaskedByPool: Bool { maskedByPool.contains(root(node.inputs[0])) }

  // MARK: Parameters

  mutating func parameter(
    _ index: Int, layout: ParameterLayout, fanIn: Int = 1, fanOut: Int = 1,
    start: ParameterStart = .drawn, isTrained: Bool = true
  ) throws(TrainingError) -> Int {
    let tensor = node.inputs[index]
    guard case .float(let values)? = graph.tensors[tensor].constant, values.count == layout.count
    else { throw failure("its weights must be \(layout.count) float constants") }
    guard !parameters.contains(where: { $0.tensor == tensor }) else {
      throw failure("shared weights are not supported")
    }
    var segment = ParameterSegment(
      tensor: tensor, offset: parameterCount, layout: layout, fanIn: fanIn, fanOut: fanOut)
    segment.isTrained = isTrained && !network.fixed.contains(tensor)
    if let connections = network.connections[tensor] {
      guard case .convolution = layout, connections.count == layout.count else {
        throw failure("connections are for the weights of convolutions, one for each")
      }
      segment.connections = connections
    }
    segment.start =
      network.fixed.contains(tensor) || network.kept.contains(tensor) ? .own : start
    parameters.append(segment)
    // On whole vectors, so that a layer's weights begin on a cache line.
    parameterCount += (layout.count + 15) / 16 * 16
    return segment.offset
  }

  // MARK: Checks

  func shape(_ tensor: TensorIndex) -> [Int] { graph.tensors[tensor].shape }

  func failure(_ reason: String) -> TrainingError { .graph(node: node.name, reason: reason) }

  func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(TrainingError) {
    if !condition { throw failure(reason()) }
  }

  /// Dimensions are positive and so small that no later product overflows.
  private func checkTensors() throws(TrainingError) {
    for node in graph.nodes {
      guard !node.inputs.isEmpty, !node.outputs.isEmpty,
        (node.inputs + node.outputs).allSatisfy(graph.tensors.indices.contains)
      else { throw .graph(node: node.name, reason: "an input or output is missing") }
    }
    for index in graph.inputs + graph.outputs where !graph.tensors.indices.contains(index) {
      throw .graph(node: graph.name, reason: "there is no tensor \(index)")
    }
    for tensor in graph.tensors {
      var count = 1
      for dimension in tensor.shape {
        guard (1...1 << 24).contains(dimension), count <= 1 << 28 else {
          throw .graph(node: tensor.name, reason: "the shape \(tensor.shape) is out of range")
        }
        count *= dimension
      }
      guard count <= 1 << 28 else {
        throw .graph(node: tensor.name, reason: "the shape \(tensor.shape) is out of range")
      }
    }
  }
}
