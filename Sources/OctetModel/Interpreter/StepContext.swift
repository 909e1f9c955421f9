/// A node's operands, from which its operation's definition makes the step.
struct StepContext {
  let node: Node
  let inputs: [Operand]
  let outputs: [Operand]

  var x: Operand { inputs[0] }
  var y: Operand { outputs[0] }

  /// Clamps the output to the range of a fused activation; nil when there is none.
  func clampStep(_ activation: Activation) -> InterpreterStep? {
    if activation == .none { return nil }
    let (lower, upper) = activation.bounds
    let (target, count) = unsafe (y.base, y.count)
    return {
      for index in 0..<count { unsafe target[index] = max(lower, min(upper, target[index])) }
    }
  }

  /// `step`, then the clamp of a fused activation.
  func followed(
    by activation: Activation, _ step: @escaping InterpreterStep
  ) -> InterpreterStep {
    guard let clamp = clampStep(activation) else { return step }
    return {
      step()
      clamp()
    }
  }
}

/// Row-major strides: how far apart neighbours along each axis lie.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
  }
  return strides
}

/// Calls `body` with each multi-index of `shape` in row-major order.
package func forEachIndex(in shape: [Int], _ body: ([Int]) -> Void) {
  if shape.contains(0) { return }
  var index = [Int](repeating: 0, count: shape.count)
  while true {
    body(index)
    var axis = shape.count - 1
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < shape[axis] { break }
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}
