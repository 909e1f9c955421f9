import OctetModel

// Float nodes between one quantized tensor and one quantized result, each working element by
// element, are together a function of one code: a table of its 256 results, however many they are.
// No rounding stands between them, so none has to be chosen.

/// The float nodes that make a quantized tensor from another, element by element.
package struct TableRegion: Sendable, Equatable {
  /// Both quantized, of one shape.
  package var source, result: TensorIndex
  /// Indices of the nodes, in execution order: from `dequantize` to `quantize`.
  package var nodes: [Int]
  /// One table, or one for each index of the last axis.
  package var tableCount: Int
}

extension Graph {
  /// Every region, by its result. Their inner values are read by nobody else.
  package func tableRegions() -> [TableRegion] {
    let (producers, consumers) = (producers(), consumers())
    let regions = nodes.indices.compactMap { tableRegion(endingAt: $0, producers) }
    if regions.isEmpty { return [] }
    var owners: [Int: [Int]] = [:]
    for (region, found) in regions.enumerated() {
      for index in found.nodes where !nodes[index].operation.isConversion {
        owners[index, default: []].append(region)
      }
    }
    let members = Set(regions.flatMap(\.nodes))
    var waiting: [Int] = []
    for (index, found) in owners {
      let isShared = nodes[index].outputs.contains { output in
        outputs.contains(output) || !consumers[output].allSatisfy { members.contains($0) }
      }
      if isShared { waiting += found }
    }
    // A region that goes leaves no reader of its values inside: those that share them go too.
    var dropped = Set<Int>()
    while let region = waiting.popLast() {
      guard dropped.insert(region).inserted else { continue }
      for index in regions[region].nodes { waiting += owners.removeValue(forKey: index) ?? [] }
    }
    return regions.indices.filter { !dropped.contains($0) }.map { regions[$0] }
  }

  /// Larger regions, or tables of more than 1 MiB, are no gain.
  private static let nodeLimit = 256
  private static let tableLimit = 4096

  private func tableRegion(endingAt last: Int, _ producers: [Int?]) -> TableRegion? {
    guard case .quantize = nodes[last].operation, isFloat(nodes[last].inputs[0]) else { return nil }
    let result = nodes[last].outputs[0]
    let shape = tensors[result].shape
    var source: TensorIndex?
    var tableCount = 1
    var members: Set<Int> = [last]
    var waiting = [nodes[last].inputs[0]]
    while let tensor = waiting.popLast() {
      if tensors[tensor].constant != nil {
        // A constant that varies along the last axis only.
        guard isFloat(tensor) || tensors[tensor].quantization?.axis == nil else { return nil }
        let count = tensors[tensor].elementCount
        if count == 1 { continue }
        guard count == tensors[tensor].shape.last, count == shape.last, count <= Self.tableLimit
        else { return nil }
        tableCount = count
        continue
      }
      guard tensors[tensor].shape == shape, let producer = producers[tensor] else { return nil }
      guard members.insert(producer).inserted else { continue }
      guard members.count <= Self.nodeLimit else { return nil }
      let node = nodes[producer]
      if case .dequantize = node.operation {
        guard source == nil || source == node.inputs[0], tensors[node.inputs[0]].shape == shape,
          tensors[node.inputs[0]].elementType == .int8
        else { return nil }
        source = node.inputs[0]
        continue
      }
      guard node.operation.isElementwise, isFloat(tensor) else { return nil }
      waiting += node.inputs
    }
    guard let source, tensors[result].elementType == .int8, shape.count > 0,
      [source, result].allSatisfy({ tensors[$0].quantization?.axis == nil })
    else { return nil }
    return TableRegion(
      source: source, result: result, nodes: members.sorted(), tableCount: tableCount)
  }

  private func isFloat(_ tensor: TensorIndex) -> Bool {
    tensors[tensor].quantization == nil && tensors[tensor].elementType == .float32
  }
}
