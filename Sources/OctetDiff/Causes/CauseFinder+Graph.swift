import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

// What two graphs say themselves: what an operator reads, its constants and its attributes.

extension CauseFinder {
  /// Places that the reference has not, between those at `known` and a layer, in their order.
  func addedPlaces(before place: Int, _ known: [Int]) -> [Int] {
    var seen = Set(known)
    var pending = diff.candidate.sources(of: place).compactMap(\.place)
    var found: [Int] = []
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      found.append(next)
      pending += diff.candidate.sources(of: next).compactMap(\.place)
    }
    return found.sorted()
  }

  // MARK: Constants and attributes

  /// A constant or an attribute that is another in operators of one kind.
  func others(_ place: Int) -> [Finding] {
    guard let own = diff.candidate.part(place, of: diff.candidate.real)?.onlyOperator,
      let given = diff.referencePart(place)?.onlyOperator,
      own.node.operation.isSameKind(as: given.node.operation),
      own.node.operation.weightChannelAxis == nil
    else { return [] }
    let codes = diff.candidate.coded.flatMap { diff.candidate.part(place, of: $0) }
    let step = codes?.tensors.compactMap {
      $0.constant == nil ? nil : $0.quantization?.scales.max()
    }
    .max()
    for (a, b) in zip(own.constants, given.constants) where a.count == b.count {
      if let found = constant(a, b, step: step ?? 0) { return [found] }
    }
    guard diff.candidate.isFloat, diff.reference.isFloat,
      own.node.operation != given.node.operation,
      !own.node.operation.hasOtherWindow(than: given.node.operation),
      // Other words for the same are no damage.
      (trial(place)?.bench.base ?? 0) < Self.healthyFloat
    else { return [] }
    return [otherAttributes(own.node.operation, given.node.operation)]
  }

  private func otherAttributes(_ own: Operation, _ given: Operation) -> Finding {
    switch (own, given) {
    case (.scalar(let function), .scalar(let other)):
      Finding(
        .functionOther, "it is \(function.text), where the reference has \(other.text)",
        severity: 1950)
    case (.l2Normalization(let a), .l2Normalization(let b)) where a.gain == b.gain:
      Finding(
        .normalizationEpsilon, "\(a.epsilonClause), where the reference adds \(b.epsilonText)",
        severity: 1950)
    default:
      Finding(.attributesOther, own.attributeClause(against: given), severity: 1950)
    }
  }

  private func constant(_ own: [Float], _ given: [Float], step: Float) -> Finding? {
    let largest = given.reduce(0) { max($0, abs($1)) }
    let tolerance = max(step, 1e-3 * largest)
    guard let first = own.indices.first(where: { !(abs(own[$0] - given[$0]) <= tolerance) }) else {
      return nil
    }
    func values(_ values: [Float]) -> String {
      values.prefix(3).map { Double($0).short }.joined(separator: ", ")
        + (values.count > 3 ? "…" : "")
    }
    if own.count > 1,
      own.indices.allSatisfy({ abs(own[$0] - given[own.count - 1 - $0]) <= tolerance })
    {
      return Finding(
        .constantOther,
        "its constant stands in reverse order: \(values(own)), where the reference has "
          + values(given) + (own.count == 3 ? " (BGR for RGB)" : ""), severity: 1950)
    }
    return Finding(
      .constantOther,
      own.count == 1
        ? "its constant is \(values(own)), where the reference has \(values(given))"
        : "its constant is \(Double(own[first]).short) at \(first), where the reference has "
          + Double(given[first]).short, severity: 1950)
  }

  // MARK: Operands

  /// A layer that reads another place than its twin does.
  func operands(_ place: Int) -> [Finding] {
    guard let twin = diff.twins[place] else { return [] }
    let own = diff.knownSources(of: place)
    // A change of width stands for the same place as what it reads.
    if own.contains(where: { diff.twins[$0] == twin }) { return [] }
    let read = Set(own.compactMap { diff.twins[$0] })
    let given = knownSources(ofTwin: twin)
    let (wrong, lacking) = (read.subtracting(given), given.subtracting(read))
    if wrong.isEmpty, lacking.count == 1, let missing = lacking.first,
      let twice = readTwice(place, twin)
    {
      return [
        Finding(
          .operandOther,
          "it reads '\(diff.candidate.places[twice].name)' twice, where the reference reads "
            + "'\(diff.reference.places[missing].name)' as well", severity: 2100)
      ]
    }
    guard own.count == given.count, wrong.count == 1, lacking.count == 1,
      let missing = lacking.first,
      let source = own.first(where: { diff.twins[$0].map { wrong.contains($0) } ?? false })
    else { return [] }
    return [
      Finding(
        .operandOther,
        "it reads '\(diff.candidate.places[source].name)', where the reference reads "
          + "'\(diff.reference.places[missing].name)'", severity: 2100)
    ]
  }

  /// What a layer reads as two of its operands, where its twin has as many of them.
  private func readTwice(_ place: Int, _ twin: Int) -> Int? {
    let own = diff.candidate.operands(of: place)
    guard own.count == diff.reference.operands(of: twin).count,
      let twice = own.first(where: { operand in own.count { $0 == operand } > 1 })
    else { return nil }
    return diff.candidate.placeOfTensor[twice]
  }

  /// The nearest places of the reference that the candidate has, too, on which one depends.
  private func knownSources(ofTwin twin: Int) -> Set<Int> {
    let known = Set(diff.twins.compactMap { $0 })
    var found: Set<Int> = []
    var seen: Set<Int> = []
    var pending = diff.reference.sources(of: twin).compactMap(\.place)
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      if known.contains(next) {
        found.insert(next)
      } else {
        pending += diff.reference.sources(of: next).compactMap(\.place)
      }
    }
    return found
  }

  // MARK: Branches

  /// Whether a tensor of the reference depends on more than what is read.
  private func leadsBeyond(
    _ tensor: TensorIndex, _ read: Set<TensorIndex>, _ producers: [Int?]
  ) -> Bool {
    let graph = diff.reference.real
    var pending = [tensor]
    var seen = read
    while let next = pending.popLast() {
      guard seen.insert(next).inserted else { continue }
      guard let producer = producers[next] else { return true }
      pending += graph.nodes[producer].inputs.filter { graph.tensors[$0].constant == nil }
    }
    return false
  }

  /// A layer that reads other values than its twin: what stands between in the reference.
  func branches(_ place: Int) -> [Finding] {
    guard diff.referencePart(place) == nil, let twin = diff.twins[place] else { return [] }
    let own = diff.candidate.sources(of: place)
    let sources = own.compactMap { source in source.place.flatMap { diff.twins[$0] } }
    // A source without a twin may be the very branch.
    guard !sources.isEmpty, sources.count == own.count else { return [] }
    let graph = diff.reference.real
    let known = Set(diff.twins.compactMap { $0 }.map { diff.reference.places[$0].tensor })
    let read = Set(sources.map { diff.reference.places[$0].tensor })
    let producers = graph.producers()
    let start = diff.reference.places[twin].tensor
    var pending = [start]
    var seen = read
    var join: Node?
    while let tensor = pending.popLast() {
      guard seen.insert(tensor).inserted, let producer = producers[tensor] else { continue }
      let node = graph.nodes[producer]
      let operands = node.inputs.filter { graph.tensors[$0].constant == nil }
      if operands.count > 1,
        operands.contains(where: { !read.contains($0) && leadsBeyond($0, read, producers) })
      {
        join = node
      }
      pending += operands.filter { !known.contains($0) }
    }
    guard let join else { return [] }
    return [
      Finding(
        .branchMissing,
        "in the reference '\(join.name)' (\(join.operation.name)) joins another branch "
          + "before it, which is missing here", severity: 2100)
    ]
  }
}

extension Graph {
  /// The only node that does more than rename, with its constants; nil where there are several.
  fileprivate var onlyOperator: (node: Node, constants: [[Float]])? {
    let found = nodes.filter { !Maker.node($0.operation).onlyRenames }
    guard found.count == 1 else { return nil }
    return (found[0], found[0].inputs.compactMap { tensors[$0].reals })
  }
}

extension Operation {
  /// Whether both are pools, and of other windows.
  fileprivate func hasOtherWindow(than other: Operation) -> Bool {
    func window(_ operation: Operation) -> PoolAttributes? {
      if case .maxPool(let attributes) = operation { return attributes }
      if case .averagePool(let attributes) = operation { return attributes }
      return nil
    }
    guard let own = window(self), let given = window(other) else { return false }
    return own.kernel != given.kernel || own.stride != given.stride
      || own.dilation != given.dilation || own.padding != given.padding
  }
}
