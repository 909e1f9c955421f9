import OctetModel

/// Damages of codes, scales and biases; each keeps everything else consistent.
extension DiffDamage {
  /// Changes a layer's weight codes one by one.
  package static func mapCodes(
    of name: String, in graph: inout Graph, _ body: (_ position: Int, _ code: Int) -> Int
  ) throws {
    let tensor = try graph.node(name).inputs[1]
    guard case .int8(let codes) = graph.tensors[tensor].constant else { throw Graph.Missing() }
    graph.tensors[tensor].constant = .int8(
      codes.enumerated().map { Int8(max(-127, min(127, body($0.offset, Int($0.element))))) })
  }

  /// Changes a layer's biases as wholes.
  package static func mapBiases(
    of name: String, in graph: inout Graph, _ body: (_ codes: [Int32]) -> [Int32]
  ) throws {
    let tensor = try graph.node(name).inputs[2]
    guard case .int32(let codes) = graph.tensors[tensor].constant else { throw Graph.Missing() }
    graph.tensors[tensor].constant = .int32(body(codes))
  }

  /// The output channel of each of a layer's weights, and their number.
  package static func channels(of name: String, in graph: Graph) throws -> [Int] {
    let node = try graph.node(name)
    let shape = graph.tensors[node.inputs[1]].shape
    let axis = node.operation.weightChannelAxis ?? 0
    let inner = shape[(axis + 1)...].reduce(1, *)
    return (0..<shape.elementCount).map { $0 / inner % shape[axis] }
  }

  /// Gives each channel the weight scale of the next, and leaves codes and biases.
  package static func rotateScales(of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let scales = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    let biasScales = graph.tensors[node.inputs[2]].quantization?.scales ?? []
    let moved = Array(scales.dropFirst()) + scales.prefix(1)
    graph.tensors[node.inputs[1]].quantization?.scales = moved
    try rescaleBiases(of: node, by: zip(moved, scales).map { $0 / $1 }, biasScales, in: &graph)
  }

  /// One scale for all channels, the largest.
  package static func joinScales(of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let channels = try channels(of: name, in: graph)
    let scales = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    let biasScales = graph.tensors[node.inputs[2]].quantization?.scales ?? []
    let largest = scales.max() ?? 1
    try mapCodes(of: name, in: &graph) { position, code in
      Int((Float(code) * scales[channels[position]] / largest).rounded())
    }
    graph.tensors[node.inputs[1]].quantization?.scales = scales.map { _ in largest }
    try rescaleBiases(of: node, by: scales.map { largest / $0 }, biasScales, in: &graph)
  }

  /// One scale for all channels, the mean, and codes as they were.
  package static func loseScales(of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let scales = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    let biasScales = graph.tensors[node.inputs[2]].quantization?.scales ?? []
    let mean = scales.reduce(0, +) / Float(max(scales.count, 1))
    graph.tensors[node.inputs[1]].quantization?.scales = scales.map { _ in mean }
    try rescaleBiases(of: node, by: scales.map { mean / $0 }, biasScales, in: &graph)
  }

  /// Puts at each position of the weights the integer of another; the scales stay.
  package static func displaceCodes(
    of name: String, in graph: inout Graph, _ source: (_ position: Int, _ shape: [Int]) -> Int
  ) throws {
    let tensor = try graph.node(name).inputs[1]
    guard case .int8(let codes) = graph.tensors[tensor].constant else { throw Graph.Missing() }
    let shape = graph.tensors[tensor].shape
    graph.tensors[tensor].constant = .int8(codes.indices.map { codes[source($0, shape)] })
  }

  /// Integers that a file holds with their axes in one order, read in another.
  ///
  /// - Parameters:
  ///   - shape: the weights', or one with as many elements.
  ///   - written, read: the axes of that shape, the slowest first.
  package static func misreadCodes(
    of name: String, as shape: [Int]? = nil, _ written: [Int], _ read: [Int], in graph: inout Graph
  ) throws {
    try displaceCodes(of: name, in: &graph) { position, own in
      let shape = shape ?? own
      func steps(_ axes: [Int]) -> [Int] {
        shape.indices.map { axis in
          axes.drop { $0 != axis }.dropFirst().reduce(1) { $0 * shape[$1] }
        }
      }
      let (strides, steps, places) = (steps(Array(shape.indices)), steps(written), steps(read))
      let place = shape.indices.reduce(0) {
        $0 + position / strides[$1] % shape[$1] * places[$1]
      }
      return shape.indices.reduce(0) { $0 + place / steps[$1] % shape[$1] * strides[$1] }
    }
  }

