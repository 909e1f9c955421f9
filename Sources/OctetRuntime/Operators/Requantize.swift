/// Codes on another grid, and activation: from int8 to int16, back, or between scales of int16.
package struct Requantize: Operator {
  package static let parameterCount = 4
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// `input scale / output scale`
    case multiplier
    case shift
    case lower
    case upper
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    try view.require(input.hasSameShape(as: output))
    try view.requireMultiplier(parameter: Word.multiplier, shift: Word.shift)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
  }

  /// Element i is read before those that its result may lie on are written.
  func overlapDistance(input index: Int) -> Int? {
    max(0, output.byteCount &- input.byteCount)
  }

  func run(_ context: OperatorContext) {
    switch (input.isInt16, output.isInt16) {
    case (false, false): run(context, from: Int8.self, to: Int8.self)
    case (false, true): run(context, from: Int8.self, to: Int16.self)
    case (true, false): run(context, from: Int16.self, to: Int8.self)
    case (true, true): run(context, from: Int16.self, to: Int16.self)
    }
  }

  private func run<From: TensorElement, To: TensorElement>(
    _ context: OperatorContext, from: From.Type, to: To.Type
  ) {
    let source = unsafe context.input(0, as: from)
    let target = unsafe context.output(0, as: to)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    let (zero, outputZero) = (input.zeroPoint, output.zeroPoint)
    for index in 0..<output.elementCount {
      let value = unsafe requantize(Int32(source[index]) &- zero, by) &+ outputZero
      unsafe target[index] = To(truncatingIfNeeded: min(max(value, lower), upper))
    }
  }
}
