import OctetModel
import OctetPasses

/// Why a node cannot be taken over.
enum TFLiteRefusal: Error {
  /// It means something that Octet does not do.
  case unsupported(String)
  /// The file is at fault.
  case broken(ExchangeError)
}

/// Builds a graph from the tables of a file, node by node. How each operator becomes an operation
/// stands in the extensions.
struct TFLiteImporter {
  private(set) var file: TFLiteFile
  let known = TFLiteKnowledge()
  var graph = Graph()
  /// Nodes that read their input several times, since their weights need more than 8 bits.
  var widenedNodes: [String] = []
  /// Weights that the file has in int8 where their node computes with floats.
  var dequantizedWeightCount = 0
  /// File tensor to graph tensor.
  private var placed: [Int: TensorIndex] = [:]
  private var tensorNames = UniqueNames()
  private var nodeNames = UniqueNames()
  private var refusals: [UnsupportedNode] = []

  init(_ file: TFLiteFile) { self.file = file }

  mutating func run() throws(ExchangeError) -> Graph {
    try prepare()
    for input in file.inputs { graph.inputs.append(try endpoint(input, "input")) }
    for index in file.nodes.indices { try add(file.nodes[index]) }
    guard refusals.isEmpty else { throw .unsupported(refusals) }
    for output in file.outputs { graph.outputs.append(try endpoint(output, "output")) }
    try checkEnds()
    dropUnread()
    graph.moveQuantizationOutOfTheEdges()
    graph = graph.canonical()
    do {
      try graph.validate()
    } catch {
      switch error {
      case .invalid(let node, let reason), .unsupported(let node, _, let reason):
        throw .invalidModel(place: node, reason: reason)
      }
    }
    return graph
  }

  /// There are inputs and outputs, and no constant is among them.
  private func checkEnds() throws(ExchangeError) {
    for (ends, place) in [(graph.inputs, "inputs"), (graph.outputs, "outputs")] {
      guard !ends.isEmpty else {
        throw .invalidModel(place: "the model's \(place)", reason: "it has none")
      }
      if let constant = ends.first(where: { graph.tensors[$0].constant != nil }) {
        throw .invalidModel(
          place: "the model's \(place)",
          reason: "'\(graph.tensors[constant].name)' is a constant; leave it out")
      }
    }
  }

  /// Drops nodes that no output depends on, such as one that was there for its shape.
  private mutating func dropUnread() {
    var read = Set(graph.outputs)
    var kept: [Node] = []
    for node in graph.nodes.reversed() where node.outputs.contains(where: { read.contains($0) }) {
      kept.append(node)
      read.formUnion(node.inputs)
    }
    graph.nodes = kept.reversed()
  }

  private mutating func prepare() throws(ExchangeError) {
    do {
      try file.joinBlocks()
    } catch {
      switch error {
      case .broken(let error): throw error
      case .unsupported: break
      }
    }
    var open: [UnsupportedNode] = []
    for input in file.inputs {
      guard let axis = file.tensors[input].openAxes.filter({ $0 > 0 }).min() else { continue }
      open.append(
        UnsupportedNode(
          name: file.tensors[input].name, operatorName: "input",
          reason: "dimension \(axis) is not fixed; convert the model with fixed sizes (only the "
            + "batch may stay open)"))
    }
    guard open.isEmpty else { throw .unsupported(open) }
  }

  private mutating func endpoint(
    _ index: Int, _ role: String
  ) throws(ExchangeError) -> TensorIndex {
    do {
      return try tensor(index)
    } catch {
      switch error {
      case .broken(let error): throw error
      case .unsupported(let reason):
        throw .unsupported([
          UnsupportedNode(name: file.tensors[index].name, operatorName: role, reason: reason)
        ])
      }
    }
  }

  private mutating func add(_ node: TFLiteFile.Node) throws(ExchangeError) {
    let name = node.outputs.first.map { file.tensors[$0].name.firstName } ?? node.operatorName
    do throws(TFLiteRefusal) {
      if try computeShape(node) { return }
      guard let kind = TFLiteOperator(rawValue: node.code) else {
        throw TFLiteRefusal.unsupported(
          "Octet has no such operator; replace it in the model by operators that it has")
      }
      let call = TFLiteCall(
        node: node, kind: kind, name: nodeNames.take(name), file: file, known: known)
      try call.checkOperandCounts()
      try convert(call)
    } catch {
      switch error {
      case .broken(let error): throw error
      case .unsupported(let reason):
        refusals.append(
          UnsupportedNode(name: name, operatorName: node.operatorName, reason: reason))
      }
    }
  }

  private mutating func convert(_ call: TFLiteCall) throws(TFLiteRefusal) {
    switch call.kind {
    case .conv2D: try convolution(call)
    case .depthwiseConv2D: try depthwiseConvolution(call)
    case .transposeConv: try transposedConvolution(call)
    case .fullyConnected: try fullyConnected(call)
    case .batchMatMul: try batchProduct(call)
    case .maxPool2D, .averagePool2D: try pool(call)
    case .resizeBilinear, .resizeNearestNeighbor: try resize(call)
    case .add, .sub, .mul, .div, .minimum, .maximum: try binary(call)
    case .squaredDifference: try append(call, .squaredDifference, inputCount: 2)
    case .softmax: try softmax(call)
    case .logSoftmax: try logSoftmax(call)
    case .l2Normalization: try l2Normalization(call)
    case .quantize: try append(call, .quantize)
    case .dequantize: try dequantize(call)
    case .mean: try mean(call)
    case .sum: try sum(call)
    case .reduceMax, .reduceMin: try reduceExtreme(call)
    case .reduceProd: try reduceProduct(call)
    case .argMax, .argMin: try extremum(call)
    case .shape:
      throw .unsupported(
        "its inputs are computed while the model runs; convert it with fixed shapes")
    case .spaceToBatchND, .batchToSpaceND:
      throw .unsupported(
        "it does not stand around a convolution that it dilates; convert the model with a fixed "
          + "batch of 1")
    default:
      if try arrange(call) { return }
      try function(call)
    }
  }

