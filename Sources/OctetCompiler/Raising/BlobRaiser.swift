import OctetModel
import OctetRuntime

/// Turns a blob back into a graph: into the int8 graph that it came from, to be written in another
/// format, or into what its operators compute in real numbers, to be compared with other models.
///
/// Lowering loses the weights' scales, the biases, the activations' names and where a pool was
/// fused; all of them follow from what is left. What is raised for another format is proven:
/// lowering it again gives the very parameters of the blob, so it computes the same bytes.
public struct BlobRaiser {
  /// What a graph is raised for.
  enum Purpose {
    /// The same bytes when it is lowered again.
    case bytes
    /// The real numbers that each operator's codes stand for, by what the operator itself holds: a
    /// table of results is a table, whatever function made it.
    case values
  }

  let purpose: Purpose
  let blob: Blob
  let bytes: [UInt8]
  let model: LoadedModel
  var graph = Graph()
  private var nodeNames: Set<String> = []
  private var tensorNames: Set<String> = []

  /// - Throws: `CompilerError.unsupported` with the operators that have no graph form, or
  ///   `rejected` when the blob is not valid.
  public static func raise(_ blob: Blob) throws(CompilerError) -> Graph {
    var raiser = try BlobRaiser(blob, for: .bytes)
    let refusals = raiser.raiseOperators()
    guard refusals.isEmpty else {
      throw .unsupported(refusals.sorted { $0.key < $1.key }.map(\.value))
    }
    raiser.graph = raiser.graph.canonical()
    try raiser.prove()
    return raiser.graph
  }

  /// What a blob's operators compute, each for itself.
  public struct Values: Sendable {
    /// Codes with the scales that make reals of them. The blob's tensors come first, under the
    /// indices that they have there.
    public var graph: Graph
    /// Why an operator has no nodes in `graph`, by its index.
    public var refusals: [Int: String]
  }

  /// The blob in real numbers: every operator by itself, so that one that cannot be raised loses
  /// nothing but its own nodes.
  ///
  /// - Throws: `rejected` when the blob is not valid.
  public static func values(_ blob: Blob) throws(CompilerError) -> Values {
    var raiser = try BlobRaiser(blob, for: .values)
    let refusals = raiser.raiseOperators()
    return Values(graph: raiser.graph, refusals: refusals)
  }

  private init(_ blob: Blob, for purpose: Purpose) throws(CompilerError) {
    do {
      model = try blob.model()
    } catch {
      throw .rejected(error)
    }
    self.purpose = purpose
    self.blob = blob
    bytes = blob.bytes
    for index in 0..<model.tensorCount { addTensor(model.tensor(index)) }
    graph.inputs = (0..<model.inputCount).map { tensorIndex(model.input($0)) }
    graph.outputs = (0..<model.outputCount).map { tensorIndex(model.output($0)) }
    graph.metadata = metadata
  }

  /// Adds every operator's nodes; why some have none, by operator.
  private mutating func raiseOperators() -> [Int: String] {
    var refusals: [Int: String] = [:]
    for index in 0..<model.operatorCount {
      let nodeCount = graph.nodes.count
      do throws(CompilerError) {
        try raise(model.operator(index))
      } catch {
        graph.nodes.removeSubrange(nodeCount...)
        refusals[index] = error.description
      }
    }
    return refusals
  }

  private mutating func raise(_ view: OperatorView) throws(CompilerError) {
    switch view.kind {
    case .convolution: try raiseConvolution(view)
    case .depthwiseConvolution: try raiseDepthwiseConvolution(view)
    case .transposedConvolution: try raiseTransposedConvolution(view)
    case .fullyConnected: try raiseFullyConnected(view)
    case .matrixMultiply: raiseMatrixMultiply(view)
    case .maxPool, .averagePool: raisePool(view)
    case .softmax: try raiseSoftmax(view)
    case .logSoftmax:
      noteOwnScale(view)
      append(view, .logSoftmax(axis: input(view).shape.count - 1))
    case .add: append(view, .add(activation(view, Add.Word.lower, Add.Word.upper)))
    case .subtract:
      append(view, .subtract(activation(view, Subtract.Word.lower, Subtract.Word.upper)))
    case .multiply:
      append(view, .multiply(activation(view, Multiply.Word.lower, Multiply.Word.upper)))
    case .squaredDifference: append(view, .squaredDifference)
    case .l2Normalization: append(view, .l2Normalization)
    case .minimum: append(view, .minimum)
    case .maximum: append(view, .maximum)
    case .lookup where purpose == .values: raiseTables(view)
    case .lookup: try raiseLookup(view)
    case .resizeNearest where purpose == .values: raiseNearest(view)
    case .resizeBilinear where purpose == .values: raiseBilinear(view)
    case .mean, .concatenation, .pad, .reshape, .transpose, .slice, .resizeNearest,
      .resizeBilinear:
      try raiseArrangement(view)
    case nil: throw .invalid(node: name(view), reason: "its kind is unknown")
    }
  }

  // MARK: What the operators' files use

  func word(_ view: OperatorView, _ index: Int) -> Int { Int(view.parameter(index)) }

  func name(_ view: OperatorView) -> String { view.name }

  func input(_ view: OperatorView, _ index: Int = 0) -> Tensor {
    graph.tensors[view.inputTensorIndex(index)]
  }

  func output(_ view: OperatorView) -> Tensor { graph.tensors[view.outputTensorIndex(0)] }

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

  /// int8 data of the blob.
  func int8s(_ view: OperatorView, _ parameter: Int, count: Int) -> [Int8] {
    let start = word(view, parameter)
    return bytes[start..<start + count].map { Int8(bitPattern: $0) }
  }

  /// int32 data of the blob.
  func int32s(_ view: OperatorView, _ parameter: Int, count: Int) -> [Int32] {
    let start = word(view, parameter)
    return bytes.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: start + 4 * $0, as: Int32.self) }
    }
  }

  /// The activation whose clamp the two words are.
  func activation(_ view: OperatorView, _ lower: Int, _ upper: Int) -> Activation {
    let (lower, upper) = (word(view, lower), word(view, upper))
    guard let quantization = output(view).quantization else { return .none }
    for activation in [Activation.none, .relu, .relu6, .reluN1To1]
    where quantization.clampRange(activation) == (lower, upper) {
      return activation
    }
    func real(_ code: Int) -> Float {
      Float(code - Int(quantization.zeroPoints[0])) * quantization.scales[0]
    }
    return .clip(
      lower: lower == -128 ? -.infinity : real(lower), upper: upper == 127 ? .infinity : real(upper)
    )
  }

  // MARK: Tensors

  private mutating func addTensor(_ view: TensorView) {
    let shape = (4 - view.rank..<4).map { view.dimension($0) }
    var tensor = Tensor(
      name: view.name, shape: shape, elementType: .int8,
      quantization: Quantization(scale: view.scale, zeroPoint: view.zeroPoint))
    if view.isConstant {
      let data = bytes[view.dataOffset..<view.dataOffset + view.byteCount]
      tensor.constant = .int8(data.map { Int8(bitPattern: $0) })
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

extension [Int] {
  /// At most four dimensions, with leading ones.
  var fourDimensions: [Int] { [Int](repeating: 1, count: Swift.max(0, 4 - count)) + self }
}
