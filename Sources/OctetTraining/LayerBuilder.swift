import OctetModel

/// Strings layers one after the other into a graph whose weights are 0.
struct LayerBuilder {
  let shape: NetworkShape
  private(set) var network: TrainableGraph
  private var last: TensorIndex
  /// How many there are of each kind of node, for names.
  private var counts: [String: Int] = [:]

  init(name: String, shape: NetworkShape) {
    self.shape = shape
    var graph = Graph(name: name)
    last = graph.add(
      Tensor(name: "x", shape: [1, shape.height, shape.width, shape.channelCount]))
    graph.inputs = [last]
    network = TrainableGraph(graph)
  }

  /// The network of `layers`.
  ///
  /// - Throws: when a layer does not fit what comes before it.
  static func network(
    named name: String, _ layers: [Layer], for shape: NetworkShape
  ) throws(TrainingError) -> TrainableGraph {
    let bounds = 1...1 << 16
    guard bounds.contains(shape.height), bounds.contains(shape.width),
      bounds.contains(shape.channelCount), bounds.contains(shape.classCount)
    else { throw .option(name: "arch", reason: "images and classes must not be empty") }
    guard shape.scale > 0, shape.scale <= 64 else {
      throw .option(name: "width", reason: "must be above 0 and at most 64")
    }
    var builder = LayerBuilder(name: name, shape: shape)
    try builder.append(layers, at: "layer ")
    guard builder.outputShape.elementCount == shape.classCount else {
      throw .graph(
        node: name,
        reason: "its last layer gives \(builder.outputShape.elementCount) values for "
          + "\(shape.classCount) classes; end with a dense layer without outputs")
    }
    builder.network.graph.tensors[builder.last].name = "logits"
    builder.network.graph.outputs = [builder.last]
    return builder.network
  }

  private var outputShape: [Int] { network.graph.tensors[last].shape }
  private var channelCount: Int { outputShape[outputShape.count - 1] }

  /// - Parameter place: what precedes a layer's number in messages.
  private mutating func append(_ layers: [Layer], at place: String) throws(TrainingError) {
    for (index, layer) in layers.enumerated() {
      let here = "\(place)\(index + 1)"
      if case .branches(let branches, let join) = layer {
        try appendBranches(branches, join, at: here)
      } else {
        try append(layer, at: here)
      }
    }
  }

  private func scaled(_ outputs: Int?) -> Int {
    guard let outputs else { return shape.classCount }
    return max(1, Int((Double(outputs) * shape.scale).rounded()))
  }

  private mutating func append(_ layer: Layer, at place: String) throws(TrainingError) {
    switch layer {
    case .convolution(let outputs, let kernel, let stride, let padding, let hasBias, let table):
      try appendConvolution(
        outputs: scaled(outputs), kernel, stride, padding, hasBias, table, at: place)
    case .depthwise(let kernel, let stride, let padding, let hasBias):
      try appendConvolution(outputs: nil, kernel, stride, padding, hasBias, nil, at: place)
    case .normalization:
      appendNode(
        "norm", .batchNormalization(epsilon: 1e-5),
        constants: ["scale", "shift", "mean", "variance"].map { ($0, [channelCount]) },
        shape: outputShape)
    case .neighbours(let size):
      appendNode(
        "lrn", .localResponseNormalization(size: size, alpha: 1e-4, beta: 0.75, bias: 1),
        shape: outputShape)
    case .activation(let function):
      appendNode(function.name, .scalar(function), shape: outputShape)
    case .scaledTanh(let inner, let outer):
      appendFactor("squeeze", inner)
      appendNode("tanh", .scalar(.tanh), shape: outputShape)
      appendFactor("stretch", outer)
    case .pool(let kind, let size, let stride, let padding):
      try appendPool(kind, size: Extent(size), stride: stride, padding, at: place)
    case .globalPool:
      let image = try image(at: place)
      try appendPool(
        .average, size: Extent(height: image.height, width: image.width), stride: 1, 0, at: place)
      appendFlatten()
    case .flatten: appendFlatten()
    case .dense(let outputs): appendDense(scaled(outputs))
    case .fixedDense(let outputs): appendDense(outputs)
    case .bitmaps:
      guard outputShape.elementCount == CharacterBitmaps.pixelCount else {
        throw .graph(
          node: place, reason: "bitmaps want \(CharacterBitmaps.pixelCount) values")
      }
      let values = CharacterBitmaps.pixels(classCount: shape.classCount)
      appendDense(shape.classCount, name: "rbf", weights: values)
      network.fixed.formUnion(network.graph.nodes.last?.inputs.dropFirst() ?? [])
    case .dropout(let rate):
      guard rate >= 0, rate < 1 else {
        throw .graph(node: place, reason: "dropout must be 0 or above and below 1")
      }
      network.dropout[last] = rate
    case .branches: break
    }
  }

