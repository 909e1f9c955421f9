import OctetCompiler
import OctetModel
import OctetQuantization
import OctetRuntime

/// One side of a comparison: a float graph or a blob, with the points where values can be read.
public struct DiffModel: Sendable {
  public enum Form: Sendable {
    case float(Graph)
    case int8(LoadedModel)
  }

  public var form: Form
  /// As the user named it.
  public var file: String
  public var fileByteCount: Int?
  /// CRC-32 of the file, eight hexadecimal digits.
  public var checksum: String?
  /// The graph in real numbers: a float model simplified, a blob with the values that its codes
  /// stand for. Nil for a blob that is no graph's.
  let real: Graph?
  /// A blob as an int8 graph.
  let quantized: Graph?
  /// The input, then each operator's output.
  let places: [Place]

  /// Where values can be read.
  struct Place: Sendable {
    /// The operator's, or `input`.
    var name: String
    /// The operator's kind, or `input`.
    var kind: String
    var tensorName: String
    var shape: [Int]
    /// In `real`.
    var tensor: TensorIndex?
    /// Nil for the input.
    var operatorIndex: Int?
    /// What a place of another model must have in common to be its twin.
    var families: Set<String>

    var elementCount: Int { shape.elementCount }
  }

  /// - Parameter graph: real-valued; quantized graphs are compiled to blobs first.
  public init(_ graph: Graph, file: String = "") {
    let simple = graph.simplified()
    form = .float(simple)
    self.file = file
    real = simple
    quantized = nil
    var places: [Place] = []
    for input in simple.inputs.prefix(1) {
      places.append(.input(simple.tensors[input], tensor: input))
    }
    for (index, node) in simple.nodes.enumerated() {
      let output = node.outputs[0]
      places.append(
        Place(
          name: node.name, kind: node.operation.name, tensorName: simple.tensors[output].name,
          shape: simple.tensors[output].shape, tensor: output, operatorIndex: index,
          families: simple.families(of: node)))
    }
    self.places = places
  }

  public init(_ loaded: LoadedModel, file: String = "") {
    form = .int8(loaded)
    self.file = file
    fileByteCount = loaded.blob.count
    let raised = try? BlobRaiser.raise(loaded.blob)
    quantized = raised
    real = raised?.real()
    var indices: [String: TensorIndex] = [:]
    for (index, tensor) in (raised?.tensors ?? []).enumerated() { indices[tensor.name] = index }
    let model = loaded.model
    let input = model.input(0)
    var inputTensor = OctetModel.Tensor(name: String(input.name), shape: input.shape)
    inputTensor.name = String(input.name)
    var places = [Place.input(inputTensor, tensor: indices[inputTensor.name])]
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      let output = view.output(0)
      let name = String(output.name)
      places.append(
        Place(
          name: String(view.name), kind: view.kindName, tensorName: name, shape: output.shape,
          tensor: indices[name], operatorIndex: index, families: view.families))
    }
    self.places = places
  }

  public var isFloat: Bool { if case .float = form { true } else { false } }

  var loaded: LoadedModel? { if case .int8(let loaded) = form { loaded } else { nil } }

  var arithmetic: String { isFloat ? "float" : "int8" }

  /// Of the only input.
  func inputShape() throws(EvaluationError) -> [Int] {
    switch form {
    case .float(let graph): return try graph.onlyInputShape()
    case .int8(let loaded):
      guard loaded.model.inputCount == 1 else { throw .inputCount(loaded.model.inputCount) }
      return loaded.model.input(0).shape
    }
  }

  var normalization: Normalization? {
    switch form {
    case .float(let graph): graph.metadata.normalization
    case .int8(let loaded): loaded.model.normalization
    }
  }

  var labels: [String] {
    switch form {
    case .float(let graph): graph.metadata.labels
    case .int8(let loaded): loaded.labels
    }
  }

  /// The place of the first output.
  var outputPlace: Int {
    switch form {
    case .float(let graph):
      places.lastIndex { $0.tensor == graph.outputs[0] } ?? places.count - 1
    case .int8(let loaded):
      places.lastIndex {
        guard let index = $0.operatorIndex else { return false }
        return loaded.model.operator(index).output(0).offset == loaded.model.output(0).offset
      } ?? places.count - 1
    }
  }

  /// Whether a place holds class scores, of which those far below the best do not matter: the
  /// outputs, or what the softmax at the end takes.
  func holdsScores(_ place: Int) -> Bool {
    if place == outputPlace { return endsInScores }
    return place == outputPlace - 1 && places[place].kind == "fullyConnected"
      && ["softmax", "logSoftmax"].contains(places[outputPlace].kind)
  }

  /// Whether the outputs are real-valued scores rather than probabilities. The softmax of
  /// logarithms of probabilities is the probabilities again.
  var endsInScores: Bool {
    let place = places[outputPlace]
    if place.kind == "softmax" { return false }
    guard let loaded, let index = place.operatorIndex else { return place.kind != "logistic" }
    let output = loaded.model.operator(index).output(0)
    return output.scale != 1 / 256
  }
}

extension DiffModel.Place {
  fileprivate static func input(_ tensor: OctetModel.Tensor, tensor index: TensorIndex?) -> Self {
    .init(
      name: "input", kind: "input", tensorName: tensor.name, shape: tensor.shape, tensor: index,
      operatorIndex: nil, families: ["input"])
  }
}

extension Graph {
  /// Names that operators of the runtime and nodes of graphs share.
  fileprivate func families(of node: Node) -> Set<String> {
    switch node.operation {
    case .maxPool:
      guard let producer = producers()[node.inputs[0]],
        case .convolution = nodes[producer].operation
      else { return ["maxPool"] }
      return ["maxPool", "convolutionPool"]
    case .scalar, .prelu, .quantize, .identity:
      return ["lookup"]
    case .resize: return ["resizeNearest", "resizeBilinear"]
    default: return [node.operation.name]
    }
  }
}

extension OperatorView {
  /// The kind's name as reports and JSON say it.
  public var kindName: String { kind.map { "\($0)" } ?? "unknown" }

  fileprivate var families: Set<String> {
    guard kind == .convolution else { return [kindName] }
    typealias Word = Convolution.Word
    let hasPool = parameter(Word.poolHeight) > 1 || parameter(Word.poolWidth) > 1
    return hasPool ? ["maxPool", "convolutionPool"] : ["convolution"]
  }
}
