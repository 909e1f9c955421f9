// A concatenation whose inputs lie in its output already copies nothing. Its output must then be
// there from the first of them on, which may need a larger arena; so joins are taken where the
// plan does not grow.

extension ArenaPlanner {
  /// The best plan found, with the joins that are required and as many of the others as cost no
  /// memory: all of them, or those that can be added one after the other.
  package static func plan(_ problem: ArenaProblem) -> ArenaPlan {
    let required = problem.joins.filter(\.isRequired)
    let joins = problem.joins.filter { !$0.isRequired }
    let apart =
      planned(problem, required, workLimit: workLimit) ?? search(problem, workLimit: workLimit)
    if joins.isEmpty { return apart }
    var plan = apart
    if let all = planned(problem, required + joins, workLimit: workLimit), all.byteCount <= apart.byteCount {
      plan = all
    } else if joins.count > 1 {
      var taken = required
      for join in joins {
        guard
          let next = planned(problem, taken + [join], workLimit: workLimit / joins.count),
          next.byteCount <= plan.byteCount
        else { continue }
        taken.append(join)
        plan = next
      }
    }
    plan.lowerBoundByteCount = apart.lowerBoundByteCount
    plan.isOptimal =
      plan.byteCount == apart.lowerBoundByteCount
      || apart.isOptimal && plan.byteCount == apart.byteCount
    return plan
  }

  /// The plan with all of `joins`; nil when they contradict each other.
  private static func planned(
    _ problem: ArenaProblem, _ joins: [ArenaProblem.Join], workLimit: Int
  ) -> ArenaPlan? {
    guard let joined = JoinedProblem(problem, joins) else { return nil }
    var plan = search(joined.problem, workLimit: workLimit)
    plan.offsets = joined.places.map { plan.offsets[$0.block] + $0.offset }
    return plan
  }
}

/// A problem in which joined blocks are one.
private struct JoinedProblem {
  var problem: ArenaProblem
  /// For each block of the original problem the block here and the bytes from its start.
  var places: [(block: Int, offset: Int)]

  init?(_ original: ArenaProblem, _ joins: [ArenaProblem.Join]) {
    var blocks = original.blocks
    var places = blocks.indices.map { (block: $0, offset: 0) }
    var isJoined = [Bool](repeating: false, count: blocks.count)
    for join in joins {
      guard places[join.whole] == (join.whole, 0) else { return nil }
      isJoined[join.whole] = true
      for part in join.parts {
        // Otherwise it is in another block already.
        guard places[part.block] == (part.block, 0), part.block != join.whole else { return nil }
        guard part.offset % blocks[part.block].alignment == 0 else { return nil }
        for index in places.indices where places[index].block == part.block {
          places[index] = (join.whole, part.offset + places[index].offset)
        }
        let whole = blocks[join.whole]
        blocks[join.whole].firstUse = min(whole.firstUse, blocks[part.block].firstUse)
        blocks[join.whole].lastUse = max(whole.lastUse, blocks[part.block].lastUse)
        blocks[join.whole].alignment = max(whole.alignment, blocks[part.block].alignment)
      }
    }
    // What is in another block is there as that block; the others move up.
    let kept = blocks.indices.filter { places[$0] == ($0, 0) }
    var positions = [Int](repeating: 0, count: blocks.count)
    for (position, block) in kept.enumerated() { positions[block] = position }
    // An output in a joined block stands beside data that is live already, and an input in one
    // beside data that lives on.
    let overlaps = original.overlaps.filter {
      !isJoined[places[$0.output].block] && places[$0.input] == ($0.input, 0)
        && blocks[$0.input].lastUse == original.blocks[$0.input].lastUse
    }
    problem = ArenaProblem(
      blocks: kept.map { blocks[$0] },
      overlaps: overlaps.map {
        .init(output: positions[$0.output], input: positions[$0.input], distance: $0.distance)
      })
    self.places = places.map { (positions[$0.block], $0.offset) }
  }
}
