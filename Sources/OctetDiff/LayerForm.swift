import OctetEvaluation
import OctetModel
import OctetReport

/// One way in which a layer differs from the reference's apart from its numbers.
struct StructuralDifference: Equatable {
  var cause: DiffReport.Cause
  /// A clause whose subject is the layer.
  var text: String

  init(_ cause: DiffReport.Cause, _ text: String) { (self.cause, self.text) = (cause, text) }
}

/// What a layer does apart from its numbers: the window that its weights or its pool walk with, and
/// the range that it clamps its results to.
///
/// Two forms are compared only as far as both are known; a layer that is a whole sub-graph has
/// none.
struct LayerForm {
  struct Window: Equatable {
    /// The kind as a sentence says it.
    enum Kind: String {
      case convolution, depthwiseConvolution, transposedConvolution, fullyConnected
      case maxPool = "max pool"
      case averagePool = "average pool"
    }

    var kind: Kind
    var kernel: Extent
    var stride: Extent
    var dilation: Extent
    /// Rows and columns before the image; what stands after it follows from the sizes.
    var top: Int
    var left: Int
    /// Input channels are shared out among so many groups of output channels.
    var groups = 1
  }

  var weighted: Window?
  var pools: [Window] = []
  /// The range that the real results are clamped to.
  var lower = -Float.infinity
  var upper = Float.infinity
  /// The functions of one element, in order.
  var functions: [Operation] = []
  /// How many of them come before the weights.
  private var leadingCount = 0
  /// All else, in order.
  var others: [Operation] = []

  /// Nil when the part is no chain.
  init?(_ part: Graph) {
    var (top, left) = (0, 0)
    for node in part.nodes {
      let sources = Set(node.inputs.filter { part.tensors[$0].constant == nil })
      guard sources.count == 1, let source = sources.first, node.outputs.count == 1 else {
        return nil
      }
      let shape = part.tensors[source].shape
      switch node.operation {
      case .reshape, .identity, .quantize, .dequantize: break
      case .pad(let before, _, .constant(0)) where before.count == 4:
        (top, left) = (top + before[1], left + before[2])
      case .convolution(let a), .depthwiseConvolution(let a):
        guard weighted == nil, part.tensors[node.inputs[1]].shape.count == 4 else { return nil }
        let isDepthwise = node.operation == .depthwiseConvolution(a)
        weighted = Window(
          kind: isDepthwise ? .depthwiseConvolution : .convolution, kernel: part.kernel(of: node),
          stride: a.stride, dilation: a.dilation, top: a.padding.top + top,
          left: a.padding.left + left, groups: part.groups(of: node, a))
        (top, left) = (0, 0)
        clamp(a.activation.bounds)
      case .transposedConvolution(let a):
        guard weighted == nil, part.tensors[node.inputs[1]].shape.count == 4 else { return nil }
        weighted = Window(
          kind: .transposedConvolution, kernel: part.kernel(of: node), stride: a.stride,
          dilation: a.dilation, top: a.padding.top, left: a.padding.left)
        clamp(a.activation.bounds)
      case .fullyConnected(let a):
        guard weighted == nil else { return nil }
        weighted = Window(
          kind: .fullyConnected, kernel: Extent(1), stride: Extent(1), dilation: Extent(1),
          top: 0, left: 0)
        clamp(a.activation.bounds)
      case .maxPool(let a): append(.maxPool, a, shape)
      case .averagePool(let a): append(.averagePool, a, shape)
      case .mean([1, 2], _) where shape.count == 4:
        append(
          .averagePool,
          PoolAttributes(kernel: Extent(height: shape[1], width: shape[2]), stride: Extent(1)),
          shape)
      case .scalar(let function):
        if let bounds = function.bounds { clamp(bounds) } else { append(node.operation) }
      case .prelu: append(node.operation)
      case .matrixMultiply, .maxPoolIndices, .add, .subtract, .multiply, .divide, .minimum,
        .maximum,
        .squaredDifference, .power, .compare, .logic, .select, .cast, .softmax, .logSoftmax,
        .l2Normalization, .batchNormalization, .localResponseNormalization, .mean, .reduce,
        .extremum, .concatenation, .pad, .transpose, .slice, .expand, .tile, .gather, .split,
        .resize:
        others.append(node.operation)
      }
    }
    if top != 0 || left != 0 {
      others.append(.pad(before: [0, top, left, 0], after: [0, 0, 0, 0], mode: .constant(0)))
    }
  }

  private mutating func append(_ function: Operation) {
    functions.append(function)
    if weighted == nil { leadingCount += 1 }
  }

