/// A directed graph in ranks, as Sugiyama, Tagawa and Toda draw them: every edge goes from one rank
/// to the next, long ones by way of lanes.
///
/// All edges of one node carry the same tensor, so they share one lane, which leaves the lane where
/// it is read: a network in which every layer reads all before it stays as narrow as the number of
/// tensors that are alive. Everything is a function of the input alone.
struct LayeredGraph {
  /// What stands in a rank: a node, or a place where a lane passes.
  struct Item {
    /// The node, or the node whose tensor the lane carries.
    var node: Int
    var isLane: Bool
    var rank: Int
    /// The items of the next rank that this leads to, and of the rank before that lead here.
    var next: [Int] = []
    var previous: [Int] = []
  }

  private(set) var items: [Item] = []
  /// The items of each rank from left to right.
  var ranks: [[Int]] = []
  /// Edges that were left out: those that close a cycle or are too long for the lanes there may be.
  private(set) var hiddenEdgeCount = 0

  /// Lanes that are laid at most.
  private static let laneLimit = 30_000

  /// - Parameter edges: between nodes `0..<nodeCount`; those to themselves are left out.
  init(nodeCount: Int, edges: [(from: Int, to: Int)]) {
    let rank = assignRanks(nodeCount: nodeCount, edges: edges)
    items = (0..<nodeCount).map { Item(node: $0, isLane: false, rank: rank[$0]) }
    var readers = [[Int]](repeating: [], count: nodeCount)
    for edge in edges {
      if rank[edge.from] < rank[edge.to] {
        readers[edge.from].append(edge.to)
      } else {
        hiddenEdgeCount += 1
      }
    }
    var laneCount = 0
    for node in 0..<nodeCount {
      let ordered = Array(Set(readers[node])).sorted { (rank[$0], $0) < (rank[$1], $1) }
      var current = node
      for reader in ordered {
        while items[current].rank < rank[reader] - 1 {
          guard laneCount < Self.laneLimit else { break }
          laneCount += 1
          items.append(Item(node: node, isLane: true, rank: items[current].rank + 1))
          connect(current, items.count - 1)
          current = items.count - 1
        }
        if items[current].rank == rank[reader] - 1 {
          connect(current, reader)
        } else {
          hiddenEdgeCount += 1
        }
      }
    }
    ranks = [[Int]](repeating: [], count: (rank.max() ?? -1) + 1)
    for index in items.indices { ranks[items[index].rank].append(index) }
    order()
  }

  private mutating func connect(_ from: Int, _ to: Int) {
    items[from].next.append(to)
    items[to].previous.append(from)
  }
}

/// The longest way from a source; sources stand right before what reads them first.
private func assignRanks(nodeCount: Int, edges: [(from: Int, to: Int)]) -> [Int] {
  var rank = [Int](repeating: 0, count: nodeCount)
  var next = [[Int]](repeating: [], count: nodeCount)
  var missing = [Int](repeating: 0, count: nodeCount)
  for edge in edges where edge.from != edge.to {
    next[edge.from].append(edge.to)
    missing[edge.to] += 1
  }
  let sourceNodes = (0..<nodeCount).filter { missing[$0] == 0 }
  var isDone = [Bool](repeating: false, count: nodeCount)
  var ready = sourceNodes
  var position = 0
  var search = 0
  for _ in 0..<nodeCount {
    if position == ready.count {
      // A cycle: its first node comes next, and the edges that lead back to it are not drawn.
      while isDone[search] || ready.contains(search) { search += 1 }
      ready.append(search)
    }
    let node = ready[position]
    position += 1
    isDone[node] = true
    for reader in next[node] where !isDone[reader] {
      rank[reader] = max(rank[reader], rank[node] + 1)
      missing[reader] -= 1
      if missing[reader] == 0 { ready.append(reader) }
    }
  }
  for node in sourceNodes {
    if let first = next[node].map({ rank[$0] }).min() { rank[node] = max(0, first - 1) }
  }
  return rank
}

// MARK: Order

extension LayeredGraph {
  private static let sweepCount = 12
  /// Ranks that are wider are left as the medians have them.
  private static let transposeLimit = 80

  /// Sorts the ranks so that few edges cross: by medians down and up, then by exchanging
  /// neighbours; the best of all sweeps stays.
  private mutating func order() {
    guard ranks.contains(where: { $0.count > 1 }) else { return }
    var position = [Int](repeating: 0, count: items.count)
    func number(_ rank: [Int]) {
      for (index, item) in rank.enumerated() { position[item] = index }
    }
    ranks.forEach(number)
    var best = (ranks: ranks, crossings: crossingCount(position))
    for sweep in 0..<Self.sweepCount where best.crossings > 0 {
      let isDown = sweep % 2 == 0
      for rank in isDown ? Array(ranks.indices) : ranks.indices.reversed() {
        let keys = ranks[rank].enumerated().map { index, item in
          let neighbours = isDown ? items[item].previous : items[item].next
          return (median(neighbours.map { position[$0] }) ?? Double(index), index, item)
        }
        ranks[rank] = keys.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
        number(ranks[rank])
      }
      for rank in ranks.indices { exchangeNeighbours(rank, &position) }
      let crossings = crossingCount(position)
      if crossings < best.crossings { best = (ranks, crossings) }
    }
    ranks = best.ranks
  }

  private func median(_ values: [Int]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return Double(sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  private mutating func exchangeNeighbours(_ rank: Int, _ position: inout [Int]) {
    guard ranks[rank].count > 1, ranks[rank].count <= Self.transposeLimit else { return }
    var hasChanged = true
    for _ in 0..<4 where hasChanged {
      hasChanged = false
      for index in 0..<ranks[rank].count - 1 {
        let (left, right) = (ranks[rank][index], ranks[rank][index + 1])
        let now = pairCrossings(left, right, position)
        guard now > 0, pairCrossings(right, left, position) < now else { continue }
        ranks[rank].swapAt(index, index + 1)
        (position[left], position[right]) = (index + 1, index)
        hasChanged = true
      }
    }
  }

  /// Crossings of two items' edges, the first on the left.
  private func pairCrossings(_ left: Int, _ right: Int, _ position: [Int]) -> Int {
    func count(_ a: [Int], _ b: [Int]) -> Int {
      a.reduce(0) { sum, x in sum + b.count { position[$0] < position[x] } }
    }
    return count(items[left].next, items[right].next)
      + count(items[left].previous, items[right].previous)
  }

  /// The pairs of edges that cross.
  var crossingCount: Int {
    var position = [Int](repeating: 0, count: items.count)
    for rank in ranks { for (index, item) in rank.enumerated() { position[item] = index } }
    return crossingCount(position)
  }

  /// Between two ranks the inversions of the edges' ends, counted in a tree of partial sums.
  private func crossingCount(_ position: [Int]) -> Int {
    var count = 0
    for (rank, below) in zip(ranks, ranks.dropFirst()) {
      var sums = [Int](repeating: 0, count: below.count + 1)
      var seen = 0
      for item in rank {
        let ends = items[item].next.map { position[$0] }.sorted()
        for end in ends {
          var notRight = 0
          var index = end + 1
          while index > 0 {
            notRight += sums[index]
            index -= index & -index
          }
          count += seen - notRight
        }
        for end in ends {
          seen += 1
          var index = end + 1
          while index < sums.count {
            sums[index] += 1
            index += index & -index
          }
        }
      }
    }
    return count
  }
}
