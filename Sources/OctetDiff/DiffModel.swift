import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetPasses
import OctetQuantization
import OctetReport

/// One side of a comparison: a float graph or a blob, with the points where values can be read.
public struct DiffModel: Sendable {
  /// A float graph, simplified, or a blob with all of its channels.
  package enum Form: Sendable {
    case float(Graph)
    case int8(LoadedModel)
  }

  /// The model itself.
  package let form: Form
  /// The blob as the file has it, perhaps with fewer channels: what it costs is what this costs.
  /// Nil for a float model.
  let shipped: LoadedModel?
  /// The channels that a blob's tensors have in `form` alone, with the codes that they always have.
  let lostChannels: [TensorIndex: [Int: Int8?]]
  /// The file as the user named it; empty when unknown.
  public var file: String
  /// The size of the file; nil when unknown.
  package var fileByteCount: Int?
  /// The CRC-32 of the file, eight hexadecimal digits; nil when unknown.
  package var checksum: String?
  /// What the model computes, in real numbers: a float model simplified, a blob with the values
  /// that its codes stand for. A blob's tensors have the indices there that they have in it.
  let real: Graph
  /// A blob's operators with their codes; nil for a float model.
  let coded: Graph?
  /// The integers behind a blob's biases, by their tensors; empty of a float model.
  let biasCodes: [TensorIndex: [Int64]]
  /// The input, then what each node makes: of a blob one place for each operator.
  private(set) var places: [Place]
  /// The places by tensor of `real`.
  let placeOfTensor: [TensorIndex: Int]
  /// Why an operator of a blob cannot be had in real numbers, by its index.
  let refusals: [Int: String]

  /// The input normalisation that the file gives; nil where it gives none.
  let normalization: Normalization?
  /// The classes' names; empty where the file has none.
  let labels: [String]
  /// What the file says of its training; nil of a blob, which says nothing.
  let training: TrainingRecord?
  /// Multiply-adds of one inference.
  let macCount: Int
  /// Batch normalizations that were folded, by the name of the weights; empty of a blob.
  let statistics: [String: NormalizationStatistics]

  /// Where values can be read.
  struct Place: Sendable {
    /// The operator's, or `input`; no two places of a model share one.
    var name: String
    var maker: Maker
    var tensorName: String
    var shape: [Int]
    /// The tensor in `real`.
    var tensor: TensorIndex
    /// The node's in a float model; nil for the input.
    var operatorIndex: Int?

    var elementCount: Int { shape.elementCount }
    /// Whether an operator of a blob has a max pool in it.
    var hasPool: Bool { if case .blobOperator(_, hasPool: true) = maker { true } else { false } }
  }

  /// - Parameter graph: real-valued; quantized graphs are compiled to blobs first.
  public init(_ graph: Graph, file: String = "") {
    self.init(graph, file: file, statistics: NormalizationStatistics.all(of: graph))
  }

  init(_ graph: Graph, file: String, statistics: [String: NormalizationStatistics]) {
    let simple = graph.simplified()
    form = .float(simple)
    shipped = nil
    lostChannels = [:]
    self.file = file
    real = simple
    coded = nil
    biasCodes = [:]
    refusals = [:]
    normalization = simple.metadata.normalization
    labels = simple.metadata.labels
    training = simple.metadata.training
    self.statistics = statistics
    macCount = simple.nodes.reduce(0) { $0 + simple.macCount(of: $1) }
    var places: [Place] = []
    for input in simple.inputs where !simple.tensors[input].isInteger {
      places.append(.input(simple.tensors[input].name, simple.tensors[input].shape, tensor: input))
    }
    for (index, node) in simple.nodes.enumerated() {
      for (position, output) in node.outputs.enumerated()
      where !simple.tensors[output].isInteger {
        places.append(
          Place(
            name: position == 0 ? node.name : "\(node.name).\(position)",
            maker: .node(node.operation), tensorName: simple.tensors[output].name,
            shape: simple.tensors[output].shape, tensor: output, operatorIndex: index))
      }
    }
    self.places = Self.uniquelyNamed(places)
    placeOfTensor = Self.index(self.places)
  }

