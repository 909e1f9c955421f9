import OctetModel
import OctetRuntime

/// A model as the runtime sees it, before its bytes have places: operators with parameter words,
/// and activations.
package struct LoweredModel: Sendable {
  package var tensors: [LoweredTensor] = []
  /// The operators, in execution order.
  package var operators: [LoweredOperator] = []
  /// Tensor indices.
  package var inputs: [Int] = []
  package var outputs: [Int] = []
  package var arithmetic = Arithmetic.tensorFlowLite
  package var metadata = Metadata()
}

/// An int8 activation, or a constant operand.
package struct LoweredTensor: Sendable {
  package var name: String
  /// The dimensions, four at most.
  package var shape: [Int]
  package var scale: Float
  package var zeroPoint: Int8
  package var constant: [Int8]?
  /// The channels that it had before the model was shrunk.
  var removed: RemovedChannels?

  package init(
    name: String, shape: [Int], scale: Float, zeroPoint: Int8, constant: [Int8]? = nil
  ) {
    self.name = name
    self.shape = shape
    self.scale = scale
    self.zeroPoint = zeroPoint
    self.constant = constant
  }
}

package struct LoweredOperator: Sendable {
  package var kind: OperatorKind
  package var name: String
  package var inputs: [Int]
  package var outputs: [Int]
  package var parameters: [Parameter]
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
  package enum Parameter: Sendable, Equatable {
    case value(Int)
    case weights([Int8])
    case biases([Int32])
    /// Multipliers and other tables, which do not count as weights.
    case words([Int32])
    case bytes([Int8])
  }
}
