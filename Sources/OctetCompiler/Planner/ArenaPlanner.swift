/// Places blocks so that those in use at the same time lie apart, in as few bytes as it can.
///
/// Every plan can be pushed together until each block rests on 0, on the end of a block it
/// conflicts with, or at its distance above the output it may overlap; so it is enough to try
/// orders of blocks, each put at the lowest place that fits. The search walks all orders, depth
/// first, largest blocks first, and cuts branches that cannot beat the best plan; it ends early at
/// the lower bound, or after `stepLimit` placements with the best plan so far. The first order
/// tried is greedy by size, so the result is never worse than that.
public struct ArenaPlanner {
  /// Placements tried before the best plan so far is taken.
  public static let stepLimit = 400_000

  private let problem: ArenaProblem
  private let lowerBound: Int
  /// For each block the blocks it conflicts with.
  private let conflicts: [[Int]]
  /// `distances[input][output]`
  private let distances: [[Int: Int]]
  private let order: [Int]
  private var offsets: [Int?]
  private var best: [Int] = []
  private var bestByteCount = Int.max
  private var steps = 0

  public static func plan(_ problem: ArenaProblem) -> ArenaPlan {
    var planner = ArenaPlanner(problem)
    planner.search(height: 0, remaining: planner.order)
    let isComplete = planner.steps < stepLimit
    return ArenaPlan(
      offsets: planner.best, byteCount: planner.bestByteCount,
      lowerBoundByteCount: planner.lowerBound,
      isOptimal: isComplete || planner.bestByteCount == planner.lowerBound)
  }

  private init(_ problem: ArenaProblem) {
    self.problem = problem
    lowerBound = problem.lowerBound
    let indices = problem.blocks.indices
    conflicts = indices.map { a in indices.filter { $0 != a && problem.conflict(a, $0) } }
    var distances = [[Int: Int]](repeating: [:], count: problem.blocks.count)
    for overlap in problem.overlaps { distances[overlap.input][overlap.output] = overlap.distance }
    self.distances = distances
    order = indices.sorted {
      let (a, b) = (problem.blocks[$0], problem.blocks[$1])
      return (b.byteCount, a.firstUse, $0) < (a.byteCount, b.firstUse, $1)
    }
    offsets = [Int?](repeating: nil, count: problem.blocks.count)
  }

  /// Tries each of `remaining` next, on top of what is placed already up to `height`.
  private mutating func search(height: Int, remaining: [Int]) {
    if remaining.isEmpty {
      if height < bestByteCount {
        bestByteCount = height
        best = offsets.map { $0 ?? 0 }
      }
      return
    }
    var tried: Set<Placement> = []
    for (position, block) in remaining.enumerated() {
      if bestByteCount == lowerBound || steps >= Self.stepLimit && bestByteCount < Int.max {
        return
      }
      steps += 1
      let offset = lowestOffset(block)
      let top = max(height, offset + problem.blocks[block].byteCount)
      guard top < bestByteCount, tried.insert(Placement(problem.blocks[block], offset)).inserted
      else { continue }
      offsets[block] = offset
      var rest = remaining
      rest.remove(at: position)
      search(height: top, remaining: rest)
      offsets[block] = nil
    }
  }

  /// Blocks that are alike in every respect need not both be tried.
  private struct Placement: Hashable {
    let byteCount, firstUse, lastUse, offset: Int

    init(_ block: ArenaProblem.Block, _ offset: Int) {
      (byteCount, firstUse, lastUse) = (block.byteCount, block.firstUse, block.lastUse)
      self.offset = offset
    }
  }

  /// The lowest offset at which `block` fits among those placed.
  private func lowestOffset(_ block: Int) -> Int {
    let alignment = problem.blocks[block].alignment
    func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }
    let placed = conflicts[block].filter { offsets[$0] != nil }
    var candidates = [0]
    for other in placed {
      guard let start = offsets[other] else { continue }
      candidates.append(aligned(start + problem.blocks[other].byteCount))
      if let distance = distances[block][other] { candidates.append(aligned(start + distance)) }
    }
    candidates.sort()
    return candidates.first { offset in placed.allSatisfy { fits(block, at: offset, beside: $0) } }
      ?? candidates[candidates.count - 1]
  }

  private func fits(_ block: Int, at offset: Int, beside other: Int) -> Bool {
    guard let start = offsets[other] else { return true }
    let end = offset + problem.blocks[block].byteCount
    if end <= start || start + problem.blocks[other].byteCount <= offset { return true }
    if let distance = distances[block][other] { return offset - start >= distance }
    if let distance = distances[other][block] { return start - offset >= distance }
    return false
  }
}