  /// Operators that move values without changing them; false for any other.
  private mutating func arrange(_ call: TFLiteCall) throws(TFLiteRefusal) -> Bool {
    switch call.kind {
    case .concatenation: try concatenation(call)
    case .pack: try pack(call)
    case .unpack: try unpack(call)
    case .tile: try tile(call)
    case .gather: try gather(call)
    case .select, .selectV2: try select(call)
    case .pad, .padV2: try pad(call)
    case .mirrorPad: try mirrorPad(call)
    case .reshape, .squeeze, .expandDims: try reshape(call)
    case .transpose: try transpose(call)
    case .depthToSpace, .spaceToDepth: try moveBlocks(call)
    case .slice: try slice(call)
    case .stridedSlice: try stridedSlice(call)
    case .split, .splitV: try split(call)
    default: return false
    }
    return true
  }

  // MARK: What the converters use

  /// Adds a node that reads the call's first `inputCount` inputs.
  mutating func append(
    _ call: TFLiteCall, _ operation: Operation, inputCount: Int = 1
  ) throws(TFLiteRefusal) {
    var inputs: [TensorIndex] = []
    for index in call.node.inputs.prefix(inputCount) { inputs.append(try tensor(index)) }
    try append(call, operation, inputs: inputs)
  }

  mutating func append(
    _ call: TFLiteCall, _ operation: Operation, inputs: [TensorIndex]
  ) throws(TFLiteRefusal) {
    var outputs: [TensorIndex] = []
    for index in call.node.outputs { outputs.append(try tensor(index)) }
    let node = Node(name: call.name, operation: operation, inputs: inputs, outputs: outputs)
    graph.nodes.append(node)
    try checkShapes(call, node)
  }

  /// The declared shapes must be those that follow from the inputs'; a file that leaves them open
  /// gets them.
  private mutating func checkShapes(_ call: TFLiteCall, _ node: Node) throws(TFLiteRefusal) {
    let shapes: [[Int]]
    do {
      shapes = try graph.outputShapes(of: node)
    } catch {
      switch error {
      case .invalid(_, let reason), .unsupported(_, _, let reason):
        throw .broken(.invalidModel(place: "node '\(call.name)'", reason: reason))
      }
    }
    for (position, (tensor, shape)) in zip(node.outputs, shapes).enumerated() {
      let declared = graph.tensors[tensor].shape
      if declared == shape { continue }
      let index = call.node.outputs[position]
      let open = file.tensors[index].openAxes
      let fits =
        declared.count == shape.count
        && shape.indices.allSatisfy { declared[$0] == shape[$0] || open.contains($0) }
      graph.tensors[tensor].shape = shape
      known.shapes[index] = shape
      guard declared.isEmpty || fits else {
        throw .broken(
          .invalidModel(
            place: "node '\(call.name)'",
            reason: "its output should have the shape \(shape), but the file says \(declared)"))
      }
    }
  }

  /// The graph's tensor for a tensor of the file, made when first asked for.
  mutating func tensor(_ index: Int) throws(TFLiteRefusal) -> TensorIndex {
    if let known = placed[index] { return known }
    guard index >= 0 else {
      throw .broken(.invalidModel(place: "a node", reason: "an input that it needs is absent"))
    }
    let source = file.tensors[index]
    if let refusal = source.refusal { throw .unsupported("tensor '\(source.name)' \(refusal)") }
    try source.checkShape()
    var tensor = Tensor(
      name: tensorNames.take(source.name), shape: source.shape,
      elementType: try source.elementType(), quantization: try source.quantization())
    tensor.constant = try file.constant(source)
    guard tensor.constant != nil || tensor.elementType != .int32 || tensor.quantization == nil
    else {
      throw .unsupported(
        "tensor '\(source.name)' is INT32 with a scale; only constant biases may be")
    }
    placed[index] = graph.add(tensor)
    return graph.tensors.count - 1
  }

  /// A node before the call's last, and its result, which has the type and grid of `like`.
  mutating func step(
    _ call: TFLiteCall, _ operation: Operation, _ inputs: [TensorIndex], like: TensorIndex,
    shape: [Int], _ suffix: String
  ) -> TensorIndex {
    var held = graph.tensors[like]
    (held.name, held.shape, held.constant) = (call.name + suffix, shape, nil)
    let output = addTensor(held)
    graph.nodes.append(
      Node(
        name: uniqueNodeName(call.name + suffix), operation: operation, inputs: inputs,
        outputs: [output]))
    return output
  }

  /// Makes a tensor of the file stand for one of the graph that exists already.
  mutating func place(_ index: Int, at tensor: TensorIndex) { placed[index] = tensor }

  /// A tensor that the file does not have.
  mutating func addTensor(_ tensor: Tensor) -> TensorIndex {
    var tensor = tensor
    tensor.name = tensorNames.take(tensor.name)
    return graph.add(tensor)
  }

  /// A node's name that none has yet.
  mutating func uniqueNodeName(_ name: String) -> String { nodeNames.take(name) }
}

extension String {
  /// TensorFlow joins the names of fused operators with ";"; the first says most.
  fileprivate var firstName: String {
    String((split(separator: ";").first ?? Substring(self)).prefix(200))
  }
}
