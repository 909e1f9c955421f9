import OctetModel
import OctetPasses
import OctetRuntime

/// Reads a blob as a graph: as the int8 graph that it came from, to be written in another format,
/// or as what its operators compute in real numbers, to be compared with other models. How each
/// operator is read stands in the file of its name, beside how it is lowered.
///
/// The parameter words and the blob's ``Origin`` lines say all that is needed; nothing is tried
/// out. A graph read for another format is proven: lowering it again gives the very parameters of
/// the blob, so it computes the same bytes.
public struct BlobReader {
  /// What a graph is read for.
  enum Purpose {
    /// The same bytes when it is lowered again.
    case bytes
    /// The real numbers that each operator's codes stand for, by what the operator itself holds: a
    /// table of results is a table, whatever function made it.
    case values
  }

  let purpose: Purpose
  let bytes: [UInt8]
  let model: LoadedModel
  var graph = Graph()
  /// Integers of biases; empty unless reading is for values.
  var biasCodes: [TensorIndex: [Int64]] = [:]
  private let origins: [Int: Origin]
  private var nodeNames: Set<String> = []
  private var tensorNames: Set<String> = []

  /// The int8 graph, with whole layers where the blob has bands of them.
  ///
  /// - Throws: `CompilerError.unsupported` with the operators that have no graph form, or
  ///   `rejected` when the blob is not valid.
  public static func read(_ blob: Blob) throws(CompilerError) -> Graph {
    var reader = try BlobReader(try blob.unbanded() ?? blob, for: .bytes)
    let refusals = reader.readOperators()
    guard refusals.isEmpty else {
      throw .unsupported(refusals.sorted { $0.key < $1.key }.map(\.value))
    }
    reader.graph = reader.graph.canonical()
    try reader.prove()
    return reader.graph
  }

  /// What a blob's operators compute, each for itself.
  public struct Values: Sendable {
    /// Codes with the scales that make reals of them. The blob's tensors come first, under the
    /// indices that they have there.
    public var graph: Graph
    /// Why an operator has no nodes in `graph`, by its index.
    public var refusals: [Int: String]
    /// The integers behind biases, which reals hold in fewer bits, by their tensors in `graph`.
    package var biasCodes: [TensorIndex: [Int64]]
  }

  /// The blob in real numbers: every operator by itself, so that one that cannot be read loses
  /// nothing but its own nodes.
  ///
  /// - Throws: `rejected` when the blob is not valid.
  public static func values(_ blob: Blob) throws(CompilerError) -> Values {
    var reader = try BlobReader(blob, for: .values)
    let refusals = reader.readOperators()
    return Values(graph: reader.graph, refusals: refusals, biasCodes: reader.biasCodes)
  }

  private init(_ blob: Blob, for purpose: Purpose) throws(CompilerError) {
    do {
      model = try blob.model()
    } catch {
      throw .rejected(error)
    }
    self.purpose = purpose
    bytes = blob.bytes
    origins = blob.origins
    for index in 0..<model.tensorCount { addTensor(model.tensor(index)) }
    graph.inputs = (0..<model.inputCount).map { tensorIndex(model.input($0)) }
    graph.outputs = (0..<model.outputCount).map { tensorIndex(model.output($0)) }
    graph.arithmetic = blob.arithmetic
    graph.metadata = metadata
  }

  /// Adds every operator's nodes; why some have none, by operator.
  private mutating func readOperators() -> [Int: String] {
    var refusals: [Int: String] = [:]
    for index in 0..<model.operatorCount {
      let nodeCount = graph.nodes.count
      do throws(CompilerError) {
        try read(model.operator(index))
      } catch {
        graph.nodes.removeSubrange(nodeCount...)
        refusals[index] = error.description
      }
    }
    return refusals
  }

