import Foundation
import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetPasses
import OctetQuantization
import OctetReport
import TestNetworks

/// Random graphs, and graphs like them but for something: pairs such as people compare by mistake
/// or on purpose.
struct DiffPairs {
  let seed: Int
  private var random: TestRandom

  init(seed: Int) {
    self.seed = seed
    random = TestRandom(seed: seed &* 7919 &+ 17)
  }

  /// Either side of a comparison, and images for it.
  struct Pair {
    var reference: DiffModel
    var candidate: DiffModel
    var data: Dataset
    /// Whether both are one model.
    var isSame: Bool
  }

  /// Nil where a graph cannot be quantized, which it may say.
  mutating func next() throws -> Pair? {
    let graph = try makeGraph(seed)
    var other = graph
    let isSame = random.int(0...5) == 0
    if !isSame {
      if random.int(0...7) == 0 { other = try makeGraph(seed + 1) }
      for _ in 0..<random.int(0...3) { mutate(&other) }
    }
    let isBlob = [random.int(0...2) == 0, random.int(0...3) > 0]
    let asBlobs = isSame ? [isBlob[1], isBlob[1]] : isBlob
    guard let reference = model(graph, asBlob: asBlobs[0]),
      let candidate = isSame ? reference : model(other, asBlob: asBlobs[1])
    else { return nil }
    return Pair(
      reference: reference, candidate: candidate, data: images(for: graph), isSame: isSame)
  }

  mutating func options() -> Diff.Options {
    var options = Diff.Options()
    options.threadCount = random.int(1...2)
    options.localSampleCount = random.int(1...6)
    options.measuresTime = random.int(0...3) == 0
    return options
  }

  private func model(_ graph: Graph, asBlob: Bool) -> DiffModel? {
    guard asBlob else { return DiffModel(graph) }
    guard let quantized = try? Networks.quantized(graph.simplified(), sampleCount: 2),
      let blob = try? Compiler.compile(quantized).blob, let loaded = try? LoadedModel(blob)
    else { return nil }
    return try? DiffModel(loaded)
  }

  private mutating func images(for graph: Graph) -> Dataset {
    let shape = graph.inputs.first.map { graph.tensors[$0].shape } ?? [1, 4, 4, 1]
    let count = random.int(1...6)
    let classes = max(1, min(8, graph.outputs.first.map { graph.tensors[$0].elementCount } ?? 1))
    let size = shape.dropFirst().reduce(1, *)
    return Dataset(
      pixels: (0..<count * size).map { _ in UInt8(random.int(0...255)) },
      labels: (0..<count).map { _ in UInt8(random.int(0...(classes - 1))) },
      height: shape[1], width: shape[2], channelCount: shape[3],
      classNames: random.int(0...1) == 0 ? [] : (0..<classes).map { "class \($0)" })
  }

  // MARK: Graphs

  private mutating func makeGraph(_ seed: Int) throws -> Graph {
    var builder = NetworkBuilder(
      seed: seed, height: random.int(4...9), width: random.int(4...9),
      channelCount: random.int(0...1) == 0 ? 1 : 3)
    for layer in 0..<random.int(1...5) { try append("layer\(layer)", &builder) }
    switch random.int(0...9) {
    case 0: break
    case 1: try builder.append("pool", .mean(axes: [1, 2], keepsDimensions: false))
    case 2: try builder.fullyConnected("one", outputCount: 1)
    default: try builder.fullyConnected("fc", outputCount: random.int(2...7))
    }
    if builder.shape.count == 2 {
      switch random.int(0...4) {
      case 0: try builder.softmax("softmax")
      case 1: try builder.append("logSoftmax", .logSoftmax(axis: 1))
      case 2: try builder.append("sigmoid", .scalar(.logistic))
      default: break
      }
    }
    var graph = builder.finished()
    if random.int(0...2) == 0 { lengthenNames(&graph) }
    return graph
  }

  /// Those of one element, in the order of their difficulty.
  private static let functions: [OctetModel.Operation] = [
    .scalar(.relu), .scalar(.relu6), .scalar(.leakyRelu(alpha: 0.1)),
    .scalar(.clip(lower: -0.5, upper: 0.75)), .scalar(.hardSwish),
    .scalar(.hardSigmoid(alpha: 0.2, beta: 0.5)), .scalar(.logistic), .scalar(.tanh),
    .scalar(.elu(alpha: 1)),
    .scalar(.selu(alpha: 1.67, gamma: 1.05)), .scalar(.gelu), .scalar(.mish), .scalar(.softplus),
    .scalar(.exponential), .scalar(.absolute), .scalar(.sign),
  ]

  private mutating func append(_ name: String, _ builder: inout NetworkBuilder) throws {
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(1)
    let start = builder.last
    switch random.int(0...10) {
    case 0, 1:
      try builder.convolution(
        name, outputCount: random.int(1...5), kernel: Extent(3), attributes)
    case 2: try builder.depthwiseConvolution(name, multiplier: 1, kernel: Extent(3), attributes)
    case 3 where builder.shape[1] > 3 && builder.shape[2] > 3:
      let pool = PoolAttributes(kernel: Extent(2), stride: Extent(random.int(1...2)))
      if random.int(0...1) == 0 {
        try builder.maxPool(name, pool)
      } else {
        try builder.averagePool(name, pool)
      }
    case 4:
      try builder.append("\(name)/tanh", .scalar(.tanh))
      try builder.append(name, random.int(0...1) == 0 ? .add(.none) : .maximum, [start])
    case 5:
      try builder.append("\(name)/gelu", .scalar(.gelu))
      try builder.append(name, .concatenation(axis: 3, activation: .none), [start])
    case 6: try builder.append(name, .transpose([0, 2, 1, 3]))
    case 7: try appendResize(name, &builder)
    case 8: try builder.batchNormalization(name)
    case 9:
      let slopes = (0..<builder.shape[3]).map { Float($0) * 0.1 }
      let slope = builder.constant("\(name).slope", [builder.shape[3]], slopes)
      try builder.append(name, .prelu, [slope])
    default:
      try builder.append(
        name, Self.functions[random.int(0...Self.functions.count - 1)])
    }
  }

