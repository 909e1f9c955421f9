import OctetCompiler
import OctetModel

/// Layers with shapes drawn from a seed, all of one input and all of them outputs: one firmware
/// shows many cases of the kernels. Together they cover padding on any side, strides, dilation,
/// groups, odd channels, pools of one to nine pixels, and more channels and taps than a block has.
struct RandomLayers {
  private var graph = Graph(name: "random layers")
  private var random: Random
  private let input: TensorIndex
  private let quantization: Quantization

  static func blob(seed: UInt64, count: Int) throws -> Blob {
    var layers = RandomLayers(seed: seed)
    for _ in 0..<count {
      switch layers.random.next() % 7 {
      case 0: layers.appendFullyConnected()
      case 6: layers.appendProduct()
      case 1:
        // A chain, whose second layer may write over its input.
        if let between = layers.appendConvolution(of: layers.input, isOutput: false),
          layers.appendConvolution(of: between, isOutput: true) == nil
        {
          layers.graph.outputs.append(between)
        }
      default: _ = layers.appendConvolution(of: layers.input, isOutput: true)
      }
    }
    return try Compiler.compile(layers.graph).blob
  }

  private init(seed: UInt64) {
    random = Random(state: seed)
    // The first bits of a small seed are alike.
    for _ in 0..<8 { _ = random.next() }
    let channels = [1, 1, 2, 3, 4, 6, 8, 12][random.next() % 8]
    quantization = Quantization(scale: 0.05, zeroPoint: Int32(random.next() % 256 - 128))
    input = graph.add(
      Tensor(
        name: "input", shape: [1, 5 + random.next() % 9, 5 + random.next() % 9, channels],
        elementType: .int8, quantization: quantization))
    graph.inputs = [input]
  }

  private mutating func draw(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + random.next() % range.count
  }

  private mutating func drawExtent(_ range: ClosedRange<Int>) -> Extent {
    Extent(height: draw(range), width: draw(range))
  }

  /// Nil when the shapes that were drawn do not fit.
  private mutating func appendConvolution(
    of input: TensorIndex, isOutput: Bool
  ) -> TensorIndex? {
    let shape = graph.tensors[input].shape
    var attributes = ConvolutionAttributes()
    if shape[3] % 2 == 0, draw(0...3) == 0 { attributes.groups = 2 }
    let outputs = attributes.groups * draw(1...(draw(0...5) == 0 ? 21 : 7))
    let kernel = drawExtent(1...5)
    attributes.stride = drawExtent(1...2)
    if draw(0...3) == 0 { attributes.dilation = drawExtent(1...2) }
    attributes.padding = Padding(
      top: draw(0...2), left: draw(0...2), bottom: draw(0...2), right: draw(0...2))
    attributes.activation = draw(0...1) == 0 ? .none : .relu
    let padding = attributes.padding
    let reach = Extent(
      height: (kernel.height - 1) * attributes.dilation.height + 1,
      width: (kernel.width - 1) * attributes.dilation.width + 1)
    let room = Extent(
      height: shape[1] + padding.top + padding.bottom - reach.height,
      width: shape[2] + padding.left + padding.right - reach.width)
    guard room.height >= 0, room.width >= 0 else { return nil }
    let height = room.height / attributes.stride.height + 1
    let width = room.width / attributes.stride.width + 1
    // A window that starts beyond the input is refused.
    guard (height - 1) * attributes.stride.height - padding.top < shape[1],
      (width - 1) * attributes.stride.width - padding.left < shape[2]
    else { return nil }
    let convolved = append(
      .convolution(attributes), of: input,
      weights: [outputs, kernel.height, kernel.width, shape[3] / attributes.groups],
      output: [1, height, width, outputs])
    let pool = drawExtent(1...3)
    let step = drawExtent(1...2)
    guard draw(0...2) > 0, pool.height <= height, pool.width <= width else {
      if isOutput { graph.outputs.append(convolved) }
      return convolved
    }
    let pooledHeight = (height - pool.height) / step.height + 1
    let pooledWidth = (width - pool.width) / step.width + 1
    let output = append(
      .maxPool(PoolAttributes(kernel: pool, stride: step)), of: convolved,
      output: [1, pooledHeight, pooledWidth, outputs])
    if isOutput { graph.outputs.append(output) }
    return output
  }

  private mutating func appendFullyConnected() {
    let count = graph.tensors[input].elementCount
    let flat = append(.reshape([1, count]), of: input, output: [1, count])
    let outputs = draw(1...11)
    graph.outputs.append(
      append(
        .fullyConnected(FullyConnectedAttributes()), of: flat, weights: [outputs, count],
        output: [1, outputs]))
  }

  /// Of the input's rows with each other, by elements or by channels.
  private mutating func appendProduct() {
    let shape = graph.tensors[input].shape
    let (a, b) = (draw(0...1) == 0, draw(0...2))
    let rows = [1, shape[1], shape[2] * shape[3]]
    let left = append(.reshape(rows), of: input, output: rows)
    let columns = [1, rows[2], rows[1]]
    let right = append(.transpose([0, 2, 1]), of: left, output: columns)
    let size = a ? rows[1] : rows[2]
    let result = graph.add(
      Tensor(
        name: "layer\(graph.nodes.count).output", shape: [1, size, size], elementType: .int8,
        quantization: Quantization(scale: 0.05 * Float(1 << b), zeroPoint: 5)))
    graph.nodes.append(
      Node(
        name: "layer\(graph.nodes.count)", operation: .matrixMultiply,
        inputs: a ? [left, right] : [right, left], outputs: [result]))
    graph.outputs.append(result)
  }

  private mutating func append(
    _ operation: Operation, of input: TensorIndex, weights: [Int]? = nil, output: [Int]
  ) -> TensorIndex {
    let name = "layer\(graph.nodes.count)"
    var inputs = [input]
    if let weights {
      let patchCount = weights[1...].reduce(1, *)
      // Keeps the sums of random products near the range of the outputs, or well inside or beyond.
      let scale = Float(1 << draw(0...4)) / (4 * 127 * Float(patchCount).squareRoot())
      let scales = (0..<weights[0]).map { scale * (1 + Float($0 % 3) / 4) }
      let zeroPoints = [Int32](repeating: 0, count: weights[0])
      let values = (0..<weights.elementCount).map { _ in random.int8() }
      let biases = (0..<weights[0]).map { _ in Int32(random.int8()) * 8 }
      inputs.append(
        graph.add(
          Tensor(
            name: "\(name).weights", shape: weights, elementType: .int8, constant: .int8(values),
            quantization: Quantization(scales: scales, zeroPoints: zeroPoints, axis: 0))))
      inputs.append(
        graph.add(
          Tensor(
            name: "\(name).bias", shape: [weights[0]], elementType: .int32,
            constant: .int32(biases),
            quantization: Quantization(
              scales: scales.map { 0.05 * $0 }, zeroPoints: zeroPoints, axis: 0))))
    }
    let result = graph.add(
      Tensor(
        name: "\(name).output", shape: output, elementType: .int8, quantization: quantization))
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: inputs, outputs: [result]))
    return result
  }
}
