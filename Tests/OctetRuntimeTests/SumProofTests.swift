import BlobFuzz
import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

/// Sums that an input could overflow are refused, and no others: at the bound itself every backend
/// gives the same bytes for the inputs that reach it.
@Suite struct SumProofTests {
  static let limit = Int64(BlobLimits.sumMagnitude)

  @Test(
    arguments: [
      OperatorKind.convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected,
    ], 1...8)
  func theBoundIsExact(kind: OperatorKind, seed: Int) throws {
    for sign in [-1, 1] as [Int64] {
      for excess in [-1, 0, 1] as [Int64] {
        var random = RandomSource(seed: seed)
        let operation = TestOperator.weighted(kind, &random, sign: sign, excess: excess)
        #expect(
          operation.refusal?.cause == (excess > 0 ? .sumOverflow : nil),
          "seed \(seed), sign \(sign), \(excess) above the bound")
        if excess > 0 { continue }
        #expect(GuardedRun.fault(try LoadedModel(operation.blob())) == nil)
      }
    }
  }

  /// A patch so deep that the weights matter whatever the bias is.
  @Test func deepPatches() throws {
    for (weight, isSafe) in [(1, true), (127, false)] {
      let depth = 1 << 18
      var p = FullyConnectedParameters(
        rows: 1, inputCount: depth, outputCount: 1, inputZeroPoint: 0,
        weights: [Int8](repeating: Int8(weight), count: depth), weightZeroPoint: 0, bias: [0],
        multipliers: [.init(1e-6)], outputZeroPoint: 0)
      (p.lower, p.upper) = (-128, 127)
      #expect(p.testOperator.refusal?.cause == (isSafe ? nil : .sumOverflow))
    }
  }

  @Test func theErrorNamesTheBias() throws {
    var random = RandomSource(seed: 3)
    var sibling = random
    let refused = TestOperator.weighted(.fullyConnected, &random, sign: 1, excess: 1)
    let error = try #require(refused.refusal)
    // Of the same layout.
    let accepted = TestOperator.weighted(.fullyConnected, &sibling, sign: 1, excess: 0)
    #expect(Int32(bitPattern: try accepted.blob().u32(error.offset)) > 1 << 30)
  }

  /// Additions of which an input would be scaled up, and softmax of differences beyond Q5.26.
  @Test func otherSums() throws {
    var random = RandomSource(seed: 1)
    var sum = BinaryParameters.random(&random).testOperator(.add)
    #expect(sum.refusal == nil)
    sum[Add.Word.shiftA] = .word(1)
    #expect(sum.refusal?.cause == .operatorShift)
    var softmax = SoftmaxParameters(rows: 1, channels: 4, scale: 0.1).testOperator
    softmax[SoftmaxRows.Word.differenceMinimum] = .word(-255)
    softmax[SoftmaxRows.Word.shift] = .word(23)
    #expect(softmax.refusal?.cause == .operatorParameters)
  }
}

extension TestOperator {
  /// Why the blob of this operator alone is refused.
  var refusal: ModelError? {
    do {
      try validate()
      return nil
    } catch {
      return error as? ModelError
    }
  }

  /// A weighted operator whose first channel has the bias with which the magnitudes add up to the
  /// bound, and `excess` more.
  fileprivate static func weighted(
    _ kind: OperatorKind, _ random: inout RandomSource, sign: Int64, excess: Int64
  ) -> TestOperator {
    var operation: TestOperator
    switch kind {
    case .convolution: operation = ConvolutionParameters.convolution(&random).convolutionOperator
    case .depthwiseConvolution:
      operation = ConvolutionParameters.depthwise(&random).depthwiseOperator
    case .transposedConvolution:
      operation = ConvolutionParameters.transposed(&random).transposedConvolutionOperator
    default: operation = FullyConnectedParameters.random(&random).testOperator
    }
    let first = operation.parameters.count - 4
    guard case .bytes(let weights) = operation.parameters[first],
      case .words(var biases) = operation.parameters[first + 1]
    else { return operation }
    let count = weights.count / biases.count
    let isInterleaved = kind == .depthwiseConvolution
    var reach: Int64 = 128
    var zeroPoint: Int64 = 0
    if kind == .transposedConvolution {
      let input = Int64(operation.inputs[0].zeroPoint)
      reach = max(abs(-128 - input), abs(127 - input))
    }
    if kind == .fullyConnected, case .word(let value) = operation.parameters[0] {
      zeroPoint = Int64(value)
    }
    let products = (0..<count).reduce(0 as Int64) {
      let weight = Int64(weights[isInterleaved ? $1 * biases.count : $1])
      return $0 + abs(weight - zeroPoint) * reach
    }
    biases[0] = Int32(sign * (SumProofTests.limit - products + excess))
    operation.parameters[first + 1] = .words(biases)
    return operation
  }
}
