import OctetModel
import OctetPasses

/// Why a node cannot be taken over, or written.
enum TFLiteRefusal: Error {
  /// It means something that Octet, or TFLite, does not do.
  case unsupported(String)
  /// The file is at fault.
  case broken(ExchangeError)

  var reason: String {
    switch self {
    case .unsupported(let reason): reason
    case .broken(let error): error.description
    }
  }

  static let noOperator = TFLiteRefusal.unsupported(
    "Octet has no such operator; replace it in the model by operators that it has")
}

/// Builds a graph from the tables of a file, node by node. How each operator becomes an operation
/// stands in the files of `Operators`.
final class TFLiteImporter {
  private(set) var file: TFLiteFile
  /// Values of the file's integer tensors that follow from shapes.
  private(set) var knownIntegers: [Int: [Int]] = [:]
  /// Shapes of the file's tensors that it leaves open.
  private(set) var knownShapes: [Int: [Int]] = [:]
  var graph = Graph()
  /// Nodes that read their input several times, since their weights need more than 8 bits.
  var widenedNodes: [String] = []
  /// Whether the file has weights in int8 where their node computes with floats.
  var storesWeightsInInt8 = false
  /// File tensor to graph tensor.
  private var placed: [Int: TensorIndex] = [:]
  var tensorNames = UniqueNames()
  var nodeNames = UniqueNames()
  private var refusals: [UnsupportedNode] = []

  init(_ file: TFLiteFile) { self.file = file }

  func run() throws(ExchangeError) -> Graph {
    try prepare()
    for input in file.inputs { graph.inputs.append(try endpoint(input, "input")) }
    for index in file.nodes.indices { try add(file.nodes[index]) }
    guard refusals.isEmpty else { throw .unsupported(refusals) }
    for output in file.outputs { graph.outputs.append(try endpoint(output, "output")) }
    try checkEnds()
    // Such as one that was there for its shape.
    graph.removeUnusedNodes()
    graph.moveQuantizationOutOfTheEdges()
    graph = graph.canonical()
    do {
      try graph.validate()
    } catch {
      throw ExchangeError(error)
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

  private func prepare() throws(ExchangeError) {
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

  private func endpoint(
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

  private func add(_ node: TFLiteFile.Node) throws(ExchangeError) {
    let name = node.outputs.first.map { file.tensors[$0].name.firstName } ?? node.operatorName
    do throws(TFLiteRefusal) {
      guard let (builtin, definition) = TFLiteDefinitions.byCode[node.code] else {
        throw TFLiteRefusal.noOperator
      }
      var call = TFLiteCall(node: node, kind: builtin, name: node.operatorName, importer: self)
      if let integers = try call.knownResult(definition) {
        knownIntegers[node.outputs[0]] = integers
        return
      }
      call.name = nodeNames.take(name)
      try call.checkOperandCounts()
      try call.checkWidths()
      try definition.read(call)
    } catch {
      switch error {
      case .broken(let error): throw error
      case .unsupported(let reason):
        refusals.append(
          UnsupportedNode(name: name, operatorName: node.operatorName, reason: reason))
      }
    }
  }

  // MARK: What the definitions use

  /// Gives a tensor of the file, and of the graph, the shape that follows from its node.
  func settle(_ index: Int, _ shape: [Int]) {
    knownShapes[index] = shape
    if let tensor = placed[index] { graph.tensors[tensor].shape = shape }
  }

  /// The graph's tensor for a tensor of the file, made when first asked for.
  func tensor(_ index: Int) throws(TFLiteRefusal) -> TensorIndex {
    if let known = placed[index] { return known }
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

  /// Makes a tensor of the file stand for one of the graph that exists already.
  func place(_ index: Int, at tensor: TensorIndex) { placed[index] = tensor }

  /// A tensor that the file does not have.
  func addTensor(_ tensor: Tensor) -> TensorIndex {
    var tensor = tensor
    tensor.name = tensorNames.take(tensor.name)
    return graph.add(tensor)
  }

  /// A node's name that none has yet.
  func uniqueNodeName(_ name: String) -> String { nodeNames.take(name) }
}

extension String {
  /// TensorFlow joins the names of fused operators with ";"; the first says most.
  fileprivate var firstName: String {
    String((split(separator: ";").first ?? Substring(self)).prefix(200))
  }
}
