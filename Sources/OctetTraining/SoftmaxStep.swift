import Foundation
import OctetModel

/// A softmax in the middle of a network, or its logarithm: along lines of `count` elements,
/// `step` apart,
///
///     y = exp(β · x) / Σ exp(β · x)     dx = β · y · (dy − Σ dy · y)
///     y = x − log Σ exp(x)              dx = dy − exp(y) · Σ dy
struct SoftmaxStep: TrainingStep {
  var beta: Float
  var isLogarithm: Bool
  var count, step: Int
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    forEachLine { line in
      var top = unsafe x[line[0]]
      for index in line { unsafe top.replace(with: x[index], where: x[index] .> top) }
      var sum = Lanes()
      for index in line {
        let value = unsafe beta * (x[index] - top)
        let power = Self.mapped(value, exp)
        sum += power
        unsafe y[index] = isLogarithm ? value : power
      }
      let logarithm = isLogarithm ? Self.mapped(sum, log) : sum
      for index in line {
        unsafe y[index] = isLogarithm ? y[index] - logarithm : y[index] / sum
      }
    }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let y = unsafe elements(context.pointer(output))
    let dy = unsafe elements(context.pointer(outputGradient))
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    forEachLine { line in
      var sum = Lanes()
      for index in line { sum += unsafe isLogarithm ? dy[index] : dy[index] * y[index] }
      for index in line {
        let gradient =
          unsafe isLogarithm
          ? dy[index] - Self.mapped(y[index], exp) * sum : beta * y[index] * (dy[index] - sum)
        unsafe dx[index] = inputGradient.isFirst ? gradient : dx[index] + gradient
      }
    }
  }

  private func forEachLine(_ body: (StridedLine) -> Void) {
    for start in 0..<input.count / count {
      let (outer, inner) = start.quotientAndRemainder(dividingBy: step)
      body(StridedLine(first: outer * count * step + inner, count: count, step: step))
    }
  }

  private static func mapped(_ x: Lanes, _ function: (Float) -> Float) -> Lanes {
    var result = Lanes()
    for lane in 0..<16 { result[lane] = function(x[lane]) }
    return result
  }
}

/// The numbers of a line's elements.
private struct StridedLine: RandomAccessCollection {
  var first, count, step: Int
  var startIndex: Int { 0 }
  var endIndex: Int { count }
  subscript(position: Int) -> Int { first + position * step }
}

extension TrainingPlanner {
  mutating func planSoftmax(
    axis: Int, beta: Float, isLogarithm: Bool
  ) throws(TrainingError) {
    let x = shape(node.inputs[0])
    try require(x.indices.contains(axis), "it has no axis \(axis)")
    let gradient = inputGradient()
    markTrained()
    steps.append(
      SoftmaxStep(
        beta: beta, isLogarithm: isLogarithm, count: x[axis],
        step: Array(x[(axis + 1)...]).elementCount, input: buffer(node.inputs[0]),
        output: buffer(node.outputs[0]), outputGradient: outputGradient(),
        inputGradient: gradient))
  }
}
