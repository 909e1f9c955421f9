import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

@Suite struct ArenaPlannerTests {
  /// `blockCount` blocks over a few operators, with overlaps where one ends as another begins.
  private func problem(
    seed: Int, blockCount: Int, maximumByteCount: Int, alignments: [Int] = [1, 4]
  ) -> ArenaProblem {
    var random = TestRandom(seed: seed)
    let stepCount = max(2, blockCount * 3 / 4)
    let blocks = (0..<blockCount).map { _ in
      let first = random.int(0...stepCount - 1)
      return ArenaProblem.Block(
        byteCount: random.int(1...maximumByteCount), firstUse: first,
        lastUse: min(stepCount, first + random.int(0...3)),
        alignment: alignments[random.int(0...alignments.count - 1)])
    }
    var overlaps: [ArenaProblem.Overlap] = []
    for (output, block) in blocks.enumerated() {
      for (input, other) in blocks.enumerated()
      where input != output && other.lastUse == block.firstUse && other.firstUse < block.firstUse {
        if random.int(0...1) == 0 {
          overlaps.append(
            .init(output: output, input: input, distance: random.int(0...block.byteCount)))
        }
      }
    }
    return ArenaProblem(blocks: blocks, overlaps: overlaps)
  }

  /// Whether blocks `a` and `b` at these offsets disturb each other, from the definition.
  private func collide(_ problem: ArenaProblem, _ offsets: [Int], _ a: Int, _ b: Int) -> Bool {
    let (x, y) = (problem.blocks[a], problem.blocks[b])
    if x.firstUse > y.lastUse || y.firstUse > x.lastUse { return false }
    if offsets[a] + x.byteCount <= offsets[b] || offsets[b] + y.byteCount <= offsets[a] {
      return false
    }
    for overlap in problem.overlaps {
      if (overlap.output, overlap.input) == (a, b), offsets[b] - offsets[a] >= overlap.distance {
        return false
      }
      if (overlap.output, overlap.input) == (b, a), offsets[a] - offsets[b] >= overlap.distance {
        return false
      }
    }
    return true
  }

  private func expectValid(_ plan: ArenaPlan, _ problem: ArenaProblem, _ comment: String) {
    let indices = problem.blocks.indices
    #expect(plan.offsets.count == problem.blocks.count)
    for a in indices {
      let block = problem.blocks[a]
      #expect(plan.offsets[a] >= 0 && plan.offsets[a] % block.alignment == 0, "\(comment)")
      #expect(plan.offsets[a] + block.byteCount <= plan.byteCount, "\(comment)")
      for b in indices where b < a {
        #expect(!collide(problem, plan.offsets, a, b), "\(comment): blocks \(b) and \(a)")
      }
    }
    #expect(plan.lowerBoundByteCount <= plan.byteCount, "\(comment)")
  }

  /// The least arena, by trying every offset of every block.
  private func bruteForce(_ problem: ArenaProblem) -> Int {
    var limit = problem.blocks.map(\.byteCount).max() ?? 0
    while !fits(problem, in: limit) { limit += 1 }
    return limit
  }

  private func fits(_ problem: ArenaProblem, in limit: Int) -> Bool {
    var offsets = [Int](repeating: 0, count: problem.blocks.count)
    func place(_ block: Int) -> Bool {
      if block == problem.blocks.count { return true }
      let last = limit - problem.blocks[block].byteCount
      for offset in stride(from: 0, through: last, by: problem.blocks[block].alignment) {
        offsets[block] = offset
        let isFree = (0..<block).allSatisfy { !collide(problem, offsets, $0, block) }
        if isFree, place(block + 1) { return true }
      }
      return false
    }
    return place(0)
  }

  @Test(arguments: 1...8)
  func equalsBruteForceOnSmallProblems(group: Int) {
    for round in 0..<25 {
      let seed = group * 1000 + round
      let small = problem(
        seed: seed, blockCount: 2 + seed % 5, maximumByteCount: 6, alignments: [1, 2])
      let plan = ArenaPlanner.plan(small)
      expectValid(plan, small, "seed \(seed)")
      let best = bruteForce(small)
      #expect(plan.lowerBoundByteCount <= best, "seed \(seed)")
      #expect(plan.isOptimal && plan.byteCount == best, "seed \(seed): \(plan), least \(best)")
    }
  }

