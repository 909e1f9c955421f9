import OctetData
import OctetModel
import OctetTraining
import Testing

/// Backward passes of what is not a convolution, a pool or a fully connected layer, against
/// numerical differentiation of the double-precision oracle.
@Suite struct OperationGradientTests {
  @Test(arguments: ScalarFunction.all.filter { $0.kind != .relu && $0.derivative(0.7).isFinite })
  func scalarFunctions(_ function: ScalarFunction) throws {
    var graph = TestGraph(height: 6, width: 5, channelCount: 2, seed: 7)
    graph.convolution(outputs: 3)
    // Logarithms, roots and the like want positive numbers below 1.
    graph.append(.scalar(.logistic), shape: graph.shape)
    graph.append(.scalar(function), shape: graph.shape)
    try checkGradients(TrainableGraph(graph.finish()), imageCount: 2)
  }

  @Test(arguments: [
    ScalarFunction.relu6, .hardSwish, .tanh, .logistic, .gelu, .swish(alpha: 1),
    .leakyRelu(alpha: 0.1), .elu(alpha: 1), .clip(lower: -0.25, upper: 0.5), .mish,
  ])
  func activationsOnBothSides(_ function: ScalarFunction) throws {
    var graph = TestGraph(height: 6, width: 5, channelCount: 2, seed: 7)
    graph.convolution(outputs: 6)
    graph.append(.scalar(function), shape: graph.shape)
    graph.convolution(outputs: 2)
    try checkGradients(TrainableGraph(graph.finish()), imageCount: 2)
  }

  enum Case: String, CaseIterable, CustomTestStringConvertible {
    case add, subtract, multiply, divide, minimum, maximum, squaredDifference
    case gate, scaled, shifted, slopes, oneSlope, addThenReLU6, fusedReLU6
    case mean, sum, concatenation, joinedTwice, pad, padWithValue, transpose, slice, tile, split
    case nearest, bilinear, bilinearDown, bilinearCorners
    case transposed, transposedStride, transposedGroups, transposedDilation
    case transposedDepthwise, fusedTransposed
    case product, productOfBatches, productWithConstant, softmax, softmaxOfPixels, logSoftmax
    case attention
    case neighbours, neighboursOfOtherPower
    case normalization, normalizationWithReLU, normalizationWithPool, normalizations
    case normalizedShortcut, normalizationWithReLU6, addThenReLU, addThenReLUAndPool

    var testDescription: String { rawValue }
  }

