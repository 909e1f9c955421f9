/// Real to int8, or int8 to int8 of another scale.
struct QuantizeDefinition: OperationDefinition {
  var name: String { "quantize" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .conversion }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) -> [[Int]] { [inputs[0]] }

  /// The output tensor's grid does the rounding.
  func step(_ context: StepContext) -> InterpreterStep { context.copy() }
}

/// The reals that codes stand for.
struct DequantizeDefinition: OperationDefinition {
  var name: String { "dequantize" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .conversion }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) -> [[Int]] { [inputs[0]] }
  func step(_ context: StepContext) -> InterpreterStep { context.copy() }
}

extension OperationTraits {
  fileprivate static let conversion = OperationTraits(
    int8Refusal: "the graph holds quantization nodes; import it instead")
}
