/// Along each axis some of the elements: from `begin`, `stride` apart, as many as the output has.
package struct Slice: Operator {
  package static let parameterCount = 8
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    case beginBatch
    case beginRow
    case beginColumn
    case beginChannel
    /// Not 0, and below 0 it walks back.
    case strideBatch
    case strideRow
    case strideColumn
    case strideChannel
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
      try view.require(parameter: Word.beginBatch, axis: axis, in: 0...limit)
      try view.require(parameter: Word.strideBatch, axis: axis, in: -limit...limit)
      let begin = Int(view.parameter(Word.beginBatch, axis: axis))
      let stride = Int(view.parameter(Word.strideBatch, axis: axis))
      try view.require(stride != 0, .operatorParameters)
      guard let span = product(output.dimension(axis) &- 1, abs(stride)) else {
        throw ModelError(.operatorShape, at: view.offset)
      }
      let last = stride < 0 ? begin &- span : begin &+ span
      try view.require(begin < input.dimension(axis) && last >= 0 && last < input.dimension(axis))
    }
  }

  /// Walking forward, element i comes from position i or beyond, and later ones from further on.
  func overlapDistance(input index: Int) -> Int? {
    for axis in 0..<4 where view.parameter(Word.strideBatch, axis: axis) < 0 { return nil }
    return 0
  }

  /// Where the output starts in the input, in bytes, when it is one run there: a band of an image's
  /// rows.
  var viewOffset: Int? {
    let strides = input.strides
    var isWhole = true
    var start = 0
    // From the last axis: whole axes, then one that is cut, then axes of which one element is left.
    for index in 0..<4 {
      let axis = 3 &- index
      let count = output.dimension(axis)
      let stride = view.parameter(Word.strideBatch, axis: axis)
      if count > 1, !isWhole || stride != 1 { return nil }
      isWhole = isWhole && count == input.dimension(axis)
      start &+= strides[axis] &* Int(view.parameter(Word.beginBatch, axis: axis))
    }
    return start &* input.elementByteCount
  }

  func run(_ context: OperatorContext) {
    if let start = viewOffset {
      let source = unsafe context.input(0) + start
      let target = unsafe context.output(0)
      if unsafe source != UnsafePointer(target) {
        unsafe copyForward(source, target, count: output.byteCount)
      }
      return
    }
    var copy = StridedCopy()
    copy.targetStrides = output.strides
    let strides = input.strides
    var start = 0
    for axis in 0..<4 {
      copy.extents[axis] = output.dimension(axis)
      copy.sourceStrides[axis] = strides[axis] &* Int(view.parameter(Word.strideBatch, axis: axis))
      start &+= strides[axis] &* Int(view.parameter(Word.beginBatch, axis: axis))
    }
    if output.isInt16 {
      let source = unsafe context.input(0, as: Int16.self) + start
      return unsafe copy.run(source, context.output(0, as: Int16.self))
    }
    unsafe copy.run(context.input(0) + start, context.output(0))
  }
}
