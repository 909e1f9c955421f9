import OctetCompiler
import OctetModel
import OctetReport

/// What `octet inspect` shows of a file.
public struct InspectReport: Encodable, Sendable {
  /// `oct`, `onnx` or `tflite`.
  public var format: String
  /// The size of the file.
  public var fileByteCount: Int
  /// How a quantized model rounds, `tensorFlowLite` or `onnx`; nil for float models.
  public var arithmetic: String?
  /// Bytes of weights and biases as the file holds them.
  public var weightByteCount: Int
  /// The arena's bytes; nil for float models, which have none.
  public var arenaByteCount: Int?
  /// Multiply-adds of one inference.
  public var macCount: Int
  /// The weights and biases; nil for a blob.
  public var parameterCount: Int?
  /// The classes' names; empty when the file has none.
  public var labels: [String]
  /// The input normalisation; nil when the file has none.
  public var normalization: Channels?
  /// The inputs in order.
  public var inputs: [Tensor]
  /// The outputs in order.
  public var outputs: [Tensor]
  /// The operators in execution order.
  public var operators: [Operator]
  /// Every activation in the arena, in the order of first use.
  public var arena: [ArenaPlacement]

  /// An input normalisation, (pixel / 255 − mean) / deviation.
  public struct Channels: Encodable, Sendable {
    /// The means, one or one for each channel.
    public var mean: [Float]
    /// The deviations, one or one for each channel.
    public var standardDeviation: [Float]

    init(_ normalization: Normalization) {
      mean = normalization.mean
      standardDeviation = normalization.standardDeviation
    }
  }

  /// An input or output.
  public struct Tensor: Encodable, Sendable {
    /// The tensor's name.
    public var name: String
    /// The shape in Octet, channels last.
    public var shape: [Int]
    /// The type of the elements, `int8`, `int16` or that of a graph's tensor such as `float32`.
    public var elementType: String
    /// The step of the codes; nil for real values.
    public var scale: Float?
    /// The code that stands for 0; nil for real values.
    public var zeroPoint: Int?
    /// The shape in the model's file; nil for a blob.
    public var fileShape: [Int]?
    /// How elements go in or out: `rowMajor` in `shape`, which is that of the file, or
    /// `channelsLast`, where the file has the channels second.
    public var layout = "rowMajor"
  }

  /// One operator.
  public struct Operator: Encodable, Sendable {
    /// The operator's name.
    public var name: String
    /// The operation, such as `convolution`.
    public var `operator`: String
    /// The first input's shape.
    public var inputShape: [Int]
    /// The first output's shape.
    public var outputShape: [Int]
    /// The step of the output's codes; nil for real values.
    public var outputScale: Float?
    /// The code that stands for 0; nil for real values.
    public var outputZeroPoint: Int?
    /// Multiply-adds of one inference.
    public var macCount: Int
    /// The scratch memory in the arena; nil for float models.
    public var scratchByteCount: Int?
    /// The first row of its layer that it computes, if that is computed in bands; otherwise nil.
    public var firstRow: Int?
    /// The place of that layer before it was cut into bands; otherwise nil.
    public var bandOfLayer: Int?
    /// Whether it shows, keeps or brings together rows for bands; nil where nothing is in bands.
    public var isBandHelper: Bool?
  }
}

extension InspectReport {
  /// The report on a blob.
  public init(_ loaded: LoadedModel) {
    let model = loaded
    let views = (0..<model.operatorCount).map { model.operator($0) }
    format = "oct"
    fileByteCount = loaded.blob.count
    arithmetic = loaded.blob.arithmetic.name
    weightByteCount = model.weightByteCount
    arenaByteCount = model.arenaByteCount
    macCount = views.reduce(0) { $0 + $1.macCount }
    parameterCount = nil
    labels = loaded.labels
    normalization = model.normalization.map(Channels.init)
    inputs = (0..<model.inputCount).map { Tensor(model.input($0)) }
    outputs = (0..<model.outputCount).map { Tensor(model.output($0)) }
    let bands = loaded.blob.bands
    operators = views.map { view in
      let output = view.output(0)
      var report = Operator(
        name: view.name, operator: view.kindName, inputShape: view.input(0).shape,
        outputShape: output.shape, outputScale: output.scale,
        outputZeroPoint: Int(output.zeroPoint), macCount: view.macCount,
        scratchByteCount: view.scratchByteCount)
      if !bands.isEmpty { report.isBandHelper = bands[view.index] == .helper }
      if case .rows(let layer, let firstRow, _) = bands[view.index], output.shape.count == 4 {
        (report.bandOfLayer, report.firstRow) = (layer, firstRow)
      }
      return report
    }
    let tensors = (0..<model.tensorCount).map { model.tensor($0) }.filter { !$0.isConstant }
    let activations = tensors.map {
      ArenaPlacement(
        name: String($0.name), offset: $0.dataOffset, byteCount: $0.byteCount,
        firstUse: $0.firstUse, lastUse: $0.lastUse)
    }
    let scratch = views.indices.filter { views[$0].scratchByteCount > 0 }.map {
      ArenaPlacement(
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
    let isQuantized = graph.tensors.contains { $0.quantization != nil }
    arithmetic = isQuantized ? graph.arithmetic.name : nil
    weightByteCount = used.reduce(0) { sum, index in
      switch graph.tensors[index].constant {
      case .float(let values): sum + 4 * values.count
      case .int32(let values):
        sum + (graph.tensors[index].elementType == .int16 ? 2 : 4) * values.count
      case .int8(let values): sum + values.count
      case .int64(let values): sum + (graph.tensors[index].isInteger ? 0 : 8 * values.count)
      case nil: sum
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
      name: view.name, shape: view.shape, elementType: view.isInt16 ? "int16" : "int8",
      scale: view.scale, zeroPoint: Int(view.zeroPoint))
  }

  init(_ tensor: OctetModel.Tensor) {
    self.init(
      name: tensor.name, shape: tensor.shape, elementType: tensor.elementType.rawValue,
      scale: tensor.quantization?.scales.first,
      zeroPoint: tensor.quantization?.zeroPoints.first.map { Int($0) })
  }
}