  private mutating func read(_ view: OperatorView) throws(CompilerError) {
    guard let kind = view.kind else {
      throw .invalid(node: name(view), reason: "its kind is unknown")
    }
    switch kind {
    case .convolution, .convolution4: try readConvolution(view)
    case .depthwiseConvolution, .depthwiseConvolution4: try readDepthwiseConvolution(view)
    case .transposedConvolution: try readTransposedConvolution(view)
    case .fullyConnected, .fullyConnected4: try readFullyConnected(view)
    case .matrixMultiply: readMatrixMultiply(view)
    case .maxPool: readPool(view) { .maxPool($0) }
    case .averagePool: readPool(view) { .averagePool($0) }
    case .softmax: readSoftmax(view)
    case .logSoftmax: append(view, .logSoftmax(axis: input(view).shape.count - 1))
    case .l2Normalization: append(view, .l2Normalization)
    case .add: append(view, .add(activation(view, Add.Word.self)))
    case .subtract: append(view, .subtract(activation(view, Subtract.Word.self)))
    case .multiply: append(view, .multiply(activation(view, Multiply.Word.self)))
    case .squaredDifference: append(view, .squaredDifference)
    case .minimum: append(view, .minimum)
    case .maximum: append(view, .maximum)
    case .mean: readMean(view)
    case .concatenation: readConcatenation(view)
    case .pad: readPad(view)
    case .reshape: append(view, .reshape(output(view).shape))
    case .transpose: readTranspose(view)
    case .slice: readSlice(view)
    case .convolution16: try readConvolution16(view)
    case .depthwiseConvolution16: try readDepthwiseConvolution16(view)
    case .fullyConnected16: try readFullyConnected16(view)
    case .softmax16: readSoftmax16(view)
    case .sigmoid16:
      let isTangent = word(view, Sigmoid16.Word.isTangent) == 1
      append(view, .scalar(isTangent ? .tanh : .logistic))
    case .requantize: readRequantize(view)
    case .lookup: if purpose == .values { readTables(view) } else { try readLookup(view) }
    case .resizeNearest:
      if purpose == .values { readPositions(view) } else { try readResize(view, .nearest) }
    case .resizeBilinear:
      if purpose == .values { readMixtures(view) } else { try readResize(view, .bilinear) }
    }
  }

  // MARK: What the operators' files use

  func name(_ view: OperatorView) -> String { view.name }

  func input(_ view: OperatorView, _ index: Int = 0) -> Tensor {
    graph.tensors[view.inputTensorIndex(index)]
  }

  func output(_ view: OperatorView) -> Tensor { graph.tensors[view.outputTensorIndex(0)] }

  /// The runtime's axis that is the first of the operator's input, which has the last of four.
  func firstAxis(_ view: OperatorView) -> Int { 4 - input(view).shape.count }

  /// What the operator's table was made of.
  func origin(_ view: OperatorView) throws(CompilerError) -> Origin {
    if let origin = origins[view.index] { return origin }
    throw .invalid(
      node: name(view),
      reason: "the blob does not say what its table was made of; import or quantize the model "
        + "again, and not for a board, whose blobs leave it out")
  }

  func contradiction(_ view: OperatorView) -> CompilerError {
    .invalid(node: name(view), reason: "the blob says that it came from what it does not compute")
  }

  /// Adds a node with the operator's operands.
  mutating func append(_ view: OperatorView, _ operation: Operation) {
    append(
      view, operation, inputs: (0..<view.inputCount).map { view.inputTensorIndex($0) },
      outputs: (0..<view.outputCount).map { view.outputTensorIndex($0) })
  }

  mutating func append(
    _ view: OperatorView, _ operation: Operation, suffix: String = "", inputs: [TensorIndex],
    outputs: [TensorIndex]
  ) {
    let name = unique(name(view) + suffix, &nodeNames)
    var node = Node(name: name, operation: operation, inputs: inputs, outputs: outputs)
    // Leading dimensions of 1 come and go in a blob; in a graph that takes a reshape.
    guard outputs.count == 1, let shapes = try? graph.outputShapes(of: node),
      case var result = graph.tensors[outputs[0]], shapes[0] != result.shape,
      shapes[0].fourDimensions == result.shape.fourDimensions
    else {
      graph.nodes.append(node)
      return
    }
    let reshape = Operation.reshape(result.shape)
    result.name += "/unshaped"
    result.shape = shapes[0]
    let middle = add(result)
    node.outputs = [middle]
    graph.nodes.append(node)
    graph.nodes.append(
      Node(
        name: unique("\(name)/reshape", &nodeNames), operation: reshape, inputs: [middle],
        outputs: outputs))
  }

