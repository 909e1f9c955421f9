import OctetReport

/// The network as a picture whose boxes are links.
struct NetworkPlot {
  struct Label {
    /// Short and unlike all others.
    var name: String
    /// The second line: the operation and its figure.
    var note: String
    /// All of it, for those who point at the box or hear the page.
    var full: String
    /// `e0`…`e4` by error, `en` where it is unknown, with `fault` and `only`.
    var style: String
    /// Where the box leads; nil for nowhere.
    var link: String?
    /// Shares of the largest of all boxes, 0…1.
    var time: Double
    var bytes: Double
  }

  let title: String
  let layout: GraphLayout
  let labels: [Label]
  let referenceEdges: Set<[Int]>

  static let nameLength = 14
  static let size = {
    var size = GraphLayout.Size()
    size.boxWidth = 196
    return size
  }()
  /// The narrowest box still holds its name.
  private static let narrowest = 118.0

  var markup: Markup {
    let (width, height) = (max(layout.width, 120), max(layout.height, 40))
    return """
      <svg viewBox="0 0 \(width) \(height)" width="\(width)" role="group" \
      style="min-width:\(min(0.62 * width, 1600))px;max-width:\(width * 1.1)px">\
      <title>\(title)</title>\(wires)\(boxes)</svg>
      """
  }

  private var wires: Markup {
    var (both, reference) = (Markup.nothing, Markup.nothing)
    for segment in layout.segments {
      // A lane that only leads to what the reference alone has is that model's.
      let isReference = isReferenceOnly(segment)
      let path = path(of: segment)
      if isReference { reference += path } else { both += path }
    }
    var result: Markup = "<path d=\"\(both)\" class=\"wire\"/>"
    if !reference.isEmpty { result += "<path d=\"\(reference)\" class=\"wire only\"/>" }
    return result
  }

  private func isReferenceOnly(_ segment: GraphLayout.Segment) -> Bool {
    if let target = segment.target { return referenceEdges.contains([segment.node, target]) }
    let targets = layout.graph.items.indices.filter { layout.graph.items[$0].node == segment.node }
      .flatMap { layout.graph.items[$0].next }.map { layout.graph.items[$0] }
      .filter { !$0.isLane }.map(\.node)
    return !referenceEdges.isEmpty
      && targets.allSatisfy { referenceEdges.contains([segment.node, $0]) }
  }

  private func path(of segment: GraphLayout.Segment) -> Markup {
    guard let first = segment.points.first, let last = segment.points.last else { return "" }
    var path: Markup = "M\(first.x) \(first.y)"
    guard segment.isCurve, first.x.tenths != last.x.tenths else {
      for (before, point) in zip(segment.points, segment.points.dropFirst()) {
        // As they are written: a hair's breadth is no way to the side.
        path += before.x.tenths == point.x.tenths ? "V\(point.y)" : "H\(point.x)"
      }
      return path
    }
    let middle = (first.y + last.y) / 2
    return path + "C\(first.x) \(middle) \(last.x) \(middle) \(last.x) \(last.y)"
  }

  private var boxes: Markup {
    var result = Markup.nothing
    for (box, label) in zip(layout.boxes, labels) {
      let middle = box.x + box.width / 2
      func shape(_ style: String, _ share: Double) -> Markup {
        let part = share.isFinite ? min(max(share, 0), 1) : 0
        let width = Self.narrowest + (box.width - Self.narrowest) * part
        return """
          <rect x="\(middle - width / 2)" y="\(box.y)" width="\(width)" height="\(box.height)" \
          rx="5" class="\(style)"/>
          """
      }
      let content: Markup = """
        <title>\(label.full)</title>\(shape("t", label.time))\(shape("b", label.bytes))\
        <text x="\(middle)" y="\(box.y + 17)" class="plain strong" text-anchor="middle">\
        \(label.name)</text>\
        <text x="\(middle)" y="\(box.y + 32)" class="plain small" text-anchor="middle">\
        \(label.note)</text>
        """
      if let link = label.link {
        result += "<a href=\"#\(link)\" class=\"op \(label.style)\">\(content)</a>"
      } else {
        result += "<g class=\"op \(label.style)\">\(content)</g>"
      }
    }
    return result
  }
}
