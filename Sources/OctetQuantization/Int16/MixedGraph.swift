import OctetModel
import OctetPasses

/// A float graph in which changes between int8 and int16 stand where they are needed.
///
/// A layer whose result is int16, or which computes with an operand of int16, runs in int16: what
/// it reads of int8 is brought to int16 exactly, and a result that is to be int8 is rounded after
/// it. What only moves values is done in the width of its result.
struct MixedGraph: Sendable {
  /// The tensors of the float graph keep their indices.
  private(set) var graph: Graph
  /// Activations of int16.
  private(set) var wide: Set<TensorIndex> = []
  /// Activations that a change of width makes, each with what it is made from.
  private(set) var copies: [TensorIndex: TensorIndex] = [:]

  private let tabulated: Set<Int>
  private var known: [TensorIndex: TensorIndex] = [:]

  /// All of int8.
  init(_ float: Graph) { self.init(float, [], []) }

  /// - Parameters:
  ///   - units: what is to be int16, of `float`'s units; those next to each other may bring others
  ///     between them along.
  ///   - tabulated: nodes that become tables.
  init(_ float: Graph, _ units: [Int16Unit], _ tabulated: Set<Int>) {
    (graph, self.tabulated) = (float, tabulated)
    if units.isEmpty { return }
    wide = Set(units.flatMap(\.tensors))
    widenBetween(float.int16Units(tabulated))
    graph.nodes = []
    for (index, node) in float.nodes.enumerated() { append(node, index) }
  }

  /// Widens results of layers that run in int16 for layers that do so as well.
  private mutating func widenBetween(_ units: [Int16Unit]) {
    let (producers, consumers) = (graph.producers(), graph.consumers())
    var isChanged = true
    while isChanged {
      isChanged = false
      for unit in units where !unit.isOuter && !wide.contains(unit.tensors[0]) {
        guard let producer = producers[unit.tensors[0]], runsWide(producer) else { continue }
        let isReadWide = unit.tensors.contains { tensor in
          consumers[tensor].contains { runsWide($0) }
        }
        guard isReadWide else { continue }
        wide.formUnion(unit.tensors)
        isChanged = true
      }
    }
  }

  /// Whether a node runs in int16.
  private func runsWide(_ index: Int) -> Bool { runsWide(graph.nodes[index], index) }

  private func runsWide(_ node: Node, _ index: Int) -> Bool {
    guard !tabulated.contains(index), !node.isInt16Change, graph.hasInt16Form(node) else {
      return false
    }
    let isWide = { [wide] in wide.contains($0) }
    return node.outputs.contains(where: isWide)
      || (!node.operation.keepsGrid && node.inputs.contains(where: isWide))
  }

  private mutating func append(_ node: Node, _ index: Int) {
    if node.isInt16Change && !tabulated.contains(index) {
      graph.nodes.append(node)
      return
    }
    let isWide = runsWide(node, index)
    var node = node
    node.inputs = node.inputs.map { input in
      graph.tensors[input].constant != nil || wide.contains(input) == isWide
        ? input : converted(input)
    }
    let results = node.outputs
    if isWide {
      node.outputs = results.map { wide.contains($0) ? $0 : copy(of: $0, isWide: true) }
    }
    graph.nodes.append(node)
    for (result, own) in zip(results, node.outputs) where result != own { change(own, to: result) }
  }

  /// The tensor in the other width, made once.
  private mutating func converted(_ tensor: TensorIndex) -> TensorIndex {
    if let old = known[tensor] { return old }
    let target = copy(of: tensor, isWide: !wide.contains(tensor))
    change(tensor, to: target)
    known[tensor] = target
    return target
  }

  private mutating func copy(of tensor: TensorIndex, isWide: Bool) -> TensorIndex {
    var copy = graph.tensors[tensor]
    copy.name += isWide ? "/int16" : "/int8"
    let index = graph.add(copy)
    if isWide { wide.insert(index) }
    copies[index] = tensor
    return index
  }

  private mutating func change(_ source: TensorIndex, to target: TensorIndex) {
    graph.nodes.append(
      Node(
        name: graph.tensors[target].name + "/change", operation: .quantize, inputs: [source],
        outputs: [target]))
  }

  /// The layers, or inputs, of the float graph whose results are int16, in execution order.
  func layers(of float: Graph) -> [String] {
    wide.isEmpty
      ? []
      : float.int16Units(tabulated).filter { wide.contains($0.tensors[0]) }.map(\.name)
  }

  /// The same ranges, also of what changes of width make.
  func ranges(_ ranges: [TensorIndex: ValueRange]) -> [TensorIndex: ValueRange] {
    copies.reduce(into: ranges) { $0[$1.key] = ranges[$1.value] }
  }
}
