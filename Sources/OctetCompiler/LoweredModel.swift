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

/// An activation of int8 or int16, or a constant operand.
package struct LoweredTensor: Sendable {
  package var name: String
  /// The dimensions, four at most.
  package var shape: [Int]
  package var scale: Float
  package var zeroPoint: Int8
  /// Whether the elements are int16.
  package var isInt16 = false
  /// The bytes of a constant's elements, the lower one first.
  package var constant: [Int8]?
  /// Some rows of an activation of the model before.
  var isBand = false
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

  /// Bytes of the elements.
  package var byteCount: Int { shape.elementCount * (isInt16 ? 2 : 1) }
}

extension LoweredModel {
  /// Whether any tensor is of int16: then channels stay and layers are computed whole.
  var hasInt16: Bool { tensors.contains(where: \.isInt16) }
}

package struct LoweredOperator: Sendable {
  package var kind: OperatorKind
  package var name: String
  package var inputs: [Int]
  package var outputs: [Int]
  package var parameters: [Parameter]
  /// What its table was made of.
  var origin: Origin?
  /// What it is of a model some of whose operators were cut into bands.
  var layer: Layer?
  /// Which of its operands must lie in each other.
  var joins: Joins?

  enum Layer: Sendable, Equatable {
    /// Rows from `firstRow` on of the `height` rows of operator `index` of the model before.
    case band(_ index: Int, firstRow: Int, height: Int)
    /// It brings rows together or keeps some.
    case helper
  }

  enum Joins: Sendable, Equatable {
    /// The output in the input.
    case view
    /// These inputs in the output.
    case parts([Int])
  }

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
