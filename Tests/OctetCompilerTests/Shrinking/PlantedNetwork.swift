import OctetModel
import TestNetworks

/// A random int8 network in which some channels are constant whatever the input, some are read by
/// nobody, and all kinds of operators stand between.
struct PlantedNetwork {
  private(set) var graph = Graph(name: "planted")
  private var random: TestRandom
  /// Tensors of four dimensions that nodes may read.
  private var images: [TensorIndex] = []

  /// The same network from the same seed.
  init(seed: Int, _ arithmetic: Arithmetic) throws {
    random = TestRandom(seed: seed)
    graph.arithmetic = arithmetic
    let shape = [1, random.int(1...7), random.int(1...7), random.int(1...6)]
    for index in 0..<(random.int(0...5) == 0 ? 2 : 1) {
      let input = add(shape, Float(random.int(1...9)) * 0.01, code(), name: "input\(index)")
      graph.inputs.append(input)
      images.append(input)
    }
    try convolution()
    // Of more tensors the planner alone takes seconds.
    for _ in 0..<random.int(1...4) { try step() }
    if random.int(0...1) == 0 { try head() }
    let read = Set(graph.nodes.flatMap(\.inputs))
    let leaves = graph.nodes.flatMap(\.outputs).filter { !read.contains($0) }
    // Some of them are read by nobody.
    graph.outputs = leaves.filter { _ in random.int(0...3) > 0 }
    if graph.outputs.isEmpty { graph.outputs = [leaves[leaves.count - 1]] }
  }

  // MARK: Parts

  private mutating func chance(_ percent: Int) -> Bool { random.int(0...99) < percent }

  private mutating func code() -> Int32 {
    chance(40) ? -128 : Int32(random.int(-128...127))
  }

  private mutating func add(
    _ shape: [Int], _ scale: Float, _ zeroPoint: Int32, name: String? = nil
  ) -> TensorIndex {
    graph.add(
      Tensor(
        name: name ?? "t\(graph.tensors.count)", shape: shape, elementType: .int8,
        quantization: Quantization(scale: scale, zeroPoint: zeroPoint)))
  }

  /// A recent image.
  private mutating func image() -> TensorIndex {
    images[max(0, images.count - random.int(1...min(4, images.count)))]
  }

  private func shape(_ tensor: TensorIndex) -> [Int] { graph.tensors[tensor].shape }

  private func grid(_ tensor: TensorIndex) -> (scale: Float, zeroPoint: Int32) {
    guard let grid = graph.tensors[tensor].quantization else { return (1, 0) }
    return (grid.scales[0], grid.zeroPoints[0])
  }

  /// A node; its result has the grid of its first operand unless another is given.
  @discardableResult
  private mutating func append(
    _ operation: Operation, _ inputs: [TensorIndex], scale: Float? = nil, zeroPoint: Int32? = nil
  ) throws -> TensorIndex {
    var count = 1
    if case .split(_, let counts) = operation { count = counts.count }
    var node = Node(
      name: "n\(graph.nodes.count)", operation: operation, inputs: inputs,
      outputs: [TensorIndex](repeating: inputs[0], count: count))
    let own = grid(inputs[0])
    node.outputs = try graph.outputShapes(of: node).map {
      add($0, scale ?? own.scale, zeroPoint ?? own.zeroPoint)
    }
    graph.nodes.append(node)
    images += node.outputs.filter { shape($0).count == 4 }
    return node.outputs[0]
  }

  private mutating func step() throws {
    switch random.int(0...15) {
    case 0...2: try convolution()
    case 3, 4: try depthwise()
    case 5: try transposed()
    case 6: try pool()
    case 7, 8: try pair()
    case 9: try concatenation()
    case 10: try pad()
    case 11: try function()
    case 12: try slice()
    case 13: try append(.mean(axes: [1, 2], keepsDimensions: true), [image()], scale: 0.03)
    case 14: try reshape()
    default: try resize()
    }
  }

  // MARK: Weights

  /// Weights and biases whose output channels run along `axis`: some rows and columns are zeros,
  /// some biases beyond anything that the weights give.
  private mutating func constants(
    _ weights: [Int], axis: Int, x: TensorIndex
  ) -> (inputs: [TensorIndex], scale: Float) {
    let channels = weights[axis]
    let depth = axis == 0 ? weights[weights.count - 1] : 1
    let inner = weights[(axis + 1)...].reduce(1, *)
    let emptyRows = (0..<channels).map { _ in chance(15) }
    let emptyColumns = (0..<depth).map { _ in depth > 1 && chance(15) }
    let codes = (0..<weights.elementCount).map { position -> Int8 in
      let channel = position / inner % channels
      if emptyRows[channel] || emptyColumns[position % depth] { return 0 }
      return Int8(random.int(-127...127))
    }
    let patch = weights.elementCount / channels
    var scales = [Float](repeating: Float(random.int(1...9)) * 0.003, count: channels)
    let biases = (0..<channels).map { channel -> Int32 in
      switch random.int(0...9) {
      case 0: return Int32(random.int(1...3) * 127 * 255 * patch)
      case 1, 2: return -Int32(random.int(1...3) * 127 * 255 * patch)
      case 3:
        scales[channel] = 1e-9
        return chance(50) ? -(1 << 30) : 1 << 30
      default: return Int32(random.int(-4000...4000))
      }
    }
    let w = graph.add(
      Tensor(
        name: "w\(graph.tensors.count)", shape: weights, elementType: .int8,
        constant: .int8(codes),
        quantization: Quantization(
          scales: scales, zeroPoints: [Int32](repeating: 0, count: channels), axis: axis)))
    let b = graph.add(
      Tensor(
        name: "b\(graph.tensors.count)", shape: [channels], elementType: .int32,
        constant: .int32(biases),
        quantization: Quantization(
          scales: scales.map { $0 * grid(x).scale },
          zeroPoints: [Int32](repeating: 0, count: channels), axis: 0)))
    // Now and then so small that requantizing shifts to the left.
    let size = Float(patch).squareRoot() * (chance(4) ? 0.01 : Float(random.int(20...90)))
    return ([x, w, b], grid(x).scale * (scales.max() ?? 1) * size)
  }

