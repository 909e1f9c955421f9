import Foundation
import OctetPage
import OctetReport
import Testing

@Suite struct NetworkPageTests {
  private typealias Node = DiffReport.Network.Node
  private typealias Edge = DiffReport.Network.Edge

  /// Blocks of three convolutions and an addition around them, as in residual networks.
  private static func residual(blocks: Int, _ layers: [DiffReport.Layer]) throws -> DiffReport {
    var report = try HTMLCase.healthy.report()
    let layer = try #require(layers.last)
    var nodes = [Node(name: "input", operator: "input", side: .both, layer: 0)]
    var edges: [Edge] = []
    report.layers = [layer]
    func add(_ name: String, _ kind: String, reads: [Int]) {
      var own = layer
      own.name = name
      own.condition = .healthy
      own.findings = []
      nodes.append(Node(name: name, operator: kind, side: .both, layer: report.layers.count))
      report.layers.append(own)
      edges += reads.map { Edge(from: $0, to: nodes.count - 1, side: .both) }
    }
    for block in 0..<blocks {
      let start = nodes.count - 1
      for part in 1...3 {
        add("block\(block)/conv\(part)", "convolution", reads: [nodes.count - 1])
      }
      add("block\(block)/add", "add", reads: [start, nodes.count - 1])
    }
    report.network = .init(nodes: nodes, edges: edges)
    report.verdict.layer = nil
    return report
  }