  /// Two blocks of the same size and life, of which one alone may overlap the output.
  @Test func blocksThatDifferInOverlapAlone() {
    let input = ArenaProblem.Block(byteCount: 4, firstUse: 0, lastUse: 1, alignment: 1)
    let output = ArenaProblem.Block(byteCount: 4, firstUse: 1, lastUse: 2, alignment: 1)
    for overlapping in 0...1 {
      let problem = ArenaProblem(
        blocks: [input, input, output],
        overlaps: [.init(output: 2, input: overlapping, distance: 0)])
      let plan = ArenaPlanner.plan(problem)
      expectValid(plan, problem, "\(overlapping)")
      #expect(plan.byteCount == 8 && plan.isOptimal)
    }
  }

  @Test func alignmentIsKept() {
    let problem = problem(seed: 3, blockCount: 9, maximumByteCount: 50, alignments: [1, 4, 16])
    expectValid(ArenaPlanner.plan(problem), problem, "seed 3")
  }

  @Test func nothingToPlace() {
    let plan = ArenaPlanner.plan(ArenaProblem(blocks: [], overlaps: []))
    #expect(plan.byteCount == 0 && plan.offsets.isEmpty && plan.isOptimal)
  }

  /// A large graph ends soon, with a valid plan, whether its blocks live long or short.
  @Test(.timeLimit(.minutes(1)), arguments: [4, 200])
  func boundedTime(stepCount: Int) {
    var random = TestRandom(seed: stepCount)
    let blocks = (0..<200).map { index in
      let first = stepCount == 4 ? random.int(0...3) : index
      return ArenaProblem.Block(
        byteCount: random.int(1...5000), firstUse: first, lastUse: first + random.int(1...3),
        alignment: 4)
    }
    let problem = ArenaProblem(blocks: blocks, overlaps: [])
    expectValid(ArenaPlanner.plan(problem), problem, "\(stepCount) steps")
  }

  @Test func aChainInPlaceNeedsNoMoreThanItsLargest() {
    let blocks = (0..<20).map {
      ArenaProblem.Block(byteCount: 100 - $0, firstUse: $0, lastUse: $0 + 1, alignment: 1)
    }
    let overlaps = (1..<20).map { ArenaProblem.Overlap(output: $0, input: $0 - 1, distance: 0) }
    let plan = ArenaPlanner.plan(ArenaProblem(blocks: blocks, overlaps: overlaps))
    #expect(plan.byteCount == 100 && plan.isOptimal)
  }

  /// Blocks 0 and 1 are parts of 2, which lives on; block 3 lives in one step.
  @Test(arguments: [(0, false), (1, true), (3, true)])
  func joinsAreTakenWhereTheyCostNothing(step: Int, isJoined: Bool) {
    let blocks = [
      ArenaProblem.Block(byteCount: 4, firstUse: 0, lastUse: 2, alignment: 1),
      .init(byteCount: 4, firstUse: 1, lastUse: 2, alignment: 1),
      .init(byteCount: 8, firstUse: 2, lastUse: 3, alignment: 1),
      .init(byteCount: 1, firstUse: step, lastUse: step, alignment: 1),
    ]
    let problem = ArenaProblem(
      blocks: blocks,
      overlaps: [
        .init(output: 2, input: 0, distance: 0), .init(output: 2, input: 1, distance: 4),
      ],
      joins: [.init(whole: 2, parts: [.init(block: 0, offset: 0), .init(block: 1, offset: 4)])])
    let plan = ArenaPlanner.plan(problem)
    expectValid(plan, problem, "\(step)")
    #expect(plan.isOptimal && plan.byteCount == (step == 0 ? 8 : 9))
    let isInPlace =
      plan.offsets[0] == plan.offsets[2] && plan.offsets[1] == plan.offsets[2] + 4
    #expect(isInPlace || !isJoined)
  }

