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
  /// What the model computes, in real numbers: a float model simplified, a blob with the values
  /// that its codes stand for. A blob's tensors have the indices there that they have in it.
  let real: Graph
  /// A blob's operators with their codes; nil for a float model.
  let coded: Graph?
  /// The input, then what each node makes: of a blob one place for each operator.
  let places: [Place]
  /// By tensor of `real`.
  let placeOfTensor: [TensorIndex: Int]
  /// Why an operator of a blob cannot be had in real numbers, by its index.
  let refusals: [Int: String]

  /// Where values can be read.
  struct Place: Sendable {
    /// The operator's, or `input`; no two places of a model share one.
    var name: String
    /// The operator's kind, or `input`.
    var kind: String
    var tensorName: String
    var shape: [Int]
    /// In `real`.
    var tensor: TensorIndex
    /// The node's in a float model; nil for the input.
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
    coded = nil
    refusals = [:]
    var places: [Place] = []
    if let input = simple.inputs.first, !simple.tensors[input].isInteger {
      places.append(.input(simple.tensors[input].name, simple.tensors[input].shape, tensor: input))
    }
    let producers = simple.producers()
    for (index, node) in simple.nodes.enumerated() {
      for (position, output) in node.outputs.enumerated()
      where !simple.tensors[output].isInteger {
        places.append(
          Place(
            name: position == 0 ? node.name : "\(node.name).\(position)",
            kind: node.operation.name, tensorName: simple.tensors[output].name,
            shape: simple.tensors[output].shape, tensor: output, operatorIndex: index,
            families: simple.families(of: node, producers)))
      }
    }
    self.places = Self.uniquelyNamed(places)
    placeOfTensor = Self.index(self.places)
  }

  /// - Throws: `CompilerError.rejected` when the blob is not valid, which a `LoadedModel` is.
  public init(_ loaded: LoadedModel, file: String = "") throws(CompilerError) {
    form = .int8(loaded)
    self.file = file
    fileByteCount = loaded.blob.count
    let values = try BlobRaiser.values(loaded.blob)
    coded = values.graph
    real = values.graph.real()
    refusals = values.refusals
    let model = loaded
    var places: [Place] = []
    if model.inputCount > 0 {
      let input = model.input(0)
      places.append(.input(input.name, input.shape, tensor: input.index))
    }
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      let output = view.output(0)
      places.append(
        Place(
          name: view.name, kind: view.kindName, tensorName: output.name,
          shape: output.shape, tensor: output.index, operatorIndex: index,
          families: view.families))
    }
    self.places = Self.uniquelyNamed(places)
    placeOfTensor = Self.index(self.places)
  }

  /// Blobs cut names, so that several may have become one; reports and options name layers.
  private static func uniquelyNamed(_ places: [Place]) -> [Place] {
    var taken: Set<String> = []
    return places.map { place in
      var place = place
      var count = 1
      let name = place.name
      while !taken.insert(place.name).inserted {
        count += 1
        place.name = "\(name)_\(count)"
      }
      return place
    }
  }

  private static func index(_ places: [Place]) -> [TensorIndex: Int] {
    Dictionary(places.indices.map { (places[$0].tensor, $0) }, uniquingKeysWith: { $1 })
  }

  /// The activations that the operator at a place reads, each once, with the places that hold them:
  /// nil for what is read nowhere, such as integers.
  func sources(of place: Int) -> [(tensor: TensorIndex, place: Int?)] {
    guard let index = places[place].operatorIndex else { return [] }
    var tensors: [TensorIndex] = []
    switch form {
    case .float(let graph): tensors = graph.nodes[index].inputs
    case .int8(let loaded):
      let view = loaded.operator(index)
      tensors = (0..<view.inputCount).map { view.inputTensorIndex($0) }
    }
    var seen: Set<TensorIndex> = []
    return tensors.filter { real.tensors[$0].constant == nil && seen.insert($0).inserted }
      .map { ($0, placeOfTensor[$0]) }
  }

  /// The operator at a place as a graph of its own; nil where it cannot be had.
  func part(_ place: Int, of graph: Graph) -> Graph? {
    guard places[place].operatorIndex != nil else { return nil }
    return graph.cut(from: sources(of: place).map(\.tensor), to: [places[place].tensor])
  }

  public var isFloat: Bool { if case .float = form { true } else { false } }

  var loaded: LoadedModel? { if case .int8(let loaded) = form { loaded } else { nil } }

  var arithmetic: String { isFloat ? "float" : "int8" }

  /// Of the only input.
  func inputShape() throws(EvaluationError) -> [Int] {
    switch form {
    case .float(let graph): return try graph.onlyInputShape()
    case .int8(let loaded):
      guard loaded.inputCount == 1 else { throw .inputCount(loaded.inputCount) }
      return loaded.input(0).shape
    }
  }

  var normalization: Normalization? {
    switch form {
    case .float(let graph): graph.metadata.normalization
    case .int8(let loaded): loaded.normalization
    }
  }

  var labels: [String] {
    switch form {
    case .float(let graph): graph.metadata.labels
    case .int8(let loaded): loaded.labels
    }
  }

  /// The place of the first output; nil when it is a constant or holds integers.
  var firstOutputPlace: Int? { real.outputs.first.flatMap { placeOfTensor[$0] } }

  /// Outputs, of which the first is compared.
  var outputCount: Int { real.outputs.count }

  /// Whether a place holds class scores, of which those far below the best do not matter: the
  /// outputs, or what the softmax at the end takes.
  func holdsScores(_ place: Int, output: Int) -> Bool {
    if place == output { return endsInScores(output) }
    return places[place].kind == "fullyConnected"
      && ["softmax", "logSoftmax"].contains(places[output].kind)
      && sources(of: output).first?.place == place
  }

  /// Whether the outputs are real-valued scores rather than probabilities. The softmax of
  /// logarithms of probabilities is the probabilities again.
  func endsInScores(_ output: Int) -> Bool {
    if places[output].kind == "softmax" { return false }
    guard let view = view(output) else { return places[output].kind != "logistic" }
    return view.scale != 1 / 256
  }
}

extension DiffModel.Place {
  fileprivate static func input(_ name: String, _ shape: [Int], tensor: TensorIndex) -> Self {
    .init(
      name: "input", kind: "input", tensorName: name, shape: shape, tensor: tensor,
      operatorIndex: nil, families: ["input"])
  }
}

extension Graph {
  /// Names that operators of the runtime and nodes of graphs share.
  fileprivate func families(of node: Node, _ producers: [Int?]) -> Set<String> {
    if case .maxPool = node.operation {
      guard let producer = producers[node.inputs[0]],
        case .convolution = nodes[producer].operation
      else { return ["maxPool"] }
      return ["maxPool", "convolutionPool"]
    }
    if case .scalar = node.operation { return ["lookup"] }
    if [.prelu, .quantize, .identity].contains(node.operation) { return ["lookup"] }
    if case .resize = node.operation { return ["resizeNearest", "resizeBilinear"] }
    return [node.operation.name]
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

extension TensorView {
  /// The real number that a code stands for.
  func real(_ code: Int8) -> Float { scale * (Float(code) - Float(zeroPoint)) }

  /// The step, counted from zero, that a real number is rounded to; not clamped to the codes.
  func step(_ real: Float) -> Float { (real / scale).rounded() }

  /// The code nearest to a real number; that of zero where it is none.
  func code(_ real: Float) -> Int8 {
    let code = step(real) + Float(zeroPoint)
    return code.isNaN ? Int8(clamping: zeroPoint) : Int8(max(-128, min(127, code)))
  }
}
