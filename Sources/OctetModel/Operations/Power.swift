#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// aᵇ, broadcast.
struct PowerDefinition: BroadcastingOperation {
  var name: String { "power" }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, int8Refusal: "its exponent is not one constant")
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.x.isInteger
      ? context.integerBinary { power($0, $1) } : context.binary(.none) { powf($0, $1) }
  }
}

/// The power of an integer, by squaring; what is smaller than 1 becomes 0.
private func power(_ base: Int64, _ exponent: Int64) -> Int64 {
  if exponent < 0 { return base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0 }
  var (result, square, rest) = (Int64(1), base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result &*= square }
    square &*= square
    rest >>= 1
  }
  return result
}
