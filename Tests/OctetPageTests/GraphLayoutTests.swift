import OctetPage
import Testing

@Suite struct GraphLayoutTests {
  /// Numbers that are the same in every run (SplitMix64).
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
      return z ^ z >> 31
    }
  }

  private static func edges(_ seed: UInt64) -> (count: Int, edges: [(from: Int, to: Int)]) {
    var random = Seeded(state: seed)
    let count = Int.random(in: 1...90, using: &random)
    var edges: [(from: Int, to: Int)] = []
    for to in 1..<max(2, count) where to < count {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let reach = Bool.random(using: &random) ? 4 : to
        edges.append((max(0, to - Int.random(in: 1...max(1, reach), using: &random)), to))
      }
    }
    return (count, edges)
  }

  @Test(arguments: 0..<60)
  func boxesStandApartAndInOrder(seed: Int) {
    let (count, edges) = Self.edges(UInt64(seed))
    let layout = GraphLayout(nodeCount: count, edges: edges)
    #expect(layout.boxes.count == count)
    for (index, a) in layout.boxes.enumerated() {
      #expect(a.x >= 0 && a.y >= 0 && a.right <= layout.width && a.bottom <= layout.height)
      for b in layout.boxes[..<index] {
        #expect(a.right <= b.x || b.right <= a.x || a.bottom <= b.y || b.bottom <= a.y)
      }
    }
    let rank = layout.graph.items.prefix(count).map(\.rank)
    for edge in edges { #expect(rank[edge.from] < rank[edge.to]) }
  }

  /// Every edge is drawn: from its maker's box by pieces that meet to its reader's.
  @Test(arguments: 0..<30)
  func linesLeadFromMakerToReader(seed: Int) {
    let (count, edges) = Self.edges(UInt64(1000 + seed))
    let layout = GraphLayout(nodeCount: count, edges: edges)
    #expect(layout.graph.hiddenEdgeCount == 0)
    for edge in edges {
      let own = layout.segments.filter { $0.node == edge.from }
      let maker = layout.boxes[edge.from]
      var reached: [GraphLayout.Point] = [
        .init(x: maker.x + maker.width / 2, y: maker.bottom)
      ]
      var seen = 0
      while seen < reached.count {
        let point = reached[seen]
        seen += 1
        for segment in own where near(segment.points.first, point) {
          if let last = segment.points.last, !reached.contains(where: { near($0, last) }) {
            reached.append(last)
          }
        }
      }
      let reader = layout.boxes[edge.to]
      let end = GraphLayout.Point(x: reader.x + reader.width / 2, y: reader.y)
      #expect(reached.contains { near($0, end) }, "\(edge)")
    }
  }

  private func near(_ a: GraphLayout.Point?, _ b: GraphLayout.Point) -> Bool {
    guard let a else { return false }
    return abs(a.x - b.x) < 1e-6 && abs(a.y - b.y) < 1e-6
  }

  @Test func theSameGraphGivesTheSameLayout() {
    let (count, edges) = Self.edges(7)
    let (a, b) = (
      GraphLayout(nodeCount: count, edges: edges), GraphLayout(nodeCount: count, edges: edges)
    )
    #expect(a.boxes == b.boxes && a.segments == b.segments)
  }

  /// A block of a residual network can be drawn without a crossing, and so it is.
  @Test func branchesDoNotCross() {
    let edges = [(0, 3), (0, 1), (1, 2), (2, 3), (3, 6), (3, 4), (4, 5), (5, 6), (3, 7), (7, 6)]
    let graph = LayeredGraph(nodeCount: 8, edges: edges.map { (from: $0.0, to: $0.1) })
    #expect(graph.crossingCount == 0)
  }

  /// What reads everything before it needs a lane a tensor, not one an edge, and no page of miles.
  @Test func denseNetworksStayNarrow() {
    var edges: [(from: Int, to: Int)] = []
    for to in 1..<48 { for from in 0..<to { edges.append((from, to)) } }
    let layout = GraphLayout(nodeCount: 48, edges: edges)
    let widest = layout.graph.ranks.map(\.count).max() ?? 0
    #expect(widest <= 48 && layout.graph.items.count < 48 * 48)
    #expect(layout.graph.hiddenEdgeCount == 0)
  }

  @Test func longGraphsStandInColumns() {
    let chain = (1..<170).map { (from: $0 - 1, to: $0) }
    let layout = GraphLayout(nodeCount: 170, edges: chain)
    #expect((0.7...3).contains(layout.width / layout.height))
  }

  @Test func cyclesAndLoopsAreSurvived() {
    let layout = GraphLayout(
      nodeCount: 4, edges: [(0, 1), (1, 2), (2, 0), (3, 3), (1, 1)].map { (from: $0.0, to: $0.1) })
    #expect(layout.graph.hiddenEdgeCount == 3)
    #expect(GraphLayout(nodeCount: 0, edges: []).boxes.isEmpty)
  }

  /// FIPS 180-4's examples, and one byte less and more than a block has room for.
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
    ])
  func digests(text: String, expected: String) {
    let digest = SHA256.digest(Array(text.utf8))
    #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
  }
}
