import OctetData
import OctetModel
import OctetTraining

/// Small random graphs: images through a 1×1 convolution (whose weight gradients show that the
/// next operation's input gradient is right), the operation under test, and a classifier.
struct TestGraph {
  static let classCount = 3

  var graph = Graph(name: "test")
  var last: TensorIndex
  private var generator: Xoshiro256

  init(height: Int, width: Int, channelCount: Int, seed: UInt64) {
    generator = Xoshiro256(seed: seed)
    last = graph.add(Tensor(name: "x", shape: [1, height, width, channelCount]))
    graph.inputs = [last]
  }

  var shape: [Int] { graph.tensors[last].shape }

  private mutating func constant(_ shape: [Int]) -> TensorIndex {
    let values = (0..<shape.reduce(1, *)).map { _ in generator.uniform(bound: 0.8) }
    return graph.add(
      Tensor(name: "c\(graph.tensors.count)", shape: shape, constant: .float(values)))
  }

  mutating func append(
    _ operation: Operation, inputs: [TensorIndex]? = nil, constants: [[Int]] = [], shape: [Int]
  ) {
    let inputs = (inputs ?? [last]) + constants.map { constant($0) }
    last = graph.add(Tensor(name: "t\(graph.tensors.count)", shape: shape))
    graph.nodes.append(
      Node(name: "n\(graph.nodes.count)", operation: operation, inputs: inputs, outputs: [last]))
  }

  mutating func convolution(
    outputs: Int, kernel: Extent = Extent(1), _ a: ConvolutionAttributes = .init(),
    hasBias: Bool = true
  ) {
    append(
      .convolution(a),
      constants: [[outputs, kernel.height, kernel.width, shape[3] / a.groups]]
        + (hasBias ? [[outputs]] : []),
      shape: [1] + extents(kernel, a.stride, a.dilation, a.padding) + [outputs])
  }

  mutating func depthwise(multiplier: Int, kernel: Extent, _ a: ConvolutionAttributes) {
    let outputs = shape[3] * multiplier
    append(
      .depthwiseConvolution(a), constants: [[1, kernel.height, kernel.width, outputs], [outputs]],
      shape: [1] + extents(kernel, a.stride, a.dilation, a.padding) + [outputs])
  }

  mutating func pool(_ a: PoolAttributes, isMax: Bool) {
    append(
      isMax ? .maxPool(a) : .averagePool(a),
      shape: [1] + extents(a.kernel, a.stride, a.dilation, a.padding) + [shape[3]])
  }

  mutating func relu() { append(.scalar(.relu), shape: shape) }

  mutating func fullyConnected(_ outputs: Int) {
    let count = shape.reduce(1, *)
    append(.reshape([1, count]), shape: [1, count])
    append(
      .fullyConnected(.init()), constants: [[outputs, count], [outputs]], shape: [1, outputs])
  }

  mutating func finish() -> Graph {
    fullyConnected(Self.classCount)
    graph.outputs = [last]
    return graph
  }

  private func extents(
    _ kernel: Extent, _ stride: Extent, _ dilation: Extent, _ padding: Padding
  ) -> [Int] {
    let height = shape[1] + padding.top + padding.bottom
    let width = shape[2] + padding.left + padding.right
    return [
      (height - (kernel.height - 1) * dilation.height - 1) / stride.height + 1,
      (width - (kernel.width - 1) * dilation.width - 1) / stride.width + 1,
    ]
  }
}

/// Random pixels and labels.
func randomImages(
  _ count: Int, height: Int, width: Int, channelCount: Int, classCount: Int, seed: UInt64
) -> Dataset {
  var generator = Xoshiro256(seed: seed)
  return Dataset(
    pixels: (0..<count * height * width * channelCount).map { _ in
      UInt8(generator.next(below: 256))
    },
    labels: (0..<count).map { _ in UInt8(generator.next(below: classCount)) },
    height: height, width: width, channelCount: channelCount)
}

/// Images whose class shows: class c is bright in column c · width / classCount, plus noise.
func easyImages(
  _ count: Int, size: Int, channelCount: Int = 1, classCount: Int, seed: UInt64
) -> Dataset {
  var images = randomImages(
    count, height: size, width: size, channelCount: channelCount, classCount: classCount,
    seed: seed)
  for index in 0..<count {
    let column = Int(images.labels[index]) * size / classCount
    for at in 0..<size * size * channelCount {
      let pixel = index * size * size * channelCount + at
      let isBright = at / channelCount % size == column
      images.pixels[pixel] = isBright ? 255 : images.pixels[pixel] / 3
    }
  }
  return images
}
