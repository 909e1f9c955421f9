/// Blocks that lie at fixed distances from each other, to be placed as one; most are one block.
struct ArenaCluster: Equatable {
  /// A block of the problem, and where it starts in the cluster.
  struct Part: Equatable {
    var block: Int
    var offset: Int
  }

  var byteCount: Int
  var firstUse: Int
  var lastUse: Int
  var alignment: Int
  var parts: [Part]
}

/// How near another cluster may be.
struct ArenaConflict {
  var other: Int
  /// Bytes from the other's start to this one's at least, if this one lies above it; below 0 where
  /// what is there at the same time leaves room.
  var above: Int
  /// The same from this one's start to the other's.
  var below: Int
}

/// A problem in which joined blocks are one.
struct ArenaClustering {
  private let problem: ArenaProblem
  private(set) var clusters: [ArenaCluster]
  /// For each block its cluster and the bytes from its start.
  private(set) var places: [(cluster: Int, offset: Int)]
  /// Distances of overlaps by output and input.
  private let distances: [Pair: Int]

  private struct Pair: Hashable {
    let output, input: Int
  }

  /// Nil when joins contradict each other.
  init?(_ problem: ArenaProblem, _ joins: [ArenaProblem.Join]) {
    self.problem = problem
    let blocks = problem.blocks
    distances = Dictionary(
      problem.overlaps.map { (Pair(output: $0.output, input: $0.input), $0.distance) },
      uniquingKeysWith: max)
    var members = blocks.indices.map { [ArenaCluster.Part(block: $0, offset: 0)] }
    var isPart = [Bool](repeating: false, count: blocks.count)
    for join in joins {
      guard !isPart[join.whole] else { return nil }
      for part in join.parts {
        // Otherwise it is in another block already.
        guard !isPart[part.block], part.block != join.whole,
          part.offset % blocks[part.block].alignment == 0
        else { return nil }
        isPart[part.block] = true
        members[join.whole] += members[part.block].map {
          .init(block: $0.block, offset: part.offset + $0.offset)
        }
      }
    }
    clusters = []
    places = blocks.map { _ in (0, 0) }
    for whole in blocks.indices where !isPart[whole] {
      for part in members[whole] { places[part.block] = (clusters.count, part.offset) }
      let own = members[whole].map { blocks[$0.block] }
      clusters.append(
        ArenaCluster(
          byteCount: blocks[whole].byteCount, firstUse: own.map(\.firstUse).min() ?? 0,
          lastUse: own.map(\.lastUse).max() ?? 0, alignment: own.map(\.alignment).max() ?? 1,
          parts: members[whole]))
    }
  }

  // MARK: What may lie where

  /// For each cluster those that are there at the same time.
  var conflicts: [[ArenaConflict]] {
    var conflicts = clusters.map { _ in [ArenaConflict]() }
    for a in clusters.indices {
      for b in 0..<a
      where clusters[a].firstUse <= clusters[b].lastUse
        && clusters[b].firstUse <= clusters[a].lastUse
      {
        guard let above = distance(of: clusters[a], above: clusters[b]),
          let below = distance(of: clusters[b], above: clusters[a])
        else { continue }
        conflicts[a].append(.init(other: b, above: above, below: below))
        conflicts[b].append(.init(other: a, above: below, below: above))
      }
    }
    return conflicts
  }

  /// The bytes by which `upper` must start after `lower` at least, so that no two of their parts
  /// that are there together collide; nil where none are.
  private func distance(of upper: ArenaCluster, above lower: ArenaCluster) -> Int? {
    var distance: Int?
    for part in upper.parts {
      for other in lower.parts where problem.conflict(part.block, other.block) {
        var byteCount = problem.blocks[other.block].byteCount
        // An operator's output below an input that ends there.
        if let overlap = distances[Pair(output: other.block, input: part.block)] {
          byteCount = min(byteCount, overlap)
        }
        distance = max(distance ?? .min, other.offset + byteCount - part.offset)
      }
    }
    return distance
  }

  // MARK: The bound

  /// No plan can be smaller: the most that is live at one operator, counting the most that each
  /// allowed overlap could save.
  var lowerBound: Int {
    max(peaks.max() ?? 0, clusters.map(\.byteCount).max() ?? 0)
  }

  /// The bytes that are live at each operator, less the most that each allowed overlap could save.
  var peaks: [Int] {
    let blocks = problem.blocks
    let last = blocks.map(\.lastUse).max() ?? 0
    var totals = [Int](repeating: 0, count: last + 1)
    for cluster in clusters {
      for step in cluster.firstUse...cluster.lastUse { totals[step] += liveCount(cluster, step) }
    }
    for overlap in problem.overlaps
    where places[overlap.output].cluster != places[overlap.input].cluster {
      let (output, input) = (blocks[overlap.output], blocks[overlap.input])
      let together = max(output.byteCount, overlap.distance + input.byteCount)
      let saved = max(0, output.byteCount + input.byteCount - together)
      let first = max(output.firstUse, input.firstUse)
      let end = min(output.lastUse, input.lastUse)
      for step in first..<max(first, end + 1) { totals[step] -= saved }
    }
    return totals
  }

  /// Bytes of the cluster that some live part has.
  private func liveCount(_ cluster: ArenaCluster, _ step: Int) -> Int {
    let live = cluster.parts.filter {
      let block = problem.blocks[$0.block]
      return block.firstUse <= step && step <= block.lastUse
    }.sorted { $0.offset < $1.offset }
    var (count, end) = (0, 0)
    for part in live {
      let partEnd = part.offset + problem.blocks[part.block].byteCount
      count += max(0, partEnd - max(end, part.offset))
      end = max(end, partEnd)
    }
    return count
  }

  // MARK: Alike

  /// For each cluster the first one that equals it in size, lifetime, alignment and overlaps.
  var kinds: [Int] {
    var inputs = [Set<ArenaProblem.Overlap>](repeating: [], count: clusters.count)
    var outputs = inputs
    for overlap in problem.overlaps {
      // What the overlap is to the block, without the block's own number.
      var (asInput, asOutput) = (overlap, overlap)
      asInput.input = -1
      asOutput.output = -1
      inputs[places[overlap.input].cluster].insert(asInput)
      outputs[places[overlap.output].cluster].insert(asOutput)
    }
    return clusters.indices.map { index in
      let own = clusters[index]
      return clusters.indices.first { other in
        let cluster = clusters[other]
        return other == index
          || cluster.parts.count == 1 && own.parts.count == 1
            && problem.blocks[cluster.parts[0].block] == problem.blocks[own.parts[0].block]
            && inputs[other] == inputs[index] && outputs[other] == outputs[index]
      } ?? index
    }
  }
}
