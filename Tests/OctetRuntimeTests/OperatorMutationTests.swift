import OctetRuntime
import Testing

/// Operator records with one parameter or one shape gone wrong: each is refused, or it runs and
/// writes nothing but its outputs and its scratch. (Under the address sanitizer: reads neither.)
struct OperatorMutationTests {
  @Test(arguments: OperatorKind.allCases)
  func neverLeavesItsMemory(kind: OperatorKind) throws {
    var ranCount = 0
    for seed in 0..<120 {
      var random = RandomSource(seed: seed)
      var operation = TestOperator.random(kind, &random)
      operation.mutate(&random)
      let inputs = operation.inputs.filter { $0.constant == nil }.map {
        random.bytes($0.byteCount)
      }
      do {
        _ = try operation.run(inputs)
        ranCount += 1
      } catch is ModelError {
        continue
      }
    }
    #expect(ranCount < 120, "nothing was refused")
  }

  @Test(arguments: OperatorKind.allCases)
  func unchangedOnesRun(kind: OperatorKind) throws {
    for seed in 0..<20 {
      var random = RandomSource(seed: seed)
      let operation = TestOperator.random(kind, &random)
      _ = try operation.run(operation.inputs.map { random.bytes($0.byteCount) })
    }
  }
}

extension TestOperator {
  fileprivate mutating func mutate(_ random: inout RandomSource) {
    if random.int(0...3) == 0 || parameters.isEmpty {
      let dimension = random.int(1...9)
      var shape = outputs[0].shape.dimensions
      shape[random.int(0...3)] = dimension
      if random.int(0...1) == 0 {
        outputs[0].shape = Shape(shape)
      } else {
        inputs[0].shape.c = dimension
      }
      return
    }
    let extremes = [
      Int(Int32.min), -4097, -1, 0, 1, 2, 3, 16, 127, 128, 4096, 4097, 1 << 26, 1 << 30,
      Int(Int32.max),
    ]
    parameters[random.int(0...parameters.count - 1)] = .word(
      extremes.randomElement(using: &random) ?? 0)
  }

  /// An operator of a kind, valid.
  static func random(_ kind: OperatorKind, _ random: inout RandomSource) -> TestOperator {
    let shape = Shape(random.int(1...2), 3, 4, random.int(1...9))
    func unary(_ output: Shape, _ parameters: [TestParameter]) -> TestOperator {
      TestOperator(
        kind: kind, inputs: [TestTensor(shape: shape)], outputs: [TestTensor(shape: output)],
        parameters: parameters)
    }
    func words(_ values: [Int]) -> [TestParameter] { values.map { .word($0) } }
    switch kind {
    case .convolution: return ConvolutionParameters.convolution(&random).convolutionOperator
    case .depthwiseConvolution: return ConvolutionParameters.depthwise(&random).depthwiseOperator
    case .transposedConvolution:
      return ConvolutionParameters.transposed(&random).transposedConvolutionOperator
    case .fullyConnected: return FullyConnectedParameters.random(&random).testOperator
    case .convolution4: return ConvolutionParameters.convolution(&random).narrowed.convolution4
    case .depthwiseConvolution4: return ConvolutionParameters.depthwise(&random).narrowed.depthwise4
    case .fullyConnected4: return FullyConnectedParameters.random(&random).narrowed.operator4
    case .maxPool, .averagePool: return PoolParameters.random(&random).testOperator(kind)
    case .softmax:
      return SoftmaxParameters(rows: 2, channels: random.int(1...9), scale: 0.1).testOperator
    case .logSoftmax:
      return LogSoftmaxParameters(rows: 2, channels: random.int(1...9), scale: 0.1).testOperator
    case .l2Normalization:
      return L2NormalizationParameters.random(seed: random.int(0...99)).testOperator
    case .add, .subtract, .multiply, .squaredDifference, .minimum, .maximum:
      return BinaryParameters.random(&random).testOperator(kind)
    case .matrixMultiply: return MatrixMultiplyParameters.random(&random).testOperator()
    case .mean:
      return MeanParameters(input: shape, axes: [1, 2], by: .init(1.2)).testOperator
    case .concatenation:
      var operation = unary(Shape(shape.n, 3, 8, shape.c), [.word(2)])
      operation.inputs.append(operation.inputs[0])
      return operation
    case .pad: return unary(Shape(shape.n, 5, 7, shape.c), words([0, 1, 2, 0, -5]))
    case .reshape: return unary(Shape(1, 1, shape.n, 12 * shape.c), [])
    case .transpose: return unary(Shape(shape.n, 4, shape.c, 3), words([0, 2, 3, 1]))
    case .slice:
      return unary(Shape(shape.n, 2, 2, shape.c), words([0, 2, 1, 0, 1, -1, 2, 1]))
    case .convolution16: return Weighted16Parameters.convolution(&random).convolutionOperator
    case .depthwiseConvolution16:
      return Weighted16Parameters.depthwise(&random).depthwiseOperator
    case .fullyConnected16: return Weighted16Parameters.connected(&random).connectedOperator
    case .softmax16: return Softmax16Parameters(rows: 2, channels: random.int(1...9)).testOperator
    case .sigmoid16:
      return Sigmoid16Parameters(isTangent: random.int(0...1) == 1, shape: shape).testOperator
    case .requantize:
      return RequantizeParameters.random(shape, &random).testOperator
    case .lookup: return unary(shape, [.word(1), .bytes(random.bytes(256))])
    case .resizeNearest:
      return unary(Shape(shape.n, 2, 3, shape.c), [.words([0, 2]), .words([3, 0, 1])])
    case .resizeBilinear:
      return unary(
        Shape(shape.n, 1, 2, shape.c), [.words([0, 1, 512]), .words([0, 1, 100, 2, 3, 1024])])
    }
  }
}
