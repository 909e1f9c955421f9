import OctetCompiler
import OctetEvaluation
import OctetModel
import OctetReport

/// Finds for each place of the candidate the place of the reference that holds the same values.
///
/// 1. Inputs and outputs are known.
/// 2. Layers whose weights point the same way are the same, whatever is around them.
/// 3. Places with the same operations before them, back to the inputs, and the same after them, on
///    to the outputs, are the same: hashes along the graph, after Weisfeiler and Leman. Where that
///    holds for several, names decide, then the order.
/// 4. Names, where those of most pairs so far are alike.
/// 5. What the operators of a pair read and who reads them, pair by pair.
/// 6. The rest as texts are compared: in execution order, by operation and shape.
struct PlaceMatching {
  let reference: Structure
  let candidate: Structure
  /// The reference's place for each place of the candidate; nil where there is none. Where windows
  /// differ, the two need not have as many elements.
  var counterparts: [Int?]
  /// The same of those that have as many elements.
  var matches: [Int?] {
    counterparts.indices.map { place in
      counterparts[place].flatMap { haveOneCount(place, $0) ? $0 : nil }
    }
  }
  var isTaken: [Bool]
  private var namesAgree = true

  /// - Parameters:
  ///   - inputs: the reference's input for each of the candidate's.
  ///   - outputs: pairs of places.
  init(
    reference: DiffModel, candidate: DiffModel, inputs: [Int], outputs: [OutputPair]
  ) {
    var ends: [[Int: Int]] = [[:], [:]]
    for (mark, pair) in outputs.enumerated() {
      ends[0][pair.reference] = mark
      ends[1][pair.candidate] = mark
    }
    self.reference = Structure(
      reference, inputMarks: Array(reference.real.inputs.indices), outputMarks: ends[0])
    self.candidate = Structure(candidate, inputMarks: inputs, outputMarks: ends[1])
    counterparts = [Int?](repeating: nil, count: candidate.places.count)
    isTaken = [Bool](repeating: false, count: reference.places.count)
    matchInputs()
    for pair in outputs { set(pair.candidate, pair.reference) }
    matchWeights()
    matchHashes()
    judgeNames()
    if namesAgree { matchNames() }
    spread()
    alignRest()
    spread()
    takeFunctions()
    takeReplacements()
    shareChanges()
  }

  /// A change of width and what it is made from are both what the reference has there.
  private mutating func shareChanges() {
    for place in counterparts.indices {
      guard case .blobOperator(.requantize, _) = candidate.places[place].maker,
        let source = candidate.vertices[place].sources.first
      else { continue }
      if let twin = counterparts[source] {
        if counterparts[place] == nil, haveOneCount(place, twin) { counterparts[place] = twin }
      } else if let twin = counterparts[place], haveOneCount(source, twin),
        candidate.places[source].maker.canBeTwin(of: reference.places[twin].maker)
      {
        counterparts[source] = twin
      }
    }
  }

  mutating func set(_ place: Int, _ twin: Int) {
    guard isFree(place, twin) else { return }
    counterparts[place] = twin
    isTaken[twin] = true
  }

  func isFree(_ place: Int, _ twin: Int) -> Bool {
    counterparts[place] == nil && !isTaken[twin]
  }

  func haveOneCount(_ place: Int, _ twin: Int) -> Bool {
    candidate.places[place].elementCount == reference.places[twin].elementCount
  }

  /// Whether both can be the same place of a network.
  private func canPair(_ place: Int, _ twin: Int) -> Bool {
    guard isFree(place, twin) else { return false }
    let (own, given) = (candidate.vertices[place], reference.vertices[twin])
    let areTwins = candidate.places[place].maker.canBeTwin(of: reference.places[twin].maker)
    if own.weightCount > 0 || given.weightCount > 0 {
      let isPooled = own.steps.count > 1 && given.weightCount == 0
      return own.weightCount == given.weightCount
        || isPooled && areTwins && haveOneCount(place, twin)
    }
    return areTwins && (haveOneCount(place, twin) || own.kind == given.kind && own.kind != nil)
  }

  private func haveOneName(_ place: Int, _ twin: Int) -> Bool {
    candidate.places[place].tensorName.blobName == reference.places[twin].tensorName.blobName
  }

  // MARK: One way after the other

  private mutating func matchInputs() {
    for (place, mark) in candidate.inputMarks.enumerated() {
      guard let twin = reference.inputMarks.firstIndex(of: mark), haveOneCount(place, twin) else {
        continue
      }
      set(place, twin)
    }
  }

