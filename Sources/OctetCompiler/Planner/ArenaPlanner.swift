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

  private let problem: ArenaProblem
  private let lowerBound: Int
  /// For each block the blocks it conflicts with.
  private let conflicts: [[Int]]
  /// `distances[input][output]`
  private let distances: [[Int: Int]]
  /// Blocks of one kind are alike in all but their number.
  private let kinds: [Int]
  private let order: [Int]
  private var offsets: [Int?]
  private var best: [Int] = []
  private var bestOrder: [Int] = []
  private var placed: [Int] = []
  private var bestByteCount = Int.max
  private var work = 0
  private let workLimit: Int

  /// The best plan found within the work limit; the problem's joins are not looked at.
  static func search(_ problem: ArenaProblem, workLimit: Int) -> ArenaPlan {
    var planner = ArenaPlanner(problem, workLimit: workLimit)
    planner.placeBackwards()
    planner.search(height: 0, remaining: planner.order)
    let isComplete = planner.work < workLimit / 2
    if !isComplete, planner.bestByteCount > planner.lowerBound {
      planner.improve(workLimit: workLimit)
    }
    return ArenaPlan(
      offsets: planner.best, byteCount: planner.bestByteCount,
      lowerBoundByteCount: planner.lowerBound,
      isOptimal: isComplete || planner.bestByteCount == planner.lowerBound)
  }

  private init(_ problem: ArenaProblem, workLimit: Int) {
    self.problem = problem
    self.workLimit = workLimit
    lowerBound = problem.lowerBound
    let indices = problem.blocks.indices
    conflicts = indices.map { a in indices.filter { $0 != a && problem.conflict(a, $0) } }
    var distances = [[Int: Int]](repeating: [:], count: problem.blocks.count)
    for overlap in problem.overlaps { distances[overlap.input][overlap.output] = overlap.distance }
    self.distances = distances
    kinds = Self.kinds(problem)
    order = indices.sorted {
      let (a, b) = (problem.blocks[$0], problem.blocks[$1])
      return (b.byteCount, a.firstUse, $0) < (a.byteCount, b.firstUse, $1)
    }
    offsets = [Int?](repeating: nil, count: problem.blocks.count)
  }

  /// The order from the last block in time to the first, of those that end together the largest.
  private mutating func placeBackwards() {
    let backwards = problem.blocks.indices.sorted {
      let (a, b) = (problem.blocks[$0], problem.blocks[$1])
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
      let top = max(height, offset + problem.blocks[block].byteCount)
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
      height = max(height, offset + problem.blocks[block].byteCount)
      if height >= limit { return nil }
      offsets[block] = offset
    }
    return height
  }

  /// A kind of block at an offset: one of the blocks that are alike need be tried there, not all.
  private struct Placement: Hashable {
    let kind, offset: Int
  }

  /// For each block the first one that equals it in size, lifetime, alignment and overlaps.
  private static func kinds(_ problem: ArenaProblem) -> [Int] {
    var inputs = [Set<ArenaProblem.Overlap>](repeating: [], count: problem.blocks.count)
    var outputs = inputs
    for overlap in problem.overlaps {
      // What the overlap is to the block, without the block's own number.
      var (asInput, asOutput) = (overlap, overlap)
      asInput.input = -1
      asOutput.output = -1
      inputs[overlap.input].insert(asInput)
      outputs[overlap.output].insert(asOutput)
    }
    return problem.blocks.indices.map { block in
      problem.blocks.indices.first {
        problem.blocks[$0] == problem.blocks[block] && inputs[$0] == inputs[block]
          && outputs[$0] == outputs[block]
      } ?? block
    }
  }

  /// The lowest offset at which `block` fits among those placed.
  ///
  /// Each of them forbids the offsets between two ends, both of which are free.
  private mutating func lowestOffset(_ block: Int) -> Int {
    let byteCount = problem.blocks[block].byteCount
    let alignment = problem.blocks[block].alignment
    var forbidden: [(lower: Int, upper: Int)] = []
    for other in conflicts[block] {
      guard let start = offsets[other] else { continue }
      var (before, after) = (byteCount, problem.blocks[other].byteCount)
      if let distance = distances[block][other] {
        after = min(after, distance)
      } else if let distance = distances[other][block] {
        before = min(before, distance)
      }
      forbidden.append((start - before, start + after))
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