  @Test(arguments: Case.allCases)
  func operations(_ testCase: Case) throws {
    var graph = TestGraph(height: 6, width: 5, channelCount: 2, seed: 7)
    graph.convolution(outputs: 4)
    let x = graph.last
    let shape = graph.shape
    graph.append(.scalar(.tanh), inputs: [x], shape: shape)
    let other = graph.last
    switch testCase {
    case .add, .subtract, .multiply, .minimum, .maximum, .squaredDifference:
      graph.append(try #require(testCase.binary), inputs: [x, other], shape: shape)
    case .divide:
      graph.append(.scalar(.exponential), shape: shape)
      graph.append(.divide(.none), inputs: [x, graph.last], shape: shape)
    case .gate:
      graph.append(.mean(axes: [1, 2], keepsDimensions: true), shape: [1, 1, 1, 4])
      graph.append(.scalar(.logistic), shape: [1, 1, 1, 4])
      graph.append(.multiply(.none), inputs: [x, graph.last], shape: shape)
    case .scaled: graph.append(.multiply(.none), constants: [[4]], shape: shape)
    case .shifted: graph.append(.subtract(.none), constants: [[1, 1, 4]], shape: shape)
    case .slopes: graph.append(.prelu, constants: [[1, 1, 4]], shape: shape)
    case .oneSlope: graph.append(.prelu, constants: [[1]], shape: shape)
    case .addThenReLU6: graph.append(.add(.relu6), inputs: [x, other], shape: shape)
    case .fusedReLU6:
      var attributes = ConvolutionAttributes()
      attributes.activation = .relu6
      graph.convolution(outputs: 3, kernel: Extent(2), attributes)
    case .mean: graph.append(.mean(axes: [1], keepsDimensions: false), shape: [1, 5, 4])
    case .sum:
      graph.append(.reduce(.sum, axes: [2, 3], keepsDimensions: true), shape: [1, 6, 1, 1])
    case .addThenReLU, .addThenReLUAndPool:
      graph.append(.add(.none), inputs: [x, other], shape: shape)
      graph.relu()
      if testCase == .addThenReLUAndPool {
        graph.pool(PoolAttributes(kernel: Extent(2), stride: Extent(2)), isMax: true)
      }
    default:
      if !appendProduct(testCase, &graph, x: x, other: other) {
        appendMoveOrNormalization(testCase, &graph, x: x, other: other)
      }
    }
    // More than a block of images, and a last one that is not full.
    try checkGradients(
      TrainableGraph(graph.finish()),
      imageCount: testCase.rawValue.hasPrefix("normali") ? 19 : 2)
  }

  private func appendMoveOrNormalization(
    _ testCase: Case, _ graph: inout TestGraph, x: TensorIndex, other: TensorIndex
  ) {
    let shape = graph.shape
    switch testCase {
    case .concatenation:
      graph.convolution(outputs: 3)
      graph.append(
        .concatenation(axis: 3, activation: .none), inputs: [x, graph.last, other],
        shape: [1, 6, 5, 11])
    case .joinedTwice:
      graph.append(
        .concatenation(axis: 1, activation: .none), inputs: [x, x], shape: [1, 12, 5, 4])
    case .pad, .padWithValue:
      graph.append(
        .pad(
          before: [0, 1, 0, 2], after: [0, 0, -1, 0],
          mode: .constant(testCase == .pad ? 0 : 0.75)), shape: [1, 7, 4, 6])
    case .transpose: graph.append(.transpose([0, 3, 1, 2]), shape: [1, 4, 6, 5])
    case .slice:
      graph.append(
        .slice(begin: [0, 5, 1, 0], count: [1, 3, 2, 4], stride: [1, -2, 2, 1]),
        shape: [1, 3, 2, 4])
    case .tile: graph.append(.tile([1, 2, 1, 2]), shape: [1, 12, 5, 8])
    case .split: graph.split(axis: 3, counts: [1, 3])
    case .nearest:
      graph.append(
        .resize(
          ResizeAttributes(
            method: .nearest, coordinates: .asymmetric, rounding: .floor,
            outputShape: [1, 12, 10, 4], scales: [1, 2, 2, 1])), shape: [1, 12, 10, 4])
    case .bilinear: graph.bilinear([1, 12, 10, 4], .halfPixel)
    case .bilinearDown: graph.bilinear([1, 4, 3, 4], .asymmetric)
    case .bilinearCorners: graph.bilinear([1, 9, 7, 4], .alignCorners)
    case .neighbours:
      graph.append(
        .localResponseNormalization(size: 3, alpha: 0.9, beta: 0.75, bias: 1), inputs: [x],
        shape: shape)
    case .neighboursOfOtherPower:
      graph.append(
        .localResponseNormalization(size: 2, alpha: 0.9, beta: 0.6, bias: 2), inputs: [x],
        shape: shape)
    case .normalization: graph.normalization()
    case .normalizationWithReLU, .normalizationWithPool:
      graph.normalization()
      graph.relu()
      if testCase == .normalizationWithPool {
        graph.pool(PoolAttributes(kernel: Extent(2), stride: Extent(2)), isMax: true)
      }
    case .normalizationWithReLU6:
      graph.normalization()
      graph.append(.scalar(.clip(lower: 0, upper: 0.5)), shape: shape)
    case .normalizations:
      graph.normalization()
      graph.convolution(outputs: 3, kernel: Extent(3))
      graph.normalization()
    case .normalizedShortcut:
      graph.normalization()
      graph.append(.add(.none), inputs: [x, graph.last], shape: shape)
      graph.relu()
    default: break
    }
  }

  /// Products of matrices and softmax inside a network, and transposed convolutions.
  ///
  /// - Returns: false for what is none of these.
  private func appendProduct(
    _ testCase: Case, _ graph: inout TestGraph, x: TensorIndex, other: TensorIndex
  ) -> Bool {
    var a = TransposedConvolutionAttributes(outputExtent: Extent(height: 8, width: 7))
    switch testCase {
    case .transposed: graph.transposed(outputs: 3, kernel: Extent(3), a)
    case .transposedStride:
      a.stride = Extent(height: 2, width: 3)
      a.padding = Padding(top: 1, left: 0, bottom: 0, right: 2)
      // A row more than the last pixel reaches.
      a.outputExtent = Extent(height: 13, width: 13)
      graph.transposed(outputs: 3, kernel: Extent(3), a)
    case .transposedGroups:
      a.groups = 2
      a.outputExtent = Extent(height: 7, width: 6)
      graph.transposed(outputs: 6, kernel: Extent(2), a)
    case .transposedDilation:
      a.dilation = Extent(2)
      a.padding = Padding(1)
      graph.transposed(outputs: 2, kernel: Extent(3), a)
    case .transposedDepthwise:
      a.groups = 4
      a.stride = Extent(2)
      a.outputExtent = Extent(height: 12, width: 10)
      graph.transposed(outputs: 4, kernel: Extent(2), a)
    case .fusedTransposed:
      a.activation = .relu
      graph.transposed(outputs: 3, kernel: Extent(3), a)
    case .product:
      graph.append(.reshape([12, 10]), inputs: [x], shape: [12, 10])
      let left = graph.last
      graph.append(.reshape([10, 12]), inputs: [other], shape: [10, 12])
      graph.append(.matrixMultiply, inputs: [left, graph.last], shape: [12, 12])
    case .productOfBatches:
      // Each of six matrices with the one of another tensor.
      graph.append(
        .slice(begin: [0, 0, 0, 0], count: [1, 1, 4, 4], stride: [1, 1, 1, 1]),
        inputs: [other], shape: [1, 1, 4, 4])
      graph.append(.matrixMultiply, inputs: [x, graph.last], shape: [1, 6, 5, 4])
    case .productWithConstant:
      graph.append(.matrixMultiply, constants: [[4, 3]], shape: [1, 6, 5, 3])
    case .softmax: graph.append(.softmax(axis: 3, beta: 1.5), shape: graph.shape)
    case .softmaxOfPixels: graph.append(.softmax(axis: 1, beta: 1), shape: graph.shape)
    case .logSoftmax: graph.append(.logSoftmax(axis: 3), shape: graph.shape)
    case .attention:
      graph.append(.reshape([30, 4]), inputs: [other], shape: [30, 4])
      let keys = graph.last
      graph.append(.transpose([1, 0]), shape: [4, 30])
      graph.append(.matrixMultiply, inputs: [keys, graph.last], shape: [30, 30])
      graph.append(.softmax(axis: 1, beta: 1), shape: [30, 30])
      let shares = graph.last
      graph.append(.reshape([30, 4]), inputs: [x], shape: [30, 4])
      graph.append(.matrixMultiply, inputs: [shares, graph.last], shape: [30, 4])
    default: return false
    }
    return true
  }

  @Test func frozenNormalizationUsesItsStatistics() throws {
    var graph = TestGraph(height: 6, width: 5, channelCount: 2, seed: 7)
    graph.convolution(outputs: 4)
    graph.normalization()
    graph.relu()
    let finished = graph.finish()
    var trainable = TrainableGraph(finished)
    let node = try #require(
      finished.nodes.first { if case .batchNormalization = $0.operation { true } else { false } })
    trainable.fixed = Set(node.inputs[1...2])
    let images = randomImages(
      19, height: 6, width: 5, channelCount: 2, classCount: TestGraph.classCount, seed: 3)
    let network = try TrainingNetwork(trainable)
    let loss = try network.lossAndGradients(images, kernels: FloatKernels.best).loss
    let expected = try Evaluator(finished, threadCount: 1).evaluate(images).loss
    #expect(abs(loss - expected) < 1e-5)
  }
}