  /// Joins never make a plan larger, and it stays valid.
  @Test(arguments: 0..<100)
  func randomJoins(seed: Int) {
    var problem = problem(seed: seed, blockCount: 7, maximumByteCount: 9, alignments: [1])
    for whole in problem.blocks.indices {
      let step = problem.blocks[whole].firstUse
      let parts = problem.blocks.indices.filter {
        problem.blocks[$0].lastUse == step && problem.blocks[$0].firstUse < step
      }
      var offset = 0
      let join = ArenaProblem.Join(
        whole: whole,
        parts: parts.map { block in
          defer { offset += problem.blocks[block].byteCount }
          return .init(block: block, offset: offset)
        })
      guard !parts.isEmpty, offset <= problem.blocks[whole].byteCount else { continue }
      problem.overlaps.removeAll { $0.output == whole && parts.contains($0.input) }
      problem.overlaps += join.parts.map {
        .init(output: whole, input: $0.block, distance: $0.offset)
      }
      problem.joins.append(join)
    }
    let plan = ArenaPlanner.plan(problem)
    expectValid(plan, problem, "seed \(seed)")
    let without = ArenaProblem(blocks: problem.blocks, overlaps: problem.overlaps)
    #expect(plan.byteCount <= ArenaPlanner.plan(without).byteCount, "seed \(seed)")
  }

  /// Four residual blocks as in ResNet-8: two convolutions, the second over its own input, and an
  /// addition in place. The walk alone does not get there.
  @Test func residualsReachTheLowerBound() {
    var blocks: [ArenaProblem.Block] = []
    var overlaps: [ArenaProblem.Overlap] = []
    for residual in 0..<4 {
      let (step, size) = (3 * residual, 16_384 >> residual)
      let x = blocks.count
      for (first, last) in [(0, 3), (1, 2), (2, 3)] {
        blocks.append(
          .init(byteCount: size, firstUse: step + first, lastUse: step + last, alignment: 4))
      }
      overlaps.append(.init(output: x + 2, input: x + 1, distance: 1024 >> residual))
      if residual > 0 { overlaps.append(.init(output: x, input: x - 4, distance: 0)) }
      for scratch in 0...2 {
        blocks.append(
          .init(
            byteCount: 800 + 16 * scratch, firstUse: step + scratch, lastUse: step + scratch,
            alignment: 16))
      }
    }
    let problem = ArenaProblem(blocks: blocks, overlaps: overlaps)
    let plan = ArenaPlanner.plan(problem)
    expectValid(plan, problem, "residuals")
    #expect(plan.byteCount <= plan.lowerBoundByteCount * 103 / 100, "\(plan)")
  }

  /// The keywords' network after two arrangements of its input: eight layers, each result a little
  /// below its input, with scratch at every other one. It needs their distances beside one block.
  @Test func aLongChainWithDistancesDoesNotTurnBack() {
    var blocks = (0..<3).map {
      ArenaProblem.Block(byteCount: 490, firstUse: max(0, $0 - 1), lastUse: $0, alignment: 4)
    }
    var overlaps = [0, 0, 7560].enumerated().map {
      ArenaProblem.Overlap(output: $0 + 1, input: $0, distance: $1)
    }
    for step in 2..<11 {
      blocks.append(.init(byteCount: 8000, firstUse: step, lastUse: step + 1, alignment: 4))
      overlaps.append(
        .init(output: step + 2, input: step + 1, distance: step.isMultiple(of: 2) ? 320 : 640))
    }
    overlaps.removeAll { $0.output == 3 && $0.distance == 320 }
    for step in 4..<11 where step.isMultiple(of: 2) {
      blocks.append(.init(byteCount: 640, firstUse: step, lastUse: step, alignment: 16))
    }
    blocks.append(.init(byteCount: 864, firstUse: 2, lastUse: 2, alignment: 16))
    let problem = ArenaProblem(blocks: blocks, overlaps: overlaps)
    let plan = ArenaPlanner.plan(problem)
    expectValid(plan, problem, "chain")
    #expect(plan.byteCount <= 8000 + 4 * (320 + 640), "\(plan)")
  }

  @Test func lenetsArena() throws {
    let output = try Networks.compiled(Networks.lenet(), sampleCount: 1)
    #expect(output.plan.byteCount <= 2_048)
    #expect(output.plan.isOptimal)
    #expect(output.plan.lowerBoundByteCount <= output.plan.byteCount)
  }
}
