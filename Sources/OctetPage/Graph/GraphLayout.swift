/// Boxes and lines of a graph: ranks from top to bottom, long graphs in columns like a newspaper's.
struct GraphLayout {
  struct Box: Equatable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    var right: Double { x + width }
    var bottom: Double { y + height }
  }

  struct Point: Equatable {
    var x: Double
    var y: Double
  }

  /// A piece of the way of a node's output. Between the ranks of a column it bends; where it goes
  /// on in the next column it has corners.
  struct Segment: Equatable {
    /// The node that the tensor comes from, and the node that it has reached; nil on the way.
    var node: Int
    var target: Int?
    var points: [Point]
    /// Whether it is a curve between its two points.
    var isCurve: Bool
  }

  /// The room that each node has.
  struct Size {
    var boxWidth = 172.0
    var boxHeight = 40.0
    var laneWidth = 8.0
    var gap = 18.0
    var rankGap = 26.0
    var gutter = 34.0
    /// The width over the height that a long graph should have.
    var aspect = 1.5
    /// Ranks that stay in one column however long the page gets.
    var columnRankCount = 16

    init() {}
  }

  private(set) var boxes: [Box]
  private(set) var segments: [Segment] = []
  private(set) var width = 0.0
  private(set) var height = 0.0
  let graph: LayeredGraph

  init(nodeCount: Int, edges: [(from: Int, to: Int)], size: Size = Size()) {
    graph = LayeredGraph(nodeCount: nodeCount, edges: edges)
    boxes = [Box](repeating: Box(x: 0, y: 0, width: 0, height: 0), count: nodeCount)
    guard nodeCount > 0 else { return }
    var columns = Columns(graph, size)
    columns.place()
    for (item, center) in columns.centers.enumerated() where !graph.items[item].isLane {
      boxes[graph.items[item].node] = Box(
        x: center - size.boxWidth / 2, y: columns.top(of: graph.items[item].rank),
        width: size.boxWidth, height: size.boxHeight)
    }
    segments = columns.segments()
    (width, height) = (columns.width, columns.height)
  }
}

/// The ranks cut into columns, with coordinates.
private struct Columns {
  let graph: LayeredGraph
  let size: GraphLayout.Size
  /// The ranks of each column.
  private(set) var columns: [Range<Int>] = []
  /// The middle of each item.
  private(set) var centers: [Double]
  private(set) var width = 0.0
  private(set) var height = 0.0
  /// The lines that leave each column for the next one; their room above and below.
  private var crossings: [[(from: Int, to: Int)]] = []
  private var rights: [Double] = []
  private var margin = 4.0
  private var columnOfRank: [Int] = []

  private static let laneStep = 7.0

  init(_ graph: LayeredGraph, _ size: GraphLayout.Size) {
    self.graph = graph
    self.size = size
    centers = [Double](repeating: 0, count: graph.items.count)
    columns = cut()
    columnOfRank = columns.enumerated().flatMap { column, ranks in
      [Int](repeating: column, count: ranks.count)
    }
    crossings = columns.map { ranks in
      guard ranks.upperBound < graph.ranks.count else { return [] }
      return graph.ranks[ranks.upperBound - 1].flatMap { item in
        graph.items[item].next.map { (item, $0) }
      }
    }
  }

  /// Cuts where few lines cross, near where columns of one length would end.
  private func cut() -> [Range<Int>] {
    let count = graph.ranks.count
    let rankHeight = size.boxHeight + size.rankGap
    guard count > size.columnRankCount else { return [0..<count] }
    let widest = graph.ranks.map(width(of:)).sorted()
    let typical = widest[widest.count * 9 / 10] + size.gutter
    let ideal = (size.aspect * Double(count) * rankHeight / typical).squareRoot()
    let columnCount = min(max(2, Int(ideal.rounded())), max(1, count / 6))
    var cuts: [Int] = []
    for number in 1..<max(2, columnCount) {
      let target = number * count / columnCount
      let reach = max(1, count / (3 * columnCount))
      let best = (target - reach...target + reach)
        .filter { $0 > (cuts.last ?? 0) + 1 && $0 < count - 1 }
        .min { a, b in
          (lineCount(before: a), abs(a - target), a) < (lineCount(before: b), abs(b - target), b)
        }
      if let best { cuts.append(best) }
    }
    let ends = cuts + [count]
    return zip([0] + cuts, ends).map { $0..<$1 }
  }

  /// The lines between a rank and the one before it.
  private func lineCount(before rank: Int) -> Int {
    graph.ranks[rank - 1].reduce(0) { $0 + graph.items[$1].next.count }
  }

  private func width(of rank: [Int]) -> Double {
    rank.reduce(0) { $0 + itemWidth($1) } + size.gap * Double(max(0, rank.count - 1))
  }

  private func itemWidth(_ item: Int) -> Double {
    graph.items[item].isLane ? size.laneWidth : size.boxWidth
  }

  // MARK: Coordinates

  mutating func place() {
    let mostLines = crossings.map(\.count).max() ?? 0
    margin = mostLines == 0 ? 4 : 14 + Self.laneStep * Double(mostLines)
    var left = 2.0
    for (column, ranks) in columns.enumerated() {
      // Lines from the column before come down on its left.
      if column > 0 {
        left += size.gutter + Self.laneStep * Double(crossings[column - 1].count)
      }
      align(ranks)
      let items = ranks.flatMap { graph.ranks[$0] }
      let lowest = items.map { centers[$0] - itemWidth($0) / 2 }.min() ?? 0
      for item in items { centers[item] += left - lowest }
      left = items.map { centers[$0] + itemWidth($0) / 2 }.max() ?? left
      rights.append(left)
    }
    width = left + 2
    let longest = columns.map(\.count).max() ?? 0
    height =
      Double(longest) * (size.boxHeight + size.rankGap) - size.rankGap + 2 * margin
  }

