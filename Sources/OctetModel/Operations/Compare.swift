/// The relation of a to b that is true.
public enum Comparison: Sendable, CaseIterable {
  case equal, less, lessOrEqual, greater, greaterOrEqual
}

/// Truth values of a and b, broadcast; comparisons with NaN are false.
struct CompareDefinition: BroadcastingOperation {
  let comparison: Comparison

  var name: String { "compare" }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    _ = try inputs.alike()
    return .bool
  }

  func step(_ context: StepContext) -> InterpreterStep {
    if !context.x.isInteger { return context.compare(comparison) }
    let isLess = context.integerOrder
    return switch comparison {
    case .equal: context.integerBinary { $0 == $1 ? 1 : 0 }
    case .less: context.integerBinary { isLess($0, $1) ? 1 : 0 }
    case .lessOrEqual: context.integerBinary { isLess($1, $0) ? 0 : 1 }
    case .greater: context.integerBinary { isLess($1, $0) ? 1 : 0 }
    case .greaterOrEqual: context.integerBinary { isLess($0, $1) ? 0 : 1 }
    }
  }
}

extension StepContext {
  fileprivate func compare(_ comparison: Comparison) -> InterpreterStep {
    let body: (Float, Float) -> Bool =
      switch comparison {
      case .equal: { $0 == $1 }
      case .less: { $0 < $1 }
      case .lessOrEqual: { $0 <= $1 }
      case .greater: { $0 > $1 }
      case .greaterOrEqual: { $0 >= $1 }
      }
    let (a, b, y) = unsafe (inputs[0].base, inputs[1].base, self.y.integers)
    let offsets = BroadcastOffsets(inputs[0].shape, inputs[1].shape)
    return {
      for index in 0..<offsets.count {
        unsafe y[index] = body(a[offsets.a[index]], b[offsets.b[index]]) ? 1 : 0
      }
    }
  }
}
