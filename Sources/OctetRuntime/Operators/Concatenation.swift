/// The inputs one after the other along an axis; all tensors have one scale and zero point.
package struct Concatenation: Operator {
  package static let parameterCount = 1
  static let inputCounts = 1...255
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word {
    /// 0…3 of N, H, W, C.
    package static let axis = 0
  }

  let view: OperatorView
  let output: TensorView

  init(_ view: OperatorView) {
    self.view = view
    output = view.output(0)
  }

  func validate() throws(ModelError) {
    try view.require(parameter: Word.axis, in: 0...3)
    let axis = Int(view.parameter(Word.axis))
    var total = 0
    for index in 0..<view.inputCount {
      let input = view.input(index)
      for other in 0..<4 where other != axis {
        try view.require(input.dimension(other) == output.dimension(other))
      }
      // At most 255 · 2²⁶, which must not overflow 32 bits.
      try view.require(input.dimension(axis) <= output.dimension(axis) &- total)
      total &+= input.dimension(axis)
    }
    try view.require(total == output.dimension(axis))
  }

  func run(_ context: OperatorContext) {
    let axis = Int(view.parameter(Word.axis))
    var copy = StridedCopy()
    copy.targetStrides = output.strides
    var start = 0
    for index in 0..<view.inputCount {
      let input = view.input(index)
      copy.sourceStrides = input.strides
      for axis in 0..<4 { copy.extents[axis] = input.dimension(axis) }
      unsafe copy.run(context.input(index), context.output(0) + start)
      start &+= input.dimension(axis) &* copy.targetStrides[axis]
    }
  }
}