  /// Two layers' weights that point so much the same way are one layer's.
  private static let sureCosine = 0.9
  /// The next likest must be so much less like.
  private static let clearCosine = 0.05

  private mutating func matchWeights() {
    var groups: [Int: (own: [Int], given: [Int])] = [:]
    for place in candidate.vertices.indices where candidate.vertices[place].weightCount > 1 {
      groups[candidate.vertices[place].weightCount, default: ([], [])].own.append(place)
    }
    for twin in reference.vertices.indices where reference.vertices[twin].weightCount > 1 {
      groups[reference.vertices[twin].weightCount, default: ([], [])].given.append(twin)
    }
    for count in groups.keys.sorted() {
      guard let (own, given) = groups[count], !own.isEmpty, !given.isEmpty else { continue }
      let rows = own.map { candidate.weights(of: $0) }
      let columns = given.map { reference.weights(of: $0) }
      let table = rows.map { row in columns.map { Structure.cosine(row, $0) } }
      for (row, place) in own.enumerated() {
        guard let best = table[row].indices.max(by: { table[row][$0] < table[row][$1] }),
          table[row][best] >= Self.sureCosine
        else { continue }
        let rivals =
          table[row].enumerated().filter { $0.offset != best }.map(\.element)
          + table.indices.filter { $0 != row }.map { table[$0][best] }
        guard rivals.allSatisfy({ $0 < table[row][best] - Self.clearCosine }) else { continue }
        if let twin = settled(given[best], for: place), isFree(place, twin) { set(place, twin) }
      }
    }
    dropCrosswise()
  }

  /// Takes back pairs of layers that follow each other the other way round in the two models: their
  /// weights were exchanged, and the places are what they are in the graph.
  private mutating func dropCrosswise() {
    let pairs = counterparts.indices.filter { candidate.vertices[$0].weightCount > 1 }
      .compactMap { place in counterparts[place].map { (place: place, twin: $0) } }
    let isInOrder = zip(pairs, pairs.dropFirst()).allSatisfy { $0.twin < $1.twin }
    if isInOrder { return }
    let (own, given) = (candidate.ancestors(), reference.ancestors())
    var crossed: [(place: Int, twin: Int)] = []
    for pair in pairs {
      let isCrossed = pairs.contains { other in
        own[other.place].contains(pair.place) && given[pair.twin].contains(other.twin)
          || own[pair.place].contains(other.place) && given[other.twin].contains(pair.twin)
      }
      if isCrossed { crossed.append(pair) }
    }
    for (place, twin) in crossed {
      counterparts[place] = nil
      isTaken[twin] = false
    }
  }

  /// The place behind a layer's own: a blob's operator may have a pool in it.
  private func settled(_ twin: Int, for place: Int) -> Int? {
    var current = twin
    let count = candidate.places[place].elementCount
    for _ in 0..<3
    where candidate.vertices[place].steps.count > reference.vertices[twin].steps.count {
      guard reference.vertices[current].readers.count == 1 else { break }
      current = reference.vertices[current].readers[0].place
      if reference.places[current].elementCount == count, reference.vertices[current].isPool {
        return settledName(current, for: place)
      }
    }
    return settledName(twin, for: place)
  }

  /// Activations behind a layer have its structure; the name says which is meant.
  private func settledName(_ twin: Int, for place: Int) -> Int {
    var current = twin
    while reference.vertices[current].readers.count == 1 {
      let next = reference.vertices[current].readers[0].place
      guard reference.vertices[next].steps.isEmpty else { break }
      current = next
      if haveOneName(place, current), isFree(place, current) { return current }
    }
    return twin
  }

  private mutating func matchHashes() {
    struct Key: Hashable {
      var up, down: Int
    }
    var groups: [Key: (own: [Int], given: [Int])] = [:]
    for (place, vertex) in candidate.vertices.enumerated() where counterparts[place] == nil {
      groups[Key(up: vertex.up, down: vertex.down), default: ([], [])].own.append(place)
    }
    for (twin, vertex) in reference.vertices.enumerated() where !isTaken[twin] {
      groups[Key(up: vertex.up, down: vertex.down), default: ([], [])].given.append(twin)
    }
    // In the order of the network, so that every run gives the same.
    for (own, given) in groups.values.sorted(by: { ($0.own.first ?? 0) < ($1.own.first ?? 0) }) {
      for place in own {
        if let twin = given.first(where: {
          haveOneName(place, $0) && isFree(place, $0) && haveOneCount(place, $0)
        }) {
          set(place, twin)
        }
      }
      let left = own.filter { counterparts[$0] == nil }
      let free = given.filter { !isTaken[$0] }
      guard left.count == free.count else { continue }
      for (place, twin) in zip(left, free) where canPair(place, twin) { set(place, twin) }
    }
  }

