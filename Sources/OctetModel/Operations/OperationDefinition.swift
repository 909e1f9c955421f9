/// What one operation is, in one place: everything that the rest of Octet asks of it.
///
/// `Operation.definition` finds the definition of each case; the compiler names whoever has not
/// answered. A file of this folder holds one operation with its attributes, or several that are one
/// but for a formula.
protocol OperationDefinition: Sendable {
  /// The name in reports, JSON and documentation, e.g. `convolution`.
  var name: String { get }
  /// How many inputs a node has.
  var inputCount: ClosedRange<Int> { get }
  /// The shapes of the outputs, in order. The number of inputs has been checked.
  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]]
  /// The element type of the outputs; throws for inputs that do not go together.
  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType
  /// The operation in floats (and on integers, where `outputElementType` allows them).
  func step(_ context: StepContext) throws(GraphError) -> InterpreterStep
  var traits: OperationTraits { get }
}

/// What passes, the quantizer and reports need to know of an operation.
public struct OperationTraits: Sendable {
  /// The grid (scale and zero point) of the results of an int8 kernel.
  public enum Grid: Sendable, Equatable {
    /// Any.
    case own
    /// That of all inputs, which share it: values are moved or chosen, not computed.
    case kept
    /// Always this one, in TensorFlow Lite's integer kernels.
    case prescribed(Quantization)
  }

  /// Whether an element of the result depends on one element of each input alone.
  public var isElementwise: Bool
  /// Whether every element of the result is one of the input's, as it is, or a real zero.
  public var movesElements: Bool
  /// Whether constants may stand where activations do.
  public var takesConstantOperands: Bool
  /// Which scale the result has.
  public var grid: Grid
  /// Why there is no int8 form; nil when there is one.
  public var int8Refusal: String?

  init(
    isElementwise: Bool = false, movesElements: Bool = false, takesConstantOperands: Bool = false,
    grid: Grid = .own, int8Refusal: String? = nil
  ) {
    self.isElementwise = isElementwise
    self.movesElements = movesElements
    self.takesConstantOperands = takesConstantOperands
    self.grid = grid
    self.int8Refusal = int8Refusal
  }

  static let noKernel = OperationTraits(int8Refusal: "it has no int8 kernel")

  /// Traits of what only arranges elements.
  static let moving = OperationTraits(movesElements: true, grid: .kept)
}

/// An operation whose second input is weights.
protocol WeightedOperation: OperationDefinition {
  /// The axis of the weights that runs over output channels.
  var weightChannelAxis: Int { get }
  /// Whether kernels take weights of four bits.
  var takesNarrowWeights: Bool { get }
  /// Multiply-adds of one inference.
  func multiplyAddCount(x: [Int], weights: [Int], output: [Int]) -> Int
}

/// x, weights and perhaps a bias, all real.
extension WeightedOperation {
  var inputCount: ClosedRange<Int> { 2...3 }
  var traits: OperationTraits { OperationTraits() }
  var takesNarrowWeights: Bool { true }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }
}

/// An operation of two operands, broadcast as NumPy does.
protocol BroadcastingOperation: OperationDefinition {}

extension BroadcastingOperation {
  var inputCount: ClosedRange<Int> { 2...2 }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.broadcast(inputs[0], inputs[1])]
  }
}

/// An operation that can clamp its result without a node of its own.
protocol FusingOperation: OperationDefinition {
  var activation: Activation { get }
  /// The same operation with another activation in the place of its own.
  func replacing(activation: Activation) -> Operation
}

extension Operation {
  /// The name in reports, JSON and documentation, e.g. `convolution`.
  public var name: String { definition.name }

  /// What passes and the quantizer must know of it.
  public var traits: OperationTraits { definition.traits }

  /// Whether both are the same operation, whatever their attributes; of functions of one number,
  /// the same function.
  package func isSameKind(as other: Operation) -> Bool {
    if case .scalar(let own) = self, case .scalar(let given) = other {
      return own.kind == given.kind
    }
    return type(of: definition) == type(of: other.definition)
  }

  /// The axis of the weights that runs over output channels; nil for operations without weights.
  public var weightChannelAxis: Int? {
    (definition as? any WeightedOperation)?.weightChannelAxis
  }

  /// Whether weights may have four bits.
  package var takesNarrowWeights: Bool {
    (definition as? any WeightedOperation)?.takesNarrowWeights ?? false
  }

  /// Whether an element of the result depends on one element of each input alone.
  public var isElementwise: Bool { traits.isElementwise }

  /// Whether this is a step between reals and codes.
  public var isConversion: Bool { self == .quantize || self == .dequantize }

  /// Whether results have the grid of the operands: values are moved or chosen, not computed.
  package var keepsGrid: Bool { traits.grid == .kept }

  /// Whether results simply have the only operand's grid.
  package var passesGridOn: Bool { keepsGrid && !joinsGrids }

  /// Whether the result has one grid with several operands, or with an operand and a number.
  package var joinsGrids: Bool {
    if case .pad(_, _, .constant(let value)) = self { return value != 0 }
    return keepsGrid && traits.takesConstantOperands
  }

  /// Whether the result is the input, element for element, perhaps in another shape.
  package var keepsElementOrder: Bool {
    if case .reshape = self { true } else { self == .identity }
  }

  /// The activation that is fused into the operation; nil when it cannot have one.
  package var activation: Activation? { (definition as? any FusingOperation)?.activation }

  /// The same operation with `activation` applied to its result; nil when it cannot have one.
  package func fusing(_ activation: Activation) -> Operation? {
    guard let definition = definition as? any FusingOperation else { return nil }
    return definition.replacing(activation: definition.activation.followed(by: activation))
  }

  /// The same operation without a fused activation; nil when it cannot have one.
  package var withoutActivation: Operation? {
    (definition as? any FusingOperation)?.replacing(activation: .none)
  }

  /// The output's scale and zero point where the operation prescribes them, as in TensorFlow Lite.
  package var fixedOutputQuantization: Quantization? {
    if case .prescribed(let quantization) = traits.grid { quantization } else { nil }
  }
}

extension Graph {
  /// Multiply-adds of one inference of a node; 0 for nodes that multiply no weights or matrices.
  public func macCount(of node: Node) -> Int {
    guard node.inputs.count > 1 else { return 0 }
    let (x, other) = (tensors[node.inputs[0]].shape, tensors[node.inputs[1]].shape)
    let output = tensors[node.outputs[0]].shape
    if case .matrixMultiply = node.operation { return output.elementCount * (x.last ?? 1) }
    let weighted = node.operation.definition as? any WeightedOperation
    return weighted?.multiplyAddCount(x: x, weights: other, output: output) ?? 0
  }

  /// What a float run of a node computes, roughly: multiply-adds, or elements that are read and
  /// made.
  package func work(of node: Node) -> Double {
    let made = node.outputs.reduce(0.0) { $0 + Double(tensors[$1].elementCount) }
    let read = node.inputs.map { Double(tensors[$0].elementCount) }.max() ?? 0
    let pool = node.operation.definition as? any PoolDefinition
    let window = pool.map {
      Double($0.attributes.kernel.height) * Double($0.attributes.kernel.width)
    }
    return max(Double(macCount(of: node)), window.map { $0 * made } ?? made + read)
  }
}