  private mutating func appendResize(_ name: String, _ builder: inout NetworkBuilder) throws {
    let shape = builder.shape
    let larger = [1, shape[1] + random.int(0...2), shape[2] + random.int(0...2), shape[3]]
    try builder.append(
      name,
      .resize(
        ResizeAttributes(
          method: random.int(0...1) == 0 ? .nearest : .bilinear, coordinates: .halfPixel,
          rounding: .roundPreferFloor, outputShape: larger,
          scales: zip(larger, shape).map { Float($0) / Float($1) })))
  }

  // MARK: Mutations

  /// Blobs keep the end of long names, so that these become one.
  private func lengthenNames(_ graph: inout Graph) {
    let end = "/" + String(repeating: "backbone.stage.block/", count: 3) + "BiasAdd"
    for index in graph.tensors.indices { graph.tensors[index].name += end }
    for index in graph.nodes.indices { graph.nodes[index].name += end }
  }

  private mutating func mutate(_ graph: inout Graph) {
    let before = graph
    switch random.int(0...11) {
    case 0: for index in graph.tensors.indices { graph.tensors[index].name = "t\(index)" }
    case 1: lengthenNames(&graph)
    case 2: for index in graph.nodes.indices { graph.nodes[index].name = "same" }
    case 3: dropNode(&graph)
    case 4: insertNode(&graph)
    case 5: graph.tensors.swapNames(random.index(graph.tensors), random.index(graph.tensors))
    case 6, 7: spoilWeights(&graph)
    case 8: graph.outputs.append(graph.nodes[random.index(graph.nodes)].outputs[0])
    case 9: graph.outputs = [graph.nodes[random.index(graph.nodes)].outputs[0]]
    case 10: graph.inputs.append(graph.add(Tensor(name: "second", shape: [1, 3])))
    default: changeOutput(&graph)
    }
    if (try? graph.inferShapes()) == nil { graph = before }
  }

  private mutating func dropNode(_ graph: inout Graph) {
    let node = graph.nodes.remove(at: random.index(graph.nodes))
    for index in graph.nodes.indices {
      graph.nodes[index].inputs = graph.nodes[index].inputs.map {
        $0 == node.outputs[0] ? node.inputs[0] : $0
      }
    }
    graph.outputs = graph.outputs.map { $0 == node.outputs[0] ? node.inputs[0] : $0 }
  }

  private mutating func insertNode(_ graph: inout Graph) {
    let index = random.index(graph.nodes)
    let source = graph.nodes[index].inputs[0]
    let result = graph.add(
      Tensor(name: "inserted\(graph.tensors.count)", shape: graph.tensors[source].shape))
    graph.nodes[index].inputs[0] = result
    graph.nodes.insert(
      Node(
        name: "inserted\(result)", operation: Self.functions[random.index(Self.functions)],
        inputs: [source], outputs: [result]), at: index)
  }

  private mutating func spoilWeights(_ graph: inout Graph) {
    let constants = graph.tensors.indices.filter { graph.tensors[$0].constant != nil }
    guard !constants.isEmpty else { return }
    let tensor = constants[random.index(constants)]
    guard case .float(var values) = graph.tensors[tensor].constant, !values.isEmpty else { return }
    let odd: [Float] = [.nan, .infinity, -.infinity, 1e30, 1e-30, 0, -1, 1.5]
    let value = odd[random.index(odd)]
    switch random.int(0...3) {
    case 0: values[random.index(values)] = value
    case 1: values = values.map { $0 * value }
    case 2: values.reverse()
    default: values = values.map { _ in value }
    }
    graph.tensors[tensor].constant = .float(values)
  }

  /// A constant, the input, integers, or nothing at all.
  private mutating func changeOutput(_ graph: inout Graph) {
    switch random.int(0...3) {
    case 0:
      graph.outputs = [
        graph.add(Tensor(name: "constant", shape: [1, 4], constant: .float([1, 2, 3, 4])))
      ]
    case 1: graph.outputs = graph.inputs
    case 2:
      let source = graph.outputs[0]
      let result = graph.add(
        Tensor(name: "best", shape: [], elementType: .int64))
      graph.nodes.append(
        Node(
          name: "best",
          operation: .extremum(
            ExtremumAttributes(
              axis: graph.tensors[source].shape.count - 1, keepsDimensions: false,
              isMinimum: false, takesLast: false)),
          inputs: [source], outputs: [result]))
      graph.outputs = [result]
    default: graph.outputs = []
    }
  }
}

extension TestRandom {
  fileprivate mutating func index(_ values: some Collection) -> Int {
    int(0...(values.count - 1))
  }
}

extension [Tensor] {
  fileprivate mutating func swapNames(_ a: Int, _ b: Int) {
    let name = self[a].name
    self[a].name = self[b].name
    self[b].name = name
  }
}
