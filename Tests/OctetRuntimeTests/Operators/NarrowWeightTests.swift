import OctetCompiler
import OctetRuntime
import Testing

struct NarrowWeightTests {
  @Test(arguments: 0..<40)
  func convolutionsMatchTheOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = ConvolutionParameters.convolution(&random).narrowed
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.convolution4, inputs: [input], oracle: [Oracle.convolution(parameters, input)],
      "seed \(seed): \(parameters.input)")
  }

  @Test(arguments: 0..<40)
  func depthwiseConvolutionsMatchTheOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = ConvolutionParameters.depthwise(&random).narrowed
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.depthwise4, inputs: [input],
      oracle: [Oracle.depthwiseConvolution(parameters, input)],
      "seed \(seed): \(parameters.input)")
  }

  @Test(arguments: 0..<40)
  func fullyConnectedLayersMatchTheOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = FullyConnectedParameters.random(&random).narrowed
    let input = random.bytes(parameters.rows * parameters.inputCount)
    try expectSame(
      parameters.operator4, inputs: [input], oracle: [Oracle.fullyConnected(parameters, input)],
      "seed \(seed): \(parameters.rows) × \(parameters.inputCount)")
  }

  /// Three weights a channel, so that the second channel starts in a byte's middle:
  /// 1·1 − 8·2 + 7·3 = 6 and −1·1 + 0·2 + 2·3 = 5.
  @Test func handChecked() throws {
    let parameters = FullyConnectedParameters(
      rows: 1, inputCount: 3, outputCount: 2, inputZeroPoint: 0, weights: [1, -8, 7, -1, 0, 2],
      weightZeroPoint: 0, bias: [0, 0], multipliers: [.init(1), .init(1)], outputZeroPoint: 0)
    #expect(try parameters.operator4.run([[1, 2, 3]]) == [[6, 5]])
    let view = try LoadedModel(parameters.operator4.blob()).operator(0)
    let start = Int(view.parameter(FullyConnected.Word.weights))
    #expect(try parameters.operator4.blob()[start..<start + 3] == [0x81, 0xF7, 0x20])
  }

  /// Beyond a block's bytes, channels are computed one block after the other, and the output cannot
  /// take the place of the input.
  @Test func largeLayersAreCutIntoBlocks() throws {
    var random = RandomSource(seed: 1)
    for groups in [1, 3] {
      let shape = Shape(1, 5, 4, 33 * groups)
      var p = ConvolutionParameters(
        input: shape, inputZeroPoint: 3, weights: random.bytes(9 * 33 * 41 * groups, -8...7),
        bias: random.words(41 * groups, -999...999),
        multipliers: (0..<41 * groups).map { _ in random.multiplier(near: 0.005) },
        output: Shape(1, 5, 4, 41 * groups))
      p.window = WindowParameters(kernelHeight: 3, kernelWidth: 3, top: 1, left: 1)
      (p.groups, p.convolvedHeight, p.convolvedWidth) = (groups, 5, 4)
      let plan = try p.convolution4.plan(.apart)
      #expect(plan.scratchByteCount < p.weights.count)
      #expect(try p.convolution4.plan(.overlapping).overlapDistance == nil)
      let input = random.bytes(shape.count)
      try expectSame(
        p.convolution4, inputs: [input], oracle: [Oracle.convolution(p, input)], "\(groups)")
    }
  }

  /// No weight of four bits is −128, and sums are bounded by what stands in the halves of bytes.
  @Test func sumsAreProvenOfTheHalves() throws {
    var p = FullyConnectedParameters(
      rows: 1, inputCount: 40_000, outputCount: 1, inputZeroPoint: 0,
      weights: [Int8](repeating: -8, count: 40_000), weightZeroPoint: 0, bias: [0],
      multipliers: [.init(1e-6)], outputZeroPoint: 0)
    try p.operator4.validate()
    p.bias = [2_147_483_647 - 128 * 8 * 40_000 - 1]
    try p.operator4.validate()
    p.bias = [2_147_483_647 - 128 * 8 * 40_000 + 1]
    #expect(throws: ModelError.self) { try p.operator4.validate() }
  }
}
