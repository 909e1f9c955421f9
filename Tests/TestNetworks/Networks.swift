import OctetCompiler
import OctetModel
import OctetQuantization
import OctetRuntime

/// Small networks, their calibration and their blobs, for tests of everything after training.
public enum Networks {
  /// The kinds that no network with weights of eight bits has.
  package static var kindsOfInt4: Set<OperatorKind> {
    Set(OperatorKind.allCases.filter(\.hasNarrowWeights))
  }

  /// The kinds that no network of int8 alone has.
  package static var kindsOfInt16: Set<OperatorKind> {
    Set(OperatorKind.allCases.filter { $0.elements == .int16 || $0.elements == .any })
  }

  /// LeNet-5 as the trainer builds it: 28×28×1, two convolutions with pools, three fully connected.
  public static func lenet(seed: Int = 1) throws -> Graph {
    var padded = ConvolutionAttributes()
    padded.padding = Padding(2)
    padded.activation = .relu
    var plain = ConvolutionAttributes()
    plain.activation = .relu
    let pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    var builder = NetworkBuilder(seed: seed, height: 28, width: 28, channelCount: 1)
    try builder.convolution("conv1", outputCount: 6, kernel: Extent(5), padded)
    try builder.maxPool("pool1", pool)
    try builder.convolution("conv2", outputCount: 16, kernel: Extent(5), plain)
    try builder.maxPool("pool2", pool)
    try builder.fullyConnected("fc1", outputCount: 120, activation: .relu)
    try builder.fullyConnected("fc2", outputCount: 84, activation: .relu)
    try builder.fullyConnected("fc3", outputCount: 10)
    return builder.finished(labelled: true)
  }

  /// LeNet's layers on 12×12 pixels with fewer channels, and a softmax: a blob of 2 KB.
  public static func tiny(seed: Int = 1) throws -> Graph {
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(1)
    attributes.activation = .relu
    let pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    var builder = NetworkBuilder(seed: seed, height: 12, width: 12, channelCount: 1)
    try builder.convolution("conv1", outputCount: 3, kernel: Extent(3), attributes)
    try builder.maxPool("pool1", pool)
    try builder.depthwiseConvolution("conv2", multiplier: 1, kernel: Extent(3), attributes)
    try builder.averagePool("pool2", pool)
    try builder.fullyConnected("fc1", outputCount: 5)
    try builder.softmax("softmax")
    return builder.finished(labelled: true)
  }

  /// Two to six layers of every kind that images go through, with shapes drawn from the seed.
  public static func random(seed: Int) throws -> Graph {
    var random = TestRandom(seed: seed &+ 1_000_003)
    var builder = NetworkBuilder(
      seed: seed, height: random.int(5...12), width: random.int(5...12),
      channelCount: random.int(1...4))
    for layer in 0..<random.int(1...4) {
      try builder.appendRandomLayer("layer\(layer)", &random)
    }
    if random.int(0...2) > 0 {
      try builder.fullyConnected(
        "hidden", outputCount: random.int(2...9), activation: random.int(0...1) == 0 ? .relu : .none
      )
    }
    try builder.fullyConnected("scores", outputCount: random.int(2...6))
    if random.int(0...1) == 0 { try builder.softmax("softmax") }
    return builder.finished()
  }

