import OctetModel
import OctetRuntime

/// A model as the runtime sees it, before its bytes have places: operators with parameter words,
/// and activations.
public struct LoweredModel: Sendable {
  public var tensors: [LoweredTensor] = []
  /// In execution order.
  public var operators: [LoweredOperator] = []
  /// Tensor indices.
  public var inputs: [Int] = []
  public var outputs: [Int] = []
  public var arithmetic = Arithmetic.tensorFlowLite
  public var metadata = Metadata()
}

/// An int8 activation, or a constant operand.
public struct LoweredTensor: Sendable {
  public var name: String
  /// At most four dimensions.
  public var shape: [Int]
  public var scale: Float
  public var zeroPoint: Int8
  public var constant: [Int8]?

  public init(
    name: String, shape: [Int], scale: Float, zeroPoint: Int8, constant: [Int8]? = nil
  ) {
    self.name = name
    self.shape = shape
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.constant = constant
  }
}

public struct LoweredOperator: Sendable {
  package var kind: OperatorKind
  public var name: String
  public var inputs: [Int]
  public var outputs: [Int]
  public var parameters: [Parameter]
  /// What its table was made of.
  var origin: Origin?

  package init(
    kind: OperatorKind, name: String, inputs: [Int], outputs: [Int], parameters: [Parameter]
  ) {
    self.kind = kind
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.parameters = parameters
  }

  /// A parameter word: a number, or data whose blob offset becomes the word.
  public enum Parameter: Sendable, Equatable {
    case value(Int)
    case weights([Int8])
    case biases([Int32])
    /// Multipliers and other tables, which do not count as weights.
    case words([Int32])
    case bytes([Int8])
  }
}
