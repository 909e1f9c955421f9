/// The same elements in another shape; nothing moves when both lie at the same place.
package struct Reshape: Operator {
  package static let parameterCount = 0
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  let input: TensorRecord
  let output: TensorRecord
  let view: OperatorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    try view.require(input.elementCount == output.elementCount)
  }

  func overlapDistance(input index: Int) -> Int? { 0 }

  var viewOffset: Int? { 0 }

  func run(_ context: OperatorContext) {
    let source = unsafe context.input(0)
    let target = unsafe context.output(0)
    if unsafe source == UnsafePointer(target) { return }
    for index in 0..<output.byteCount { unsafe target[index] = source[index] }
  }
}
