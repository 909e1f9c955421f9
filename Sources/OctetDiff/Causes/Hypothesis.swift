import OctetCompiler
import OctetModel
import OctetReport

/// Something that may have gone wrong with a layer, as the reference's layer computed so.
struct Hypothesis {
  var cause: DiffReport.Cause
  /// A clause whose subject is the layer: `it computes without its ReLU`.
  var text: String
  var variant: Graph
}

/// The variants of a layer that people and exporters make by mistake.
struct LayerVariants {
  let part: Graph
  /// The real number that the candidate's operand has for code 0, by operand.
  let zeroCodes: [Float]
  /// Whether the candidate's codes end at zero, as a ReLU's do.
  let endsAtZero: Bool
  private(set) var all: [Hypothesis] = []

  /// - Parameter part: the reference's layer.
  init(_ part: Graph, zeroCodes: [Float], endsAtZero: Bool = false) {
    self.part = part
    self.endsAtZero = endsAtZero
    self.zeroCodes = zeroCodes
    // An activation too much in front of a function may be the function in another form.
    let functions = part.nodes.indices.filter { part.nodes[$0].operation.isFunction }
    for index in functions { addVariants(of: index) }
    for index in part.nodes.indices where !functions.contains(index) { addVariants(of: index) }
    for index in part.nodes.indices { addOmission(of: index) }
    addOmissionsBefore()
    addTails()
    addImages()
    addPaddings()
  }

  // MARK: Making

  mutating func add(
    _ cause: DiffReport.Cause, _ text: String, _ change: (inout Graph) -> Void
  ) {
    var variant = part
    change(&variant)
    let count = part.tensors[part.outputs[0]].elementCount
    guard (try? variant.inferShapes()) != nil,
      variant.tensors[variant.outputs[0]].elementCount == count
    else { return }
    all.append(Hypothesis(cause: cause, text: text, variant: variant))
  }

  mutating func replace(
    _ index: Int, by operation: Operation, _ cause: DiffReport.Cause, _ text: String
  ) {
    guard operation != part.nodes[index].operation else { return }
    add(cause, text) { $0.nodes[index].operation = operation }
  }

  // MARK: Node by node

  private mutating func addVariants(of index: Int) {
    let node = part.nodes[index]
    if let activation = node.operation.activation { addActivations(index, activation) }
    switch node.operation {
    case .convolution(let a), .depthwiseConvolution(let a): addWindows(index, a)
    case .maxPool(let a), .averagePool(let a): addPools(index, a)
    case .mean, .reduce: addReductions(index)
    case .resize(let a): addResizes(index, a)
    case .concatenation, .subtract, .divide, .matrixMultiply, .power:
      addOrders(index)
      addRepetitions(index)
    case .add, .multiply, .minimum, .maximum:
      addJoins(index)
      addRepetitions(index)
    case .softmax, .logSoftmax: addSoftmaxes(index)
    case .transpose(let permutation): addTranspositions(index, permutation)
    case .reshape: addFlattenings(index)
    case .scalar(let function): addFunctions(index, function)
    case .prelu: addSlopes(index)
    case .pad(let before, let after, let mode): addPads(index, before, after, mode)
    case .l2Normalization(let a): addEpsilons(index, a)
    case .transposedConvolution, .fullyConnected, .maxPoolIndices, .squaredDifference,
      .compare, .logic, .identity, .select, .cast, .batchNormalization,
      .localResponseNormalization, .extremum, .slice, .expand, .tile, .gather, .split, .quantize,
      .dequantize:
      break
    }
  }

  private static let activations: [(Activation, String)] = [
    (.none, "no activation"), (.relu, "ReLU"), (.relu6, "ReLU6"), (.reluN1To1, "a clip to -1…1"),
    (.clip(lower: 0, upper: 1), "a clip to 0…1"),
  ]

  private mutating func addActivations(_ index: Int, _ given: Activation) {
    let operation = part.nodes[index].operation
    for (activation, name) in Self.activations where activation != given {
      guard let changed = operation.with(activation) else { continue }
      let cause: DiffReport.Cause =
        activation == .none
        ? .activationMissing : (given == .none ? .activationAdded : .activationOther)
      replace(
        index, by: changed, cause,
        "it has \(name) after it, where the reference has "
          + given.text)
    }
    if given == .none || given == .relu, let plain = operation.with(.none) {
      for alpha in [0.01, 0.1, 0.2, 0.3] as [Float] {
        add(
          given == .none ? .activationAdded : .activationOther,
          "it has a leaky ReLU of slope \(alpha) after it, where the reference has \(given.text)"
        ) {
          $0.nodes[index].operation = plain
          $0.insert(.scalar(.leakyRelu(alpha: alpha)), after: index)
        }
      }
    }
  }