  private mutating func activation() -> (Activation, Int32) {
    switch random.int(0...3) {
    case 0: (.none, Int32(random.int(-128...127)))
    case 1: (.relu6, -128)
    case 2: (.relu, Int32(random.int(-128 ... -100)))
    default: (.relu, -128)
    }
  }

  private mutating func window(_ x: [Int]) -> (kernel: Extent, ConvolutionAttributes) {
    var attributes = ConvolutionAttributes()
    let size = chance(40) ? 1 : random.int(1...3)
    let kernel = Extent(height: min(size, x[1]), width: min(random.int(1...3), x[2]))
    attributes.stride = Extent(height: random.int(1...2), width: random.int(1...2))
    if size > 1 {
      attributes.padding = Padding(
        top: random.int(0...1), left: random.int(0...1), bottom: random.int(0...1),
        right: random.int(0...1))
    }
    return (kernel, attributes)
  }

  private mutating func convolution() throws {
    let x = image()
    var (kernel, attributes) = window(shape(x))
    let zeroPoint: Int32
    (attributes.activation, zeroPoint) = activation()
    attributes.groups = shape(x)[3] % 2 == 0 && chance(20) ? 2 : 1
    let outputs = random.int(1...5) * attributes.groups
    let weights = [outputs, kernel.height, kernel.width, shape(x)[3] / attributes.groups]
    let (inputs, scale) = constants(weights, axis: 0, x: x)
    try append(.convolution(attributes), inputs, scale: scale, zeroPoint: zeroPoint)
  }

  private mutating func depthwise() throws {
    let x = image()
    var (kernel, attributes) = window(shape(x))
    let zeroPoint: Int32
    (attributes.activation, zeroPoint) = activation()
    let weights = [1, kernel.height, kernel.width, shape(x)[3] * (chance(70) ? 1 : 2)]
    let (inputs, scale) = constants(weights, axis: 3, x: x)
    try append(.depthwiseConvolution(attributes), inputs, scale: scale, zeroPoint: zeroPoint)
  }

  private mutating func transposed() throws {
    let x = image()
    guard shape(x)[1] * shape(x)[2] < 40 else { return }
    var attributes = TransposedConvolutionAttributes(
      outputExtent: Extent(height: shape(x)[1] * 2 + 1, width: shape(x)[2] * 2 + 1))
    attributes.stride = Extent(2)
    let zeroPoint: Int32
    (attributes.activation, zeroPoint) = activation()
    let (inputs, scale) = constants(
      [random.int(1...4), 3, 3, shape(x)[3]], axis: 0, x: x)
    try append(.transposedConvolution(attributes), inputs, scale: scale, zeroPoint: zeroPoint)
  }

  /// Images to rows, a fully connected layer or two, softmax.
  private mutating func head() throws {
    let x = image()
    let count = shape(x).elementCount
    var last = try append(.reshape([1, count]), [x])
    for _ in 0..<random.int(1...2) {
      var attributes = FullyConnectedAttributes()
      let zeroPoint: Int32
      (attributes.activation, zeroPoint) = activation()
      let width = shape(last)[1]
      let (inputs, scale) = constants([random.int(1...6), width], axis: 0, x: last)
      last = try append(.fullyConnected(attributes), inputs, scale: scale, zeroPoint: zeroPoint)
    }
    if chance(50) {
      try append(.softmax(axis: 1, beta: 1), [last], scale: 1 / 256, zeroPoint: -128)
    }
  }

  // MARK: Others

  private mutating func pool() throws {
    let x = image()
    let (kernel, attributes) = window(shape(x))
    var pool = PoolAttributes(kernel: kernel, stride: attributes.stride)
    pool.padding = attributes.padding
    try append(chance(50) ? .maxPool(pool) : .averagePool(pool), [x])
  }