  // MARK: Nodes

  private mutating func appendNode(
    _ kind: String, _ operation: Operation, inputs: [TensorIndex]? = nil,
    constants: [(name: String, shape: [Int])] = [], values: [Float]? = nil, shape: [Int]
  ) {
    counts[kind, default: 0] += 1
    // There is but one of these in most networks.
    let isAlone = (kind == "flatten" || kind == "rbf") && counts[kind] == 1
    let name = isAlone ? kind : "\(kind)\(counts[kind] ?? 1)"
    var inputs = inputs ?? [last]
    for (index, constant) in constants.enumerated() {
      let zeros = [Float](repeating: 0, count: constant.shape.elementCount)
      inputs.append(
        network.graph.add(
          Tensor(
            name: "\(name).\(constant.name)", shape: constant.shape,
            constant: .float(index == 0 ? values ?? zeros : zeros))))
    }
    last = network.graph.add(Tensor(name: "\(name)_output", shape: shape))
    network.graph.nodes.append(
      Node(name: name, operation: operation, inputs: inputs, outputs: [last]))
  }

  /// A multiplication by a number that is not trained.
  private mutating func appendFactor(_ kind: String, _ factor: Float) {
    appendNode(
      kind, .multiply(.none), constants: [("factor", [])], values: [factor], shape: outputShape)
    network.fixed.formUnion(network.graph.nodes.last?.inputs.dropFirst() ?? [])
  }

  private func image(at place: String) throws(TrainingError) -> InputShape {
    guard outputShape.count == 4 else {
      throw .graph(node: place, reason: "it needs an image, but a vector comes before it")
    }
    return InputShape(
      height: outputShape[1], width: outputShape[2], channelCount: outputShape[3])
  }

