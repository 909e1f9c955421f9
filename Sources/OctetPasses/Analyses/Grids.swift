import OctetModel

// Which tensors of a graph have a grid (a scale and a zero point) and which have none.

extension Graph {
  /// Whether a tensor is computed, or fed, and has no grid yet.
  package func isFree(_ tensor: TensorIndex) -> Bool {
    tensors[tensor].quantization == nil && tensors[tensor].constant == nil
  }

  /// Whether values, or weights, have to be given a grid before the model runs in integers: a
  /// graph in floats, or one quantized in part.
  public var lacksGrids: Bool {
    let inner = valuesInTables
    return nodes.contains { node in
      !node.operation.isConversion
        && (node.outputs.contains { isFree($0) && !inner.contains($0) }
          || node.operation.weightChannelAxis != nil
            && node.inputs.contains { tensors[$0].floats != nil })
    }
  }

  /// Nodes that become tables.
  package var nodesInTables: Set<Int> { Set(tableRegions().flatMap(\.nodes)) }

  /// Tensors that stay real: those between the codes of a table.
  package var valuesInTables: Set<TensorIndex> {
    Set(
      tableRegions().flatMap { region in
        region.nodes.dropLast().flatMap { nodes[$0].outputs }
      })
  }
}
