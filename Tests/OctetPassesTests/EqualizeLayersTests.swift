import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct EqualizeLayersTests {
  /// Convolutions, depthwise ones, pools and a flattened end, one channel being 500 times as wide.
  private func network(_ activation: Activation) throws -> Graph {
    var builder = NetworkBuilder(seed: 3, height: 10, width: 10, channelCount: 2)
    var attributes = ConvolutionAttributes()
    attributes.activation = activation
    try builder.convolution("first", outputCount: 6, kernel: Extent(3), attributes)
    attributes.padding = Padding(1)
    try builder.depthwiseConvolution("deep", multiplier: 2, kernel: Extent(3), attributes)
    let pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    try builder.maxPool("pool", pool)
    try builder.convolution("last", outputCount: 4, kernel: Extent(1))
    try builder.append("leaky", .scalar(.leakyRelu(alpha: 0.1)))
    try builder.averagePool("average", pool)
    try builder.fullyConnected("fc", outputCount: 3)
    var graph = builder.finished()
    try graph.scaleRow(0, of: "first", by: 500)
    return graph
  }

  @Test(arguments: [Activation.none, .relu])
  func layersGetOneRange(activation: Activation) throws {
    let graph = try network(activation)
    let equal = try check(graph, graph.nodes.map(\.operation.name)) { $0.equalizeLayers() }
    // The largest weight of each row of the first layer is that of its column in the second.
    let (rows, columns) = (try equal.weights("first"), try equal.weights("deep"))
    for channel in 0..<6 {
      let row = rows[channel * 18..<(channel + 1) * 18].map { abs($0) }.max() ?? 0
      let column = columns.indices.filter { $0 % 12 / 2 == channel }.map { abs(columns[$0]) }.max()
      #expect(abs(row / (column ?? 0) - 1) < 1e-4, "channel \(channel)")
    }
    #expect(equal.tensors.contains { $0.name == "pool.output/equalized" })
    #expect(equal.tensors.contains { $0.name == "fc.output" })
  }

  /// ReLU6 clips all channels alike, outputs are the user's, and what gates reads is no factor.
  @Test func someChannelsStay() throws {
    let graph = try network(.relu6)
    let equal = try check(graph, graph.nodes.map(\.operation.name)) { $0.equalizeLayers() }
    #expect(try equal.weights("first") == graph.weights("first"))
    var seen = try network(.relu)
    seen.outputs.append(try seen.index("first.output"))
    try check(seen, seen.nodes.map(\.operation.name)) { $0.equalizeLayers() }
    var gated = NetworkBuilder(seed: 5)
    try gated.convolution("conv", outputCount: 4, kernel: Extent(1))
    let image = gated.last
    try gated.append("gate", .scalar(.logistic))
    try gated.append("product", .multiply(.none), [image])
    try gated.convolution("end", outputCount: 2, kernel: Extent(1))
    let graph2 = gated.finished()
    try check(graph2, graph2.nodes.map(\.operation.name), tolerance: 0) { $0.equalizeLayers() }
  }

  /// Operands of a sum have one factor, parts of a concatenation their own.
  @Test func branchesStayTogether() throws {
    var builder = NetworkBuilder(seed: 7, channelCount: 3)
    var attributes = ConvolutionAttributes()
    attributes.activation = .relu
    try builder.convolution("a", outputCount: 4, kernel: Extent(1), attributes)
    let a = builder.last
    try builder.convolution("b", outputCount: 4, kernel: Extent(1), attributes)
    try builder.append("sum", .add(.relu), [a])
    let sum = builder.last
    try builder.convolution("c", outputCount: 2, kernel: Extent(1))
    try builder.append("joined", .concatenation(axis: 3, activation: .none), [sum])
    try builder.convolution("end", outputCount: 2, kernel: Extent(2))
    var graph = builder.finished()
    try graph.scaleRow(1, of: "a", by: 300)
    try graph.scaleRow(0, of: "c", by: 90)
    let names = graph.nodes.map(\.operation.name)
    let equal = try check(graph, names, tolerance: 1e-4) { $0.equalizeLayers() }
    #expect(try equal.weights("a") != graph.weights("a"))
    #expect(try equal.weights("c") != graph.weights("c"))
  }

  /// What a channel always exceeds goes where it is read, but not into padding.
  @Test func biasesAreAbsorbed() throws {
    var builder = NetworkBuilder(seed: 11, channelCount: 2)
    var attributes = ConvolutionAttributes()
    attributes.activation = .relu
    try builder.convolution("first", outputCount: 3, kernel: Extent(1), attributes)
    try builder.convolution("second", outputCount: 3, kernel: Extent(2), attributes)
    attributes.padding = Padding(1)
    try builder.convolution("padded", outputCount: 2, kernel: Extent(3), attributes)
    var graph = builder.finished()
    let bias = try graph.index("first.bias")
    graph.tensors[bias].constant = .float([50, 0, 60])
    // Inputs are in −1…1, so that a row's magnitudes bound what is taken from its bias.
    let minima: [Float] = [40, 0, 45]
    let first = try graph.index("first.output")
    let second = try graph.index("second.output")
    let absorbed = try check(graph, graph.nodes.map(\.operation.name), tolerance: 1e-4) {
      $0.absorbBiases(minima: [first: minima, second: [1, 1, 1]])
    }
    let node = try #require(absorbed.nodes.first { $0.name == "first" })
    #expect(absorbed.tensors[node.inputs[2]].constant == .float([10, 0, 15]))
    #expect(try absorbed.weights("second") == graph.weights("second"))
    // The padded layer would read zeros that are none.
    let padded = try #require(absorbed.nodes.first { $0.name == "padded" })
    let own = try #require(graph.nodes.first { $0.name == "padded" })
    #expect(absorbed.tensors[padded.inputs[2]].constant == graph.tensors[own.inputs[2]].constant)
  }
}

extension Graph {
  fileprivate func weights(_ node: String) throws -> [Float] {
    let node = try #require(nodes.first { $0.name == node })
    guard case .float(let values) = tensors[node.inputs[1]].constant else { return [] }
    return values
  }

  /// Multiplies the weights and the bias of an output channel of a convolution.
  fileprivate mutating func scaleRow(_ row: Int, of node: String, by factor: Float) throws {
    let node = try #require(nodes.first { $0.name == node })
    for input in node.inputs[1...] {
      guard case .float(var values) = tensors[input].constant else { continue }
      let count = values.count / tensors[input].shape[0]
      for index in row * count..<(row + 1) * count { values[index] *= factor }
      tensors[input].constant = .float(values)
    }
  }
}
