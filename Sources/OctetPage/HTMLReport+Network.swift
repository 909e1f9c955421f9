import OctetReport

extension HTMLReport {
  /// Boxes from which on chains of healthy operators are shown as one.
  private static let foldedCount = 48
  /// Boxes that are drawn at most.
  private static let boxLimit = 1200

  /// The operators in their order and branches.
  var network: Section? {
    guard let network = report.network, network.nodes.count > 1 else { return nil }
    let marks = marks
    let whole = NetworkView(network)
    let folded = NetworkView(network) { isUnremarkable(network.nodes[$0], marks) }
    let isFolded = whole.boxes.count > Self.foldedCount && folded.boxes.count < whole.boxes.count
    let views =
      (isFolded ? [(folded, "folded"), (whole, "whole")] : [(whole, "folded")])
      .filter { $0.0.boxes.count <= Self.boxLimit }
    var content: Markup = "<h2>Network</h2>\n"
    guard !views.isEmpty else {
      content += """
        <p class="note">\(Figures.count(whole.boxes.count)) operators are too many to be drawn.</p>

        """
      return Section(id: "network", name: "Network", content: content)
    }
    var hidden = 0
    let pictures = views.map { view, style -> Markup in
      let plot = plot(view, network)
      hidden = max(hidden, plot.layout.graph.hiddenEdgeCount)
      return """
        <div class="view \(style)" role="region" tabindex="0" aria-label="The network">\
        \(plot.markup)</div>

        """
    }
    content += """
      \(networkNote(network))<figure class="network">\(switches(isFolded: views.count > 1))\
      \(pictures)<figcaption>\(networkCaption(hidden))</figcaption>
      <details class="numbers"><summary>Operators and what they read</summary>\
      \(operatorTable(network).markup)</details></figure>

      """
    return Section(id: "network", name: "Network", content: content)
  }

  /// Whether an operator may be folded into a chain.
  private func isUnremarkable(
    _ node: DiffReport.Network.Node, _ marks: [String: Mark]
  ) -> Bool {
    guard node.side == .both, let layer = layer(of: node) else { return false }
    return layer.condition == .healthy && layer.name != report.verdict.layer
      && marks[layer.name] == nil
  }

  private func layer(of node: DiffReport.Network.Node) -> DiffReport.Layer? {
    node.layer.flatMap { report.layers.indices.contains($0) ? report.layers[$0] : nil }
  }

  /// What only one of the two has, in a sentence.
  private func networkNote(_ network: DiffReport.Network) -> Markup {
    let names = names
    func list(_ side: DiffReport.Network.Side, _ name: String) -> Markup {
      let nodes = network.nodes.filter { $0.side == side }
      guard !nodes.isEmpty else { return "" }
      let shown = ShortNames.fit(nodes.prefix(6).map { $0.name.shortened() }, width: 24)
      let more = nodes.count > shown.count ? " and \(nodes.count - shown.count) more" : ""
      return """
        <p><strong>Only in \(name):</strong> \(shown.joined(separator: ", "))\(more).</p>

        """
    }
    return list(.reference, names.reference) + list(.candidate, names.candidate)
  }

  // MARK: The picture