  /// Adds a tensor whose name may be taken.
  mutating func add(_ tensor: Tensor) -> TensorIndex {
    var tensor = tensor
    tensor.name = unique(tensor.name, &tensorNames)
    return graph.add(tensor)
  }

  // MARK: Tensors

  private mutating func addTensor(_ view: TensorView) {
    let shape = (4 - view.rank..<4).map { view.dimension($0) }
    var tensor = Tensor(
      name: view.name, shape: shape, elementType: view.isInt16 ? .int16 : .int8,
      quantization: Quantization(scale: view.scale, zeroPoint: view.zeroPoint))
    if view.isConstant {
      let data = bytes[view.dataOffset..<view.dataOffset + view.byteCount]
      tensor.constant =
        view.isInt16
        ? .int32(
          stride(from: data.startIndex, to: data.endIndex, by: 2).map {
            Int32(data[$0]) | Int32(Int8(bitPattern: data[$0 + 1])) << 8
          }) : .int8(data.map { Int8(bitPattern: $0) })
    }
    _ = add(tensor)
  }

  private func tensorIndex(_ view: TensorView) -> TensorIndex {
    view.index
  }

  private var metadata: Metadata {
    var metadata = Metadata()
    metadata.labels = model.labels
    metadata.normalization = model.normalization
    return metadata
  }

  /// Names are cut in blobs, so two may have become one.
  private func unique(_ name: String, _ taken: inout Set<String>) -> String {
    var candidate = name
    var count = 1
    while !taken.insert(candidate).inserted {
      count += 1
      candidate = "\(name)_\(count)"
    }
    return candidate
  }
}

// MARK: The proof

extension BlobReader {
  /// Lowers the graph again and compares every operator with the blob's.
  private func prove() throws(CompilerError) {
    do {
      try graph.validate()
    } catch {
      throw .unsupported([error.description])
    }
    let lowered = try Lowering.lower(graph)
    guard lowered.operators.count == model.operatorCount else {
      throw .unsupported(["the blob's operators are not those of any graph that Octet knows"])
    }
    for (index, twin) in lowered.operators.enumerated() {
      let view = model.operator(index)
      guard twin.kind == view.kind, twin.inputs.count == view.inputCount,
        twin.parameters.count == view.parameterCount,
        twin.parameters.indices.allSatisfy({ isSame(twin.parameters[$0], view, $0) })
      else {
        throw .invalid(
          node: name(view),
          reason:
            "its parameters are not those of any operation of a graph; a quantized ONNX model "
            + "that was imported before blobs told their arithmetic must be imported again")
      }
    }
  }

  private func isSame(
    _ parameter: LoweredOperator.Parameter, _ view: OperatorView, _ index: Int
  ) -> Bool {
    let word = Int(view.parameter(index))
    func data(_ byteCount: Int) -> ArraySlice<UInt8>? {
      word <= bytes.count - byteCount ? bytes[word..<word + byteCount] : nil
    }
    return switch parameter {
    case .value(let value): value == word
    case .weights(let values) where view.record.hasNarrowWeights:
      data((values.count + 1) / 2)?.elementsEqual(values.packedInHalves) == true
    case .weights(let values), .bytes(let values):
      data(values.count)?.elementsEqual(values.lazy.map { UInt8(bitPattern: $0) }) == true
    case .biases(let values), .words(let values):
      data(4 * values.count)?.littleEndianWords == values
    }
  }
}

extension [Int] {
  /// The dimensions of a shape of at most four, with ones before them up to four.
  var fourDimensions: [Int] { [Int](repeating: 1, count: Swift.max(0, 4 - count)) + self }
}

extension ArraySlice<UInt8> {
  /// The bytes as int32, four to each, least significant first.
  package var littleEndianWords: [Int32] {
    stride(from: startIndex, to: endIndex, by: 4).map { start in
      (0..<4).reduce(Int32(0)) { $0 | Int32(self[start + $1]) << (8 * Int32($1)) }
    }
  }
}
