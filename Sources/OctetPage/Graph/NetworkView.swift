import OctetReport

/// The operators as they are drawn: each in a box of its own, or chains of healthy ones in one.
struct NetworkView {
  struct Box {
    /// Operators in the order in which they run, as indices into the network.
    var members: [Int]
    var side: DiffReport.Network.Side
  }

  private(set) var boxes: [Box] = []
  private(set) var edges: [(from: Int, to: Int)] = []
  /// The boxes between which a tensor runs in the reference alone.
  private(set) var referenceEdges: Set<[Int]> = []

  /// - Parameter isFoldable: whether an operator may share a box with its neighbours; nil folds
  ///   nothing.
  init(_ network: DiffReport.Network, folding isFoldable: ((Int) -> Bool)? = nil) {
    let count = network.nodes.count
    let all = network.edges.filter {
      (0..<count).contains($0.from) && (0..<count).contains($0.to) && $0.from != $0.to
    }
    var next = [[Int]](repeating: [], count: count)
    var inputCount = [Int](repeating: 0, count: count)
    for edge in all {
      next[edge.from].append(edge.to)
      inputCount[edge.to] += 1
    }
    var boxOf = [Int?](repeating: nil, count: count)
    for node in 0..<count where boxOf[node] == nil {
      var members = [node]
      if let isFoldable, isFoldable(node) {
        // On as long as nothing else reads what is made, and nothing else is read.
        while let last = members.last, next[last].count == 1, inputCount[next[last][0]] == 1,
          isFoldable(next[last][0]), boxOf[next[last][0]] == nil, !members.contains(next[last][0])
        {
          members.append(next[last][0])
        }
      }
      for member in members { boxOf[member] = boxes.count }
      boxes.append(Box(members: members, side: network.nodes[node].side))
    }
    var seen: Set<[Int]> = []
    for edge in all {
      guard let from = boxOf[edge.from], let to = boxOf[edge.to], from != to,
        seen.insert([from, to]).inserted
      else { continue }
      edges.append((from, to))
      if edge.side == .reference { referenceEdges.insert([from, to]) }
    }
  }
}
