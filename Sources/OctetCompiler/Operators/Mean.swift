import OctetModel
import OctetRuntime

// A sum is a mean that is not divided.

extension Lowering {
  mutating func lowerMean(
    _ node: Node, axes: [Int], isSum: Bool = false
  ) throws(CompilerError) {
    let shape = graph.tensors[node.inputs[0]].shape
    let count = axes.reduce(1) { $0 * shape[$1] }
    guard count > 0 else { throw .invalid(node: node.name, reason: "its input is empty") }
    let factor = Double(scale(node.inputs[0])) / Double(scale(node.outputs[0]))
    let by =
      isSum
      ? FixedPointMultiplier(factor, in: graph.arithmetic)
      : Mean.multiplier(factor, dividedBy: count, in: graph.arithmetic)
    var mask = 0
    for axis in try fourAxes(axes, of: node.inputs[0], node) { mask |= 1 << axis }
    typealias Word = Mean.Word
    try append(.mean, node, [Word.axes: .value(mask)] + words(by, Word.multiplier, Word.shift))
  }
}

extension BlobReader {
  /// The multiplier says whether the sum is divided.
  mutating func readMean(_ view: OperatorView) {
    let (x, y, first) = (input(view), output(view), firstAxis(view))
    let mask = word(view, Mean.Word.axes)
    let axes = (first..<4).filter { mask & (1 << $0) != 0 }.map { $0 - first }
    let keeps = y.shape.count == x.shape.count
    guard let input = x.quantization, let output = y.quantization else { return }
    let factor = Double(input.scales[0]) / Double(output.scales[0])
    let own = FixedPointMultiplier(
      multiplier: view.parameter(Mean.Word.multiplier), shift: view.parameter(Mean.Word.shift))
    let count = x.elementCount / y.elementCount
    // One is `factor`, the other is `factor` divided by `count`: which is nearer.
    let isMean = count == 1 || own.real * Double(count).squareRoot() < factor
    append(
      view,
      isMean
        ? .mean(axes: axes, keepsDimensions: keeps)
        : .reduce(.sum, axes: axes, keepsDimensions: keeps))
  }
}

extension Mean {
  /// `factor`, which is `input scale / output scale`, divided by `count` ≥ 1: in two steps as
  /// TensorFlow Lite, or as one factor.
  static func multiplier(
    _ factor: Double, dividedBy count: Int, in arithmetic: Arithmetic
  ) -> FixedPointMultiplier {
    arithmetic == .onnx
      ? FixedPointMultiplier(factor / Double(count), in: .onnx)
      : multiplier(FixedPointMultiplier(factor), dividedBy: count)
  }
}