  private func plot(_ view: NetworkView, _ network: DiffReport.Network) -> NetworkPlot {
    let costs = Dictionary(
      report.cost.layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    func sum(_ box: NetworkView.Box, _ value: (DiffReport.Cost.Layer) -> Double) -> Double {
      box.members.compactMap { costs[network.nodes[$0].name] }.map(value).filter(\.isFinite)
        .reduce(0, +)
    }
    let times = view.boxes.map { sum($0) { $0.int8Nanoseconds ?? $0.floatNanoseconds ?? 0 } }
    let bytes = view.boxes.map { sum($0) { Double($0.weightByteCount) } }
    let (longest, largest) = (max(1, times.max() ?? 0), max(1, bytes.max() ?? 0))
    let names = ShortNames.fit(
      view.boxes.map { network.nodes[$0.members[0]].name.shortened(to: 200) },
      width: NetworkPlot.nameLength
    ).map { $0.shortened(to: NetworkPlot.nameLength + 4) }
    let marks = marks
    let labels = view.boxes.indices.map { index in
      var label = label(view.boxes[index], names[index], network, marks)
      (label.time, label.bytes) = (times[index] / longest, bytes[index] / largest)
      return label
    }
    return NetworkPlot(
      title: "The operators of both models in the order in which they run",
      layout: GraphLayout(
        nodeCount: view.boxes.count, edges: view.edges, size: NetworkPlot.size),
      labels: labels, referenceEdges: view.referenceEdges)
  }

  private func label(
    _ box: NetworkView.Box, _ name: String, _ network: DiffReport.Network,
    _ marks: [String: Mark]
  ) -> NetworkPlot.Label {
    let nodes = box.members.map { network.nodes[$0] }
    let layers = nodes.compactMap(layer(of:))
    let worst = layers.min { ownDecibels($0) < ownDecibels($1) }
    let decibels = worst.map(ownDecibels)
    let figure = decibels.map { $0 >= 100 ? "exact" : Figures.decimal($0, 0) + " dB" }
    let what =
      nodes.count > 1 ? "\(nodes.count) operators" : Self.shortKind(nodes[0].operator)
    var style = Self.errorStyle(decibels)
    var (mark, note) = ("", [what, figure].compactMap(\.self).joined(separator: " · "))
    if let worst, worst.condition != .healthy {
      mark = worst.sign.mark + " "
      style += " fault"
    }
    let found = layers.compactMap { marks[$0.name] } + nodes.compactMap { marks[$0.name] }
    if let first = found.first {
      mark += first.sign + " "
      style += " marked"
    }
    if box.side != .both {
      style += box.side == .reference ? " only float" : " only int8"
      note = "\(what) · only \(box.side == .reference ? names.reference : names.candidate)"
    }
    let contained = nodes.flatMap(\.contains)
    let full =
      (nodes.count > 1
        ? "\(nodes[0].name.shortened()) … \(nodes[nodes.count - 1].name.shortened())"
        : nodes[0].name.shortened()) + ": \(note)"
      + (worst.map { $0.condition == .healthy ? "" : "; \(wrong($0))" } ?? "")
      + (found.first.map { "; \($0.meaning)" } ?? "")
      + (contained.isEmpty
        ? "" : "; computes \(contained.prefix(6).joined(separator: ", ").shortened(to: 200)) too")
    let link = nodes.compactMap(\.layer).first { index in
      report.layers.indices.contains(index)
        && (worst == nil || report.layers[index].name == worst?.name)
    }
    return .init(
      name: mark + name, note: note, full: full, style: style,
      link: link.flatMap(anchor), time: 0, bytes: 0)
  }

  /// The cause and the figures of a layer that is not healthy.
  private func wrong(_ layer: DiffReport.Layer) -> String {
    let cause = layer.findings.first?.cause.map { $0.title + ": " } ?? ""
    return cause + layer.finding.shortened(to: 200)
  }

  /// The error that a layer makes itself, or that it has as it runs.
  private func ownDecibels(_ layer: DiffReport.Layer) -> Double {
    let value = layer.local?.sqnrDecibels ?? layer.judgedDecibels
    return value.isNaN ? -.infinity : value
  }

  /// Steps of ten decibels: the names of colours, from healthy to lost.
  private static let errorSteps: [(limit: Double, style: String, name: String)] = [
    (40, "e0", "40 dB and more"), (30, "e1", "30 – 40"), (20, "e2", "20 – 30"),
    (10, "e3", "10 – 20"), (-.infinity, "e4", "under 10 dB"),
  ]

  private static func errorStyle(_ decibels: Double?) -> String {
    guard let decibels else { return "en" }
    return errorSteps.first { decibels >= $0.limit }?.style ?? "e4"
  }

  private static func shortKind(_ name: String) -> String {
    switch name {
    case "convolution": "conv"
    case "depthwiseConvolution": "depthwise"
    case "transposedConvolution": "transposed conv"
    case "fullyConnected": "dense"
    case "concatenation": "concat"
    case "averagePool": "avg pool"
    case "maxPool": "max pool"
    case "batchNormalization": "batch norm"
    default: name.shortened(to: 16)
    }
  }

  // MARK: Around it

  private func switches(isFolded: Bool) -> Markup {
    func choice(_ name: String, _ title: Markup, _ options: [(String, String)]) -> Markup {
      let items = options.enumerated().map { index, option -> Markup in
        """
        <label><input type="radio" name="\(name)" id="\(option.0)"\
        \(index == 0 ? " checked=\"checked\"" as Markup : "")/> \(option.1)</label>
        """
      }
      return """
        <span class="choice" role="group" aria-label="\(title)">\(title): \(items)</span>

        """
    }
    let folding =
      isFolded
      ? choice("fold", "Chains", [("by-chain", "folded"), ("by-operator", "every operator")]) : ""
    return """
      <div class="tools">\(choice("size", "Width", [("by-time", "time"), ("by-bytes", "bytes")]))\
      \(folding)<span class="zoom" role="group" aria-label="Zoom">\
      <button type="button" data-zoom="0.8" aria-label="Smaller">−</button>\
      <button type="button" data-zoom="0">Fit</button>\
      <button type="button" data-zoom="1.25" aria-label="Larger">+</button></span></div>

      """
  }

  private func networkCaption(_ hiddenEdgeCount: Int) -> Markup {
    let keys = Self.errorSteps.map { step -> Markup in
      "<span class=\"step\"><span class=\"key \(step.style)\"></span>\u{a0}\(step.name)</span> "
    }
    let hidden: Markup =
      hiddenEdgeCount > 0
      ? " \(Figures.count(hiddenEdgeCount, "connection")) could not be drawn." : ""
    return """
      <strong>Colour: each operator’s own error</strong> (signal over error, its input exact). \
      \(keys) A box leads to its layer.\(markKeys)\(hidden) \
      <span class="zoom">Drag to move; + − 0 or Ctrl and the wheel to zoom.</span>
      """
  }

  private func operatorTable(_ network: DiffReport.Network) -> Table {
    var table = Table(
      "Operators and what they read",
      [.text("operator"), .text("operation"), .text("reads"), .text("in"), .number("own, dB")])
    var sources: [Int: [Int]] = [:]
    for edge in network.edges { sources[edge.to, default: []].append(edge.from) }
    for (index, node) in network.nodes.enumerated() {
      let read = (sources[index] ?? []).prefix(8).filter { network.nodes.indices.contains($0) }
        .map { network.nodes[$0].name.shortened(to: 24) }
      let side: String =
        switch node.side {
        case .both: "both"
        case .reference: names.reference
        case .candidate: names.candidate
        }
      table.add([
        .init(node.name.shortened(to: 40)), .init(node.operator.shortened(to: 40)),
        .init(read.joined(separator: ", ")), .init(side),
        .init(layer(of: node).map { Figures.decimal(ownDecibels($0), 1) } ?? "–"),
      ])
    }
    return table
  }
}