  @Test func everyOperatorIsABoxThatLeadsToItsLayer() throws {
    let report = try HTMLCase.damaged.report()
    let network = try #require(report.network)
    let document = try HTMLDocument(HTMLReport(report).text())
    let section = try #require(
      document.root.all("section").first { $0.attributes["id"] == "network" })
    let boxes = section.all("a").filter { $0.attributes["class"]?.hasPrefix("op") == true }
    #expect(boxes.count == network.nodes.count)
    let ids = Set(document.root.descendants.compactMap { $0.attributes["id"] })
    for box in boxes {
      #expect(ids.contains(String((box.attributes["href"] ?? "#?").dropFirst())))
      #expect(box.all("rect").map { $0.attributes["class"] } == ["t", "b"])
    }
    let faulty = boxes.filter { $0.attributes["class"]?.contains("fault") == true }
    #expect(faulty.contains { $0.allText.contains("conv2") })
  }

  @Test func largeNetworksAreFoldedAndWhole() throws {
    let layers = try HTMLCase.healthy.report().layers
    let report = try Self.residual(blocks: 42, layers)
    let html = HTMLReport(report).text()
    #expect(html.utf8.count < 3_000_000, "\(html.utf8.count) bytes")
    let views = try HTMLDocument(html).root.all("div").filter {
      $0.attributes["class"]?.hasPrefix("view") == true
    }
    #expect(views.map { $0.attributes["class"] } == ["view folded", "view whole"])
    let counts = views.map { view in
      view.all("a").count { $0.attributes["class"]?.hasPrefix("op") == true }
    }
    #expect(counts == [85, 169])
  }

  /// Blocks that read all before them: many lanes beside each other, none of which has gaps.
  @Test func lanesHaveNoGaps() throws {
    var report = try HTMLCase.healthy.report()
    var nodes = [Node(name: "input", operator: "input", side: .both)]
    var edges: [Edge] = []
    for index in 1..<40 {
      nodes.append(Node(name: "layer\(index)", operator: "concatenation", side: .both))
      edges += (max(0, index - 14)..<index).map { Edge(from: $0, to: index, side: .both) }
    }
    report.network = .init(nodes: nodes, edges: edges)
    let paths = try HTMLDocument(HTMLReport(report).text()).root.all("path").filter {
      $0.attributes["class"]?.hasPrefix("wire") == true
    }
    let lines = paths.flatMap { ($0.attributes["d"] ?? "").split(separator: "M") }
    #expect(lines.count > 100)
    for line in lines {
      // From a place to the side, to where it is already.
      let parts = line.split { $0 == " " || $0 == "H" }
      if line.contains("H"), parts.count == 3 { #expect(parts[0] != parts[2], "\(line)") }
    }
  }

  @Test func whatOneModelAloneHasIsSaidAndDashed() throws {
    var report = try HTMLCase.healthy.report()
    var network = try #require(report.network)
    network.nodes.append(Node(name: "relu9", operator: "relu", side: .reference))
    let last = network.nodes.count - 1
    network.edges.append(Edge(from: 1, to: last, side: .reference))
    network.edges.append(Edge(from: last, to: 2, side: .reference))
    report.network = network
    let document = try HTMLDocument(HTMLReport(report).text())
    let notes = document.root.all("p").map(\.allText)
    #expect(notes.contains { $0.contains("Only in float:") && $0.contains("relu9.") })
    let paths = document.root.all("path").filter { $0.attributes["class"] == "wire only" }
    #expect(paths.count == 1)
    #expect(
      document.root.all("g").contains { $0.attributes["class"] == "op en only float" })
  }

  @Test func brokenNetworksAreDrawnAsFarAsTheyGo() throws {
    var report = try HTMLCase.hostile.report()
    report.network?.edges += [
      Edge(from: -1, to: 3, side: .both), Edge(from: 0, to: 99_999, side: .both),
      Edge(from: 3, to: 1, side: .candidate), Edge(from: 2, to: 2, side: .both),
    ]
    report.network?.nodes[1].layer = 12_345
    _ = try HTMLDocument(HTMLReport(report).text())
  }

  @Test func foldingKeepsBranchesAndFaults() {
    let names = ["a", "b", "c", "d", "e", "f"]
    let network = DiffReport.Network(
      nodes: names.map { Node(name: $0, operator: "x", side: .both) },
      edges: [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4), (4, 5)].map {
        Edge(from: $0.0, to: $0.1, side: .both)
      })
    let all = NetworkView(network) { _ in true }
    #expect(all.boxes.map(\.members) == [[0], [1, 2, 3], [4, 5]])
    let some = NetworkView(network) { $0 != 2 }
    #expect(some.boxes.map(\.members) == [[0], [1], [2], [3], [4, 5]])
    #expect(NetworkView(network).boxes.count == 6)
  }

  @Test func scattersCountEveryWeightOnce() throws {
    let float = (0..<400).map { Float($0 - 200) / 100 }
    let int8 = float.enumerated().map { $0.offset % 4 == 2 ? $0.element * 3 : $0.element }
    let scatter = try #require(
      DiffReport.WeightScatter(float: float, int8: int8, channelCount: 4) { $0 % 4 })
    let counts = stride(from: 2, to: scatter.bins.count, by: 3).map { scatter.bins[$0] }
    #expect(counts.reduce(0, +) == 400)
    #expect(scatter.channel == 2 && scatter.channelWeights.count == 200)
    #expect(DiffReport.WeightScatter(float: [], int8: [], channelCount: 4) { $0 } == nil)
    #expect(DiffReport.WeightScatter(float: [1], int8: [], channelCount: 1) { _ in 0 } == nil)
    let odd = try #require(
      DiffReport.WeightScatter(float: [.nan, 1], int8: [1, 1], channelCount: 1) { _ in 0 })
    #expect(odd.bins == [0, 0, 1])
  }

  @Test func packedValuesKeepTheirEnds() {
    let values = DiffReport.PairedValues(float: [-1, 0, 3], int8: [-1, 1, 3])
    #expect([UInt8](values.float) == [0, 64, 255] && [UInt8](values.int8) == [0, 128, 255])
    #expect(values.largestDifference == 1 && [UInt8](values.difference) == [0, 127, 0])
    let odd = DiffReport.PairedValues(float: [.nan, -.infinity], int8: [1, .infinity])
    #expect(odd.upper == 1 && odd.float.count == 2)
  }

  @Test func picturesOfFiltersAndActivationsAreThere() throws {
    let report = try HTMLCase.damaged.report()
    #expect(report.layers.contains { $0.weights?.filters != nil })
    #expect(!report.insides.isEmpty && report.insides.allSatisfy { !$0.layers.isEmpty })
    let document = try HTMLDocument(HTMLReport(report).text())
    let alternatives = document.root.all("img").compactMap { $0.attributes["alt"] }
    for text in ["Filters, float", "Filters, int8", "Filters, difference", "difference"] {
      #expect(alternatives.contains(text), "\(text)")
    }
    let inside = document.root.all("section").first { $0.attributes["id"] == "inside" }
    #expect(inside?.allText.contains("conv2") == true)
  }

  @Test func overlaysAreFiniteAndNamedAfterTensors() throws {
    let report = try HTMLCase.notFinite.report()
    let overlay = NodeOverlay(report)
    for layer in report.layers {
      let value = try #require(overlay.results[layer.tensor]?.value)
      #expect(abs(value) <= NodeOverlay.upperLimit)
      #expect(overlay.results[layer.floatTensor] != nil)
    }
    let object = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(overlay)) as? [String: Any])
    #expect(Set(object.keys) == ["name", "results", "thresholds"])
  }
}
