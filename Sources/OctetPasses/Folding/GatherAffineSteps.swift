import OctetModel

extension Graph {
  /// Makes products with constants and sums with constants that follow each other one
  /// normalization, `x · gain[c] + offset[c]`, where that is folded into the weights before it or,
  /// with numbers for each channel, a depthwise convolution: the gain exact, rounded once. Those
  /// that change nothing go.
  ///
  /// Only reals without a grid that nothing else reads. Outputs keep their values, but for the
  /// rounding of floats.
  package mutating func gatherAffineSteps() {
    let (producers, consumers) = (producers(), consumers())
    var removed = Set<Int>()
    for last in nodes.indices.reversed() where !removed.contains(last) {
      guard let run = affineRun(endingAt: last, producers, consumers) else { continue }
      let (source, output) = (run.source, nodes[last].outputs[0])
      let isNothing = run.gain.allSatisfy { $0 == 1 } && run.offset.allSatisfy { $0 == 0 }
      if isNothing, !outputs.contains(output) {
        nodes[last] = Node(
          name: nodes[last].name, operation: .identity, inputs: [source], outputs: [output])
      } else {
        let isFolded =
          consumers[source].count == 1 && !outputs.contains(source)
          && producers[source].map { takesNormalization(nodes[$0]) } ?? false
        guard isFolded || run.gain.count > 1 else { continue }
        normalize(last, run)
      }
      removed.formUnion(run.nodes.dropFirst())
    }
    removeNodes(removed)
    removeIdentities()
  }

  private struct AffineRun {
    var source: TensorIndex
    /// One for all channels, or one for each.
    var gain: [Float]
    var offset: [Float]
    /// The last first.
    var nodes: [Int]
  }

  private func affineRun(
    endingAt last: Int, _ producers: [Int?], _ consumers: [[Int]]
  ) -> AffineRun? {
    var run: AffineRun?
    var index = last
    while let step = affineStep(index) {
      if let later = run {
        // later.gain · (gain · x + offset) + later.offset
        run = AffineRun(
          source: step.source, gain: combined(later.gain, step.gain) { $0 * $1 },
          offset: combined(combined(later.gain, step.offset) { $0 * $1 }, later.offset) { $0 + $1 },
          nodes: later.nodes + [index])
      } else {
        run = step
      }
      guard let producer = producers[step.source], consumers[step.source].count == 1,
        !outputs.contains(step.source)
      else { break }
      index = producer
    }
    guard let run, (run.gain + run.offset).allSatisfy(\.isFinite) else { return nil }
    return run
  }

  private func combined(
    _ a: [Float], _ b: [Float], _ operation: (Float, Float) -> Float
  ) -> [Float] {
    (0..<max(a.count, b.count)).map { operation(a[$0 % a.count], b[$0 % b.count]) }
  }

  /// The node as a product with constants and a sum, of reals that have no grid yet.
  private func affineStep(_ index: Int) -> AffineRun? {
    let node = nodes[index]
    guard node.inputs.count == 2, let output = node.outputs.first, isFree(output),
      let position = node.inputs.firstIndex(where: { tensors[$0].constant == nil }),
      let values = channelValues(node.inputs[1 - position], tensors[output].shape)
    else { return nil }
    let source = node.inputs[position]
    guard isFree(source), tensors[source].shape == tensors[output].shape,
      tensors[source].elementType == .float32
    else { return nil }
    func run(_ gain: [Float], _ offset: [Float]) -> AffineRun {
      AffineRun(source: source, gain: gain, offset: offset, nodes: [index])
    }
    let (ones, zeros) = (values.map { _ in Float(1) }, values.map { _ in Float(0) })
    let negated = position == 1
    if node.operation == .multiply(.none) { return run(values, zeros) }
    if node.operation == .add(.none) { return run(ones, values) }
    if node.operation == .divide(.none), !negated { return run(values.map { 1 / $0 }, zeros) }
    guard node.operation == .subtract(.none) else { return nil }
    return negated ? run(ones.map { -$0 }, values) : run(ones, values.map { -$0 })
  }

  /// A constant as one number for all, or one for each index of the last axis.
  private func channelValues(_ tensor: TensorIndex, _ shape: [Int]) -> [Float]? {
    guard let values = tensors[tensor].floats, let first = values.first else { return nil }
    if values.allSatisfy({ $0 == first }) { return [first] }
    return values.count == shape.last && tensors[tensor].shape.last == shape.last ? values : nil
  }

  private mutating func normalize(_ last: Int, _ run: AffineRun) {
    let (name, output) = (nodes[last].name, nodes[last].outputs[0])
    let count = tensors[output].shape.last ?? 1
    let parts: [(String, (Int) -> Float)] = [
      ("gain", { run.gain[$0 % run.gain.count] }),
      ("offset", { run.offset[$0 % run.offset.count] }),
      ("mean", { _ in 0 }), ("variance", { _ in 1 }),
    ]
    let statistics = parts.map { part, value in
      add(
        Tensor(
          name: "\(name)/affine/\(part)", shape: [count],
          constant: .float((0..<count).map(value))))
    }
    nodes[last] = Node(
      name: name, operation: .batchNormalization(epsilon: 0), inputs: [run.source] + statistics,
      outputs: [output])
  }
}
