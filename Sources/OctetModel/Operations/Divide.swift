/// a / b, broadcast; of integers towards zero.
struct DivideDefinition: BroadcastingOperation {
  let activation: Activation

  var name: String { "divide" }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, int8Refusal: "it divides by 0")
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    if !context.x.isInteger { return context.binary(activation) { $0 / $1 } }
    let isUnsigned = context.x.elementType == .uint64
    return context.integerBinary { quotient($0, $1, isUnsigned: isUnsigned) }
  }
}

/// Towards zero; 0 when the divisor is 0, where ONNX defines no result.
private func quotient(_ a: Int64, _ b: Int64, isUnsigned: Bool) -> Int64 {
  if b == 0 { return 0 }
  if isUnsigned {
    return Int64(bitPattern: UInt64(bitPattern: a) / UInt64(bitPattern: b))
  }
  return a.dividedReportingOverflow(by: b).partialValue
}
