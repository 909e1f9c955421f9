extension ShapeRule {
  /// x `[…, I]`, weights `[O, I]`, bias `[O]`.
  func fullyConnected(_ attributes: FullyConnectedAttributes) throws(GraphError) -> [Int] {
    try requireInputs(2...3)
    try requireRank(2, of: 1, "weights")
    let (x, weights) = (inputs[0], inputs[1])
    let count = try Graph.checkedElementCount(x, node: node)
    let depth = weights[1]
    if inputs.count == 3, inputs[2] != [weights[0]] {
      throw invalid("has a bias of shape \(inputs[2]), but \(weights[0]) outputs")
    }
    if attributes.keepsLeadingDimensions {
      guard x.last == depth else { throw invalid("cannot apply weights \(weights) to x \(x)") }
      return x.dropLast() + [weights[0]]
    }
    guard depth > 0, count % depth == 0 else {
      throw invalid("cannot apply weights \(weights) to x \(x)")
    }
    return [count / depth, weights[0]]
  }

  /// a `[…, M, K]` · b `[…, K, N]`.
  func matrixMultiply() throws(GraphError) -> [Int] {
    try requireInputs(2...2)
    var (a, b) = (inputs[0], inputs[1])
    if a.isEmpty || b.isEmpty { throw invalid("takes no scalars") }
    let (isVectorA, isVectorB) = (a.count == 1, b.count == 1)
    if isVectorA { a.insert(1, at: 0) }
    if isVectorB { b.append(1) }
    guard a[a.count - 1] == b[b.count - 2] else {
      throw invalid("cannot multiply \(inputs[0]) by \(inputs[1])")
    }
    var result = try broadcast(Array(a.dropLast(2)), Array(b.dropLast(2)))
    if !isVectorA { result.append(a[a.count - 2]) }
    if !isVectorB { result.append(b[b.count - 1]) }
    return result
  }

  func arrangementOutputs() throws(GraphError) -> [[Int]] {
    if case .concatenation(let axis, _) = operation { return [try concatenation(axis: axis)] }
    if case .gather(let axis) = operation { return [try gather(axis: axis)] }
    try requireInputs(1...1)
    let x = inputs[0]
    switch operation {
    case .mean(let axes, let keepsDimensions):
      return [try mean(axes: axes, keepsDimensions: keepsDimensions)]
    case .reduce(_, let axes, let keepsDimensions):
      return [try mean(axes: axes, keepsDimensions: keepsDimensions)]
    case .extremum(let attributes): return [try extremum(attributes)]
    case .expand(let shape):
      guard try broadcast(x, shape) == shape else {
        throw invalid("cannot broadcast \(x) to \(shape)")
      }
      return [shape]
    case .tile(let counts): return [try tile(counts)]
    case .pad(let before, let after, let mode): return [try pad(before, after, mode)]
    case .reshape(let shape):
      let count = try Graph.checkedElementCount(shape, node: node)
      if count != x.elementCount { throw invalid("cannot give \(x) the shape \(shape)") }
      return [shape]
    case .transpose(let permutation):
      if permutation.sorted() != Array(0..<x.count) {
        throw invalid("has the permutation \(permutation) for \(x.count) dimensions")
      }
      return [permutation.map { x[$0] }]
    case .slice(let begin, let count, let stride): return [try slice(begin, count, stride)]
    case .split(let axis, let counts):
      try requireAxis(axis, rank: x.count)
      var sum = 0
      for count in counts {
        guard (0...x[axis]).contains(count) else { throw invalid("has the parts \(counts)") }
        sum += count
      }
      if sum != x[axis] { throw invalid("has the parts \(counts) of \(x[axis])") }
      return counts.map { count in
        var shape = x
        shape[axis] = count
        return shape
      }
    default: throw invalid("has no shape rule")
    }
  }

  private func concatenation(axis: Int) throws(GraphError) -> [Int] {
    guard var result = inputs.first else { throw invalid("needs an input") }
    try requireAxis(axis, rank: result.count)
    for shape in inputs.dropFirst() {
      var other = shape
      if other.count == result.count { other[axis] = result[axis] }
      guard other == result else {
        throw invalid("cannot join \(inputs[0]) and \(shape) along axis \(axis)")
      }
      result[axis] += shape[axis]
    }
    return result
  }

  private func mean(axes: [Int], keepsDimensions: Bool) throws(GraphError) -> [Int] {
    for axis in axes { try requireAxis(axis, rank: inputs[0].count) }
    let reduced = Set(axes)
    return inputs[0].indices.compactMap { axis in
      reduced.contains(axis) ? (keepsDimensions ? 1 : nil) : inputs[0][axis]
    }
  }

  private func extremum(_ attributes: ExtremumAttributes) throws(GraphError) -> [Int] {
    let shape = try mean(axes: [attributes.axis], keepsDimensions: attributes.keepsDimensions)
    if inputs[0][attributes.axis] == 0 { throw invalid("has no elements along its axis") }
    return shape
  }

  private func tile(_ counts: [Int]) throws(GraphError) -> [Int] {
    let x = inputs[0]
    guard counts.count == x.count else { throw invalid("has \(counts.count) counts for \(x)") }
    var result = x
    for axis in x.indices {
      guard (0...Graph.maximumElementCount).contains(counts[axis]) else {
        throw invalid("cannot repeat axis \(axis) \(counts[axis]) times")
      }
      result[axis] *= counts[axis]
    }
    return result
  }

  private func gather(axis: Int) throws(GraphError) -> [Int] {
    try requireInputs(2...2)
    try requireAxis(axis, rank: inputs[0].count)
    if inputs[0][axis] == 0 { throw invalid("has no elements along its axis") }
    return inputs[0][..<axis] + inputs[1] + inputs[0][(axis + 1)...]
  }

  private func pad(
    _ before: [Int], _ after: [Int], _ mode: PadMode
  ) throws(GraphError) -> [Int] {
    let x = inputs[0]
    guard before.count == x.count, after.count == x.count else {
      throw invalid("needs two amounts for each dimension of \(x)")
    }
    let limit = Graph.maximumElementCount
    var result = x
    for axis in x.indices {
      guard abs(before[axis].clamped(limit)) < limit, abs(after[axis].clamped(limit)) < limit else {
        throw invalid("has amounts that are out of range")
      }
      result[axis] += before[axis] + after[axis]
      // Reflection and edges need something to repeat.
      let reach = max(before[axis], after[axis])
      let isPossible =
        switch mode {
        case .constant: true
        case .reflect: reach <= 0 || reach < x[axis]
        case .edge, .wrap: reach <= 0 || x[axis] > 0
        }
      if result[axis] < 0 || !isPossible {
        throw invalid("cannot add \(before[axis]) and \(after[axis]) to axis \(axis) of \(x)")
      }
    }
    return result
  }

  private func slice(
    _ begin: [Int], _ count: [Int], _ stride: [Int]
  ) throws(GraphError) -> [Int] {
    let x = inputs[0]
    guard begin.count == x.count, count.count == x.count, stride.count == x.count else {
      throw invalid("needs begin, count and stride for each dimension of \(x)")
    }
    for axis in x.indices where count[axis] != 0 {
      let (steps, overflow) = (count[axis] - 1).multipliedReportingOverflow(by: stride[axis])
      let (last, overflow2) = begin[axis].addingReportingOverflow(steps)
      if count[axis] < 0 || overflow || overflow2 || !(0..<x[axis]).contains(begin[axis])
        || !(0..<x[axis]).contains(last)
      {
        throw invalid("reads outside axis \(axis) of \(x)")
      }
    }
    return count
  }
}

extension Int {
  fileprivate func clamped(_ limit: Int) -> Int { Swift.min(Swift.max(self, -limit), limit) }
}
