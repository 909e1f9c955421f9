import OctetModel

/// A value that is put on another grid before a node reads it.
package struct GridChange: Sendable {
  /// The node's index.
  package var node: Int
  /// The place among the node's inputs.
  package var position: Int
  /// The grid that the node reads the value on.
  package var quantization: Quantization

  /// A change before the input at `position` of node `node`.
  package init(node: Int, position: Int, quantization: Quantization) {
    (self.node, self.position, self.quantization) = (node, position, quantization)
  }
}

extension Graph {
  /// Gives activations their grids: int8 of these scales and zero points.
  ///
  /// - Parameter wide: those of int16.
  package mutating func takeGrids(
    _ grids: [TensorIndex: Quantization], int16 wide: Set<TensorIndex> = []
  ) {
    for (tensor, grid) in grids {
      tensors[tensor].elementType = wide.contains(tensor) ? .int16 : .int8
      tensors[tensor].quantization = grid
    }
  }

  /// Adds changes of scale, each once for all nodes that ask for it, and puts functions that become
  /// tables between codes.
  ///
  /// Every activation has its grid already, but for those within functions. What has no change of
  /// scale keeps its bytes; the functions, whose inner values were real, keep them too.
  ///
  /// - Parameters:
  ///   - changes: their nodes are this graph's.
  ///   - functions: as `functionRegions()` found them in this graph.
  package mutating func insertGrids(_ changes: [GridChange], functions: [FunctionRegion]) {
    let asked = Dictionary(grouping: changes, by: \.node)
    var known: [ConvertedValue: TensorIndex] = [:]
    var writer = FunctionWriter(functions)
    var old: [Node] = []
    swap(&old, &nodes)
    for (index, var node) in old.enumerated() {
      for change in asked[index, default: []] { convert(&node, change, &known) }
      if !writer.write(index, node, into: &self) { nodes.append(node) }
    }
  }

  private mutating func convert(
    _ node: inout Node, _ conversion: GridChange,
    _ known: inout [ConvertedValue: TensorIndex]
  ) {
    let (source, grid) = (node.inputs[conversion.position], conversion.quantization)
    if tensors[source].quantization == grid { return }
    let value = ConvertedValue(
      source: source, scale: grid.scales[0], zeroPoint: grid.zeroPoints[0])
    if let target = known[value] {
      node.inputs[conversion.position] = target
      return
    }
    var copy = tensors[source]
    copy.name = "\(copy.name)/on/\(tensors[node.outputs[0]].name)"
    copy.elementType = tensors[source].elementType == .int16 ? .int16 : .int8
    copy.quantization = grid
    let target = add(copy)
    nodes.append(Node(name: copy.name, operation: .quantize, inputs: [source], outputs: [target]))
    known[value] = target
    node.inputs[conversion.position] = target
  }
}

/// A tensor on another grid than its own.
private struct ConvertedValue: Hashable {
  var source: TensorIndex
  var scale: Float
  var zeroPoint: Int32
}

/// Puts each region between the reals of its source's codes and the codes of its result.
private struct FunctionWriter {
  private var regions: [Int: FunctionRegion] = [:]
  private var reals: [TensorIndex: TensorIndex] = [:]

  init(_ tables: [FunctionRegion]) {
    for region in tables {
      for node in region.nodes { regions[node] = region }
    }
  }

  /// Appends node `index` and the conversions that it needs; false, and nothing, outside regions.
  mutating func write(_ index: Int, _ node: Node, into graph: inout Graph) -> Bool {
    guard let region = regions[index] else { return false }
    let (source, result) = (region.source, region.result)
    if reals[result] == nil {
      let real = graph.addReal(source, "real/\(graph.tensors[result].name)")
      reals[result] = real
      graph.nodes.append(
        Node(
          name: graph.tensors[real].name, operation: .dequantize, inputs: [source], outputs: [real])
      )
    }
    var node = node
    node.inputs = node.inputs.map { $0 == source ? reals[result] ?? source : $0 }
    guard node.outputs == [result] else {
      graph.nodes.append(node)
      return true
    }
    node.outputs = [graph.addReal(result, "real")]
    graph.nodes.append(node)
    graph.nodes.append(
      Node(
        name: "\(node.name)/codes", operation: .quantize, inputs: node.outputs, outputs: [result]))
    return true
  }
}

extension Graph {
  /// A tensor for the reals that another's codes stand for.
  fileprivate mutating func addReal(_ tensor: TensorIndex, _ name: String) -> TensorIndex {
    add(Tensor(name: "\(tensors[tensor].name)/\(name)", shape: tensors[tensor].shape))
  }
}