extension OperationGradientTests.Case {
  fileprivate var binary: OctetModel.Operation? {
    switch self {
    case .add: .add(.none)
    case .subtract: .subtract(.none)
    case .multiply: .multiply(.none)
    case .minimum: .minimum
    case .maximum: .maximum
    case .squaredDifference: .squaredDifference
    default: nil
    }
  }
}

extension TestGraph {
  /// Parameters above 0, as variances must be.
  mutating func normalization() {
    let channels = shape[3]
    append(
      .batchNormalization(epsilon: 1e-3), constants: Array(repeating: [channels], count: 4),
      shape: shape)
    for index in graph.nodes[graph.nodes.count - 1].inputs.dropFirst() {
      guard case .float(let values)? = graph.tensors[index].constant else { continue }
      graph.tensors[index].constant = .float(values.map { abs($0) + 0.25 })
    }
  }

  mutating func bilinear(_ shape: [Int], _ coordinates: ResizeAttributes.Coordinates) {
    append(
      .resize(
        ResizeAttributes(
          method: .bilinear, coordinates: coordinates, rounding: .floor, outputShape: shape,
          scales: zip(shape, self.shape).map { Float($0) / Float($1) })), shape: shape)
  }

  mutating func transposed(
    outputs: Int, kernel: Extent, _ a: TransposedConvolutionAttributes
  ) {
    append(
      .transposedConvolution(a),
      constants: [[outputs, kernel.height, kernel.width, shape[3] / a.groups], [outputs]],
      shape: [1, a.outputExtent.height, a.outputExtent.width, outputs])
  }

  /// Of the two parts the first goes through tanh; then both are joined again.
  mutating func split(axis: Int, counts: [Int]) {
    let parts = counts.map { count in
      var part = shape
      part[axis] = count
      return graph.add(Tensor(name: "t\(graph.tensors.count)", shape: part))
    }
    let whole = shape
    graph.nodes.append(
      Node(
        name: "split", operation: .split(axis: axis, counts: counts), inputs: [last],
        outputs: parts))
    append(.scalar(.tanh), inputs: [parts[0]], shape: graph.tensors[parts[0]].shape)
    append(.concatenation(axis: axis, activation: .none), inputs: [last, parts[1]], shape: whole)
  }
}
