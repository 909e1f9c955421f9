import OctetData
import OctetModel
import OctetTraining
import Testing

/// Every backward pass against numerical differentiation of the double-precision oracle.
@Suite struct GradientTests {
  enum Case: String, CaseIterable, CustomTestStringConvertible {
    case convolution, stridedConvolution, asymmetricPadding, dilatedConvolution, noBias
    case groupedConvolution, depthwiseConvolution, wideConvolution, fusedReLU
    case manyChannels, manyChannelsToEach
    case maxPool, overlappingMaxPool, paddedMaxPool, reluMaxPool
    case averagePool, paddedAveragePool, averagePoolCountingPadding
    case fullyConnected, relu, residual, sharedInput

    var testDescription: String { rawValue }

    func graph(seed: UInt64) -> Graph {
      var graph = TestGraph(height: 6, width: 5, channelCount: 2, seed: seed)
      graph.convolution(outputs: 4)
      var a = ConvolutionAttributes()
      switch self {
      case .convolution: graph.convolution(outputs: 3, kernel: Extent(3), a)
      case .stridedConvolution:
        a.stride = Extent(height: 2, width: 3)
        graph.convolution(outputs: 2, kernel: Extent(height: 3, width: 2), a)
      case .asymmetricPadding:
        a.padding = Padding(top: 2, left: 0, bottom: 1, right: 3)
        graph.convolution(outputs: 2, kernel: Extent(3), a)
      case .dilatedConvolution:
        a.dilation = Extent(height: 2, width: 3)
        a.padding = Padding(top: 1, left: 2, bottom: 0, right: 1)
        graph.convolution(outputs: 2, kernel: Extent(2), a)
      case .noBias: graph.convolution(outputs: 2, kernel: Extent(2), a, hasBias: false)
      case .groupedConvolution:
        a.groups = 2
        a.padding = Padding(1)
        graph.convolution(outputs: 6, kernel: Extent(3), a)
      case .depthwiseConvolution:
        a.padding = Padding(1)
        a.stride = Extent(2)
        graph.depthwise(multiplier: 2, kernel: Extent(3), a)
      case .wideConvolution: graph.convolution(outputs: 17, kernel: Extent(1), a)
      case .manyChannels:
        graph.convolution(outputs: 9)
        a.stride = Extent(height: 2, width: 1)
        a.dilation = Extent(height: 1, width: 2)
        a.padding = Padding(top: 1, left: 2, bottom: 0, right: 1)
        graph.convolution(outputs: 12, kernel: Extent(height: 3, width: 2), a)
      case .manyChannelsToEach:
        graph.convolution(outputs: 16)
        a.groups = 2
        graph.convolution(outputs: 40, a)
      case .fusedReLU:
        a.activation = .relu
        graph.convolution(outputs: 3, kernel: Extent(2), a)
      default: addPoolOrOther(&graph)
      }
      return graph.finish()
    }

    private func addPoolOrOther(_ graph: inout TestGraph) {
      var a = PoolAttributes(kernel: Extent(2), stride: Extent(2))
      switch self {
      case .maxPool: graph.pool(a, isMax: true)
      case .overlappingMaxPool:
        a = PoolAttributes(kernel: Extent(3), stride: Extent(height: 1, width: 2))
        graph.pool(a, isMax: true)
      case .paddedMaxPool:
        a.padding = Padding(top: 1, left: 1, bottom: 0, right: 1)
        graph.pool(a, isMax: true)
      case .reluMaxPool:
        graph.relu()
        graph.pool(a, isMax: true)
      case .averagePool: graph.pool(a, isMax: false)
      case .paddedAveragePool, .averagePoolCountingPadding:
        a = PoolAttributes(kernel: Extent(3), stride: Extent(2))
        a.padding = Padding(top: 1, left: 0, bottom: 1, right: 2)
        a.countsPadding = self == .averagePoolCountingPadding
        graph.pool(a, isMax: false)
      case .fullyConnected:
        graph.fullyConnected(19)
        graph.relu()
      case .relu:
        graph.pool(a, isMax: false)
        graph.relu()
      case .residual, .sharedInput:
        let source = graph.last
        if self == .sharedInput { graph.relu() }
        var same = ConvolutionAttributes()
        same.padding = Padding(1)
        graph.convolution(outputs: 4, kernel: Extent(3), same)
        graph.append(
          .add(.none), inputs: [source, graph.last], shape: graph.shape)
      default: break
      }
    }
  }

  @Test(arguments: Case.allCases)
  func gradientsMatchNumericalDifferentiation(_ testCase: Case) throws {
    try checkGradients(TrainableGraph(testCase.graph(seed: 7)), imageCount: 3)
  }

  @Test func logitsMatchTheOracle() throws {
    for name in ["lenet", "lenet-avg", "cnn-small", "mlp"] {
      var graph = try Architectures.named(
        name, height: 14, width: 13, channelCount: 2, classCount: 4)
      var generator = Xoshiro256(seed: 3)
      for index in graph.tensors.indices where graph.tensors[index].constant != nil {
        let values = (0..<graph.tensors[index].elementCount).map { _ in
          generator.uniform(bound: 0.2)
        }
        graph.tensors[index].constant = .float(values)
      }
      let images = randomImages(
        18, height: 14, width: 13, channelCount: 2, classCount: 4, seed: 5)
      let logits = try Evaluator(graph, threadCount: 2).logits(images)
      let oracle = OracleNetwork(graph)
      for index in [0, 15, 16, 17] {
        let image = images.pixels[index * 364..<(index + 1) * 364].map { Double($0) / 255 }
        let expected = oracle.logits(image)
        for c in 0..<4 {
          #expect(abs(Double(logits[index * 4 + c]) - expected[c]) < 1e-4, "\(name) \(index)")
        }
      }
    }
  }
}