  /// Names are believed where at least half of the pairs found without them have one name.
  private mutating func judgeNames() {
    let found = counterparts.indices.filter {
      counterparts[$0] != nil && candidate.places[$0].operatorIndex != nil
    }
    let alike = found.count { place in counterparts[place].map { haveOneName(place, $0) } ?? false }
    namesAgree = 2 * alike >= found.count
  }

  private mutating func matchNames() {
    let named = Dictionary(
      grouping: reference.places.indices, by: { reference.places[$0].tensorName.blobName })
    for place in candidate.places.indices where counterparts[place] == nil {
      guard let found = named[candidate.places[place].tensorName.blobName], found.count == 1,
        isFree(place, found[0]), haveOneCount(place, found[0])
      else { continue }
      set(place, found[0])
    }
  }

  /// Along the edges from pairs that are known.
  private mutating func spread() {
    var queue = counterparts.indices.filter { counterparts[$0] != nil }
    while let place = queue.popLast() {
      guard let twin = counterparts[place] else { continue }
      let (own, given) = (candidate.vertices[place], reference.vertices[twin])
      let sides = [
        (own.sources, given.sources), (own.readers.map(\.place), given.readers.map(\.place)),
      ]
      for (mine, theirs) in sides {
        let left = mine.filter { counterparts[$0] == nil }
        let free = theirs.filter { !isTaken[$0] }
        for next in left {
          let fits = free.filter { canPair(next, $0) }
          guard let first = fits.first, fits.count == 1 || left.count == free.count else {
            continue
          }
          let position = left.firstIndex(of: next) ?? 0
          let chosen =
            fits.first { namesAgree && haveOneName(next, $0) }
            ?? (position < free.count && fits.contains(free[position]) ? free[position] : first)
          if canPair(next, chosen) {
            set(next, chosen)
            queue.append(next)
          }
        }
      }
    }
  }

  /// Needleman and Wunsch's alignment without a price for gaps.
  private mutating func alignRest() {
    let given = reference.places.indices.filter { !isTaken[$0] }
    let own = candidate.places.indices.filter { counterparts[$0] == nil }
    guard !given.isEmpty, !own.isEmpty, given.count * own.count <= 1 << 24 else { return }
    let width = own.count + 1
    var best = [Double](repeating: 0, count: (given.count + 1) * width)
    for (row, twin) in given.enumerated() {
      for (column, place) in own.enumerated() {
        let skip = max(best[row * width + column + 1], best[(row + 1) * width + column])
        let pair = best[row * width + column] + likeness(place, twin)
        best[(row + 1) * width + column + 1] = max(skip, pair)
      }
    }
    var (row, column) = (given.count, own.count)
    while row > 0, column > 0 {
      let value = best[row * width + column]
      if value == best[row * width + column - 1] {
        column -= 1
      } else if value == best[(row - 1) * width + column] {
        row -= 1
      } else {
        set(own[column - 1], given[row - 1])
        row -= 1
        column -= 1
      }
    }
  }

  /// 0 when the two cannot be twins, or when those that are known stand the other way round.
  private func likeness(_ place: Int, _ twin: Int) -> Double {
    guard haveOneCount(place, twin),
      candidate.places[place].maker.canBeTwin(of: reference.places[twin].maker),
      isBetweenKnown(place, twin)
    else { return 0 }
    let bonus = namesAgree && haveOneName(place, twin) ? 2.0 : 0
    return bonus + (candidate.places[place].shape == reference.places[twin].shape ? 2 : 1)
  }

  /// Whether what is known directly before a place stands before the other in its model, too.
  func isBetweenKnown(_ place: Int, _ twin: Int) -> Bool {
    let before = candidate.vertices[place].sources.compactMap { counterparts[$0] }
    let after = candidate.vertices[place].readers.compactMap { counterparts[$0.place] }
    return before.allSatisfy { $0 < twin } && after.allSatisfy { $0 > twin }
  }
}