  /// Another image of the same shape, a constant or a gate, on the grid of `x` or its own.
  private mutating func partner(_ x: TensorIndex, sharesGrid: Bool) throws -> TensorIndex {
    let channels = shape(x)[3]
    let others = images.filter { shape($0) == shape(x) && $0 != x }
    var found: TensorIndex
    if let other = others.last, chance(60) {
      found = other
    } else if chance(50) {
      found = try append(.mean(axes: [1, 2], keepsDimensions: true), [x], scale: 0.05)
    } else {
      let (scale, zeroPoint) = grid(x)
      found = add([1, 1, 1, channels], scale, zeroPoint)
      graph.tensors[found].constant = .int8(
        (0..<channels).map { _ in chance(30) ? Int8(zeroPoint) : Int8(random.int(-128...127)) })
      return found
    }
    if sharesGrid, grid(found) != grid(x) {
      found = try append(
        .quantize, [found], scale: grid(x).scale, zeroPoint: grid(x).zeroPoint)
    }
    return found
  }

  private mutating func pair() throws {
    let x = image()
    let kind = random.int(0...5)
    var operands = [x, try partner(x, sharesGrid: kind > 3)]
    if chance(30) { operands.reverse() }
    let (activation, zeroPoint) = activation()
    let scale = max(grid(operands[0]).scale, grid(operands[1]).scale) * 1.5
    switch kind {
    case 0: try append(.add(activation), operands, scale: scale, zeroPoint: zeroPoint)
    case 1: try append(.subtract(activation), operands, scale: scale, zeroPoint: zeroPoint)
    case 2: try append(.multiply(activation), operands, scale: scale, zeroPoint: zeroPoint)
    case 3: try append(.squaredDifference, operands, scale: scale * 4, zeroPoint: -128)
    case 4: try append(.minimum, operands)
    default: try append(.maximum, operands)
    }
  }

  private mutating func concatenation() throws {
    let x = image()
    let axis = random.int(1...3)
    var operands = [x]
    for other in images.reversed() where other != x && operands.count < 3 {
      let isFit = (1...3).allSatisfy { $0 == axis || shape(other)[$0] == shape(x)[$0] }
      guard isFit else { continue }
      let isSame = grid(other) == grid(x)
      operands.append(
        isSame
          ? other
          : try append(
            .quantize, [other], scale: grid(x).scale, zeroPoint: grid(x).zeroPoint))
    }
    try append(.concatenation(axis: axis, activation: .none), operands)
  }

  private mutating func pad() throws {
    let x = image()
    let value = Float(random.int(-3...3)) * grid(x).scale
    let before = [0, random.int(0...1), random.int(0...1), random.int(-1...2)]
    let crops = shape(x)[3] > 3
    let after = [0, random.int(0...1), 0, random.int(crops ? -1...1 : 0...1)]
    guard crops || before[3] >= 0 else { return }
    try append(.pad(before: before, after: after, mode: .constant(value)), [x])
  }

  private mutating func function() throws {
    let x = image()
    switch random.int(0...3) {
    case 0:
      try append(.scalar(.logistic), [x], scale: 1 / 256, zeroPoint: -128)
    case 1:
      let channels = shape(x)[3]
      let slopes = graph.add(
        Tensor(
          name: "slopes\(graph.tensors.count)", shape: [1, 1, channels], elementType: .int8,
          constant: .int8((0..<channels).map { _ in Int8(random.int(-90...90)) }),
          quantization: Quantization(scale: 0.01, zeroPoint: 3)))
      try append(.prelu, [x, slopes], zeroPoint: code())
    case 2: try append(.scalar(.relu), [x], scale: grid(x).scale / 2, zeroPoint: -128)
    default: try append(.scalar(.hardSwish), [x], scale: 0.02, zeroPoint: -110)
    }
  }

  private mutating func slice() throws {
    let x = image()
    let channels = shape(x)[3]
    guard channels > 1 else { return }
    if chance(50) {
      let first = random.int(1...channels - 1)
      try append(.split(axis: 3, counts: [first, channels - first]), [x])
      return
    }
    let stride = chance(70) ? 1 : 2
    let begin = random.int(0...channels - 1)
    let count = random.int(1...max(1, (channels - begin - 1) / stride))
    try append(
      .slice(
        begin: [0, 0, 0, begin], count: [1, shape(x)[1], shape(x)[2], count],
        stride: [1, 1, 1, stride]), [x])
  }

  private mutating func reshape() throws {
    let x = image()
    let s = shape(x)
    switch random.int(0...2) {
    case 0: try append(.reshape([1, 1, s[1], s[2] * s[3]]), [x])
    case 1: try append(.reshape([1, s[1] * s[2], 1, s[3]]), [x])
    default: try append(.transpose(chance(70) ? [0, 2, 1, 3] : [0, 3, 1, 2]), [x])
    }
  }

  private mutating func resize() throws {
    let x = image()
    guard shape(x)[1] * shape(x)[2] < 60 else { return }
    let to = [1, shape(x)[1] * 2, shape(x)[2] * 2, shape(x)[3]]
    try append(
      .resize(
        ResizeAttributes(
          method: chance(50) ? .nearest : .bilinear, coordinates: .halfPixel,
          rounding: .roundPreferCeil, outputShape: to, scales: [1, 2, 2, 1])), [x])
  }
}
