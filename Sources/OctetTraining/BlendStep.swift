import OctetModel

/// An operation whose every result is a weighted sum of a few elements, by weights that are not
/// trained: bilinear resizing. The weights were found by running the operation on single ones.
struct BlendStep: TrainingStep {
  /// An element of the result and what one of x has in it.
  struct Tap: Sendable {
    var source, target: Int32
    var weight: Float
  }

  var taps: [Tap]
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    context.zero(output)
    let (x, y) = unsafe (elements(context.pointer(input)), elements(context.pointer(output)))
    for tap in taps { unsafe y[Int(tap.target)] += x[Int(tap.source)] * tap.weight }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    if inputGradient.isFirst { context.zero(inputGradient.buffer) }
    let dy = unsafe elements(context.pointer(outputGradient))
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    for tap in taps { unsafe dx[Int(tap.source)] += dy[Int(tap.target)] * tap.weight }
  }
}

extension TrainingPlanner {
  mutating func planBlend(_ attributes: ResizeAttributes) throws(TrainingError) {
    let (x, y) = (shape(node.inputs[0]), shape(node.outputs[0]))
    try require(
      y.elementCount < 1 << 20 && x.allSatisfy { $0 <= 1 << 12 } && x.count == y.count
        && attributes.scales.count == x.count, "it is too large, or \(x) does not become \(y)")
    // An axis after the other: the weight of an element is the product of its axes' weights.
    var taps = [BlendStep.Tap(source: 0, target: 0, weight: 1)]
    for axis in x.indices {
      let own = try weights(attributes, axis: axis, from: x[axis], to: y[axis])
      taps = taps.flatMap { tap in
        own.map {
          BlendStep.Tap(
            source: tap.source * Int32(x[axis]) + $0.source,
            target: tap.target * Int32(y[axis]) + $0.target, weight: tap.weight * $0.weight)
        }
      }
    }
    let gradient = inputGradient()
    markTrained()
    steps.append(
      BlendStep(
        taps: taps, input: buffer(node.inputs[0]), output: buffer(node.outputs[0]),
        outputGradient: outputGradient(), inputGradient: gradient))
  }

  /// What each element along an axis has of each element of x.
  private func weights(
    _ attributes: ResizeAttributes, axis: Int, from: Int, to: Int
  ) throws(TrainingError) -> [BlendStep.Tap] {
    if from == to, attributes.scales[axis] == 1 {
      return (0..<Int32(from)).map { BlendStep.Tap(source: $0, target: $0, weight: 1) }
    }
    var probe = Graph(name: node.name)
    let ones = [Int](repeating: 1, count: attributes.scales.count)
    var attributes = attributes
    let scale = attributes.scales[axis]
    attributes.scales = ones.map { Float($0) }
    attributes.scales[axis] = scale
    attributes.outputShape = ones
    attributes.outputShape[axis] = to
    var shape = ones
    shape[axis] = from
    probe.inputs = [probe.add(Tensor(name: "x", shape: shape))]
    probe.outputs = [probe.add(Tensor(name: "y", shape: attributes.outputShape))]
    probe.nodes = [
      Node(
        name: node.name, operation: .resize(attributes), inputs: probe.inputs,
        outputs: probe.outputs)
    ]
    var taps: [BlendStep.Tap] = []
    for source in 0..<from {
      let one = (0..<from).map { $0 == source ? Float(1) : 0 }
      let column = try run(probe, [one])[0]
      for (target, weight) in column.enumerated() where weight != 0 {
        taps.append(
          BlendStep.Tap(source: Int32(source), target: Int32(target), weight: weight))
      }
    }
    return taps
  }
}
