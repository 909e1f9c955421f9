import OctetModel
import OctetQuantization

/// Ways to spoil an int8 graph on purpose; each keeps everything else consistent.
package enum DiffDamage {
  /// Multiplies the range of a layer's output by `factor`; biases that depend on it follow.
  package static func scaleRange(of name: String, by factor: Float, in graph: inout Graph) throws {
    let start = name == "input" ? graph.inputs[0] : try graph.node(name).outputs[0]
    var scaled: Set<TensorIndex> = [start]
    for node in graph.nodes where scaled.contains(node.inputs[0]) && node.operation.passesOn {
      scaled.formUnion(node.outputs)
    }
    for index in scaled { graph.tensors[index].quantization?.scales[0] *= factor }
    for node in graph.nodes
    where scaled.contains(node.inputs[0]) && node.operation.weightChannelAxis != nil {
      graph.rescale(node.inputs[2], by: factor)
    }
  }

  /// Makes one output channel `factor` times as large.
  package static func scaleChannel(
    _ channel: Int, of name: String, by factor: Float, in graph: inout Graph
  ) throws {
    let node = try graph.node(name)
    graph.tensors[node.inputs[1]].quantization?.scales[channel] *= factor
    graph.tensors[node.inputs[2]].quantization?.scales[channel] *= factor
  }

  /// Sets a channel's weights and bias to zero.
  package static func kill(_ channel: Int, of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    guard case .int8(var weights) = graph.tensors[node.inputs[1]].constant,
      case .int32(var biases) = graph.tensors[node.inputs[2]].constant
    else { return }
    let channels = try channels(of: name, in: graph)
    for index in weights.indices where channels[index] == channel { weights[index] = 0 }
    biases[channel] = 0
    graph.tensors[node.inputs[1]].constant = .int8(weights)
    graph.tensors[node.inputs[2]].constant = .int32(biases)
  }

  /// Sets every third channel's weights to zero.
  package static func killThird(of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let channelCount = graph.tensors[node.inputs[2]].elementCount
    let axis = node.operation.weightChannelAxis ?? 0
    try graph.editCodes(node.inputs[1]) { codes, shape in
      let inner = shape[(axis + 1)...].reduce(1, *)
      return codes.enumerated().map { $0.offset / inner % channelCount % 3 == 0 ? 0 : $0.element }
    }
  }

  /// Multiplies a layer's weights; its biases stay.
  package static func scaleWeights(of name: String, by factor: Float, in graph: inout Graph) throws
  {
    let node = try graph.node(name)
    let scales = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    graph.tensors[node.inputs[1]].quantization?.scales = scales.map { $0 * factor }
    graph.rescale(node.inputs[2], by: factor)
  }

  /// Gives every output channel the weights, scale and bias of the next one.
  package static func rotateChannels(of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let axis = node.operation.weightChannelAxis ?? 0
    try graph.editCodes(node.inputs[1]) { codes, shape in
      let inner = shape[(axis + 1)...].reduce(1, *)
      let outer = inner * shape[axis]
      return codes.indices.map { index in
        let channel = (index / inner + 1) % shape[axis]
        return codes[index / outer * outer + channel * inner + index % inner]
      }
    }
    for input in node.inputs[1...2] {
      let scales = graph.tensors[input].quantization?.scales ?? []
      if scales.count > 1 { graph.tensors[input].quantization?.scales = scales.rotated }
    }
    guard case .int32(let codes) = graph.tensors[node.inputs[2]].constant else { return }
    graph.tensors[node.inputs[2]].constant = .int32(codes.rotated)
  }

  /// Puts at each position of the weights what stands at another.
  package static func reorder(
    _ name: String, in graph: inout Graph, _ source: (_ shape: [Int], _ index: [Int]) -> [Int]
  ) throws {
    let node = try graph.node(name)
    try graph.editCodes(node.inputs[1]) { codes, shape in
      let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
      return codes.indices.map { index in
        let position = source(shape, shape.indices.map { index / strides[$0] % shape[$0] })
        return codes[zip(position, strides).reduce(0) { $0 + $1.0 * $1.1 }]
      }
    }
  }

  package static func dropBiases(of name: String, in graph: inout Graph) throws {
    let bias = try graph.node(name).inputs[2]
    let count = graph.tensors[bias].elementCount
    let isWide = graph.tensors[bias].elementType == .int64
    graph.tensors[bias].constant =
      isWide
      ? .int64([Int64](repeating: 0, count: count)) : .int32([Int32](repeating: 0, count: count))
  }

  /// In the float model: one channel much larger, and what reads it as much smaller, so
  /// that the function stays.
  package static func unbalance(
    _ channel: Int, of name: String, by factor: Float, in graph: inout Graph
  ) throws {
    let node = try graph.node(name)
    let channelCount = graph.tensors[node.inputs[2]].elementCount
    try graph.edit(node.inputs[1]) { index, count in
      index / (count / channelCount) == channel ? factor : 1
    }
    try graph.edit(node.inputs[2]) { index, _ in index == channel ? factor : 1 }
    var reader = node.outputs[0]
    while let next = graph.nodes.first(where: { $0.inputs[0] == reader }) {
      if next.operation.weightChannelAxis != nil {
        // The last axis of NHWC and of a flattened image is the channel.
        try graph.edit(next.inputs[1]) { index, _ in
          index % channelCount == channel ? 1 / factor : 1
        }
        return
      }
      reader = next.outputs[0]
    }
  }
}

extension Graph {
  package struct Missing: Error {
    package init() {}
  }

  package func node(_ name: String) throws -> Node {
    guard let node = nodes.first(where: { $0.name == name }) else { throw Missing() }
    return node
  }

  fileprivate mutating func editCodes(
    _ tensor: TensorIndex, _ body: (_ codes: [Int8], _ shape: [Int]) -> [Int8]
  ) throws {
    guard case .int8(let codes) = tensors[tensor].constant else { throw Missing() }
    tensors[tensor].constant = .int8(body(codes, tensors[tensor].shape))
  }

  /// Gives biases a scale so many times as large; they keep their values.
  fileprivate mutating func rescale(_ bias: TensorIndex, by factor: Float) {
    switch tensors[bias].constant {
    case .int32(let codes):
      tensors[bias].constant = .int32(codes.map { Int32((Float($0) / factor).rounded()) })
    case .int64(let codes):
      tensors[bias].constant = .int64(
        codes.map { Int64((Double($0) / Double(factor)).rounded()) })
    default: return
    }
    let scales = tensors[bias].quantization?.scales ?? []
    tensors[bias].quantization?.scales = scales.map { $0 * factor }
  }

  /// Multiplies a float constant element by element.
  fileprivate mutating func edit(
    _ tensor: TensorIndex, _ factor: (_ index: Int, _ count: Int) -> Float
  ) throws {
    guard case .float(let values) = tensors[tensor].constant else { throw Missing() }
    tensors[tensor].constant = .float(
      values.enumerated().map { $0.element * factor($0.offset, values.count) })
  }
}

extension Operation {
  fileprivate var passesOn: Bool {
    switch self {
    case .maxPool, .averagePool, .reshape: true
    default: false
    }
  }
}

extension Array {
  fileprivate var rotated: Self { Array(dropFirst()) + prefix(1) }
}
