import OctetModel

/// SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND.
///
/// TensorFlow writes a dilated convolution of an open batch as SPACE_TO_BATCH_ND, which makes a
/// batch of the phases, an ordinary convolution, and BATCH_TO_SPACE_ND. `joinBlocks` makes one of
/// the three before nodes are read; any others are refused.
enum BatchBlocks: TFLiteDefinition {
  fileprivate static let toSpace = TFLiteBuiltin(37, inputs: 3...3)
  fileprivate static let toBatch = TFLiteBuiltin(38, inputs: 3...3)
  static let builtins = [toSpace, toBatch]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    throw .unsupported(
      "it does not stand around a convolution that it dilates; convert the model with a fixed "
        + "batch of 1")
  }
}

extension TFLiteFile {
  /// How a convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND is dilated.
  struct Block {
    var dilation: Extent
    var padding: Padding
  }

  /// Joins each such convolution into one node; leaves the others as they are.
  mutating func joinBlocks() throws(TFLiteRefusal) {
    guard nodes.contains(where: { $0.code == BatchBlocks.toBatch.code }) else { return }
    var readers: [Int: [Int]] = [:]
    for (index, node) in nodes.enumerated() {
      for input in Set(node.inputs) { readers[input, default: []].append(index) }
    }
    let ends = Set(outputs)
    /// The only node that reads the only output of another.
    func follower(_ node: Node) -> Int? {
      guard node.outputs.count == 1, !ends.contains(node.outputs[0]),
        let all = readers[node.outputs[0]], all.count == 1
      else { return nil }
      return all[0]
    }
    var joined: Set<Int> = []
    for (index, first) in nodes.enumerated() where first.code == BatchBlocks.toBatch.code {
      guard first.inputs.count == 3, let middle = follower(first), middle > index,
        nodes[middle].block == nil, nodes[middle].inputs.first == first.outputs[0],
        Convolution.builtins.contains(where: { $0.code == nodes[middle].code }),
        let end = follower(nodes[middle]), end > middle,
        nodes[end].code == BatchBlocks.toSpace.code,
        nodes[end].inputs.first == nodes[middle].outputs[0],
        nodes[end].inputs.count == 3, nodes[end].outputs.count == 1,
        let block = try block(first, nodes[end])
      else { continue }
      nodes[middle].inputs[0] = first.inputs[0]
      nodes[middle].outputs = nodes[end].outputs
      nodes[middle].block = block
      joined.formUnion([index, end])
    }
    nodes = nodes.indices.filter { !joined.contains($0) }.map { nodes[$0] }
  }

  private func block(_ first: Node, _ last: Node) throws(TFLiteRefusal) -> Block? {
    guard let sizes = try list(first.inputs[1]), try list(last.inputs[1]) == sizes,
      let added = try list(first.inputs[2]), let cropped = try list(last.inputs[2]),
      (1...2).contains(sizes.count), added.count == 2 * sizes.count, cropped.count == added.count,
      first.inputs[0] >= 0,
      tensors[first.inputs[0]].isSameGrid(tensors[first.outputs[0]]),
      tensors[last.inputs[0]].isSameGrid(tensors[last.outputs[0]]),
      tensors[first.inputs[0]].shape.count == 4
    else { return nil }
    let limit = 1 << 20
    guard sizes.allSatisfy({ (1...limit).contains($0) }),
      (added + cropped).allSatisfy({ (0...limit).contains($0) })
    else { return nil }
    // What is cropped from the result need not be padded before.
    let amounts = zip(added, cropped).map { $0 - $1 }
    guard amounts.allSatisfy({ $0 >= 0 }) else { return nil }
    let isImage = sizes.count == 2
    return Block(
      dilation: Extent(height: sizes[0], width: isImage ? sizes[1] : 1),
      padding: Padding(
        top: amounts[0], left: isImage ? amounts[2] : 0, bottom: amounts[1],
        right: isImage ? amounts[3] : 0))
  }

  private func list(_ index: Int) throws(TFLiteRefusal) -> [Int]? {
    guard index >= 0, case .int32(let values) = try constant(tensors[index]) else { return nil }
    return values.map { Int($0) }
  }
}

extension TFLiteFile.Tensor {
  fileprivate func isSameGrid(_ other: Self) -> Bool {
    type == other.type && scales == other.scales && zeroPoints == other.zeroPoints
  }
}
