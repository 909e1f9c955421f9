import OctetModel

/// Channels of tensors that are scaled together or not at all: what an operation passes on channel
/// by channel, whatever positive factor a channel has, belongs together on both of its sides.
struct ChannelGroups {
  /// A channel of a node with weights: a row that makes it, or a column that reads it.
  struct End: Hashable {
    var node: Int
    var channel: Int
  }

  /// Channels with the weights before and after them.
  struct Group {
    /// Output channels of nodes with weights.
    var rows: [End] = []
    /// Input channels of nodes with weights.
    var columns: [End] = []
    /// Whether a number may be taken from the channel as well, where all that is in it is above.
    var canShift = true
  }

  /// Those with rows and columns, in execution order.
  private(set) var groups: [Group] = []
  /// For each tensor the place of each channel's group in `groups`, nil for channels that stay.
  private(set) var places: [TensorIndex: [Int?]] = [:]

  /// The first channel of each tensor.
  private var starts: [TensorIndex: Int] = [:]
  private var parents: [Int] = []
  private var blocked: Set<Int> = []
  private var fixed: Set<Int> = []
  private var rows: [(id: Int, end: End)] = []
  private var columns: [(id: Int, end: End)] = []

  /// - Parameter graph: simplified; tensors with a grid stay.
  init(_ graph: Graph) {
    for (index, tensor) in graph.tensors.enumerated() where graph.isFree(index) {
      starts[index] = parents.count
      let count = tensor.shape.last ?? 1
      parents += parents.count..<parents.count + count
      if tensor.elementType != .float32 { block(index, graph) }
    }
    for tensor in graph.inputs + graph.outputs { block(tensor, graph) }
    for (index, node) in graph.nodes.enumerated() {
      if !join(index, node, graph) {
        for tensor in node.inputs + node.outputs { block(tensor, graph) }
      }
    }
    gather(graph)
  }

  // MARK: Joining

  private func root(_ id: Int) -> Int {
    var id = id
    while parents[id] != id { id = parents[id] }
    return id
  }

  private mutating func unite(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    parents[max(a, b)] = min(a, b)
  }

  private func ids(_ tensor: TensorIndex, _ graph: Graph) -> Range<Int>? {
    starts[tensor].map { $0..<$0 + (graph.tensors[tensor].shape.last ?? 1) }
  }

  private mutating func block(_ tensor: TensorIndex, _ graph: Graph) {
    if let ids = ids(tensor, graph) { blocked.formUnion(ids) }
  }

  private mutating func fix(_ tensor: TensorIndex, _ graph: Graph) {
    if let ids = ids(tensor, graph) { fixed.formUnion(ids) }
  }

  /// Enters a node; false when a factor does not pass through it.
  private mutating func join(_ index: Int, _ node: Node, _ graph: Graph) -> Bool {
    guard let output = node.outputs.first, node.outputs.count == 1, graph.isFree(output) else {
      return false
    }
    if node.operation.weightChannelAxis != nil { return joinWeights(index, node, graph) }
    if let activation = node.operation.activation, !activation.isHomogeneous { return false }
    switch node.operation {
    case .maxPool, .averagePool, .identity, .resize: return unite(node.inputs[0], output, graph)
    case .scalar(let function):
      guard function.isHomogeneous else { return false }
      if function != .relu { fix(output, graph) }
      return unite(node.inputs[0], output, graph)
    case .mean(let axes, _):
      let last = graph.tensors[node.inputs[0]].shape.count - 1
      return !axes.contains(last) && unite(node.inputs[0], output, graph)
    case .reshape: return unite(node.inputs[0], output, graph)
    case .slice(let begin, _, let stride):
      return begin.last == 0 && stride.last == 1
        && graph.tensors[node.inputs[0]].shape.last == graph.tensors[output].shape.last
        && unite(node.inputs[0], output, graph)
    case .pad(let before, let after, let mode):
      fix(output, graph)
      return mode == .constant(0) && before.last == 0 && after.last == 0
        && unite(node.inputs[0], output, graph)
    case .add:
      fix(output, graph)
      let shape = graph.tensors[output].shape
      return node.inputs.allSatisfy {
        graph.isFree($0) && graph.tensors[$0].shape.last == shape.last
      } && node.inputs.allSatisfy { unite($0, output, graph) }
    case .concatenation(let axis, _): return joinParts(node, axis, graph)
    case .convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected,
      .matrixMultiply, .maxPoolIndices, .subtract, .multiply, .divide, .minimum, .maximum,
      .squaredDifference, .power, .prelu, .compare, .logic, .select, .cast, .softmax, .logSoftmax,
      .l2Normalization, .batchNormalization, .localResponseNormalization, .reduce, .extremum,
      .transpose, .expand, .tile, .gather, .split, .quantize, .dequantize:
      return false
    }
  }

  /// Unites channels of two tensors, the elements of which lie in one order.
  private mutating func unite(_ a: TensorIndex, _ b: TensorIndex, _ graph: Graph) -> Bool {
    guard let first = ids(a, graph), let second = ids(b, graph), !first.isEmpty, !second.isEmpty,
      max(first.count, second.count) % min(first.count, second.count) == 0
    else { return false }
    for position in 0..<max(first.count, second.count) {
      unite(
        first.lowerBound + position % first.count, second.lowerBound + position % second.count)
    }
    return true
  }

