import OctetCompiler
import OctetData
import OctetDiff
import OctetEvaluation
import OctetModel
import OctetQuantization
import TestComparisons
import TestNetworks

/// Networks that are damaged on purpose, each with images whose labels are what the network says,
/// so that the undamaged one is right everywhere.
enum CatalogueNetwork: String, CaseIterable, Sendable {
  /// Trained: convolutions with ReLU and max pools, dense layers.
  case lenet
  /// Padded and depthwise convolutions with GELU, an average over the image.
  case mobile
  /// Residual blocks with batch normalizations, as ResNet-8 has them.
  case resnet
  /// A wide first convolution, then depthwise and 1×1 ones with batch normalizations.
  case keywords
  /// What the others have not: branches, a resize, a softmax, a dilation, a leaky ReLU.
  case branches

  func float() throws -> Graph {
    switch self {
    case .lenet: try DiffCorpus.lenet()
    default: try Self.graphs[self]?.get() ?? Graph()
    }
  }

  func images() throws -> Dataset {
    switch self {
    case .lenet: DiffCorpus.test
    default: try Self.images(for: self, seed: 11)
    }
  }

  func quantized(
    _ graph: Graph, options: Quantizer.Options = DiffCorpus.plain
  ) throws -> Graph {
    switch self {
    case .lenet: return try DiffCorpus.quantized(graph, options: options)
    default:
      let data = try images()
      let samples = try CalibrationSamples(
        data, count: data.count, seed: 1, graph: graph, normalization: nil)
      return try Quantizer.quantize(graph, samples: samples, options: options).graph
    }
  }

  /// The undamaged one, once for all tests.
  func int8() throws -> Graph {
    switch self {
    case .lenet: try DiffCorpus.int8.get()
    default: try Self.quantizedGraphs[self]?.get() ?? Graph()
    }
  }

  private static let made: [CatalogueNetwork] = [.mobile, .resnet, .keywords, .branches]

  private static let graphs = Dictionary(
    uniqueKeysWithValues: made.map { network in (network, Result { try network.make(seed: 5) }) })

  private static let quantizedGraphs = Dictionary(
    uniqueKeysWithValues: made.map { network in
      (network, Result { try network.quantized(network.float()) })
    })

  func make(seed: Int) throws -> Graph {
    var graph: Graph
    switch self {
    case .lenet: return try DiffCorpus.lenet()
    case .mobile: graph = try Self.mobile(seed)
    case .resnet: graph = try Self.resnet(seed)
    case .keywords: graph = try Self.keywords(seed)
    case .branches: graph = try Self.branches(seed)
    }
    graph.metadata.normalization = Normalization(mean: [0], standardDeviation: [1])
    return graph
  }

  private static func mobile(_ seed: Int) throws -> Graph {
    var builder = NetworkBuilder(seed: seed, height: 12, width: 12, channelCount: 3)
    var padded = ConvolutionAttributes()
    padded.padding = Padding(1)
    try builder.convolution("stem", outputCount: 8, kernel: Extent(3), padded)
    try builder.append("gelu1", .scalar(.gelu))
    try builder.depthwiseConvolution("deep", multiplier: 1, kernel: Extent(3), padded)
    try builder.append("gelu2", .scalar(.gelu))
    var pointwise = ConvolutionAttributes()
    pointwise.activation = .relu
    try builder.convolution("point", outputCount: 12, kernel: Extent(1), pointwise)
    try builder.maxPool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    try builder.fullyConnected("hidden", outputCount: 16, activation: .relu)
    try builder.fullyConnected("scores", outputCount: 6)
    return builder.finished()
  }

  private static func resnet(_ seed: Int) throws -> Graph {
    var builder = NetworkBuilder(seed: seed, height: 12, width: 12, channelCount: 3)
    var padded = ConvolutionAttributes()
    padded.padding = Padding(1)
    func convolution(
      _ name: String, _ count: Int, _ attributes: ConvolutionAttributes, isActive: Bool
    ) throws {
      try builder.convolution(name, outputCount: count, kernel: Extent(3), attributes)
      try builder.batchNormalization("\(name)/bn")
      if isActive { try builder.append("\(name)/relu", .scalar(.relu)) }
    }
    try convolution("stem", 8, padded, isActive: true)
    let first = builder.last
    try convolution("conv1a", 8, padded, isActive: true)
    try convolution("conv1b", 8, padded, isActive: false)
    try builder.append("add1", .add(.relu), [first])
    let second = builder.last
    var strided = padded
    strided.stride = Extent(2)
    try convolution("conv2a", 12, strided, isActive: true)
    try convolution("conv2b", 12, padded, isActive: false)
    let deep = builder.last
    builder.select(second)
    var skip = ConvolutionAttributes()
    skip.stride = Extent(2)
    try builder.convolution("skip", outputCount: 12, kernel: Extent(1), skip)
    try builder.append("add2", .add(.relu), [deep])
    try builder.append("mean", .mean(axes: [1, 2], keepsDimensions: false))
    try builder.fullyConnected("scores", outputCount: 8)
    return builder.finished()
  }

