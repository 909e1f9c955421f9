import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

// What one model has and the other has not, apart from numbers, in plain words.

extension Diff {
  /// Clauses in the order of the network: `the second has no ReLU after 'conv2'`.
  ///
  /// Where most layers have no counterpart the warning says so, and a list would say no more.
  func structure() -> [String] {
    let operators = candidate.places.indices.filter { candidate.places[$0].operatorIndex != nil }
    guard 2 * operators.count(where: { counterparts[$0] != nil }) >= operators.count else {
      return []
    }
    var found: [String] = []
    for place in candidate.places.indices {
      if counterparts[place] != nil {
        found += differences(at: place)
      } else if isExtra(place, of: candidate) {
        found.append(
          "the second has an extra \(candidate.places[place].maker.spokenName)"
            + position(of: place, in: candidate) { counterparts[$0] != nil })
      }
    }
    // Exporters write one change of order as several.
    var said: Set<String> = []
    return (found + missing()).filter { said.insert($0).inserted }
  }

  /// Operators of the reference that no layer of the candidate does.
  private func missing() -> [String] {
    let taken = Set(counterparts.compactMap { $0 })
    let named = Dictionary(
      reference.places.indices.map {
        (reference.real.tensors[reference.places[$0].tensor].name, $0)
      },
      uniquingKeysWith: { $1 })
    var done: Set<Int> = []
    for place in candidate.places.indices {
      guard let part = counterpartPart(place) else { continue }
      done.formUnion(part.nodes.flatMap(\.outputs).compactMap { named[part.tensors[$0].name] })
    }
    return reference.places.indices.filter {
      !taken.contains($0) && !done.contains($0) && isExtra($0, of: reference)
    }.map { place in
      "the second has no \(reference.places[place].maker.spokenName)"
        + position(of: place, in: reference) { taken.contains($0) }
    }
  }

  /// Whether an operator of one model alone is more than another way to write the same: the forms
  /// of a blob are others than a float file's.
  private func isExtra(_ place: Int, of model: DiffModel) -> Bool {
    let maker = model.places[place].maker
    guard model.places[place].operatorIndex != nil, !maker.onlyRenames else { return false }
    if reference.isFloat && candidate.isFloat { return true }
    return maker.isWeighted || !maker.kinds.isDisjoint(with: [.maxPool, .softmax])
  }

  /// ` after 'conv2'`: the nearest place before it that both have.
  private func position(of place: Int, in model: DiffModel, _ isKnown: (Int) -> Bool) -> String {
    var current = place
    for _ in model.places.indices {
      guard let source = model.sources(of: current).first?.place else { break }
      if isKnown(source) {
        return model.places[source].operatorIndex == nil
          ? " at the input" : " after '\(model.places[source].name)'"
      }
      current = source
    }
    return ""
  }

  // MARK: One layer

  private func differences(at place: Int) -> [String] {
    let clauses = structureDifferences(place).map(\.text)
    let name = candidate.places[place].name
    guard let given = counterpartPart(place), let own = candidate.part(place, of: candidate.real)
    else { return [] }
    guard !clauses.isEmpty, tables[place] == nil, let form = LayerForm(own),
      let other = LayerForm(given)
    else {
      if clauses.isEmpty, reference.isFloat, candidate.isFloat {
        return operationDifferences(own, given, name)
      }
      return clauses.map { "'\(name)': \($0)" }
    }
    var found: [String] = []
    if let own = form.weighted, let given = other.weighted {
      found += own.words(against: given).map { "\($0) in '\(name)'" }
    }
    if form.pools.count == other.pools.count {
      // A window over a whole picture that differs follows from that.
      let isFollowing = candidate.sources(of: place).contains { source in
        source.place.map { twins[$0] == nil } ?? false
      }
      for (own, given) in zip(form.pools, other.pools)
      where !isFollowing || own.stride != given.stride || own.kind != given.kind {
        found += own.words(against: given).map { "\($0) in '\(name)'" }
      }
    } else {
      found.append(
        "the second has \(form.pools.count < other.pools.count ? "no" : "an extra") pool after "
          + "'\(name)'")
    }
    // Windows and pools have been said.
    for clause in clauses
    where !clause.contains("pool") && !clause.hasPrefix("its ") && !clause.hasPrefix("it is padded")
    {
      if form.weighted?.kind != other.weighted?.kind, clause.hasPrefix("it is ") { continue }
      found.append(Self.activationWords(clause, name) ?? "'\(name)': \(clause)")
    }
    return found
  }

  /// `the reference has ReLU after it, which is missing: …` as the second's.
  private static func activationWords(_ clause: String, _ name: String) -> String? {
    func between(_ start: String, _ end: String) -> Substring? {
      guard clause.hasPrefix(start), let found = clause.range(of: end) else { return nil }
      return clause[start.endIndex...].prefix(upTo: found.lowerBound)
    }
    for side in ["after", "before"] {
      if let what = between("the reference has ", " \(side) it, which is missing") {
        return "the second has no \(what) \(side) '\(name)'"
      }
    }
    if let what = between("it has ", " after it, which the reference has not") {
      return "the second has an extra \(what) after '\(name)'"
    }
    return nil
  }

  /// Operations of two float layers that are no chains of windows.
  private func operationDifferences(_ own: Graph, _ given: Graph, _ name: String) -> [String] {
    func names(_ graph: Graph) -> [String] {
      graph.nodes.filter { !Maker.node($0.operation).onlyRenames }
        .flatMap { node in
          [Maker.node(node.operation).spokenName]
            + (node.operation.activation ?? .none).spokenNames
        }
    }
    var (extra, missing) = (names(own), names(given))
    for word in extra {
      guard let other = missing.firstIndex(of: word), let first = extra.firstIndex(of: word) else {
        continue
      }
      missing.remove(at: other)
      extra.remove(at: first)
    }
    return extra.map { "the second has an extra \($0) at '\(name)'" }
      + missing.map { "the second has no \($0) at '\(name)'" }
  }
}

extension LayerForm.Window {
  /// `stride 2×2 against 1×1`
  fileprivate func words(against other: Self) -> [String] {
    if kind != other.kind { return ["\(kind.rawValue) against \(other.kind.rawValue)"] }
    func text(_ extent: Extent) -> String { "\(extent.height)×\(extent.width)" }
    var found: [String] = []
    for (what, own, given) in [
      ("window", kernel, other.kernel), ("stride", stride, other.stride),
      ("dilation", dilation, other.dilation),
    ] where own != given {
      found.append("\(what) \(text(own)) against \(text(given))")
    }
    if groups != other.groups { found.append("groups \(groups) against \(other.groups)") }
    if top != other.top || left != other.left {
      found.append(
        top == left && other.top == other.left
          ? "padding \(top) at top-left against \(other.top)"
          : "padding \(top) at the top and \(left) on the left against \(other.top) and "
            + "\(other.left)"
      )
    }
    return found
  }
}

extension Activation {
  fileprivate var spokenNames: [String] {
    switch self {
    case .none: []
    case .relu: ["ReLU"]
    case .relu6: ["ReLU6"]
    default: ["clip"]
    }
  }
}

extension Maker {
  /// The operator in a sentence: `max pool`.
  fileprivate var spokenName: String {
    if case .node(.scalar(.relu)) = self { return "ReLU" }
    return name.reduce(into: "") { text, letter in
      if letter.isUppercase { text += " " + letter.lowercased() } else { text.append(letter) }
    }
  }
}
