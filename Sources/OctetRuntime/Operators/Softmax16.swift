/// Softmax over the last axis of int16: input `[…, C]`, output the same shape, of scale 2⁻¹⁵.
///
/// As TensorFlow Lite: exponentials, and the reciprocal of their sum, lie on straight lines between
/// 513 values.
package struct Softmax16: Operator {
  package static let parameterCount = 4
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// `beta · input scale`, in steps of 10 / 65535.
    case multiplier
    case shift
    /// Blob offsets of int16 `[513]`, in steps of 2⁻¹⁵: `exp(x)` for x in −10…0, and
    /// `1 / (1 + x)` for x in 0…1.
    case exponentials
    case reciprocals
  }

  /// Values of a table: the last one gives a slope alone.
  package static let tableCount = 513

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    // Sums of exponentials below 2¹⁵ fit in 32 bits.
    try view.require(input.hasSameShape(as: output) && input.channels <= 1 << 16)
    try view.requireMultiplier(parameter: Word.multiplier, shift: Word.shift)
    try view.requireData(
      parameter: Word.exponentials, byteCount: 2 &* Self.tableCount, alignment: 2)
    try view.requireData(
      parameter: Word.reciprocals, byteCount: 2 &* Self.tableCount, alignment: 2)
  }

  var demand: Demand {
    Demand(
      dataByteCount: 4 &* Self.tableCount, partCount: output.elementCount, stepCount: 64)
  }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    var source = unsafe context.input(0, as: Int16.self)
    var target = unsafe context.output(0, as: Int16.self)
    let exponentials = unsafe context.data(view.parameter(Word.exponentials), as: Int16.self)
    let reciprocals = unsafe context.data(view.parameter(Word.reciprocals), as: Int16.self)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let channels = input.channels
    for _ in 0..<input.elementCount / channels {
      var maximum = Int16.min
      for index in 0..<channels { maximum = unsafe max(maximum, source[index]) }
      var sum: Int32 = 0
      for index in 0..<channels {
        let difference = unsafe Int32(source[index]) &- Int32(maximum)
        let place = clamp16(requantize(difference, by) &+ 32_767, -32_768, 32_767)
        let exponential = unsafe Self.value(place, exponentials)
        unsafe target[index] = exponential
        sum &+= Int32(exponential)
      }
      // sum = m · 2^(15 − headroom) with m in 1…2; of tables that are none, anything.
      let headroom = Int32(truncatingIfNeeded: sum.leadingZeroBitCount)
      let mantissa = UInt32(bitPattern: sum) &<< UInt32(bitPattern: headroom &- 1)
      let steps = Int32(truncatingIfNeeded: (mantissa &+ (1 &<< 13)) &>> 14)
      let place = clamp16(steps &- (1 &<< 15) &- (1 &<< 16), -32_768, 32_767)
      let reciprocal = Int32(unsafe Self.value(place, reciprocals))
      let shift = 31 &- headroom
      let half: Int32 = 1 &<< (shift &- 1)
      for index in 0..<channels {
        // Below 2³⁰, and half of it.
        let product = unsafe Int32(target[index]) &* reciprocal &+ half
        unsafe target[index] = clamp16(product &>> shift, 0, 32_767)
      }
      unsafe source += channels
      unsafe target += channels
    }
  }

  /// The value of a table at `place`, whose upper nine bits are the index.
  @inline(__always)
  private static func value(_ place: Int16, _ table: UnsafePointer<Int16>) -> Int16 {
    let index = 256 &+ Int(place &>> 7)
    let base = unsafe Int32(table[index])
    let slope = unsafe Int32(table[index &+ 1]) &- base
    let rest = (slope &* Int32(place & 0x7F) &+ 64) &>> 7
    return Int16(truncatingIfNeeded: base &+ rest)
  }
}
