import OctetModel
import OctetPasses
import OctetRuntime

extension Lowering {
  /// A run of functions in floats: a table of its 256 results, for all or for each channel.
  mutating func lowerTables(_ region: TableRegion) throws(CompilerError) {
    let node = graph.nodes[region.nodes[region.nodes.count - 2]]
    let table = LookupTable(
      input: code(of: region.source), output: code(of: region.result), in: graph.arithmetic)
    let tables = try graph.values(of: region).flatMap { $0.map { table.code(Double($0)) } }
    // Of several functions, for which no other format has an operator.
    try appendTables(node, region.source, region.result, tables, of: nil)
  }
}

extension Graph {
  /// For each table of a region the real values of the function for the codes −128…127.
  package func values(of region: TableRegion) throws(CompilerError) -> [[Float]] {
    guard let input = tensors[region.source].quantization else { return [] }
    let codes = (-128...127).flatMap { code in
      [Float](
        repeating: Float(code - Int(input.zeroPoints[0])) * input.scales[0],
        count: region.tableCount)
    }
    let reals: [Float]
    do {
      reals = try FloatInterpreter(function(of: region)).run(inputs: [codes])[0]
    } catch {
      throw .invalid(
        node: nodes[region.nodes[region.nodes.count - 2]].name, reason: "\(error)")
    }
    // From `[256, channels]` to `[channels, 256]`.
    return (0..<region.tableCount).map { channel in
      (0..<256).map { reals[$0 * region.tableCount + channel] }
    }
  }

  /// The region as a model of its own, from reals to reals, for all codes at once:
  /// `[256, 1, …, channels]`.
  fileprivate func function(of region: TableRegion) -> Graph {
    var result = Graph(name: name)
    result.arithmetic = arithmetic
    let rank = max(tensors[region.source].shape.count, 2)
    let shape = [256] + [Int](repeating: 1, count: rank - 2) + [region.tableCount]
    let input = result.add(Tensor(name: "codes", shape: shape))
    result.inputs = [input]
    var own: [TensorIndex: TensorIndex] = [:]
    func place(_ tensor: TensorIndex) -> TensorIndex {
      if let known = own[tensor] { return known }
      var copy = tensors[tensor]
      if copy.constant == nil { copy.shape = shape }
      own[tensor] = result.add(copy)
      return result.tensors.count - 1
    }
    for index in region.nodes {
      var node = nodes[index]
      if case .dequantize = node.operation {
        own[node.outputs[0]] = input
      } else if case .quantize = node.operation {
        result.outputs = [place(node.inputs[0])]
      } else {
        node.inputs = node.inputs.map(place)
        node.outputs = node.outputs.map(place)
        result.nodes.append(node)
      }
    }
    return result
  }
}