  /// Where the functions stand.
  private var side: String {
    weighted != nil && !functions.isEmpty && leadingCount == functions.count ? "before" : "after"
  }

  private mutating func append(_ kind: Window.Kind, _ a: PoolAttributes, _ shape: [Int]) {
    var stride = a.stride
    // A window as large as the image takes no step.
    if shape.count == 4, a.kernel == Extent(height: shape[1], width: shape[2]) {
      stride = Extent(1)
    }
    pools.append(
      Window(
        kind: kind, kernel: a.kernel, stride: stride, dilation: a.dilation, top: a.padding.top,
        left: a.padding.left))
    clamp(a.activation.bounds)
  }

  /// Takes the lower end of a blob's codes for the ReLU that it is.
  mutating func clampAtZero() { clamp(Activation.relu.bounds) }

  private mutating func clamp(_ bounds: (lower: Float, upper: Float)) {
    (lower, upper) = (
      min(max(lower, bounds.lower), bounds.upper), max(min(upper, bounds.upper), bounds.lower)
    )
  }

  // MARK: Comparison

  /// How this, a candidate's layer, differs from the reference's, the gravest first: clauses whose
  /// subject is the layer.
  ///
  /// - Parameters:
  ///   - range: of the candidate's codes.
  ///   - step: of the candidate's codes; smaller differences do not count.
  func differences(
    from other: LayerForm, range: (lower: Float, upper: Float), step: Float
  ) -> [StructuralDifference] {
    guard Self.areSame(others, other.others) else { return [] }
    var found: [StructuralDifference] = []
    func add(_ cause: DiffReport.Cause, _ text: String) { found.append(.init(cause, text)) }
    switch (weighted, other.weighted) {
    case (let own?, let given?):
      if own.kind == given.kind { found += own.differences(from: given) }
    case (nil, let given?):
      add(.operationOther, "it has no weights, where the reference has a \(given.kind.rawValue)")
    case (let own?, nil):
      add(.operationOther, "it is a \(own.kind.rawValue), where the reference has no weights")
    case (nil, nil): break
    }
    if pools.count == other.pools.count {
      for (own, given) in zip(pools, other.pools) {
        if own.kind == given.kind {
          found += own.differences(from: given)
        } else {
          add(
            .poolOther,
            "it is \(own.kind.rawValue), where the reference has \(given.kind.rawValue)")
        }
      }
    } else {
      add(
        .poolOther,
        pools.count < other.pools.count
          ? "a pool of the reference is missing" : "it has a pool that the reference has not")
    }
    if !Self.areSame(functions, other.functions) {
      func text(_ functions: [Operation]) -> String {
        functions.map(\.name).joined(separator: ", then ")
      }
      let isClipped = lower.isFinite && !other.lower.isFinite && weighted != nil
      if functions.isEmpty, isClipped {
        add(
          .functionOther,
          "it has \(Self.name(lower, upper)) \(side) it, where the reference has "
            + text(other.functions))
        return found
      }
      add(
        functions.isEmpty ? .activationMissing : .functionOther,
        functions.isEmpty
          ? "the reference has \(text(other.functions)) \(other.side) it, which is missing"
          : "it has \(text(functions)) \(side) it, where the reference has "
            + (other.functions.isEmpty ? "nothing" : text(other.functions)))
      return found
    }
    return found + activationDifferences(from: other, range: range, step: step)
  }

  private static func areSame(_ a: [Operation], _ b: [Operation]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { $0.isSameKind(as: $1) }
  }

  private static func name(_ lower: Float, _ upper: Float) -> String {
    if lower == 0, upper == .infinity { return "ReLU" }
    if lower == 0, upper == 6 { return "ReLU6" }
    return "clip to \(Double(lower).short)…\(Double(upper).short)"
  }

  private func activationDifferences(
    from other: LayerForm, range: (lower: Float, upper: Float), step: Float
  ) -> [StructuralDifference] {
    // Of a max pool alone the layer before decides.
    guard weighted != nil else { return [] }
    let tolerance = 2 * step
    let reached = (lower: max(lower, range.lower), upper: min(upper, range.upper))
    var found: [StructuralDifference] = []
    func add(_ cause: DiffReport.Cause, _ text: String) { found.append(.init(cause, text)) }
    let given = Self.name(other.lower, other.upper)
    if other.lower.isFinite, reached.lower < other.lower - tolerance {
      add(
        .activationMissing,
        "the reference has \(given) after it, which is missing"
          + (reached.lower.isFinite
            ? ": its results go down to " + Double(reached.lower).short : ""))
    } else if other.upper.isFinite, reached.upper > other.upper + tolerance {
      add(
        other.lower.isFinite ? .activationOther : .activationMissing,
        "the reference has \(given) after it, which is missing"
          + (reached.upper.isFinite ? ": its results go up to " + Double(reached.upper).short : ""))
    }
    let own = Self.name(lower, upper)
    let added: DiffReport.Cause =
      other.lower.isFinite || other.upper.isFinite ? .activationOther : .activationAdded
    // The end of the codes is no activation.
    if lower > range.lower + step / 2, lower > other.lower + tolerance, lower < range.upper {
      add(added, "it has \(own) after it, which the reference has not")
    } else if upper < range.upper - step / 2, upper < other.upper - tolerance, upper > range.lower {
      add(added, "it has \(own) after it, which the reference has not")
    }
    return found
  }
}