  func top(of rank: Int) -> Double {
    let first = columns[columnOfRank[rank]].lowerBound
    return margin + Double(rank - first) * (size.boxHeight + size.rankGap)
  }

  /// Moves the items of a column under and over their neighbours, keeping order and distance.
  private mutating func align(_ ranks: Range<Int>) {
    for rank in ranks {
      var x = 0.0
      let start = -width(of: graph.ranks[rank]) / 2
      for item in graph.ranks[rank] {
        centers[item] = start + x + itemWidth(item) / 2
        x += itemWidth(item) + size.gap
      }
    }
    for sweep in 0..<10 {
      let isDown = sweep % 2 == 0
      for rank in isDown ? Array(ranks) : ranks.reversed() {
        let items = graph.ranks[rank]
        settle(items, items.map { wish($0, ranks, sweep < 8 ? isDown : nil) })
      }
    }
  }

  /// Where an item would like to be, and how much: at the weighted mean of its neighbours. Lanes
  /// want to be straight most of all.
  private func wish(
    _ item: Int, _ ranks: Range<Int>, _ isDown: Bool?
  ) -> (center: Double, weight: Double) {
    let me = graph.items[item]
    var neighbours: [Int] = []
    if isDown != false { neighbours += me.previous }
    if isDown != true { neighbours += me.next }
    var (sum, weight) = (0.0, 0.0)
    for other in neighbours where ranks.contains(graph.items[other].rank) {
      let isStraight = me.isLane && graph.items[other].isLane
      let pull = isStraight ? 8.0 : me.isLane || graph.items[other].isLane ? 1.0 : 3.0
      sum += pull * centers[other]
      weight += pull
    }
    return weight == 0 ? (centers[item], 0.1) : (sum / weight, weight)
  }

  /// The places nearest to the wishes in the sense of least squares that keep the order and the
  /// distances: what is left over in each item's wish may not fall from left to right, so
  /// neighbours that would are pooled.
  private mutating func settle(_ items: [Int], _ wishes: [(center: Double, weight: Double)]) {
    var offsets: [Double] = []
    var offset = 0.0
    for (index, item) in items.enumerated() {
      if index > 0 {
        offset += (itemWidth(items[index - 1]) + itemWidth(item)) / 2 + size.gap
      }
      offsets.append(offset)
    }
    var pools: [(mean: Double, weight: Double, count: Int)] = []
    for (index, wish) in wishes.enumerated() {
      pools.append((wish.center - offsets[index], wish.weight, 1))
      while pools.count > 1, pools[pools.count - 2].mean > pools[pools.count - 1].mean {
        let last = pools.removeLast()
        let before = pools.removeLast()
        let weight = last.weight + before.weight
        let mean = (last.mean * last.weight + before.mean * before.weight) / weight
        pools.append((mean, weight, last.count + before.count))
      }
    }
    var index = 0
    for pool in pools {
      for _ in 0..<pool.count {
        centers[items[index]] = pool.mean + offsets[index]
        index += 1
      }
    }
  }

  // MARK: Lines

  func segments() -> [GraphLayout.Segment] {
    typealias Point = GraphLayout.Point
    var result: [GraphLayout.Segment] = []
    func target(_ item: Int) -> Int? { graph.items[item].isLane ? nil : graph.items[item].node }
    for (column, ranks) in columns.enumerated() {
      for rank in ranks {
        let (top, bottom) = (top(of: rank), top(of: rank) + size.boxHeight)
        for item in graph.ranks[rank] {
          let me = graph.items[item]
          if me.isLane {
            result.append(
              .init(
                node: me.node, target: nil,
                points: [Point(x: centers[item], y: top), Point(x: centers[item], y: bottom)],
                isCurve: false))
          }
          guard rank + 1 < ranks.upperBound else { continue }
          for next in me.next {
            result.append(
              .init(
                node: me.node, target: target(next),
                points: [
                  Point(x: centers[item], y: bottom),
                  Point(x: centers[next], y: bottom + size.rankGap),
                ], isCurve: true))
          }
        }
      }
      // Lines from one node run together as far as they can.
      var numbers: [Int: Int] = [:]
      for line in crossings[column] {
        let number = numbers[line.from] ?? numbers.count
        numbers[line.from] = number
        result.append(
          .init(
            node: graph.items[line.from].node, target: target(line.to),
            points: corners(line, number, column, ranks), isCurve: false))
      }
    }
    return result
  }

  /// Down from the column, up in the gutter and down into the next column.
  private func corners(
    _ line: (from: Int, to: Int), _ number: Int, _ column: Int, _ ranks: Range<Int>
  ) -> [GraphLayout.Point] {
    let step = Self.laneStep * Double(number)
    let low = top(of: ranks.upperBound - 1) + size.boxHeight + 10 + step
    let high = margin - 10 - step
    let gutter = rights[column] + size.gutter / 2 + step
    return [
      .init(x: centers[line.from], y: low - 10 - step), .init(x: centers[line.from], y: low),
      .init(x: gutter, y: low), .init(x: gutter, y: high),
      .init(x: centers[line.to], y: high), .init(x: centers[line.to], y: margin),
    ]
  }
}
