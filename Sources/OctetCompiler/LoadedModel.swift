import OctetModel
import OctetRuntime

/// A validated blob on the host, to be asked and run. It and its views keep the bytes alive.
///
/// An index out of range stops the program, as an array's does.
public struct LoadedModel: Sendable {
  /// The bytes.
  public let blob: Blob
  /// Their records and data.
  package let view: BlobView

  /// Validates `bytes`.
  ///
  /// - Throws: what is wrong and at which byte.
  public init(_ bytes: some Collection<UInt8>) throws(ModelError) { try self.init(Blob(bytes)) }

  /// Validates the bytes of `blob`.
  ///
  /// - Throws: what is wrong and at which byte.
  public init(_ blob: Blob) throws(ModelError) {
    self.blob = blob
    view = try blob.validatedView()
  }

  /// The model as a program on a board has it.
  public var model: Model {
    @_lifetime(borrow self)
    get { Model(view, heldBy: blob) }
  }

  /// Bytes of the arena that a session needs.
  public var arenaByteCount: Int { view.arenaByteCount }
  /// Bytes of weights and biases.
  public var weightByteCount: Int { view.weightByteCount }
  /// CRC-32 of the blob.
  public var checksum: UInt32 { view.checksum }
  /// Bytes of memory beside the arena that a session on `backend` needs.
  public func workspaceByteCount(for backend: Backend) -> Int {
    view.workspaceByteCount(for: backend)
  }
  /// Inputs, each a tensor.
  public var inputCount: Int { view.inputCount }
  /// Outputs, each a tensor; at least one.
  public var outputCount: Int { view.outputCount }
  /// Activations and constant operands.
  public var tensorCount: Int { view.tensorCount }
  /// Operators, in the order of execution.
  public var operatorCount: Int { view.operatorCount }
  /// Names of the classes, in the order of the scores; empty when the model has none.
  public var labels: [String] { view.labels }
  /// Names of the operators, in the order of execution.
  public var operatorNames: [String] { (0..<operatorCount).map { self.operator($0).name } }

  /// How pixels became inputs in training; nil when the model does not say.
  public var normalization: Normalization? {
    let channels = (0..<view.normalizationChannelCount).map { view.normalization(channel: $0) }
    guard !channels.isEmpty else { return nil }
    return Normalization(
      mean: channels.map(\.mean), standardDeviation: channels.map(\.standardDeviation))
  }

  /// The tensor of input `index`, in 0 ..< `inputCount`.
  public func input(_ index: Int) -> TensorView { tensor(view.input(index)) }
  /// The tensor of output `index`, in 0 ..< `outputCount`.
  public func output(_ index: Int) -> TensorView { tensor(view.output(index)) }
  /// Tensor `index`, in 0 ..< `tensorCount`: activations and constants in no particular order.
  public func tensor(_ index: Int) -> TensorView { tensor(view.tensor(index)) }
  /// Operator `index`, in 0 ..< `operatorCount`.
  public func `operator`(_ index: Int) -> OperatorView {
    OperatorView(blob: blob, record: view.operator(index))
  }

  private func tensor(_ record: TensorRecord) -> TensorView {
    TensorView(blob: blob, record: record)
  }
}

/// A tensor of a blob: int8 or int16 values, up to four dimensions.
public struct TensorView: Sendable {
  fileprivate let blob: Blob
  package let record: TensorRecord

  /// The name of the activation or constant, shortened to at most 48 bytes.
  public var name: String { String(record.name) }
  /// The dimensions up to the rank.
  public var shape: [Int] { (4 - record.rank..<4).map { record.dimension($0) } }
  /// The product of the dimensions.
  public var elementCount: Int { record.elementCount }
  /// The step between two values, above 0: `real = scale · (value − zeroPoint)`.
  public var scale: Float { record.scale }
  /// The value that stands for 0, −128…127; of int16 0.
  public var zeroPoint: Int32 { record.zeroPoint }
  /// N, H, W, C: dimension `axis` of four, those before the rank being 1.
  public func dimension(_ axis: Int) -> Int { record.dimension(axis) }

  /// Whether the values are int16 rather than int8.
  public var isInt16: Bool { record.isInt16 }
  package var byteCount: Int { record.byteCount }
  package var rank: Int { record.rank }
  package var batch: Int { record.batch }
  package var height: Int { record.height }
  package var width: Int { record.width }
  package var channels: Int { record.channels }
  package var isConstant: Bool { record.isConstant }
  /// Its place among the model's tensors.
  package var index: Int { record.index }
  /// The record's first byte, counted from the blob's.
  package var offset: Int { record.offset }
  /// Into the arena, or for a constant from the blob's first byte.
  package var dataOffset: Int { record.dataOffset }
  package var firstUse: Int { record.firstUse }
  package var lastUse: Int { record.lastUse }
}

/// An operator of a blob.
public struct OperatorView: Sendable {
  fileprivate let blob: Blob
  package let record: OperatorRecord

  /// The name of the layer that it was, shortened to at most 48 bytes.
  public var name: String { String(record.name) }
  /// Operands, activations and constants.
  public var inputCount: Int { record.inputCount }
  /// Results, at least one.
  public var outputCount: Int { record.outputCount }
  /// Operand `index`, in 0 ..< `inputCount`.
  public func input(_ index: Int) -> TensorView {
    TensorView(blob: blob, record: record.input(index))
  }
  /// Result `index`, in 0 ..< `outputCount`.
  public func output(_ index: Int) -> TensorView {
    TensorView(blob: blob, record: record.output(index))
  }

  package var kind: OperatorKind? { record.kind }
  /// Its place in the order of execution.
  package var index: Int { record.index }
  /// The record's first byte, counted from the blob's.
  package var offset: Int { record.offset }
  package var parameterCount: Int { record.parameterCount }
  package var scratchOffset: Int { record.scratchOffset }
  package var scratchByteCount: Int { record.scratchByteCount }
  /// Parameter word `index`, in 0 ..< `parameterCount`.
  package func parameter(_ index: Int) -> Int32 { record.parameter(index) }
  /// A parameter word by its name, or that many axes after it.
  package func parameter(_ word: some ParameterWord, axis: Int = 0) -> Int32 {
    record.parameter(word, axis: axis)
  }
  /// The steps of one inference in units of 2⁸.
  package var workCount: Int { record.workCount }
  package var neededScratchByteCount: Int { record.neededScratchByteCount }
  package var mostScratchByteCount: Int { record.mostScratchByteCount }
  package func overlapDistance(input index: Int) -> Int? { record.overlapDistance(input: index) }
  /// The place among the model's tensors of operand `index`, in 0 ..< `inputCount`.
  package func inputTensorIndex(_ index: Int) -> Int { record.inputTensorIndex(index) }
  /// The place among the model's tensors of result `index`, in 0 ..< `outputCount`.
  package func outputTensorIndex(_ index: Int) -> Int { record.outputTensorIndex(index) }
}
