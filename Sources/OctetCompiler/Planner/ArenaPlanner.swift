/// Places blocks so that those in use at the same time lie apart, in as few bytes as it can.
///
/// Every plan can be pushed together until each block rests on 0, on the end of a block it
/// conflicts with, or at its distance above the output it may overlap; so it is enough to try
/// orders of blocks, each put at the lowest place that fits. The search walks all orders, depth
/// first, largest blocks first, and cuts branches that cannot beat the best plan; it ends early at
/// the lower bound. Where half of `workLimit` did not suffice, the other half goes into moving
/// single blocks of the best order to other places in it, which finds what the walk would only come
/// to after all that follows its first choices. Two orders are tried before: from the last block in
/// time to the first, which puts each input of a long chain at its distance above its output, and
/// greedy by size; so the result is never worse than those.
package struct ArenaPlanner {
  /// Pairs of blocks looked at before the best plan so far is taken.
  package static let workLimit = 2_000_000

  /// What is placed: blocks, those that are joined as one.
  private let clusters: [ArenaCluster]
  private let lowerBound: Int
  /// For each cluster those it conflicts with.
  private let conflicts: [[ArenaConflict]]
  /// Clusters of one kind are alike in all but their number.
  private let kinds: [Int]
  private let order: [Int]
  private var offsets: [Int?]
  private var best: [Int] = []
  private var bestOrder: [Int] = []
  private var placed: [Int] = []
  private var bestByteCount = Int.max
  private var work = 0
  private let workLimit: Int

  /// The best plan found within the work limit, with all of `joins`; nil when they contradict each
  /// other. The problem's own joins are not looked at.
  static func search(
    _ problem: ArenaProblem, joins: [ArenaProblem.Join], workLimit: Int
  ) -> ArenaPlan? {
    guard let clustering = ArenaClustering(problem, joins) else { return nil }
    var planner = ArenaPlanner(clustering, workLimit: workLimit)
    planner.placeBackwards()
    planner.search(height: 0, remaining: planner.order)
    let isComplete = planner.work < workLimit / 2
    if !isComplete, planner.bestByteCount > planner.lowerBound {
      planner.improve(workLimit: workLimit)
    }
    return ArenaPlan(
      offsets: clustering.places.map { planner.best[$0.cluster] + $0.offset },
      byteCount: planner.bestByteCount, lowerBoundByteCount: planner.lowerBound,
      isOptimal: isComplete || planner.bestByteCount == planner.lowerBound)
  }

  private init(_ clustering: ArenaClustering, workLimit: Int) {
    clusters = clustering.clusters
    self.workLimit = workLimit
    lowerBound = clustering.lowerBound
    conflicts = clustering.conflicts
    kinds = clustering.kinds
    let clusters = clusters
    order = clusters.indices.sorted {
      let (a, b) = (clusters[$0], clusters[$1])
      return (b.byteCount, a.firstUse, $0) < (a.byteCount, b.firstUse, $1)
    }
    offsets = [Int?](repeating: nil, count: clusters.count)
  }

  /// The order from the last block in time to the first, of those that end together the largest.
  private mutating func placeBackwards() {
    let backwards = clusters.indices.sorted {
      let (a, b) = (clusters[$0], clusters[$1])
      return (b.lastUse, b.byteCount, $0) < (a.lastUse, a.byteCount, $1)
    }
    if let height = place(backwards, below: .max) { keep(backwards, height: height) }
    offsets = [Int?](repeating: nil, count: offsets.count)
  }

  private mutating func keep(_ order: [Int], height: Int) {
    bestByteCount = height
    best = offsets.map { $0 ?? 0 }
    bestOrder = order
  }

  /// Tries each of `remaining` next, on top of what is placed already up to `height`.
  private mutating func search(height: Int, remaining: [Int]) {
    if remaining.isEmpty {
      if height < bestByteCount { keep(placed, height: height) }
      return
    }
    var tried: Set<Placement> = []
    for (position, block) in remaining.enumerated() {
      if bestByteCount == lowerBound || work >= workLimit / 2 && bestByteCount < Int.max {
        return
      }
      let offset = lowestOffset(block)
      let top = max(height, offset + clusters[block].byteCount)
      guard top < bestByteCount,
        tried.insert(Placement(kind: kinds[block], offset: offset)).inserted
      else { continue }
      offsets[block] = offset
      placed.append(block)
      var rest = remaining
      rest.remove(at: position)
      search(height: top, remaining: rest)
      offsets[block] = nil
      placed.removeLast()
    }
  }

  /// Moves one block at a time to another place in the order, and stays unless the arena grows.
  private mutating func improve(workLimit: Int) {
    var order = bestOrder
    var height = bestByteCount
    // Any fixed sequence will do: plans must not differ from run to run.
    var random: UInt64 = 1
    func next(_ bound: Int) -> Int {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((random >> 33) % UInt64(bound))
    }
    while work < workLimit, bestByteCount > lowerBound {
      var moved = order
      let block = moved.remove(at: next(moved.count))
      moved.insert(block, at: next(order.count))
      guard let reached = place(moved, below: height + 1) else { continue }
      order = moved
      height = reached
      if height < bestByteCount { keep(order, height: height) }
    }
    offsets = [Int?](repeating: nil, count: offsets.count)
  }

  /// Places all blocks in an order; the arena's height, or nil when it is not below `limit`.
  private mutating func place(_ order: [Int], below limit: Int) -> Int? {
    for block in order { offsets[block] = nil }
    var height = 0
    for block in order {
      let offset = lowestOffset(block)
      height = max(height, offset + clusters[block].byteCount)
      if height >= limit { return nil }
      offsets[block] = offset
    }
    return height
  }

  /// A kind of block at an offset: one of the blocks that are alike need be tried there, not all.
  private struct Placement: Hashable {
    let kind, offset: Int
  }

  /// The lowest offset at which `block` fits among those placed.
  ///
  /// Each of them forbids the offsets between two ends, both of which are free.
  private mutating func lowestOffset(_ block: Int) -> Int {
    let alignment = clusters[block].alignment
    var forbidden: [(lower: Int, upper: Int)] = []
    for conflict in conflicts[block] {
      guard let start = offsets[conflict.other], conflict.above > -conflict.below else { continue }
      forbidden.append((start - conflict.below, start + conflict.above))
    }
    work += 1 + forbidden.count
    forbidden.sort { $0.lower < $1.lower }
    var offset = 0
    for range in forbidden {
      // All further ranges begin beyond it too.
      if offset <= range.lower { break }
      if offset < range.upper { offset = (range.upper + alignment - 1) / alignment * alignment }
    }
    return offset
  }
}
