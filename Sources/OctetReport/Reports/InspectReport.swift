import OctetCompiler
import OctetModel

/// What `octet inspect` shows of a file.
public struct InspectReport: Encodable, Sendable {
  /// `oct`, `onnx` or `tflite`.
  public var format: String
  public var fileByteCount: Int
  /// Bytes of weights and biases as the file holds them.
  public var weightByteCount: Int
  /// Nil for float models, which have no arena.
  public var arenaByteCount: Int?
  /// Multiply-adds of one inference.
  public var macCount: Int
  public var parameterCount: Int?
  public var labels: [String]
  public var normalization: Channels?
  public var inputs: [Tensor]
  public var outputs: [Tensor]
  /// In execution order.
  public var operators: [Operator]
  /// Every activation in the arena, in the order of first use.
  public var arena: [Placement]

  public struct Channels: Encodable, Sendable {
    public var mean: [Float]
    public var standardDeviation: [Float]

    init(_ normalization: Normalization) {
      mean = normalization.mean
      standardDeviation = normalization.standardDeviation
    }
  }

  public struct Tensor: Encodable, Sendable {
    public var name: String
    public var shape: [Int]
    public var scale: Float?
    public var zeroPoint: Int?
    /// In the model's file; nil for a blob.
    public var fileShape: [Int]?
    /// How elements go in or out: `rowMajor` in `shape`, which is that of the file, or
    /// `channelsLast`, where the file has the channels second.
    public var layout = "rowMajor"
  }

  public struct Operator: Encodable, Sendable {
    public var name: String
    public var `operator`: String
    public var inputShape: [Int]
    public var outputShape: [Int]
    public var outputScale: Float?
    public var outputZeroPoint: Int?
    public var macCount: Int
    public var scratchByteCount: Int?
  }

  /// Bytes `offset ..< offset + byteCount` of the arena, from operator `firstUse` to `lastUse`.
  public struct Placement: Codable, Sendable, Equatable {
    public var name: String
    public var offset: Int
    public var byteCount: Int
    public var firstUse: Int
    public var lastUse: Int
  }
}

extension InspectReport {
  /// The report on a blob.
  public init(_ loaded: LoadedModel) {
    let model = loaded
    let views = (0..<model.operatorCount).map { model.operator($0) }
    format = "oct"
    fileByteCount = loaded.blob.count
    weightByteCount = model.weightByteCount
    arenaByteCount = model.arenaByteCount
    macCount = views.reduce(0) { $0 + $1.macCount }
    parameterCount = nil
    labels = loaded.labels
    normalization = model.normalization.map(Channels.init)
    inputs = (0..<model.inputCount).map { Tensor(model.input($0)) }
    outputs = (0..<model.outputCount).map { Tensor(model.output($0)) }
    operators = views.map { view in
      let output = view.output(0)
      return Operator(
        name: view.name, operator: view.kindName, inputShape: view.input(0).shape,
        outputShape: output.shape, outputScale: output.scale,
        outputZeroPoint: Int(output.zeroPoint), macCount: view.macCount,
        scratchByteCount: view.scratchByteCount)
    }
    let tensors = (0..<model.tensorCount).map { model.tensor($0) }.filter { !$0.isConstant }
    let activations = tensors.map {
      Placement(
        name: String($0.name), offset: $0.dataOffset, byteCount: $0.byteCount,
        firstUse: $0.firstUse, lastUse: $0.lastUse)
    }
    let scratch = views.indices.filter { views[$0].scratchByteCount > 0 }.map {
      Placement(
        name: "scratch of \(String(views[$0].name))", offset: views[$0].scratchOffset,
        byteCount: views[$0].scratchByteCount, firstUse: $0, lastUse: $0)
    }
    arena = (activations + scratch).sorted { ($0.firstUse, $0.offset) < ($1.firstUse, $1.offset) }
  }

  /// The report on a graph that was read from a file.
  public init(_ graph: Graph, format: String, fileByteCount: Int) {
    let used = Set(graph.nodes.flatMap(\.inputs))
    self.format = format
    self.fileByteCount = fileByteCount
    weightByteCount = used.reduce(0) { sum, index in
      switch graph.tensors[index].constant {
      case .float(let values): sum + 4 * values.count
      case .int32(let values): sum + 4 * values.count
      case .int8(let values): sum + values.count
      case .int64, nil: sum
      }
    }
    macCount = graph.nodes.reduce(0) { $0 + graph.macCount(of: $1) }
    parameterCount = graph.parameterCount
    labels = graph.metadata.labels
    normalization = graph.metadata.normalization.map(Channels.init)
    inputs = graph.inputs.map { Tensor(graph.tensors[$0]) }
    outputs = graph.outputs.map { Tensor(graph.tensors[$0]) }
    operators = graph.nodes.map { node in
      let output = graph.tensors[node.outputs[0]]
      return Operator(
        name: node.name, operator: node.operation.name,
        inputShape: node.inputs.first.map { graph.tensors[$0].shape } ?? [],
        outputShape: output.shape, outputScale: output.quantization?.scales.first,
        outputZeroPoint: output.quantization?.zeroPoints.first.map { Int($0) },
        macCount: graph.macCount(of: node))
    }
    arena = []
  }
}

extension InspectReport.Tensor {
  init(_ view: TensorView) {
    self.init(
      name: view.name, shape: view.shape, scale: view.scale, zeroPoint: Int(view.zeroPoint))
  }

  init(_ tensor: OctetModel.Tensor) {
    self.init(
      name: tensor.name, shape: tensor.shape, scale: tensor.quantization?.scales.first,
      zeroPoint: tensor.quantization?.zeroPoints.first.map { Int($0) })
  }
}