  private mutating func joinParts(_ node: Node, _ axis: Int, _ graph: Graph) -> Bool {
    guard let result = ids(node.outputs[0], graph),
      node.inputs.allSatisfy({ graph.isFree($0) })
    else { return false }
    let isLast = axis == graph.tensors[node.outputs[0]].shape.count - 1
    var start = result.lowerBound
    for input in node.inputs {
      guard let part = ids(input, graph) else { return false }
      for (position, id) in part.enumerated() { unite(id, start + position) }
      if isLast { start += part.count }
    }
    return true
  }

  /// Enters the rows and columns of a node with weights.
  private mutating func joinWeights(_ index: Int, _ node: Node, _ graph: Graph) -> Bool {
    guard let layout = WeightLayout(graph, node), let inputs = ids(node.inputs[0], graph),
      let outputs = ids(node.outputs[0], graph), outputs.count == layout.rowCount,
      !inputs.isEmpty, layout.columnCount % inputs.count == 0
    else { return false }
    if let activation = node.operation.activation, !activation.isHomogeneous {
      block(node.outputs[0], graph)
    }
    if layout.readsPadding { fix(node.inputs[0], graph) }
    for (channel, id) in outputs.enumerated() {
      rows.append((id, End(node: index, channel: channel)))
    }
    // A fully connected layer may read the channels of several pixels.
    for channel in 0..<layout.columnCount {
      let id = inputs.lowerBound + channel % inputs.count
      columns.append((id, End(node: index, channel: channel)))
    }
    return true
  }

  // MARK: Groups

  private mutating func gather(_ graph: Graph) {
    // Channels of one group are known by the least of them.
    for id in parents.indices { parents[id] = root(id) }
    let blocked = Set(self.blocked.map { parents[$0] })
    let fixed = Set(self.fixed.map { parents[$0] })
    var found: [Int: Group] = [:]
    for (id, end) in rows { found[parents[id], default: Group()].rows.append(end) }
    for (id, end) in columns { found[parents[id], default: Group()].columns.append(end) }
    var place: [Int: Int] = [:]
    for id in found.keys.sorted() where !blocked.contains(id) {
      guard var group = found[id], !group.rows.isEmpty, !group.columns.isEmpty else { continue }
      group.canShift = !fixed.contains(id) && group.rows.count == 1
      place[id] = groups.count
      groups.append(group)
    }
    for tensor in starts.keys {
      let own = (ids(tensor, graph) ?? 0..<0).map { place[parents[$0]] }
      if own.contains(where: { $0 != nil }) { places[tensor] = own }
    }
  }
}

/// How the weights of a node lie: which row and which column each belongs to.
struct WeightLayout {
  let rowCount: Int
  let columnCount: Int
  /// Whether zeros around the input are read as values.
  let readsPadding: Bool
  private let inner: Int
  private let isDepthwise: Bool
  private let rowsPerGroup: Int

  /// Nil for nodes without real weights.
  init?(_ graph: Graph, _ node: Node) {
    guard node.inputs.count > 1,
      node.inputs.dropFirst().allSatisfy({ graph.tensors[$0].floats != nil }),
      let axis = node.operation.weightChannelAxis
    else { return nil }
    let shape = graph.tensors[node.inputs[1]].shape
    rowCount = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
    var (groups, padding, isDepthwise) = (1, Padding(), false)
    switch node.operation {
    case .convolution(let attributes):
      (groups, padding) = (attributes.groups, attributes.padding)
    case .depthwiseConvolution(let attributes): (isDepthwise, padding) = (true, attributes.padding)
    case .transposedConvolution: padding = Padding(1)
    case .fullyConnected, .matrixMultiply, .maxPool, .averagePool, .maxPoolIndices, .add,
      .subtract, .multiply, .divide, .minimum, .maximum, .squaredDifference, .power, .prelu,
      .compare, .logic, .scalar, .identity, .select, .cast, .softmax, .logSoftmax,
      .l2Normalization, .batchNormalization, .localResponseNormalization, .mean, .reduce,
      .extremum, .concatenation, .pad, .reshape, .transpose, .slice, .expand, .tile, .gather,
      .split, .resize, .quantize, .dequantize:
      break
    }
    self.isDepthwise = isDepthwise
    columnCount =
      isDepthwise
      ? graph.tensors[node.inputs[0]].shape.last ?? 1 : (shape.last ?? 1) * groups
    rowsPerGroup = isDepthwise ? rowCount / max(columnCount, 1) : rowCount / groups
    readsPadding = padding != Padding()
  }

  /// The row and the column of the weight at a position.
  func place(of position: Int) -> (row: Int, column: Int) {
    let row = position / inner % rowCount
    if isDepthwise { return (row, row / rowsPerGroup) }
    let own = columnCount * rowsPerGroup / rowCount
    return (row, row / rowsPerGroup * own + position % own)
  }
}

extension Activation {
  /// Whether f(s · x) = s · f(x) for every s above 0.
  fileprivate var isHomogeneous: Bool { self == .none || self == .relu }
}

extension ScalarFunction {
  /// Whether f(s · x) = s · f(x) for every s above 0.
  fileprivate var isHomogeneous: Bool {
    self == .relu || kind == .leakyRelu
  }
}
