/// Reals become integers by truncation, integers wrap around, anything but 0 is true.
public struct CastAttributes: Sendable, Equatable {
  /// The type of the result.
  public var target: ElementType
  /// Whether what 8-bit floats cannot reach becomes their largest number, not infinity or NaN.
  public var saturates = true
  /// How a number between two powers of two is rounded when `target` is `float8E8M0`.
  public var powerRounding = FloatFormat.PowerRounding.up

  /// A cast that saturates.
  public init(_ target: ElementType) { self.target = target }
}

/// The elements of x in another type.
struct CastDefinition: OperationDefinition {
  let attributes: CastAttributes

  var name: String { "cast" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) -> ElementType { attributes.target }
  func outputShapes(_ inputs: ShapeRule) -> [[Int]] { [inputs[0]] }
  func step(_ context: StepContext) -> InterpreterStep { context.cast(attributes) }
}

extension StepContext {
  /// Between reals and integers, or among either.
  func cast(_ attributes: CastAttributes) -> InterpreterStep {
    let (x, y, count, target) = (self.x, self.y, self.y.count, attributes.target)
    switch (x.isInteger, y.isInteger) {
    case (true, true): return integerMap { $0 == 0 ? 0 : target == .bool ? 1 : $0 }
    case (false, true):
      let isTruth = target == .bool
      return {
        for index in 0..<count {
          let real = unsafe x.base[index]
          unsafe y.integers[index] = isTruth ? (real == 0 ? 0 : 1) : truncated(real, to: target)
        }
      }
    case (true, false):
      let isUnsigned = x.elementType == .uint64
      return {
        for index in 0..<count {
          let value = unsafe x.integers[index]
          unsafe y.base[index] = isUnsigned ? Float(UInt64(bitPattern: value)) : Float(value)
        }
      }
    case (false, false):
      let format = target.floatFormat
      return {
        for index in 0..<count {
          unsafe y.base[index] =
            unsafe format?.rounded(
              x.base[index], saturates: attributes.saturates, attributes.powerRounding)
            ?? x.base[index]
        }
      }
    }
  }
}