  private mutating func addWindows(_ index: Int, _ a: ConvolutionAttributes) {
    let node = part.nodes[index]
    let isDepthwise = node.operation == .depthwiseConvolution(a)
    func operation(_ a: ConvolutionAttributes) -> Operation {
      isDepthwise ? .depthwiseConvolution(a) : .convolution(a)
    }
    for padding in a.padding.shifts {
      var other = a
      other.padding = padding
      replace(
        index, by: operation(other), .paddingOther,
        "it is padded by \(padding.text), where the reference has \(a.padding.text)")
    }
    let kernel = part.tensors[node.inputs[1]].shape
    if a.dilation != Extent(1), kernel.count == 4 {
      var other = a
      other.dilation = Extent(1)
      let rows = (a.dilation.height - 1) * (kernel[1] - 1)
      let columns = (a.dilation.width - 1) * (kernel[2] - 1)
      other.padding.top -= rows / 2
      other.padding.bottom -= rows - rows / 2
      other.padding.left -= columns / 2
      other.padding.right -= columns - columns / 2
      replace(index, by: operation(other), .dilationOther, "it ignores the dilation")
    }
    if a.padding != Padding() { addBorders(index, a) }
  }

  /// A window that walks over something else than zeros around its image.
  private mutating func addBorders(_ index: Int, _ a: ConvolutionAttributes) {
    let node = part.nodes[index]
    let p = a.padding
    var modes: [(PadMode, String)] = [
      (.reflect, "its mirror image"), (.edge, "its edge"), (.wrap, "itself again"),
    ]
    if node.inputs[0] == part.inputs.first, let zero = zeroCodes.first, zero != 0 {
      modes.append((.constant(zero), "code 0, which is \(Double(zero).short)"))
    }
    var plain = a
    plain.padding = Padding()
    let operation: Operation =
      node.operation == .depthwiseConvolution(a)
      ? .depthwiseConvolution(plain) : .convolution(plain)
    for (mode, name) in modes {
      add(.padValueOther, "it pads its image with \(name), where the reference has 0") {
        $0.nodes[index].operation = operation
        $0.insert(
          .pad(before: [0, p.top, p.left, 0], after: [0, p.bottom, p.right, 0], mode: mode),
          before: index, operand: 0)
      }
    }
  }

  private mutating func addPools(_ index: Int, _ a: PoolAttributes) {
    var isMaximum = false
    if case .maxPool = part.nodes[index].operation { isMaximum = true }
    replace(
      index, by: isMaximum ? .averagePool(a) : .maxPool(a), .poolOther,
      isMaximum
        ? "it averages, where the reference takes the maximum"
        : "it takes the maximum, where the reference averages")
    func operation(_ a: PoolAttributes) -> Operation { isMaximum ? .maxPool(a) : .averagePool(a) }
    for padding in a.padding.shifts {
      var other = a
      other.padding = padding
      replace(
        index, by: operation(other), .paddingOther,
        "it is padded by \(padding.text), where the reference has \(a.padding.text)")
    }
    guard !isMaximum else { return }
    addUncounted(index, a)
    var other = a
    other.countsPadding.toggle()
    replace(
      index, by: operation(other), .poolCountsPadding,
      a.countsPadding
        ? "its averages leave the padding out, which the reference counts"
        : "its averages count the padding, which the reference leaves out")
  }

  /// Zeros that are put around the image before it is averaged are counted; a pool's own need not.
  private mutating func addUncounted(_ index: Int, _ a: PoolAttributes) {
    let source = part.nodes[index].inputs[0]
    guard let before = part.nodes.firstIndex(where: { $0.outputs == [source] }),
      case .pad(let top, let bottom, .constant(0)) = part.nodes[before].operation, top.count == 4
    else { return }
    var other = a
    other.padding = Padding(top: top[1], left: top[2], bottom: bottom[1], right: bottom[2])
    other.countsPadding = false
    add(.poolCountsPadding, "its averages leave the padding out, which the reference counts") {
      $0.nodes[index].operation = .averagePool(other)
      $0.nodes[index].inputs[0] = $0.nodes[before].inputs[0]
    }
  }

  private mutating func addReductions(_ index: Int) {
    guard case .mean(let axes, let keeps) = part.nodes[index].operation else { return }
    replace(
      index, by: .reduce(.maximum, axes: axes, keepsDimensions: keeps), .poolOther,
      "it takes the maximum, where the reference averages")
    replace(
      index, by: .reduce(.sum, axes: axes, keepsDimensions: keeps), .poolOther,
      "it sums, where the reference averages")
  }

