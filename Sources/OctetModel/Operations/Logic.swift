/// What is made of two truth values.
public enum Logic: Sendable, CaseIterable { case and, or, exclusiveOr }

/// Truth values of two tensors of truth values, broadcast.
struct LogicDefinition: BroadcastingOperation {
  let logic: Logic

  var name: String { "logic" }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    guard inputs.types.allSatisfy({ $0 == .bool }) else {
      throw inputs.unsupported("it needs truth values")
    }
    return .bool
  }

  func step(_ context: StepContext) -> InterpreterStep {
    switch logic {
    case .and: context.integerBinary { $0 & $1 }
    case .or: context.integerBinary { $0 | $1 }
    case .exclusiveOr: context.integerBinary { $0 ^ $1 }
    }
  }
}
