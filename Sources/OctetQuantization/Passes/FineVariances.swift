import OctetModel

// The factor of a normalization, (variance + epsilon)^−½, is steepest where the variance is small,
// just where 255 even steps of it are coarsest. Where variances are far apart they are held twice:
// up to a sixteenth of the greatest, in steps sixteen times as fine, and above.

extension Graph {
  /// The graph with variances whose values on `samples` are far apart in two parts,
  /// `f(v) = (f(max(v, t)) − f(t)) + f(min(v, t))`.
  func withFineVariances(
    _ samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) -> Graph {
    let chains = varianceChains()
    if chains.isEmpty || samples.count == 0 { return self }
    let picked = samples.picked(
      CalibrationSamples.spread(samples.count, atMost: Self.varianceSampleLimit))
    let spans = try Calibration.pass(self, picked, threadCount) {
      [ClosedRange<Float>?](repeating: nil, count: chains.count)
    } visit: { _, interpreter, spans in
      for (position, chain) in chains.enumerated() {
        let product = nodes[chain[0]].outputs[0]
        let (least, most) = interpreter.withValue(of: product) {
          ($0.min() ?? 0, $0.max() ?? 0)
        }
        guard least <= most else { continue }
        spans[position] = spans[position].joined(least...most)
      }
    } merge: { into, from in
      for position in into.indices where from[position] != nil {
        into[position] = from[position].flatMap { into[position].joined($0) }
      }
    }
    var graph = self
    var parts: [Int: (chain: [Int], threshold: Float)] = [:]
    for (chain, span) in zip(chains, spans) {
      guard let span, let last = chain.last, span.upperBound.isFinite, span.upperBound > 0,
        span.lowerBound < span.upperBound * Self.spreadShare
      else { continue }
      parts[last] = (chain, span.upperBound * Self.fineShare)
    }
    graph.nodes = []
    for (index, node) in nodes.enumerated() {
      if let part = parts[index] {
        graph.split(part.chain.map { nodes[$0] }, at: part.threshold)
      } else if !parts.values.contains(where: { $0.chain.contains(index) }) {
        graph.nodes.append(node)
      }
    }
    return graph
  }

  private static let varianceSampleLimit = 64
  /// Variances are far apart when the least is below this share of the greatest.
  private static let spreadShare: Float = 0x1p-3
  private static let fineShare: Float = 0x1p-4

  /// From the product of rows with themselves to the inverse root.
  private func varianceChains() -> [[Int]] {
    let consumers = consumers()
    return nodes.indices.compactMap { index -> [Int]? in
      guard case .matrixMultiply = nodes[index].operation else { return nil }
      var chain = [index]
      while let last = chain.last, let output = nodes[last].outputs.first, isFree(output),
        consumers[output].count == 1, !outputs.contains(output), chain.count < 8
      {
        let next = consumers[output][0]
        let node = nodes[next]
        let isWithNumber = node.inputs.contains { tensors[$0].floats?.count == 1 }
        chain.append(next)
        if case .reshape = node.operation { continue }
        if node.operation == .multiply(.none) || node.operation == .add(.none) {
          if isWithNumber { continue }
          return nil
        }
        let isRoot = node.operation == .scalar(.power(exponent: -0.5))
        return isRoot && chain.count > 2 && isFree(node.outputs[0]) ? chain : nil
      }
      return nil
    }
  }

  /// Appends a chain twice, for what is above the threshold and below, and the sum.
  private mutating func split(_ chain: [Node], at threshold: Float) {
    guard let result = chain.last?.outputs[0] else { return }
    let high = append(chain, "high", .scalar(.clip(lower: threshold, upper: .infinity)))
    let low = append(chain, "low", .scalar(.clip(lower: 0, upper: threshold)))
    let atThreshold = value(chain, threshold)
    let offset = add(
      Tensor(
        name: "\(tensors[result].name)/high/offset", shape: [1], constant: .float([atThreshold])))
    let above = add(
      Tensor(name: "\(tensors[result].name)/above", shape: tensors[result].shape))
    nodes.append(
      Node(
        name: tensors[above].name, operation: .subtract(.none), inputs: [high, offset],
        outputs: [above]))
    nodes.append(
      Node(
        name: chain[chain.count - 1].name, operation: .add(.none), inputs: [above, low],
        outputs: [result]))
  }

  /// A copy of the chain with a clip before its first function; the result.
  private mutating func append(
    _ chain: [Node], _ part: String, _ clip: Operation
  ) -> TensorIndex {
    var replaced: [TensorIndex: TensorIndex] = [:]
    var last = chain[0].outputs[0]
    var isClipped = false
    for node in chain {
      if !isClipped, node.operation.isElementwise {
        isClipped = true
        let source = replaced[last] ?? last
        let clipped = add(
          Tensor(name: "\(tensors[last].name)/\(part)/clipped", shape: tensors[last].shape))
        nodes.append(
          Node(
            name: tensors[clipped].name, operation: clip, inputs: [source], outputs: [clipped]))
        replaced[last] = clipped
      }
      var copy = node
      copy.name += "/\(part)"
      last = node.outputs[0]
      let output = add(
        Tensor(name: "\(tensors[last].name)/\(part)", shape: tensors[last].shape))
      copy.inputs = node.inputs.map { replaced[$0] ?? $0 }
      copy.outputs = [output]
      replaced[last] = output
      nodes.append(copy)
    }
    return replaced[last] ?? last
  }

  /// What the chain's functions make of a number.
  private func value(_ chain: [Node], _ number: Float) -> Float {
    var value = number
    for node in chain {
      let constant = node.inputs.compactMap { tensors[$0].floats?.first }.first
      if case .multiply = node.operation { value *= constant ?? 1 }
      if case .add = node.operation { value += constant ?? 0 }
      if case .scalar(let function) = node.operation { value = Float(function.value(Double(value))) }
    }
    return value
  }
}

extension ClosedRange<Float>? {
  fileprivate func joined(_ other: ClosedRange<Float>) -> ClosedRange<Float> {
    guard let own = self else { return other }
    return min(own.lowerBound, other.lowerBound)...max(own.upperBound, other.upperBound)
  }
}
