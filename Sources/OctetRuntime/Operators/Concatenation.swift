/// The inputs one after the other along an axis; all tensors have one scale and zero point.
///
/// Along the first axis that is not 1 each input is one run of the output, and an input that lies
/// at its place there already is not copied; the planner puts it there where that costs no memory.
package struct Concatenation: Operator {
  package static let parameterCount = 1
  static let inputCounts = 1...255
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// 0…3 of N, H, W, C.
    case axis
  }

  let view: OperatorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    try view.require(parameter: Word.axis, in: 0...3)
    let axis = Int(view.parameter(Word.axis))
    var total = 0
    for index in 0..<view.inputCount {
      let input = view.operand(index)
      for other in 0..<4 where other != axis {
        try view.require(input.dimension(other) == output.dimension(other))
      }
      // At most 255 · 2²⁶, which must not overflow 32 bits.
      try view.require(input.dimension(axis) <= output.dimension(axis) &- total)
      total &+= input.dimension(axis)
    }
    try view.require(total == output.dimension(axis))
  }

  /// The first element of input `index` in the output, when it is one run there; otherwise nil.
  private func start(of index: Int) -> Int? {
    let axis = Int(view.parameter(Word.axis))
    var start = 0
    for other in 0..<axis where output.dimension(other) != 1 { return nil }
    for before in 0..<index { start &+= view.operand(before).elementCount }
    return start
  }

  /// An input behind its place is read before the inputs that follow are written over it.
  func overlapDistance(input index: Int) -> Int? {
    start(of: index).map { $0 &* output.elementByteCount }
  }

  func run(_ context: OperatorContext) {
    if output.isInt16 { return run(context, Int16.self) }
    run(context, Int8.self)
  }

  private func run<Element: TensorElement>(_ context: OperatorContext, _ element: Element.Type) {
    let axis = Int(view.parameter(Word.axis))
    var copy = StridedCopy()
    copy.targetStrides = output.strides
    var start = 0
    let isOneRun = self.start(of: 0) != nil
    for index in 0..<view.inputCount {
      let input = view.operand(index)
      copy.sourceStrides = input.strides
      for axis in 0..<4 { copy.extents[axis] = input.dimension(axis) }
      let source = unsafe context.input(index, as: element)
      let target = unsafe context.output(0, as: element) + start
      if unsafe source != UnsafePointer(target) {
        // One run, which lies behind its place or apart from it.
        if isOneRun {
          let place = unsafe context.output(0) + start &* input.elementByteCount
          unsafe copyForward(context.input(index), place, count: input.byteCount)
        } else {
          unsafe copy.run(source, target)
        }
      }
      start &+= input.dimension(axis) &* copy.targetStrides[axis]
    }
  }
}
