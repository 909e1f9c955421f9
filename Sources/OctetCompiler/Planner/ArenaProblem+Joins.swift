// A concatenation whose inputs lie in its output already copies nothing. Its output must then be
// there from the first of them on, which may need a larger arena; so joins are taken where the
// plan does not grow. Bands and what shows some of their rows are joined always.

extension ArenaPlanner {
  /// The best plan found, with the joins that are required and as many of the others as cost no
  /// memory: all of them, or those that can be added one after the other.
  package static func plan(_ problem: ArenaProblem) -> ArenaPlan {
    let required = problem.joins.filter(\.isRequired)
    let joins = problem.joins.filter { !$0.isRequired }
    func planned(_ joins: [ArenaProblem.Join], _ workLimit: Int = workLimit) -> ArenaPlan? {
      search(problem, joins: joins, workLimit: workLimit)
    }
    guard let apart = planned(required) ?? planned([]) else {
      preconditionFailure("blocks that are not joined cannot contradict each other")
    }
    if joins.isEmpty { return apart }
    var plan = apart
    if let all = planned(required + joins), all.byteCount <= apart.byteCount {
      plan = all
    } else if joins.count > 1 {
      var taken = required
      for join in joins {
        guard let next = planned(taken + [join], workLimit / joins.count),
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
}
