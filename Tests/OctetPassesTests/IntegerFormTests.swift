import OctetCompiler
import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// What has no int8 operator of its own becomes operators that exist, with the same function.
@Suite struct IntegerFormTests {
  /// The same function before and after, an int8 model that compiles, and its nodes.
  private func check(_ builder: NetworkBuilder, _ expected: [String]) throws {
    let graph = builder.finished()
    let simple = graph.simplified()
    try simple.validate()
    #expect(simple.nodes.map(\.operation.name) == expected)
    var random = TestRandom(seed: 7)
    let input = (0..<graph.tensors[graph.inputs[0]].elementCount).map { _ in
      Float.random(in: -1...1, using: &random)
    }
    let wanted = try FloatInterpreter(graph).run(inputs: [input])[0]
    let found = try FloatInterpreter(simple).run(inputs: [input])[0]
    #expect(wanted.count == found.count)
    for (a, b) in zip(wanted, found) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a))) }
    _ = try Networks.compiled(graph)
  }

  @Test func normalizationOfAnImage() throws {
    var builder = NetworkBuilder(seed: 1, height: 4, width: 5, channelCount: 3)
    try builder.batchNormalization("norm")
    try builder.append("relu", .scalar(.relu))
    try check(builder, ["depthwiseConvolution"])
  }

  @Test(arguments: [[1, 60], [1, 4, 15]])
  func normalizationOfOtherRanks(shape: [Int]) throws {
    var builder = NetworkBuilder(seed: 2, height: 4, width: 5, channelCount: 3)
    try builder.append("flat", .reshape(shape))
    try builder.batchNormalization("norm")
    try check(builder, ["reshape", "reshape", "depthwiseConvolution", "reshape"])
  }

  @Test func divisionByConstants() throws {
    var builder = NetworkBuilder(seed: 3, height: 4, width: 5, channelCount: 3)
    let divisor = builder.constant("divisor", [3], [0.5, -2, 3])
    try builder.append("divide", .divide(.relu), [divisor])
    try check(builder, ["multiply"])
  }

  @Test(arguments: [true, false])
  func parametricReLU(hasOneSlope: Bool) throws {
    var builder = NetworkBuilder(seed: 4, height: 4, width: 5, channelCount: 3)
    let slopes = builder.constant("slopes", [3], hasOneSlope ? [0.2, 0.2, 0.2] : [0.1, 0, -0.3])
    try builder.append("prelu", .prelu, [slopes])
    try check(builder, [hasOneSlope ? "leakyRelu" : "prelu"])
  }

  @Test(arguments: [PadMode.reflect, .edge, .wrap])
  func padding(mode: PadMode) throws {
    var builder = NetworkBuilder(seed: 5, height: 4, width: 5, channelCount: 3)
    try builder.append("pad", .pad(before: [0, 2, 0, 0], after: [0, 1, 3, 0], mode: mode))
    try check(builder, ["slice", "slice", "concatenation", "slice", "concatenation"])
  }

  @Test(arguments: [
    Operation.scalar(.gelu), .scalar(.softplus), .scalar(.logarithm),
    .scalar(.hardSigmoid(alpha: 0.2, beta: 0.5)), .scalar(.elu(alpha: 1)), .logSoftmax(axis: 3),
  ])
  func functions(operation: Operation) throws {
    var builder = NetworkBuilder(seed: 6, height: 4, width: 5, channelCount: 3)
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("function", operation)
    try check(builder, ["logistic", operation.name])
  }

  @Test func divisionByAnActivation() throws {
    var builder = NetworkBuilder(seed: 8, height: 4, width: 5, channelCount: 3)
    let image = builder.last
    try builder.append("logistic", .scalar(.logistic))
    let divisor = builder.last
    try builder.append("sum", .add(.none), [image])
    try builder.append("divide", .divide(.none), [divisor])
    try check(builder, ["logistic", "add", "reciprocal", "multiply"])
  }

  @Test func powers() throws {
    var builder = NetworkBuilder(seed: 9, height: 4, width: 5, channelCount: 3)
    try builder.append("logistic", .scalar(.logistic))
    let exponent = builder.constant("exponent", [], [1.7])
    try builder.append("power", .power, [exponent])
    try check(builder, ["logistic", "power"])
  }

  @Test func neighbouringChannels() throws {
    var builder = NetworkBuilder(seed: 10, height: 4, width: 5, channelCount: 7)
    try builder.append(
      "norm", .localResponseNormalization(size: 4, alpha: 0.5, beta: 0.75, bias: 1))
    try check(builder, ["multiply", "convolution", "power", "multiply"])
  }

  @Test(arguments: [true, false])
  func reductions(keepsDimensions: Bool) throws {
    var builder = NetworkBuilder(seed: 11, height: 4, width: 5, channelCount: 3)
    try builder.append(
      "largest", .reduce(.maximum, axes: [1, 2], keepsDimensions: keepsDimensions))
    try check(builder, keepsDimensions ? ["maxPool"] : ["maxPool", "reshape"])
    builder = NetworkBuilder(seed: 12, height: 4, width: 5, channelCount: 3)
    try builder.append("sum", .reduce(.sum, axes: [1, 3], keepsDimensions: keepsDimensions))
    try check(builder, ["mean", "multiply"])
  }

  /// Products and sums with constants go into the weights before them, or become a depthwise
  /// convolution; those that change nothing go.
  @Test func affineSteps() throws {
    func steps(_ builder: inout NetworkBuilder) throws {
      let gain = builder.constant("gain", [3], [2, -0.5, 0.01])
      let offset = builder.constant("offset", [1, 1, 3], [1, 0, -40])
      try builder.append("scaled", .multiply(.none), [gain])
      try builder.append("moved", .subtract(.none), [offset])
    }
    var builder = NetworkBuilder(seed: 21, height: 4, width: 5, channelCount: 3)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(2))
    try steps(&builder)
    try check(builder, ["convolution"])

    var attributes = ConvolutionAttributes()
    attributes.activation = .relu
    builder = NetworkBuilder(seed: 22, height: 4, width: 5, channelCount: 3)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(2), attributes)
    try steps(&builder)
    try check(builder, ["convolution", "depthwiseConvolution"])

    builder = NetworkBuilder(seed: 23, height: 4, width: 5, channelCount: 3)
    let (one, zero) = (builder.constant("one", [1], [1]), builder.constant("zero", [3], [0, 0, 0]))
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("same", .multiply(.none), [one])
    try builder.append("still", .add(.none), [zero])
    try builder.append("tanh", .scalar(.tanh))
    try check(builder, ["logistic", "tanh"])
  }

  /// A mean of squares is a sum of products of rows, whatever it runs over.
  @Test(arguments: [[1, 2], [3], [1, 3]])
  func variances(axes: [Int]) throws {
    var builder = NetworkBuilder(seed: 24, height: 4, width: 5, channelCount: 3)
    let image = builder.last
    let epsilon = builder.constant("epsilon", [1], [0.001])
    try builder.append("square", .multiply(.none), [image])
    try builder.append("mean", .mean(axes: axes, keepsDimensions: true))
    try builder.append("bounded", .add(.none), [epsilon])
    try builder.append("root", .scalar(.squareRoot))
    let arranged = axes == [3] ? [] : ["transpose"]
    try check(
      builder,
      arranged + [
        "reshape", "reshape", "matrixMultiply", "reshape", "multiply", "add", "squareRoot",
      ])
  }

  @Test func pools() throws {
    var pool = PoolAttributes(kernel: Extent(height: 4, width: 5), stride: Extent(1))
    var builder = NetworkBuilder(seed: 13, height: 4, width: 5, channelCount: 3)
    try builder.averagePool("whole", pool)
    try check(builder, ["mean"])
    pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    pool.padding = Padding(top: 1, left: 0, bottom: 0, right: 1)
    pool.countsPadding = true
    builder = NetworkBuilder(seed: 14, height: 5, width: 5, channelCount: 3)
    try builder.averagePool("padded", pool)
    try check(builder, ["pad", "averagePool"])
    var dilated = PoolAttributes(kernel: Extent(2), stride: Extent(1))
    dilated.dilation = Extent(2)
    try builder.maxPool("dilated", dilated)
    try check(builder, ["pad", "averagePool", "maxPool"])
  }

  @Test func products() throws {
    var builder = NetworkBuilder(seed: 15, height: 4, width: 5, channelCount: 3)
    let image = builder.last
    try builder.append("swapped", .transpose([0, 1, 3, 2]))
    try builder.appendProduct("gram", of: image)
    let vector = builder.constant("vector", [5], [1, -2, 0.5, 3, 0])
    try builder.append("weighted", .matrixMultiply, [vector])
    let matrix = builder.constant("matrix", [2, 4], [1, 2, 3, 4, -5, 6, -7, 8])
    try builder.append("plain", .reshape([4, 5]))
    try builder.appendProduct("rows", of: matrix)
    try check(
      builder, ["transpose", "matrixMultiply", "matrixMultiply", "reshape", "matrixMultiply"])
  }

  @Test func divisionByZeroIsRefused() throws {
    var builder = NetworkBuilder(seed: 7, height: 4, width: 5, channelCount: 3)
    let zero = builder.constant("zero", [3], [1, 0, 1])
    try builder.append("divide", .divide(.none), [zero])
    let graph = builder.finished()
    #expect(throws: QuantizationError.self) { try Networks.quantized(graph) }
  }
}