  /// Keeps the real biases where their scales change.
  private static func rescaleBiases(
    of node: Node, by factors: [Float], _ scales: [Float], in graph: inout Graph
  ) throws {
    guard case .int32(let codes) = graph.tensors[node.inputs[2]].constant else {
      throw Graph.Missing()
    }
    graph.tensors[node.inputs[2]].constant = .int32(
      zip(codes, factors).map { Int32((Float($0) / $1).rounded()) })
    graph.tensors[node.inputs[2]].quantization?.scales = zip(scales, factors).map { $0 * $1 }
  }

  /// Exchanges the weights, scales and biases of two layers of one shape.
  package static func exchange(_ first: String, _ second: String, in graph: inout Graph) throws {
    let nodes = try [first, second].map { try graph.node($0) }
    for input in 1...2 {
      let (a, b) = (nodes[0].inputs[input], nodes[1].inputs[input])
      guard graph.tensors[a].shape == graph.tensors[b].shape else { throw Graph.Missing() }
      let kept = graph.tensors[a]
      graph.tensors[a].constant = graph.tensors[b].constant
      graph.tensors[a].quantization = graph.tensors[b].quantization
      graph.tensors[b].constant = kept.constant
      graph.tensors[b].quantization = kept.quantization
    }
    // Biases stand at the scale of the input.
    for node in nodes {
      let input = graph.tensors[node.inputs[0]].quantization?.scales[0] ?? 1
      let wanted = (graph.tensors[node.inputs[1]].quantization?.scales ?? []).map { $0 * input }
      let scales = graph.tensors[node.inputs[2]].quantization?.scales ?? []
      try rescaleBiases(of: node, by: zip(wanted, scales).map { $0 / $1 }, scales, in: &graph)
      graph.tensors[node.inputs[2]].quantization?.scales = wanted
    }
  }

  /// Adds so many steps of the input times each channel's sum of weights to the biases.
  package static func shiftInputZero(
    of name: String, by steps: Int, in graph: inout Graph
  ) throws {
    let node = try graph.node(name)
    let channels = try channels(of: name, in: graph)
    guard case .int8(let weights) = graph.tensors[node.inputs[1]].constant else { return }
    try mapBiases(of: name, in: &graph) { codes in
      var codes = codes
      for (position, weight) in weights.enumerated() {
        codes[channels[position]] += Int32(steps * Int(weight))
      }
      return codes
    }
  }

  /// Makes the weights' scales smaller without making the codes larger than they can be.
  package static func clipWeights(
    of name: String, by factor: Float, in graph: inout Graph
  ) throws {
    let node = try graph.node(name)
    try mapCodes(of: name, in: &graph) { _, code in Int((Float(code) * factor).rounded()) }
    let scales = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    let biasScales = graph.tensors[node.inputs[2]].quantization?.scales ?? []
    graph.tensors[node.inputs[1]].quantization?.scales = scales.map { $0 / factor }
    try rescaleBiases(of: node, by: scales.map { _ in 1 / factor }, biasScales, in: &graph)
  }
}

extension DiffDamage {
  /// Exchanges two output channels with their scales and biases.
  package static func exchangeChannels(
    _ first: Int, _ second: Int, of name: String, _ channels: [Int], in graph: inout Graph
  ) throws {
    let node = try graph.node(name)
    guard case .int8(let codes) = graph.tensors[node.inputs[1]].constant else { return }
    let places = [first, second].map { channel in
      channels.indices.filter { channels[$0] == channel }
    }
    try mapCodes(of: name, in: &graph) { position, code in
      if let at = places[0].firstIndex(of: position) { return Int(codes[places[1][at]]) }
      if let at = places[1].firstIndex(of: position) { return Int(codes[places[0][at]]) }
      return code
    }
    for input in node.inputs[1...2] {
      graph.tensors[input].quantization?.scales.swapAt(first, second)
    }
    try mapBiases(of: name, in: &graph) { codes in
      var codes = codes
      codes.swapAt(first, second)
      return codes
    }
  }