extension LayerForm.Window {
  fileprivate func differences(from other: Self) -> [StructuralDifference] {
    var found: [StructuralDifference] = []
    func compare(
      _ cause: DiffReport.Cause, _ what: String, _ own: Extent, _ given: Extent
    ) {
      guard own != given else { return }
      found.append(
        .init(
          cause, "its \(what) is \(own.text), where the reference has \(given.text)"))
    }
    compare(.windowOther, "window", kernel, other.kernel)
    compare(.strideOther, "stride", stride, other.stride)
    compare(.dilationOther, "dilation", dilation, other.dilation)
    if groups != other.groups {
      found.append(
        .init(
          .groupsOther,
          "its channels form \(groups) groups, where the reference has \(other.groups)"))
    }
    if top != other.top || left != other.left {
      found.append(
        .init(
          .paddingOther,
          "it is padded by \(top) rows above and \(left) columns on the left, where the reference "
            + "has \(other.top) and \(other.left)"))
    }
    return found
  }
}

extension Extent {
  fileprivate var text: String { "\(height)×\(width)" }
}

extension Graph {
  /// The window of a node with weights of four dimensions.
  fileprivate func kernel(of node: Node) -> Extent {
    let shape = tensors[node.inputs[1]].shape
    return Extent(height: shape[1], width: shape[2])
  }

  /// The groups of a convolution's channels: as many as its weights have, however they are written.
  /// Weights of one group that are zero outside the blocks of several are several groups' weights.
  fileprivate func groups(of node: Node, _ a: ConvolutionAttributes) -> Int {
    let shape = tensors[node.inputs[1]].shape
    let inputCount = tensors[node.inputs[0]].shape.last ?? 1
    guard node.operation == .convolution(a), shape.count == 4, a.groups == 1,
      shape[3] == inputCount, let weights = tensors[node.inputs[1]].reals
    else { return node.operation == .convolution(a) ? a.groups : 1 }
    let row = shape[1...].reduce(1, *)
    var most = 1
    for groups in 2..<max(3, min(shape[0], inputCount) + 1)
    where shape[0] % groups == 0 && inputCount % groups == 0 {
      let (outputs, inputs) = (shape[0] / groups, inputCount / groups)
      let isBlocked = weights.indices.allSatisfy {
        weights[$0] == 0 || $0 / row / outputs == $0 % inputCount / inputs
      }
      // Weights that are mostly zero form no blocks.
      if isBlocked, 2 * groups * weights.count(where: { $0 != 0 }) > weights.count {
        most = groups
      }
    }
    return most
  }
}

extension Diff {
  /// How a layer of the candidate differs from the reference's apart from its numbers: clauses, the
  /// gravest first; none where either is no chain of known operations.
  func structureDifferences(_ place: Int) -> [StructuralDifference] {
    guard let twin = counterparts[place], candidate.places[place].operatorIndex != nil,
      let given = counterpartPart(place), let own = candidate.part(place, of: candidate.real)
    else { return [] }
    if let table = tables[place] {
      guard table.isAnother else { return [] }
      return [
        .init(
          .functionOther,
          "its table is not that of the reference's \(table.functionName): at "
            + "\(Double(table.input).short) it gives \(Double(table.tableValue).short) where the "
            + "function is \(Double(table.functionValue).short)")
      ]
    }
    guard candidate.operatorView(place)?.kind != .lookup, var ownForm = LayerForm(own),
      var givenForm = LayerForm(given)
    else { return [] }
    let view = candidate.view(place)
    if let view, view.ends.lower == 0, ownForm.functions.isEmpty { ownForm.clampAtZero() }
    if let other = reference.view(twin), other.ends.lower == 0 {
      // A blob's ReLU is the lower end of its codes.
      givenForm.lower = max(givenForm.lower, 0)
    }
    let range = view?.ends ?? (-Float.infinity, Float.infinity)
    return ownForm.differences(from: givenForm, range: range, step: view?.scale ?? 1e-6)
  }
}
