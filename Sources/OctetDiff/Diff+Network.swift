import OctetReport

extension Diff {
  /// The operators of both models with their connections.
  ///
  /// What the reference computes between two places that both have is contained in the candidate's
  /// operator, unless the two differ in structure: then it is drawn as what the candidate lacks.
  func network(_ context: DiffContext) -> DiffReport.Network {
    NetworkBuilder(self, context).network
  }
}

/// Puts the two models' operators into one graph.
private struct NetworkBuilder {
  private typealias Node = DiffReport.Network.Node
  private typealias Edge = DiffReport.Network.Edge

  private let diff: Diff
  private(set) var network: DiffReport.Network
  /// The node of each place of the reference that has one.
  private var nodeOfReference: [Int: Int] = [:]

  init(_ diff: Diff, _ context: DiffContext) {
    self.diff = diff
    network = .init(nodes: [], edges: [])
    let candidate = diff.candidate
    var layerOfPlace: [Int: Int] = [:]
    for (layer, place) in diff.layers.enumerated() { layerOfPlace[place] = layer }
    for (index, place) in candidate.places.enumerated() {
      network.nodes.append(
        Node(
          name: place.name, operator: place.maker.name,
          side: diff.twins[index] == nil ? .candidate : .both, layer: layerOfPlace[index]))
      if let twin = diff.twins[index] { nodeOfReference[twin] = index }
    }
    for index in candidate.places.indices {
      let differs = layerOfPlace[index].map { !context.layers[$0].structure.isEmpty } ?? false
      if !differs { contain(index) }
    }
    addReferenceOnly()
    var edges: Set<Edge> = []
    for index in candidate.places.indices {
      for source in candidate.sources(of: index) {
        guard let place = source.place, place != index else { continue }
        append(Edge(from: place, to: index, side: .both), &edges)
      }
    }
    addReferenceEdges(&edges)
  }

  /// Notes what the reference computes between the places that both have.
  private mutating func contain(_ index: Int) {
    guard let twin = diff.twins[index] else { return }
    let reference = diff.reference
    var waiting = reference.sources(of: twin).compactMap(\.place)
    var found: Set<Int> = []
    while let place = waiting.popLast() {
      guard nodeOfReference[place] == nil, reference.places[place].operatorIndex != nil,
        found.insert(place).inserted
      else { continue }
      waiting += reference.sources(of: place).compactMap(\.place)
    }
    for place in found.sorted() {
      nodeOfReference[place] = index
      network.nodes[index].contains.append(reference.places[place].name)
    }
  }

  private mutating func addReferenceOnly() {
    for (index, place) in diff.reference.places.enumerated() where nodeOfReference[index] == nil {
      nodeOfReference[index] = network.nodes.count
      network.nodes.append(
        Node(name: place.name, operator: place.maker.name, side: .reference))
    }
  }

  /// The connections of what only the reference has.
  private mutating func addReferenceEdges(_ edges: inout Set<Edge>) {
    func isAlone(_ node: Int) -> Bool { network.nodes[node].side == .reference }
    for index in diff.reference.places.indices {
      guard let to = nodeOfReference[index] else { continue }
      for source in diff.reference.sources(of: index) {
        guard let from = source.place.flatMap({ nodeOfReference[$0] }), from != to,
          isAlone(from) || isAlone(to)
        else { continue }
        append(Edge(from: from, to: to, side: .reference), &edges)
      }
    }
  }

  private mutating func append(_ edge: Edge, _ edges: inout Set<Edge>) {
    if edges.insert(edge).inserted { network.edges.append(edge) }
  }
}