  /// Weights written with their axes in an order, and read as they stand.
  package static func misread(
    _ name: String, _ order: [Int], in graph: inout Graph
  ) throws {
    let shape = graph.tensors[try graph.node(name).inputs[1]].shape
    let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
    let written = order.map { shape[$0] }
    let steps = written.indices.map { written[($0 + 1)...].reduce(1, *) }
    try displace(name, in: &graph) { position, _ in
      order.indices.reduce(0) { $0 + position / steps[$1] % written[$1] * strides[order[$1]] }
    }
  }

  /// Puts at each position of the weights the real weight of another position.
  package static func displace(
    _ name: String, in graph: inout Graph, _ source: (_ position: Int, _ count: Int) -> Int
  ) throws {
    let node = try graph.node(name)
    guard case .int8(let codes) = graph.tensors[node.inputs[1]].constant else { return }
    let channels = try channels(of: name, in: graph)
    let scales = graph.tensors[node.inputs[1]].quantization?.scales ?? []
    let largest = scales.max() ?? 1
    // In real numbers, then at one scale, so that nothing is cut off.
    try joinScales(of: name, in: &graph)
    try mapCodes(of: name, in: &graph) { position, _ in
      let source = source(position, codes.count)
      return Int((Float(codes[source]) * scales[channels[source]] / largest).rounded())
    }
  }
}

extension DiffDamage {
  /// In the float model: three of four channels a fortieth of the size, so that one scale for all
  /// leaves them next to nothing.
  package static func spreadChannels(of name: String, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let channels = try channels(of: name, in: graph)
    for (input, isWeights) in zip(node.inputs[1...2], [true, false]) {
      guard case .float(let values) = graph.tensors[input].constant else { throw Graph.Missing() }
      graph.tensors[input].constant = .float(
        values.enumerated().map { position, value in
          (isWeights ? channels[position] : position) % 4 == 0 ? value : value / 40
        })
    }
  }

  /// Adds so many steps of a layer's results to all its biases.
  package static func shiftOutput(of name: String, by steps: Int, in graph: inout Graph) throws {
    let node = try graph.node(name)
    let step = graph.tensors[node.outputs[0]].quantization?.scales[0] ?? 1
    let scales = graph.tensors[node.inputs[2]].quantization?.scales ?? []
    try mapBiases(of: name, in: &graph) { codes in
      codes.indices.map { channel in
        codes[channel] + Int32((Float(steps) * step / scales[channel % scales.count]).rounded())
      }
    }
  }

  /// Puts a pad of its own before a convolution that pads, which holds code 0 instead of zero.
  package static func padWithCodeZero(before name: String, in graph: inout Graph) throws {
    guard let index = graph.nodes.firstIndex(where: { $0.name == name }) else {
      throw Graph.Missing()
    }
    let source = graph.nodes[index].inputs[0]
    guard let grid = graph.tensors[source].quantization else { throw Graph.Missing() }
    let zero = -Float(grid.zeroPoints[0]) * grid.scales[0]
    var tensor = Tensor(name: name + "/padded", shape: graph.tensors[source].shape)
    tensor.elementType = graph.tensors[source].elementType
    tensor.quantization = grid
    let p = graph.nodes[index].operation.padding
    for (axis, amount) in [(1, p.top + p.bottom), (2, p.left + p.right)] {
      tensor.shape[axis] += amount
    }
    let padded = graph.add(tensor)
    graph.nodes[index].operation.padding = Padding()
    graph.nodes[index].inputs[0] = padded
    graph.nodes.insert(
      Node(
        name: name + "/pad",
        operation: .pad(
          before: [0, p.top, p.left, 0], after: [0, p.bottom, p.right, 0], mode: .constant(zero)),
        inputs: [source], outputs: [padded]), at: index)
  }
}

extension Operation {
  fileprivate var padding: Padding {
    get {
      switch self {
      case .convolution(let a), .depthwiseConvolution(let a): a.padding
      default: Padding()
      }
    }
    set {
      switch self {
      case .convolution(var a):
        a.padding = newValue
        self = .convolution(a)
      case .depthwiseConvolution(var a):
        a.padding = newValue
        self = .depthwiseConvolution(a)
      default: break
      }
    }
  }
}
