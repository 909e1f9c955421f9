import OctetModel

/// Operators of two operands that are broadcast: ADD, SUB, MUL, DIV, MINIMUM, MAXIMUM,
/// SQUARED_DIFFERENCE and PRELU.
enum Arithmetic: TFLiteDefinition {
  /// An operator and the operation that it is.
  struct Row: Sendable {
    let builtin: TFLiteBuiltin
    /// Whether the options hold an activation.
    var fuses = false
    let operation: @Sendable (Activation) -> Operation
    /// The result for two known integers, and whether it overflows; nil: they are not computed.
    var integers: (@Sendable (Int, Int) -> (partialValue: Int, overflow: Bool))?
  }

  static let add = Row(
    builtin: TFLiteBuiltin(0, inputs: 2...2, options: 11), fuses: true,
    operation: { .add($0) }, integers: { $0.addingReportingOverflow($1) })
  static let subtract = Row(
    builtin: TFLiteBuiltin(41, inputs: 2...2, int16Version: 5, options: 28), fuses: true,
    operation: { .subtract($0) }, integers: { $0.subtractingReportingOverflow($1) })
  static let multiply = Row(
    builtin: TFLiteBuiltin(18, inputs: 2...2, int16Version: 4, options: 21), fuses: true,
    operation: { .multiply($0) }, integers: { $0.multipliedReportingOverflow(by: $1) })
  static let divide = Row(
    builtin: TFLiteBuiltin(42, inputs: 2...2, int8Version: nil, options: 29), fuses: true,
    operation: { .divide($0) }, integers: ShapeArithmetic.quotient)
  static let minimum = Row(
    builtin: TFLiteBuiltin(57, inputs: 2...2, options: 39), operation: { _ in .minimum },
    integers: { (min($0, $1), false) })
  static let maximum = Row(
    builtin: TFLiteBuiltin(55, inputs: 2...2, options: 39), operation: { _ in .maximum },
    integers: { (max($0, $1), false) })
  static let squaredDifference = Row(
    builtin: TFLiteBuiltin(99, inputs: 2...2), operation: { _ in .squaredDifference })
  static let prelu = Row(
    builtin: TFLiteBuiltin(54, inputs: 2...2, int8Version: 1), operation: { _ in .prelu })

  private static let rows = [
    add, subtract, multiply, divide, minimum, maximum, squaredDifference, prelu,
  ]
  static let builtins = rows.map(\.builtin)
  private static let activation = FlatSlot<Int8>(0)
  /// Of sums of int16: whether all scales are powers of two. They are not, unless it is left out.
  private static let hasPowersOfTwo = FlatSlot<Bool>(1)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    for row in rows where row.builtin == call.kind {
      let fused = row.fuses ? try call.activation(activation) : .none
      if row.builtin == divide.builtin, try !call.isFloat(0) {
        throw .unsupported("division has no int8 kernel; multiply by the reciprocal instead")
      }
      try call.append(row.operation(fused), inputCount: 2)
    }
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    guard let rule = rows.first(where: { $0.builtin == call.kind })?.integers else { return nil }
    return ShapeArithmetic.pairs(operands, rule)
  }

  /// Adds an operator of which `fuses` holds.
  static func write(
    _ node: Node, _ row: Row, _ activation: Activation, _ exporter: TFLiteExporter
  ) {
    let isSum = row.builtin == add.builtin || row.builtin == subtract.builtin
    exporter.append(
      row.builtin, node, fusing: activation, at: Self.activation,
      options: isSum && exporter.isInt16(node) ? [hasPowersOfTwo(false)] : []
    ) {
      node.inputs.map { exporter.tensor($0) }
    }
  }
}
