/// The logistic function or the hyperbolic tangent of int16: input and output of one shape, the
/// output's scale 2⁻¹⁵.
///
/// As TensorFlow Lite: between 256 values of the logistic function, 1/24 apart, lie straight lines.
package struct Sigmoid16: Operator {
  package static let parameterCount = 4
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// 1 for the tangent, which is `2 · logistic(2x) − 1`; 0 for the logistic function.
    case isTangent
    /// 0…32767 and 0…31: a code becomes `(code · multiplier + half) >> shift`, in steps of
    /// 1 / (3 · 2¹²).
    case multiplier
    case shift
    /// Blob offset of the values, uint16 `[256]`, in steps of 2⁻¹⁶.
    case table
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
    try view.require(parameter: Word.isTangent, in: 0...1)
    try view.require(parameter: Word.multiplier, in: 0...32_767)
    try view.require(parameter: Word.shift, in: 0...31)
    try view.requireData(parameter: Word.table, byteCount: 512, alignment: 2)
  }

  var demand: Demand {
    Demand(dataByteCount: 512, partCount: output.elementCount, stepCount: 16)
  }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let source = unsafe context.input(0, as: Int16.self)
    let target = unsafe context.output(0, as: Int16.self)
    let table = unsafe context.data(view.parameter(Word.table), as: UInt16.self)
    let multiplier = view.parameter(Word.multiplier)
    let shift = view.parameter(Word.shift)
    let half: Int32 = shift > 0 ? 1 &<< (shift &- 1) : 0
    let isTangent = view.parameter(Word.isTangent) != 0
    // Bits of an argument between two values of the table.
    let bits: UInt32 = isTangent ? 8 : 9
    for index in 0..<output.elementCount {
      // |code · multiplier| ≤ 2¹⁵ · 2¹⁵, and half of it is at most as much.
      let argument = (unsafe Int32(source[index]) &* multiplier &+ half) &>> shift
      let magnitude = argument.magnitude
      let place = Int(magnitude &>> bits)
      var value: UInt32 = isTangent ? 0xFFFF &<< 8 : 0x7FFF &<< 10
      if place < 255 {
        let (before, after) = unsafe (UInt32(table[place]), UInt32(table[place &+ 1]))
        let rest = magnitude & ((1 &<< bits) &- 1)
        value = (before &<< bits) &+ rest &* (after &- before)
      }
      if isTangent {
        // From 2²⁴ for 1 to 2²³, with one half as 0.
        let distance = Int32(truncatingIfNeeded: value) &- (1 &<< 23)
        let result = argument >= 0 ? distance &+ 128 : 127 &- distance
        unsafe target[index] = Int16(truncatingIfNeeded: result &>> 8)
      } else {
        let result = argument >= 0 ? value &+ 512 : (1 &<< 25) &- value &+ 511
        unsafe target[index] = Int16(truncatingIfNeeded: result &>> 10)
      }
    }
  }
}
