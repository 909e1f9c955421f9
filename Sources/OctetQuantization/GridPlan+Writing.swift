import OctetModel

// A plan, written into the graph.

extension Graph {
  /// Puts the activations of a plan on their grids.
  mutating func takeGrids(_ plan: GridPlan) {
    for (tensor, grid) in plan.grids {
      tensors[tensor].quantization = grid
      tensors[tensor].elementType = .int8
    }
  }

  /// Adds the changes of scale that a plan asks for, each once, and puts functions that become
  /// tables between codes.
  mutating func write(_ plan: GridPlan, _ tables: [FunctionRegion]) {
    let asked = Dictionary(grouping: plan.conversions, by: \.node)
    var known: [ConvertedValue: TensorIndex] = [:]
    var functions = FunctionWriter(tables)
    var old: [Node] = []
    swap(&old, &nodes)
    for (index, var node) in old.enumerated() {
      for conversion in asked[index, default: []] { convert(&node, conversion, &known) }
      if !functions.write(index, node, into: &self) { nodes.append(node) }
    }
  }

  private mutating func convert(
    _ node: inout Node, _ conversion: GridPlan.Conversion,
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
    (copy.elementType, copy.quantization) = (.int8, grid)
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
