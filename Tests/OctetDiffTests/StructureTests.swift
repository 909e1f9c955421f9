import OctetCompiler
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetReport
import TestNetworks
import Testing

/// Networks that differ in something, and whose names say nothing.
@Suite struct StructureTests {
  private struct Changes {
    var padding = 1
    var stride = 1
    var hasReLU = true
    var hasPool = false
    var prefix = ""
    var blockCount = 2
  }

  private func network(_ edit: (inout Changes) -> Void = { _ in }) throws -> Graph {
    var changes = Changes()
    edit(&changes)
    var builder = NetworkBuilder(seed: 5, height: 8, width: 8, channelCount: 2)
    func attributes(_ padding: Int = 1, stride: Int = 1, hasReLU: Bool = true)
      -> ConvolutionAttributes
    {
      var attributes = ConvolutionAttributes()
      attributes.padding = Padding(padding)
      attributes.stride = Extent(stride)
      attributes.activation = hasReLU ? .relu : .none
      return attributes
    }
    try builder.convolution("conv1", outputCount: 4, kernel: Extent(3), attributes())
    try builder.convolution(
      "conv2", outputCount: 4, kernel: Extent(3),
      attributes(changes.padding, stride: changes.stride, hasReLU: changes.hasReLU))
    if changes.hasPool {
      var pool = PoolAttributes(kernel: Extent(3), stride: Extent(1))
      pool.padding = Padding(1)
      try builder.maxPool("pool", pool)
    }
    for block in 0..<changes.blockCount {
      try builder.convolution("block\(block)", outputCount: 4, kernel: Extent(3), attributes())
    }
    try builder.append("mean", .mean(axes: [1, 2], keepsDimensions: false))
    try builder.fullyConnected("fc", outputCount: 3)
    var graph = builder.finished()
    guard !changes.prefix.isEmpty else { return graph }
    // Names of one model stand at other places of the other.
    for index in graph.tensors.indices {
      graph.tensors[index].name = "\(changes.prefix)\(graph.tensors.count - index)"
    }
    for index in graph.nodes.indices { graph.nodes[index].name = "n\(graph.nodes.count - index)" }
    return graph
  }

  private func report(_ reference: Graph, _ candidate: Graph) throws -> DiffReport {
    var options = Diff.Options()
    options.measuresTime = false
    options.metrics = ["": .regression]
    let count = reference.tensors[reference.inputs[0]].elementCount
    let samples = TensorSamples(count: 4, elementCounts: [count], checksum: "") {
      sample, _, target in
      for index in target.indices {
        let step = (index * 7 + sample * 3) % 11
        target[index] = Float(step) / 11
      }
    }
    return try Diff(
      DiffModel(reference), DiffModel(candidate), DiffData(samples), options: options
    ).run()
  }

  @Test func otherNamesAreTheSameNetwork() throws {
    let found = try report(network { $0.prefix = "a" }, network { $0.prefix = "b" })
    #expect(found.layers.count == 7)
    #expect(found.layers.allSatisfy { $0.maxAbsError == 0 })
    #expect(found.structure.isEmpty)
  }

  /// The same names at other places: structure decides.
  @Test func namesThatLie() throws {
    var other = try network()
    let (one, two) = (try node("block0", other), try node("block1", other))
    for (a, b) in zip(other.nodes[one].outputs, other.nodes[two].outputs) {
      let name = other.tensors[a].name
      other.tensors[a].name = other.tensors[b].name
      other.tensors[b].name = name
    }
    let found = try report(network(), other)
    #expect(found.layers.allSatisfy { $0.maxAbsError == 0 })
  }

  private func node(_ name: String, _ graph: Graph) throws -> Int {
    try #require(graph.nodes.firstIndex { $0.name == name })
  }

  @Test func missingActivation() throws {
    let found = try report(network(), network { $0.hasReLU = false })
    #expect(found.structure == ["the second has no ReLU after 'conv2'"])
    #expect(found.verdict.summary.hasPrefix("The networks differ: the second has no ReLU"))
    let back = try report(network { $0.hasReLU = false }, network())
    #expect(back.structure == ["the second has an extra ReLU after 'conv2'"])
  }

  @Test func windows() throws {
    #expect(
      try report(network(), network { $0.padding = 0 }).structure
        == ["padding 0 at top-left against 1 in 'conv2'"])
    #expect(
      try report(network(), network { $0.stride = 2 }).structure
        == ["stride 2×2 against 1×1 in 'conv2'"])
  }

  @Test func operatorsMoreAndLess() throws {
    for (one, two) in [
      (try network(), try network { $0.hasPool = true }),
      (try network { $0.hasPool = true }, try network()),
      (try network(), try network { $0.blockCount = 1 }),
    ] {
      #expect(try !report(one, two).structure.isEmpty)
    }
  }

  /// What Octet makes of a network has its structure, however it writes it.
  @Test(arguments: 1...12) func blobsHaveTheStructureOfTheirModels(seed: Int) throws {
    let graph = try Networks.random(seed: seed)
    let blob = try LoadedModel(Networks.compiled(graph).blob)
    var options = Diff.Options()
    options.measuresTime = false
    let counts = graph.inputs.map { graph.tensors[$0].elementCount }
    let samples = TensorSamples(count: 2, elementCounts: counts, checksum: "") {
      sample, _, target in
      for index in target.indices { target[index] = Float((index + sample) % 9) / 9 }
    }
    let diff = try Diff(DiffModel(graph), DiffModel(blob), DiffData(samples), options: options)
    #expect(try diff.run().structure == [], "seed \(seed)")
  }
}