  /// - Parameter outputs: nil for one filter for each channel.
  private mutating func appendConvolution(
    outputs: Int?, _ kernel: Int, _ stride: Int, _ padding: LayerPadding, _ hasBias: Bool,
    _ table: [[Int]]?, at place: String
  ) throws(TrainingError) {
    let image = try image(at: place)
    var attributes = ConvolutionAttributes()
    attributes.stride = Extent(stride)
    switch padding {
    case .same: attributes.padding = Padding((kernel - 1) / 2)
    case .of(let amount): attributes.padding = Padding(amount)
    case .upTo(let size):
      let (rows, columns) = (max(0, size - image.height), max(0, size - image.width))
      attributes.padding = Padding(
        top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    }
    let channels = outputs ?? image.channelCount
    let size = try [
      extent(
        image.height + attributes.padding.top + attributes.padding.bottom, kernel, stride,
        place),
      extent(
        image.width + attributes.padding.left + attributes.padding.right, kernel, stride,
        place),
    ]
    let weights =
      outputs == nil
      ? [1, kernel, kernel, channels] : [channels, kernel, kernel, image.channelCount]
    appendNode(
      "conv", outputs == nil ? .depthwiseConvolution(attributes) : .convolution(attributes),
      constants: [("weight", weights)] + (hasBias ? [("bias", [channels])] : []),
      shape: [1] + size + [channels])
    if let table {
      try connect(table, outputs: channels, kernel, inputs: image.channelCount, at: place)
    }
  }

  /// Leaves out weights between maps that the table does not join. A scaled network takes the rows
  /// and columns of the table that stand at the same share of its way.
  private mutating func connect(
    _ table: [[Int]], outputs: Int, _ kernel: Int, inputs: Int, at place: String
  ) throws(TrainingError) {
    guard let mapCount = table.joined().max().map({ $0 + 1 }),
      shape.scale != 1 || (outputs == table.count && inputs >= mapCount),
      table.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0 >= 0 } })
    else {
      throw .graph(
        node: place,
        reason: "its connections must list the inputs, from 0 below \(inputs), of each of its "
          + "\(outputs) outputs")
    }
    let columns = shape.scale == 1 ? inputs : mapCount
    var exists: [Bool] = []
    for output in 0..<outputs {
      let row = table[output * table.count / outputs]
      let joined = (0..<inputs).map { row.contains($0 * columns / inputs) }
      for _ in 0..<kernel * kernel { exists += joined }
    }
    if let weights = network.graph.nodes.last?.inputs[1] { network.connections[weights] = exists }
  }

  private func extent(
    _ size: Int, _ kernel: Int, _ stride: Int, _ place: String
  ) throws(TrainingError) -> Int {
    guard kernel >= 1, stride >= 1, size >= kernel else {
      throw .graph(
        node: place,
        reason: "the images are too small for \(network.graph.name): a window of \(kernel) "
          + "pixels has no room in \(size)")
    }
    return (size - kernel) / stride + 1
  }

  private mutating func appendPool(
    _ kind: LayerPool, size: Extent, stride: Int, _ padding: Int, at place: String
  ) throws(TrainingError) {
    let image = try image(at: place)
    var attributes = PoolAttributes(kernel: size, stride: Extent(stride))
    attributes.padding = Padding(padding)
    guard padding >= 0, padding < min(size.height, size.width) else {
      throw .graph(node: place, reason: "its padding must be smaller than its window")
    }
    let result = try [
      extent(image.height + 2 * padding, size.height, stride, place),
      extent(image.width + 2 * padding, size.width, stride, place),
    ]
    appendNode(
      "pool", kind == .max ? .maxPool(attributes) : .averagePool(attributes),
      shape: [1] + result + [image.channelCount])
  }

  private mutating func appendFlatten() {
    let flat = [1, outputShape.elementCount]
    appendNode("flatten", .reshape(flat), shape: flat)
  }

  private mutating func appendDense(
    _ outputs: Int, name: String = "fc", weights: [Float]? = nil
  ) {
    if outputShape.count != 2 { appendFlatten() }
    appendNode(
      name, .fullyConnected(FullyConnectedAttributes()),
      constants: [("weight", [outputs, outputShape[1]]), ("bias", [outputs])], values: weights,
      shape: [1, outputs])
  }

  private mutating func appendBranches(
    _ branches: [[Layer]], _ join: LayerJoin, at place: String
  ) throws(TrainingError) {
    let source = last
    var ends: [TensorIndex] = []
    for (index, branch) in branches.enumerated() {
      last = source
      try append(branch, at: "\(place), branch \(index + 1), layer ")
      ends.append(last)
    }
    let shapes = ends.map { network.graph.tensors[$0].shape }
    guard let first = shapes.first, ends.count > 1 else {
      throw .graph(node: place, reason: "it needs at least two branches")
    }
    switch join {
    case .sum:
      guard shapes.allSatisfy({ $0 == first }) else {
        throw .graph(node: place, reason: "its branches give \(shapes), which cannot be added")
      }
      last = ends[0]
      for end in ends.dropFirst() {
        appendNode("add", .add(.none), inputs: [last, end], shape: first)
      }
    case .concatenation:
      guard shapes.allSatisfy({ $0.dropLast() == first.dropLast() }) else {
        throw .graph(node: place, reason: "its branches give \(shapes), which cannot be joined")
      }
      appendNode(
        "join", .concatenation(axis: first.count - 1, activation: .none), inputs: ends,
        shape: first.dropLast() + [shapes.reduce(0) { $0 + ($1.last ?? 0) }])
    }
  }
}

/// Pixels of an image.
struct InputShape {
  var height, width, channelCount: Int
}
