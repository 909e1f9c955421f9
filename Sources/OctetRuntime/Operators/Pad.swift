/// The input with a constant around it; negative amounts crop. What stands after it along each axis
/// follows from the output's shape. Scale and zero point stay.
package struct Pad: Operator {
  package static let parameterCount = 5
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// Elements before the input.
    case beforeBatch
    case beforeRow
    case beforeColumn
    case beforeChannel
    /// The constant, a code.
    case value
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
    let limit = Int32(BlobLimits.elementCount)
    for axis in 0..<4 {
      try view.require(parameter: Word.beforeBatch, axis: axis, in: -limit...limit)
    }
    try view.require(parameter: Word.value, in: ~view.mostCode...view.mostCode)
  }

  func run(_ context: OperatorContext) {
    if output.isInt16 { return run(context, Int16.self) }
    run(context, Int8.self)
  }

  private func run<Element: TensorElement>(_ context: OperatorContext, _ element: Element.Type) {
    let target = unsafe context.output(0, as: element)
    let value = Element(truncatingIfNeeded: view.parameter(Word.value))
    unsafe fill(target, value, count: output.elementCount)
    var copy = StridedCopy()
    copy.sourceStrides = input.strides
    copy.targetStrides = output.strides
    var from = 0
    var to = 0
    for axis in 0..<4 {
      let before = Int(view.parameter(Word.beforeBatch, axis: axis))
      let first = max(0, before)
      let end = min(output.dimension(axis), before &+ input.dimension(axis))
      if end <= first { return }
      copy.extents[axis] = end &- first
      from &+= (first &- before) &* copy.sourceStrides[axis]
      to &+= first &* copy.targetStrides[axis]
    }
    unsafe copy.run(context.input(0, as: element) + from, target + to)
  }

  @inline(__always)
  private func fill<Element: TensorElement>(
    _ target: UnsafeMutablePointer<Element>, _ value: Element, count: Int
  ) {
    var index = 0
    #if arch(x86_64) || arch(arm64)
      let (lanes, raw) = (16 / MemoryLayout<Element>.size, UnsafeMutableRawPointer(target))
      let bytes = SIMD8<Int16>(repeating: Int16(truncatingIfNeeded: word(of: value)))
      while index &+ lanes <= count {
        let place = index &* MemoryLayout<Element>.size
        unsafe raw.storeBytes(of: bytes, toByteOffset: place, as: SIMD8<Int16>.self)
        index &+= lanes
      }
    #else
      if UInt(bitPattern: target) & 3 == 0 {
        let lanes = 4 / MemoryLayout<Element>.size
        let word = word(of: value)
        while index &+ lanes <= count {
          let place = unsafe UnsafeMutableRawPointer(target + index)
          unsafe place.storeBytes(of: word, as: UInt32.self)
          index &+= lanes
        }
      }
    #endif
    while index < count {
      unsafe target[index] = value
      index &+= 1
    }
  }

  /// A word of the value's bytes.
  private func word<Element: TensorElement>(of value: Element) -> UInt32 {
    MemoryLayout<Element>.size == 1
      ? UInt32(truncatingIfNeeded: Int(value)) & 0xFF &* 0x0101_0101
      : UInt32(truncatingIfNeeded: Int(value)) & 0xFFFF &* 0x0001_0001
  }
}