  /// A branching network with an operator of every kind that the runtime has.
  public static func everyOperator(seed: Int = 1) throws -> Graph {
    var builder = NetworkBuilder(seed: seed, height: 6, width: 6, channelCount: 2)
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(1)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3), attributes)
    let trunk = builder.last
    // Another source: functions of the trunk alone would be one table.
    try builder.depthwiseConvolution("twin", multiplier: 1, kernel: Extent(1))
    try builder.append("tanh", .scalar(.tanh))
    try builder.append("add", .add(.relu), [trunk])
    try builder.append("subtract", .subtract(.none), [trunk])
    try builder.append("multiply", .multiply(.none), [trunk])
    try builder.append("squaredDifference", .squaredDifference, [trunk])
    try builder.append("l2Normalization", .l2Normalization())
    try builder.append("minimum", .minimum, [trunk])
    try builder.append("maximum", .maximum, [trunk])
    try builder.append("concat", .concatenation(axis: 3, activation: .none), [trunk])
    try builder.append(
      "slice", .slice(begin: [0, 1, 0, 2], count: [1, 4, 3, 4], stride: [1, 1, 2, 1]))
    try builder.append(
      "pad", .pad(before: [0, 1, 0, 0], after: [0, 0, 2, 0], mode: .constant(0)))
    try builder.append("transpose", .transpose([0, 2, 1, 3]))
    let columns = builder.last
    try builder.append("swapped", .transpose([0, 1, 3, 2]))
    try builder.append("product", .matrixMultiply, [columns])
    let square = builder.last
    try builder.append("swappedSquare", .transpose([0, 1, 3, 2]))
    try builder.appendProduct("transposedProduct", of: square)
    for method in [ResizeAttributes.Method.nearest, .bilinear] {
      let shape = builder.shape
      try builder.append(
        "resize.\(method)",
        .resize(
          ResizeAttributes(
            method: method, coordinates: .halfPixel, rounding: .roundPreferFloor,
            outputShape: [1, shape[1] + 2, shape[2] + 1, shape[3]],
            scales: [
              1, Float(shape[1] + 2) / Float(shape[1]), Float(shape[2] + 1) / Float(shape[2]), 1,
            ])))
    }
    try builder.transposedConvolution("deconv", outputCount: 3, kernel: Extent(2))
    try builder.depthwiseConvolution("deep", multiplier: 2, kernel: Extent(2))
    try builder.maxPool("max", PoolAttributes(kernel: Extent(2), stride: Extent(2)))
    try builder.averagePool("average", PoolAttributes(kernel: Extent(2), stride: Extent(1)))
    try builder.append("mean", .mean(axes: [1], keepsDimensions: true))
    try builder.fullyConnected("fc", outputCount: 4)
    try builder.append("logSoftmax", .logSoftmax(axis: 1))
    try builder.softmax("softmax")
    return builder.finished()
  }

  /// Three branches whose rows are joined, two of them first: concatenations without a copy.
  public static func joined(seed: Int = 1) throws -> Graph {
    var builder = NetworkBuilder(seed: seed, height: 6, width: 5, channelCount: 2)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(2))
    let trunk = builder.last
    try builder.append("tanh", .scalar(.tanh))
    let branch = builder.last
    try builder.append("add", .add(.none), [trunk])
    let pool = PoolAttributes(kernel: Extent(height: 2, width: 1), stride: Extent(1))
    try builder.maxPool("pool", pool)
    try builder.append("rows", .concatenation(axis: 1, activation: .none), [branch])
    try builder.append("allRows", .concatenation(axis: 1, activation: .none), [trunk])
    try builder.convolution("last", outputCount: 3, kernel: Extent(2))
    try builder.fullyConnected("fc", outputCount: 4)
    return builder.finished()
  }

  /// `count` samples of pixels in 0…1, of which a part is 0 as in real pictures.
  public static func samples(_ count: Int, seed: Int = 1) -> CalibrationSamples {
    CalibrationSamples(count: count) { index, position, target in
      var random = TestRandom(seed: seed &* 1009 &+ index &* 31 &+ position)
      for element in target.indices {
        let value = Float.random(in: -0.3...1, using: &random)
        target[element] = max(0, value)
      }
    }
  }

  public static func quantized(
    _ graph: Graph, options: Quantizer.Options = .init(), sampleCount: Int = 8
  ) throws -> Graph {
    try Quantizer.quantize(graph, samples: samples(sampleCount), options: options).graph
  }

  public static func compiled(_ graph: Graph, sampleCount: Int = 8) throws -> Compiler.Output {
    try Compiler.compile(quantized(graph, sampleCount: sampleCount))
  }
}

extension NetworkBuilder {
  /// A convolution (of any kind), or a pool, that the last tensor has room for.
  public mutating func appendRandomLayer(
    _ name: String, _ random: inout TestRandom
  ) throws {
    let kernel = Extent(
      height: random.int(1...min(4, shape[1])), width: random.int(1...min(4, shape[2])))
    let padding = Padding(
      top: random.int(0...kernel.height - 1), left: random.int(0...kernel.width - 1),
      bottom: random.int(0...kernel.height - 1), right: random.int(0...kernel.width - 1))
    let stride = Extent(height: random.int(1...2), width: random.int(1...3))
    switch random.int(0...4) {
    case 0:
      var pool = PoolAttributes(kernel: kernel, stride: stride)
      if random.int(0...1) == 0 { pool.padding = padding }
      try maxPool(name, pool)
    case 1:
      var pool = PoolAttributes(kernel: kernel, stride: stride)
      if random.int(0...1) == 0 { pool.padding = padding }
      try averagePool(name, pool)
    case 2:
      var attributes = ConvolutionAttributes()
      (attributes.stride, attributes.padding) = (stride, padding)
      if random.int(0...1) == 0 { attributes.activation = .relu6 }
      try depthwiseConvolution(name, multiplier: random.int(1...2), kernel: kernel, attributes)
    default:
      var attributes = ConvolutionAttributes()
      (attributes.stride, attributes.padding) = (stride, padding)
      if random.int(0...1) == 0 { attributes.activation = .relu }
      let groups = shape[3] % 2 == 0 ? random.int(1...2) : 1
      attributes.groups = groups
      try convolution(
        name, outputCount: groups * random.int(1...4), kernel: kernel, attributes)
    }
  }
}
