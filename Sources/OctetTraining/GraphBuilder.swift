import OctetModel

/// Strings operations one after the other into a graph, each reading the one before.
struct GraphBuilder {
  enum Pool { case max, average }

  private var graph: Graph
  private var last: TensorIndex
  /// The first operation that had no room in its input; nothing is added after it.
  private var cramped: String?

  init(name: String, input: InputShape) {
    graph = Graph(name: name)
    last = graph.add(
      Tensor(name: "x", shape: [1, input.height, input.width, input.channelCount]))
    graph.inputs = [last]
  }

  private var shape: [Int] { graph.tensors[last].shape }

  private mutating func append(
    _ name: String, _ operation: Operation, constants: [(String, [Int])] = [], shape: [Int]
  ) {
    if shape.contains(where: { $0 < 1 }) { cramped = cramped ?? name }
    if cramped != nil { return }
    let inputs = [last] + constants.map { graph.add(zeros($0, $1)) }
    last = graph.add(Tensor(name: "\(name)_output", shape: shape))
    graph.nodes.append(
      Node(name: name, operation: operation, inputs: inputs, outputs: [last]))
  }

  private func zeros(_ name: String, _ shape: [Int]) -> Tensor {
    let values = [Float](repeating: 0, count: shape.elementCount)
    return Tensor(name: name, shape: shape, constant: .float(values))
  }

  mutating func convolution(_ name: String, outputs: Int, kernel: Int, padding: Int) {
    var attributes = ConvolutionAttributes()
    attributes.padding = Padding(padding)
    let rest = 2 * padding - kernel + 1
    append(
      name, .convolution(attributes),
      constants: [
        ("\(name).weight", [outputs, kernel, kernel, shape[3]]), ("\(name).bias", [outputs]),
      ],
      shape: [1, shape[1] + rest, shape[2] + rest, outputs])
  }

  mutating func relu(_ name: String) {
    append(name, .scalar(.relu), shape: shape)
  }

  /// 2×2, stride 2.
  mutating func pool(_ name: String, _ kind: Pool) {
    let attributes = PoolAttributes(kernel: Extent(2), stride: Extent(2))
    append(
      name, kind == .max ? .maxPool(attributes) : .averagePool(attributes),
      shape: [1, shape[1] / 2, shape[2] / 2, shape[3]])
  }

  mutating func flatten() {
    let flat = [1, shape.elementCount]
    append("flatten", .reshape(flat), shape: flat)
  }

  mutating func fullyConnected(_ name: String, outputs: Int) {
    append(
      name, .fullyConnected(FullyConnectedAttributes()),
      constants: [
        ("\(name).weight", [outputs, shape[1]]), ("\(name).bias", [outputs]),
      ],
      shape: [1, outputs])
  }

  /// The last result becomes the graph's output, `logits`.
  mutating func finish() throws(TrainingError) -> Graph {
    if let cramped {
      throw .graph(node: cramped, reason: "the images are too small for \(graph.name)")
    }
    graph.tensors[last].name = "logits"
    graph.outputs = [last]
    return graph
  }
}