  /// - Parameter shipped: a blob, which is compared with whole layers where it has bands of them,
  ///   and with the channels that it lost when it was shrunk: each has the value that it always
  ///   had.
  /// - Throws: `CompilerError` when the blob is not valid, which a
  ///   `LoadedModel` is, or its bands are not what it says of them.
  public init(_ shipped: LoadedModel, file: String = "") throws(CompilerError) {
    let layers = try shipped.blob.unbanded() ?? shipped.blob
    let lost = layers.lostChannels
    // What only the lines behind a blob say may be wrong; it can be compared without them.
    let whole = lost.isEmpty ? nil : try? LoadedModel(layers.withAllChannels())
    let loaded: LoadedModel
    if let whole { loaded = whole } else { loaded = try Compiler.validated(layers.bytes) }
    form = .int8(loaded)
    self.shipped = shipped
    lostChannels = whole == nil ? [:] : lost
    self.file = file
    fileByteCount = shipped.blob.count
    let values = try BlobReader.values(loaded.blob)
    coded = values.graph
    biasCodes = values.biasCodes
    real = values.graph.inReals()
    refusals = values.refusals
    let model = loaded
    normalization = model.normalization
    labels = loaded.labels
    training = nil
    statistics = [:]
    macCount = (0..<model.operatorCount).reduce(0) { $0 + shipped.operator($1).macCount }
    var places: [Place] = []
    for index in 0..<model.inputCount {
      let input = model.input(index)
      places.append(.input(input.name, input.shape, tensor: input.index))
    }
    for index in 0..<model.operatorCount {
      let view = model.operator(index)
      let output = view.output(0)
      places.append(
        Place(
          name: view.name, maker: Maker(view), tensorName: output.name,
          shape: output.shape, tensor: output.index, operatorIndex: index))
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

  /// Gives tensors the names that they have in the file that this blob was compiled from, where
  /// they are too long for a blob.
  public mutating func nameTensors(as graph: Graph) {
    let names = Dictionary(grouping: graph.tensors.map(\.name), by: \.blobName)
    for index in places.indices {
      if let whole = names[places[index].tensorName], whole.count == 1 {
        places[index].tensorName = whole[0]
      }
    }
  }

  private static func index(_ places: [Place]) -> [TensorIndex: Int] {
    Dictionary(places.indices.map { (places[$0].tensor, $0) }, uniquingKeysWith: { $1 })
  }

  /// The activations that the operator at a place reads, each once, with the places that hold them:
  /// nil for what is read nowhere, such as integers.
  func sources(of place: Int) -> [(tensor: TensorIndex, place: Int?)] {
    var seen: Set<TensorIndex> = []
    return operands(of: place).filter { seen.insert($0).inserted }.map { ($0, placeOfTensor[$0]) }
  }

  /// The activations that the operator at a place reads, each as often as it reads it.
  func operands(of place: Int) -> [TensorIndex] {
    guard let index = places[place].operatorIndex else { return [] }
    var tensors: [TensorIndex] = []
    switch form {
    case .float(let graph): tensors = graph.nodes[index].inputs
    case .int8(let loaded):
      let view = loaded.operator(index)
      tensors = (0..<view.inputCount).map { view.inputTensorIndex($0) }
    }
    return tensors.filter { real.tensors[$0].constant == nil }
  }

  /// The blob's operator at a place; nil for the input and of a float model.
  func operatorView(_ place: Int) -> OperatorView? {
    guard let index = places[place].operatorIndex else { return nil }
    return loaded?.operator(index)
  }

  /// The operator at a place as a graph of its own; nil where it cannot be had.
  func part(_ place: Int, of graph: Graph) -> Graph? {
    guard places[place].operatorIndex != nil else { return nil }
    return graph.cut(from: sources(of: place).map(\.tensor), to: [places[place].tensor])
  }

  /// Whether it computes in real numbers.
  public var isFloat: Bool { if case .float = form { true } else { false } }

  var loaded: LoadedModel? { if case .int8(let loaded) = form { loaded } else { nil } }

  /// What it computes in, as reports say it.
  var arithmetic: String {
    guard let loaded else { return "float" }
    let wide = (0..<loaded.tensorCount).count { loaded.tensor($0).isInt16 }
    return wide == 0 ? "int8" : wide == loaded.tensorCount ? "int16" : "int8/int16"
  }

  /// The shape of the only input.
  ///
  /// - Throws: when there is another number of inputs.
  public func inputShape() throws(EvaluationError) -> [Int] {
    switch form {
    case .float(let graph): return try graph.onlyInputShape()
    case .int8(let loaded):
      guard loaded.inputCount == 1 else { throw .inputCount(loaded.inputCount) }
      return loaded.input(0).shape
    }
  }

  /// The elements of each input, in order.
  public var inputElementCounts: [Int] { inputPorts.map(\.elementCount) }

  /// The place of the first output; nil when it is a constant or holds integers.
  var firstOutputPlace: Int? { real.outputs.first.flatMap { placeOfTensor[$0] } }

  /// Outputs, of which the first is compared.
  var outputCount: Int { real.outputs.count }

  /// Whether a place holds class scores, of which those far below the best do not matter: the
  /// outputs, or what the softmax at the end takes.
  func holdsScores(_ place: Int, output: Int) -> Bool {
    if place == output { return endsInScores(output) }
    return places[place].maker.kinds.contains(.fullyConnected)
      && !places[output].maker.kinds.isDisjoint(with: [.softmax, .logSoftmax])
      && sources(of: output).first?.place == place
  }

  /// Whether the outputs are real-valued scores rather than probabilities. The softmax of
  /// logarithms of probabilities is the probabilities again.
  func endsInScores(_ output: Int) -> Bool {
    switch places[output].maker {
    case .input: true
    case .node(let operation):
      !operation.kinds.contains(.softmax) && operation != .scalar(.logistic)
    case .blobOperator(let kind, _):
      // The grids that the functions' kernels prescribe.
      kind.inInt8 != .softmax && kind != .sigmoid16 && view(output)?.scale != 1 / 256
    }
  }
}

extension DiffModel.Place {
  fileprivate static func input(_ name: String, _ shape: [Int], tensor: TensorIndex) -> Self {
    .init(
      name: DiffReport.Layer.inputName, maker: .input, tensorName: name, shape: shape,
      tensor: tensor, operatorIndex: nil)
  }
}
