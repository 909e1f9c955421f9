import OctetModel

// TensorFlow writes a dilated convolution of an open batch as SPACE_TO_BATCH_ND, which makes a
// batch of the phases, an ordinary convolution, and BATCH_TO_SPACE_ND. The three are one.

extension TFLiteFile {
  /// How a convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND is dilated.
  struct Block {
    var dilation: Extent
    var padding: Padding
  }

  private static let spaceToBatch = 38
  private static let batchToSpace = 37

  /// Joins each such convolution into one node; leaves the others as they are.
  mutating func joinBlocks() throws(TFLiteRefusal) {
    guard nodes.contains(where: { $0.code == Self.spaceToBatch }) else { return }
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
    for (index, first) in nodes.enumerated() where first.code == Self.spaceToBatch {
      guard first.inputs.count == 3, let middle = follower(first), middle > index,
        nodes[middle].block == nil, nodes[middle].inputs.first == first.outputs[0],
        [.conv2D, .depthwiseConv2D].contains(TFLiteOperator(rawValue: nodes[middle].code)),
        let end = follower(nodes[middle]), end > middle, nodes[end].code == Self.batchToSpace,
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

extension TFLiteCall {
  /// Dilation and padding of a convolution: the block's when it stands in one.
  func dilated(
    _ attributes: inout ConvolutionAttributes, _ type: Int, _ slot: Int, kernel: Extent
  ) throws(TFLiteRefusal) {
    guard let block = node.block else {
      attributes.padding = try padding(
        type, slot, kernel: kernel, attributes.stride, attributes.dilation)
      return
    }
    guard attributes.stride == Extent(1), attributes.dilation == Extent(1),
      try byteOption(type, slot) == 1
    else {
      throw .unsupported(
        "it stands between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND with strides, dilation or "
          + "padding of its own; convert the model with a fixed batch of 1")
    }
    attributes.dilation = block.dilation
    attributes.padding = block.padding
  }
}