  private static func keywords(_ seed: Int) throws -> Graph {
    var builder = NetworkBuilder(seed: seed, height: 24, width: 10, channelCount: 1)
    var wide = ConvolutionAttributes()
    wide.stride = Extent(2)
    wide.padding = Padding(top: 4, left: 1, bottom: 4, right: 1)
    var padded = ConvolutionAttributes()
    padded.padding = Padding(1)
    func finish(_ name: String) throws {
      try builder.batchNormalization("\(name)/bn")
      try builder.append("\(name)/relu", .scalar(.relu))
    }
    try builder.convolution(
      "wide", outputCount: 12, kernel: Extent(height: 10, width: 4), wide)
    try finish("wide")
    for block in 1...2 {
      try builder.depthwiseConvolution(
        "deep\(block)", multiplier: 1, kernel: Extent(3), padded)
      try finish("deep\(block)")
      try builder.convolution("point\(block)", outputCount: 12, kernel: Extent(1))
      try finish("point\(block)")
    }
    try builder.averagePool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    try builder.fullyConnected("scores", outputCount: 12)
    return builder.finished()
  }

  private static func branches(_ seed: Int) throws -> Graph {
    var builder = NetworkBuilder(seed: seed, height: 12, width: 12, channelCount: 3)
    var padded = ConvolutionAttributes()
    padded.padding = Padding(1)
    try builder.convolution("stem", outputCount: 6, kernel: Extent(3), padded)
    try builder.append("leaky", .scalar(.leakyRelu(alpha: 0.1)))
    let start = builder.last
    var dilated = ConvolutionAttributes()
    dilated.padding = Padding(2)
    dilated.dilation = Extent(2)
    dilated.activation = .relu
    try builder.convolution("left", outputCount: 6, kernel: Extent(3), dilated)
    let left = builder.last
    builder.select(start)
    try builder.convolution("right", outputCount: 6, kernel: Extent(1), .init())
    try builder.append("join", .concatenation(axis: 3, activation: .none), [left])
    var pool = PoolAttributes(kernel: Extent(3), stride: Extent(2))
    pool.padding = Padding(1)
    try builder.averagePool("average", pool)
    try builder.append(
      "larger",
      .resize(
        ResizeAttributes(
          method: .bilinear, coordinates: .halfPixel, rounding: .floor,
          outputShape: [1, 9, 9, 12], scales: [1, 1.5, 1.5, 1])))
    try builder.convolution("last", outputCount: 8, kernel: Extent(3), .init())
    try builder.append("swish", .scalar(.hardSwish))
    try builder.fullyConnected("scores", outputCount: 7)
    try builder.softmax("softmax")
    return builder.finished()
  }

  /// Takes the mean of each score off its bias: untrained networks give most images one class.
  static func balanceClasses(of graph: inout Graph) throws {
    let images = try images(for: .mobile, seed: 11)
    let interpreter = try FloatInterpreter(graph)
    guard let last = graph.nodes.last(where: { $0.operation.weightChannelAxis != nil }),
      case .float(var biases) = graph.tensors[last.inputs[2]].constant
    else { throw Graph.Missing() }
    let count = images.labels.count
    for index in 0..<count {
      interpreter.setInput(0, images.pixelSlice(index).map { Float($0) / 255 })
      interpreter.run()
      for (channel, score) in interpreter.value(of: last.outputs[0]).enumerated() {
        biases[channel] -= score / Float(count)
      }
    }
    graph.tensors[last.inputs[2]].constant = .float(biases)
  }

  /// Patches of one colour, so that images differ in more than noise.
  static func images(
    for network: CatalogueNetwork, seed: Int, count: Int = 24
  ) throws -> Dataset {
    if network == .lenet { return Digits.generate(count: count, seed: UInt64(seed)) }
    let graph = try network.float()
    let shape = graph.tensors[graph.inputs[0]].shape
    let (height, width, channelCount) = (shape[1], shape[2], shape[3])
    var random = TestRandom(seed: seed)
    var pixels: [UInt8] = []
    for _ in 0..<count {
      let colours = (0..<4).map { _ in (0..<channelCount).map { _ in random.int(0...255) } }
      for index in 0..<height * width * channelCount {
        let (row, column) = (index / channelCount / width, index / channelCount % width)
        let patch = row * 2 / height * 2 + column * 2 / width
        let colour = colours[patch][index % channelCount]
        pixels.append(UInt8(max(0, min(255, colour + random.int(-20...20)))))
      }
    }
    var data = Dataset(
      pixels: pixels, labels: [UInt8](repeating: 0, count: count), height: height, width: width,
      channelCount: channelCount, classNames: [])
    let found = try Evaluation.predict(graph, data, threadCount: 1, normalization: nil)
    data.labels = found.labels.map { UInt8($0) }
    return data
  }
}
