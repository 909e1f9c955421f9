#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A node with its operands, from which its step is made. One file for each kind of operation
/// holds the `StepContext` extension that makes the step.
struct StepContext {
  let node: Node
  let inputs: [Operand]
  let outputs: [Operand]

  var x: Operand { inputs[0] }
  var y: Operand { outputs[0] }

  func makeStep() throws(GraphError) -> InterpreterStep {
    let touchesIntegers = (inputs + outputs).contains { $0.isInteger }
    return touchesIntegers ? try integerStep() : try floatStep()
  }

  /// The step of a node on reals, and of one that only moves elements of either kind.
  func floatStep() throws(GraphError) -> InterpreterStep {
    switch node.operation {
    case .convolution(let attributes): convolution(attributes)
    case .depthwiseConvolution(let attributes): depthwiseConvolution(attributes)
    case .transposedConvolution(let attributes): transposedConvolution(attributes)
    case .fullyConnected(let attributes): fullyConnected(attributes)
    case .matrixMultiply: matrixMultiply()
    case .maxPool(let attributes): maxPool(attributes, lowest: -Float.infinity)
    case .averagePool(let attributes): averagePool(attributes)
    case .add(let activation): binary(activation) { $0 + $1 }
    case .subtract(let activation): binary(activation) { $0 - $1 }
    case .multiply(let activation): binary(activation) { $0 * $1 }
    case .divide(let activation): binary(activation) { $0 / $1 }
    case .minimum: binary(.none) { $0.isNaN || $0 < $1 ? $0 : $1 }
    case .maximum: binary(.none) { $0.isNaN || $0 > $1 ? $0 : $1 }
    case .squaredDifference: binary(.none) { ($0 - $1) * ($0 - $1) }
    case .prelu: binary(.none) { $0 < 0 ? $0 * $1 : $0 }
    case .power: binary(.none) { powf($0, $1) }
    case .softmax(let axis, let beta): softmax(axis: axis, beta: beta)
    case .logSoftmax(let axis): logSoftmax(axis: axis)
    case .l2Normalization: l2Normalization()
    case .batchNormalization(let epsilon): batchNormalization(epsilon: epsilon)
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      localResponseNormalization(size: size, alpha: alpha, beta: beta, bias: bias)
    case .mean(let axes, _): mean(axes: axes)
    case .reduce(let reduction, let axes, _): reduce(reduction, axes: axes)
    default: try arrangement()
    }
  }

  private func arrangement() throws(GraphError) -> InterpreterStep {
    switch node.operation {
    case .extremum(let attributes): extremum(attributes)
    case .maxPoolIndices(let attributes, let isColumnMajor):
      maxPoolIndices(attributes, isColumnMajor: isColumnMajor)
    case .cast(let attributes): cast(attributes)
    case .select: select()
    case .gather(let axis): gather(axis: axis)
    case .expand, .tile: repeated()
    case .concatenation(let axis, let activation):
      concatenation(axis: axis, activation: activation)
    case .pad(let before, _, let mode): pad(before: before, mode: mode)
    case .transpose(let permutation): transpose(permutation)
    case .slice(let begin, _, let stride): slice(begin: begin, stride: stride)
    case .split(let axis, let counts): split(axis: axis, counts: counts)
    case .resize(let attributes): try resize(attributes)
    default: try elementwise()
    }
  }

  /// Clamps the output to the range of a fused activation; nil when there is none.
  func clampStep(_ activation: Activation) -> InterpreterStep? {
    if activation == .none { return nil }
    let (lower, upper) = activation.bounds
    let (target, count) = (y.base, y.count)
    return {
      for index in 0..<count { target[index] = max(lower, min(upper, target[index])) }
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
func forEachIndex(in shape: [Int], _ body: ([Int]) -> Void) {
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
