import OctetModel
import OctetPasses
import TestNetworks
import Testing

/// The passes one after the other: what has no int8 operator of its own becomes operators that
/// exist, with the same function, and the int8 model compiles.
@Suite struct SimplificationTests {
  private func check(_ builder: NetworkBuilder, _ expected: [String]) throws {
    let graph = builder.finished()
    try OctetPassesTests.check(graph, expected) { $0 = $0.simplified() }
    _ = try Networks.compiled(graph)
  }

  @Test(arguments: 1...4)
  func networks(seed: Int) throws {
    var builder = NetworkBuilder(seed: seed, height: 7, width: 6, channelCount: 3)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3))
    try builder.batchNormalization("norm1")
    try builder.append("relu1", .scalar(.relu))
    try builder.append("identity", .identity)
    try builder.depthwiseConvolution("deep", multiplier: 2, kernel: Extent(2))
    try builder.batchNormalization("norm2")
    try builder.append("clip", .scalar(.clip(lower: -0.5, upper: 0.75)))
    try builder.fullyConnected("fc", outputCount: 5)
    try builder.batchNormalization("norm3")
    try check(builder, ["convolution", "depthwiseConvolution", "reshape", "fullyConnected"])
  }

  @Test func normalizationOfAnImage() throws {
    var builder = NetworkBuilder()
    try builder.batchNormalization("norm")
    try builder.append("relu", .scalar(.relu))
    try check(builder, ["depthwiseConvolution"])
  }

  @Test(arguments: [
    OctetModel.Operation.scalar(.gelu), .scalar(.softplus), .scalar(.logarithm),
    .scalar(.hardSigmoid(alpha: 0.2, beta: 0.5)), .scalar(.elu(alpha: 1)), .logSoftmax(axis: 3),
  ])
  func functions(operation: OctetModel.Operation) throws {
    var builder = NetworkBuilder(seed: 6)
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("function", operation)
    try check(builder, ["logistic", operation.name])
  }

  @Test func affineStepsAndVariances() throws {
    var builder = NetworkBuilder(seed: 21)
    let gain = builder.constant("gain", [3], [2, -0.5, 0.01])
    let epsilon = builder.constant("epsilon", [1], [0.001])
    try builder.convolution("conv", outputCount: 3, kernel: Extent(2))
    try builder.append("scaled", .multiply(.none), [gain])
    let scaled = builder.last
    try builder.append("square", .multiply(.none), [scaled])
    try builder.append("mean", .mean(axes: [3], keepsDimensions: true))
    try builder.append("bounded", .add(.none), [epsilon])
    try builder.append("root", .scalar(.squareRoot))
    try check(
      builder,
      [
        "convolution", "reshape", "reshape", "matrixMultiply", "reshape", "multiply", "add",
        "squareRoot",
      ])
  }

  @Test func pools() throws {
    var pool = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    pool.padding = Padding(top: 1, left: 0, bottom: 0, right: 1)
    pool.countsPadding = true
    var builder = NetworkBuilder(seed: 14, height: 5, width: 5, channelCount: 3)
    try builder.averagePool("padded", pool)
    var dilated = PoolAttributes(kernel: Extent(2), stride: Extent(1))
    dilated.dilation = Extent(2)
    try builder.maxPool("dilated", dilated)
    try check(builder, ["pad", "averagePool", "maxPool"])
  }

  @Test func products() throws {
    var builder = NetworkBuilder(seed: 15)
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
    var builder = NetworkBuilder(seed: 7)
    let zero = builder.constant("zero", [3], [1, 0, 1])
    try builder.append("divide", .divide(.none), [zero])
    let graph = builder.finished()
    #expect(throws: (any Error).self) { try Networks.quantized(graph) }
  }

  /// What is quantized in part loses its conversions, and keeps its grids.
  @Test func withoutConversions() throws {
    var builder = NetworkBuilder()
    try builder.append("codes", .quantize)
    try builder.append("reals", .dequantize)
    try builder.append("transpose", .transpose([0, 2, 1, 3]))
    try builder.batchNormalization("norm")
    var graph = builder.finished()
    try graph.quantize(["codes.output"])
    try OctetPassesTests.check(graph, ["quantize", "transpose", "depthwiseConvolution"]) {
      $0 = $0.withoutConversions()
    }
  }
}