  private mutating func addResizes(_ index: Int, _ a: ResizeAttributes) {
    let roundings: [ResizeAttributes.Rounding] = [
      .floor, .ceil, .roundPreferFloor, .roundPreferCeil,
    ]
    for method in [ResizeAttributes.Method.nearest, .bilinear] {
      for coordinates in [
        ResizeAttributes.Coordinates.halfPixel, .alignCorners, .asymmetric, .pytorchHalfPixel,
      ] {
        for rounding in method == .nearest ? roundings : [.floor] {
          var other = a
          (other.method, other.coordinates, other.rounding) = (method, coordinates, rounding)
          replace(
            index, by: .resize(other), .resizeConvention,
            "it resizes by \(other.text), where the reference does by \(a.text)")
        }
      }
    }
  }

  /// Operands in another order.
  private mutating func addOrders(_ index: Int) {
    let inputs = part.nodes[index].inputs
    guard (2...4).contains(inputs.count) else { return }
    for order in inputs.indices.orders where order != Array(inputs.indices) {
      add(
        .operandOrder,
        "it takes its operands in the order \(order.map { "\($0)" }.joined(separator: ", "))"
      ) { $0.nodes[index].inputs = order.map { inputs[$0] } }
    }
  }

  private mutating func addJoins(_ index: Int) {
    let node = part.nodes[index]
    guard node.inputs.count == 2 else { return }
    let activation = node.operation.activation ?? .none
    for kept in 0..<2 where part.tensors[node.inputs[kept]].constant == nil {
      let text =
        index == part.nodes.count - 1
        ? "it hands on only its operand \(kept): the other branch is missing"
        : "in the reference '\(node.name)' (\(node.operation.name)) joins another branch before "
          + "it, which is missing here: only operand \(kept) of it is read"
      add(.branchMissing, text) {
        $0.nodes[index].inputs = [node.inputs[kept]]
        $0.nodes[index].operation =
          activation == .none
          ? .identity
          : .scalar(.clip(lower: activation.bounds.lower, upper: activation.bounds.upper))
      }
    }
    for (other, name) in [
      (Operation.add(activation), "adds"), (.subtract(activation), "subtracts"),
      (.multiply(activation), "multiplies"), (.maximum, "takes the larger"),
      (.minimum, "takes the smaller"),
    ] where !other.isSameKind(as: node.operation) {
      replace(
        index, by: other, .operationOther,
        "it \(name), where the reference has \(node.operation.name)")
    }
  }

  private mutating func addTranspositions(_ index: Int, _ permutation: [Int]) {
    guard permutation.count <= 4 else { return }
    let shape = part.tensors[part.nodes[index].outputs[0]].shape
    for order in permutation.indices.orders where order != permutation {
      add(
        .axisOrder,
        "it puts its axes in the order \(order), where the reference has "
          + "\(permutation)"
      ) {
        $0.nodes[index].operation = .transpose(order)
        $0.insert(.reshape(shape), after: index)
      }
    }
  }

  private mutating func addFlattenings(_ index: Int) {
    let shape = part.tensors[part.nodes[index].inputs[0]].shape
    guard shape.count == 4, shape.contains(where: { $0 > 1 }) else { return }
    for order in (1...3).orders where order != [1, 2, 3] {
      add(
        .flattenOrder,
        "it flattens its image in the order "
          + order.map { ["H", "W", "C"][$0 - 1] }
          .joined(separator: ", ") + ", where the reference does in the order H, W, C"
      ) { $0.insert(.transpose([0] + order), before: index, operand: 0) }
    }
  }

  private mutating func addPads(_ index: Int, _ before: [Int], _ after: [Int], _ mode: PadMode) {
    var modes: [(PadMode, String)] = [
      (.constant(0), "0"), (.reflect, "its mirror image"), (.edge, "its edge"),
      (.constant(-.greatestFiniteMagnitude), "the lowest number"), (.wrap, "itself again"),
    ]
    if let zero = zeroCodes.first { modes.append((.constant(zero), "code 0")) }
    for (other, name) in modes where other != mode {
      replace(
        index, by: .pad(before: before, after: after, mode: other), .padValueOther,
        "it pads with \(name), which the reference does not")
    }
    for (first, last) in Self.shares(before, after) {
      replace(
        index, by: .pad(before: first, after: last, mode: mode), .paddingOther,
        "it is padded by \(first) before and \(last) after its axes, where the reference has "
          + "\(before) and \(after)")
    }
  }

  /// The same rows and columns, otherwise shared out between the two sides of an image.
  private static func shares(_ before: [Int], _ after: [Int]) -> [(before: [Int], after: [Int])] {
    guard before.count == 4, after.count == 4, (before + after).allSatisfy({ $0 >= 0 }) else {
      return [(after, before)]
    }
    let padding = Padding(top: before[1], left: before[2], bottom: after[1], right: after[2])
    return padding.shifts.map {
      (
        [before[0], $0.top, $0.left, before[3]], [after[0], $0.bottom, $0.right, after[3]]
      )
    }
  }
}

extension Operation {
  fileprivate var isFunction: Bool {
    switch self {
    case .scalar, .prelu: true
    default: false
    }
  }
}
