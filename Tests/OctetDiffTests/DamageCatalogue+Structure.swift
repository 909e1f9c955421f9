import OctetModel
import OctetReport
import TestComparisons

extension CatalogueKind {
  /// Layers with a range of their own: operands of a concatenation share one.
  private static let ranged: @Sendable (CatalogueNetwork) -> [String] = { network in
    weighted(network).filter { network != .branches || !["left", "right"].contains($0) } + ["input"]
  }

  static let ranges: [Self] = [
    Self(
      name: "range 16 times too wide", kinds: [.wastedRange], causes: [.rangeTooWide],
      layers: ranged
    ) { try DiffDamage.scaleRange(of: $1, by: 16, in: &$0) },
    Self(
      name: "range 16 times too narrow", kinds: [.clipped], causes: [.rangeTooNarrow],
      layers: ranged
    ) { try DiffDamage.scaleRange(of: $1, by: 1 / 16, in: &$0) },
    Self(
      name: "wrong mean and deviation", kinds: [.inputNormalization],
      causes: [.inputNormalization], layers: { _ in ["input"] }
    ) { graph, _ in
      graph.metadata.normalization = Normalization(mean: [0.45], standardDeviation: [0.23])
    },
    Self(
      name: "pixels as -1…1", kinds: [.inputNormalization], causes: [.inputScale],
      layers: { _ in ["input"] }
    ) { graph, _ in
      graph.metadata.normalization = Normalization(mean: [0.5], standardDeviation: [0.5])
    },
    Self(
      name: "pixels as 0…255", kinds: [.inputNormalization, .clipped], causes: [.inputScale],
      layers: { _ in ["input"] }
    ) { graph, _ in
      graph.metadata.normalization = Normalization(mean: [0], standardDeviation: [1 / 255])
    },
  ]

  static func before(
    _ name: String, _ causes: [DiffReport.Cause], _ layers: [CatalogueNetwork: [String]],
    blamed: [String: [String]] = [:], kinds: [DiffReport.Condition] = [.differentStructure],
    _ spoil: @escaping Spoil
  ) -> Self {
    Self(
      name: name, kinds: kinds, causes: causes, isBefore: true, layers: only(layers),
      blamed: blamed, spoil: spoil)
  }

  /// Changes the attributes of a convolution of either kind.
  private static func window(
    _ change: @escaping @Sendable (inout ConvolutionAttributes) -> Void
  ) -> Spoil {
    { graph, layer in
      try graph.change(layer) { operation in
        switch operation {
        case .convolution(var attributes):
          change(&attributes)
          return .convolution(attributes)
        case .depthwiseConvolution(var attributes):
          change(&attributes)
          return .depthwiseConvolution(attributes)
        default: return operation
        }
      }
    }
  }

  static let structure: [Self] = [
    before(
      "ReLU missing", [.activationMissing],
      [
        .lenet: ["conv2"], .mobile: ["point"], .resnet: ["conv1a/relu"],
        .keywords: ["point1/relu"], .branches: ["left"],
      ],
      blamed: ["conv1a/relu": ["conv1a"], "point1/relu": ["point1"]]
    ) { try $0.change($1) { $0.withoutActivation } },
    before(
      "ReLU of a dense layer missing", [.activationMissing], [.lenet: ["fc1"], .mobile: ["hidden"]]
    ) { try $0.change($1) { $0.withoutActivation } },
    before(
      "ReLU after the sum missing", [.activationMissing], [.resnet: ["add1", "add2"]]
    ) { try $0.change($1) { _ in .add(.none) } },
    before(
      // Layers whose values reach beyond 1.
      "ReLU6 for ReLU", [.activationOther], [.lenet: ["conv2", "fc1"], .resnet: ["add2"]],
      kinds: [.differentStructure, .clipped]
    ) { graph, layer in
      try graph.change(layer) { $0.clipping(0, 1) }
    },
    before(
      "ReLU too much", [.activationAdded], [.mobile: ["stem"], .branches: ["right"]]
    ) { graph, layer in
      try graph.change(layer) { $0.clipping(0, .infinity) }
    },
    before(
      "padding shifted", [.paddingOther],
      [
        .mobile: ["stem", "deep"], .resnet: ["conv2a", "stem", "conv1b"],
        .keywords: ["deep1", "wide"], .branches: ["left", "stem"],
      ],
      window {
        $0.padding = Padding(
          top: $0.padding.top + 1, left: $0.padding.left, bottom: $0.padding.bottom - 1,
          right: $0.padding.right)
      }),
    before(
      "padding of SAME_UPPER", [.paddingOther],
      [.resnet: ["conv2a"]],
      window { $0.padding = Padding(top: 0, left: 0, bottom: 2, right: 2) }),
    before(
      "dilation ignored", [.dilationOther], [.branches: ["left"]],
      window {
        $0.dilation = Extent(1)
        $0.padding = Padding(1)
      }),
    before(
      "pool averages", [.poolOther], [.lenet: ["pool1", "pool2"], .mobile: ["pool"]]
    ) { try $0.change($1) { $0.otherPool } },
    before(
      "pool takes the maximum", [.poolOther], [.keywords: ["pool"], .branches: ["average"]],
      blamed: ["pool": ["pool", "point2"]]
    ) { try $0.change($1) { $0.otherPool } },
    before(
      "average counts the padding", [.poolCountsPadding], [.branches: ["average"]]
    ) { graph, layer in
      try graph.change(layer) { operation in
        guard case .averagePool(var attributes) = operation else { return operation }
        attributes.countsPadding.toggle()
        return .averagePool(attributes)
      }
    },
  ]

  static let functions: [Self] = [
    before(
      "residual branch dropped", [.branchMissing], [.resnet: ["add1", "add2"]],
      blamed: [
        "add1": ["add1", "conv1b", "conv2a", "skip"], "add2": ["add2", "conv2b", "mean"],
      ]
    ) { graph, layer in
      let node = try graph.node(layer)
      try graph.change(layer) { _ in .scalar(.relu) }
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer }) else { return }
      graph.nodes[index].inputs = [node.inputs[0]]
    },
    before(
      "sum became difference", [.operationOther], [.resnet: ["add1", "add2"]]
    ) { try $0.change($1) { _ in .subtract(.relu) } },
    before(
      "concatenated in the other order", [.operandOrder], [.branches: ["join"]]
    ) { graph, layer in
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer }) else { return }
      graph.nodes[index].inputs.reverse()
    },
    before(
      "resized by align_corners", [.resizeConvention], [.branches: ["larger"]]
    ) { try $0.change($1) { $0.resizing { $0.coordinates = .alignCorners } } },
    before(
      "resized asymmetrically", [.resizeConvention], [.branches: ["larger"]]
    ) { try $0.change($1) { $0.resizing { $0.coordinates = .asymmetric } } },
    before(
      "resized by the nearest", [.resizeConvention], [.branches: ["larger"]]
    ) { try $0.change($1) { $0.resizing { $0.method = .nearest } } },
    before(
      "leaky slope wrong", [.functionOther], [.branches: ["leaky"]]
    ) { try $0.change($1) { _ in .scalar(.leakyRelu(alpha: 0.3)) } },
    before(
      "leaky ReLU became ReLU", [.functionOther], [.branches: ["leaky"]],
      blamed: ["leaky": ["stem"]]
    ) { try $0.change($1) { _ in .scalar(.relu) } },
    before(
      "GELU became sigmoid", [.functionOther], [.mobile: ["gelu1"]]
    ) { try $0.change($1) { _ in .scalar(.logistic) } },
    before(
      "GELU became ReLU", [.functionOther], [.mobile: ["gelu2"]],
      blamed: ["gelu2": ["deep"]]
    ) { try $0.change($1) { _ in .scalar(.relu) } },
    before(
      "hard swish became swish", [.functionOther], [.branches: ["swish"]]
    ) { try $0.change($1) { _ in .scalar(.logistic) } },
    before(
      "softmax with beta 4", [.softmaxOther], [.branches: ["softmax"]]
    ) { try $0.change($1) { _ in .softmax(axis: 1, beta: 4) } },
    before(
      "product for sum", [.operationOther], [.resnet: ["add1", "add2"]]
    ) { try $0.change($1) { _ in .multiply(.relu) } },
    before(
      "GELU dropped", [.activationMissing], [.mobile: ["gelu1", "gelu2"]],
      blamed: ["gelu1": ["stem"], "gelu2": ["deep"]]
    ) { try $0.change($1) { _ in .identity } },
    before(
      "gamma and beta exchanged", [.batchNormalizationOther],
      [.resnet: ["conv1a", "stem"], .keywords: ["point1", "deep1"]], kinds: [.weightsWrong]
    ) { graph, layer in
      let bn = try graph.node(layer + "/bn")
      let (gamma, beta) = (bn.inputs[1], bn.inputs[2])
      let kept = graph.tensors[gamma].constant
      graph.tensors[gamma].constant = graph.tensors[beta].constant
      graph.tensors[beta].constant = kept
    },
    before(
      "epsilon of a normalization", [.batchNormalizationEpsilon],
      [.resnet: ["conv1a", "stem", "conv2b"], .keywords: ["point1", "deep1"]],
      kinds: [.weightsWrong]
    ) { try $0.change($1 + "/bn") { _ in .batchNormalization(epsilon: 1) } },
    before(
      "normalization not folded", [.batchNormalizationNotFolded],
      [.resnet: ["conv1a", "stem"], .keywords: ["point1", "deep1", "wide"]], kinds: [.weightsWrong]
    ) { graph, layer in
      let bn = try graph.node(layer + "/bn")
      for (input, value) in zip(bn.inputs.dropFirst(), [1, 0, 0, 1] as [Float]) {
        let count = graph.tensors[input].elementCount
        graph.tensors[input].constant = .float([Float](repeating: value, count: count))
      }
    },
    before(
      "normalization with a batch's statistics", [.batchNormalizationOther],
      [.resnet: ["conv1a", "stem"], .keywords: ["point1", "deep1"]], kinds: [.weightsWrong]
    ) { graph, layer in
      let bn = try graph.node(layer + "/bn")
      let count = graph.tensors[bn.inputs[4]].elementCount
      graph.tensors[bn.inputs[4]].constant = .float(
        (0..<count).map { [0.2, 3, 0.7, 5, 1.1][$0 % 5] })
    },
  ]
}

extension OctetModel.Operation {
  fileprivate var otherPool: Self {
    switch self {
    case .maxPool(let attributes): .averagePool(attributes)
    case .averagePool(let attributes): .maxPool(attributes)
    default: self
    }
  }

  fileprivate var withoutActivation: Self {
    switch self {
    case .convolution(var attributes):
      attributes.activation = .none
      return .convolution(attributes)
    case .fullyConnected(var attributes):
      attributes.activation = .none
      return .fullyConnected(attributes)
    default: return .identity
    }
  }

  fileprivate func clipping(_ lower: Float, _ upper: Float) -> Self {
    let activation = Activation.clip(lower: lower, upper: upper)
    switch self {
    case .convolution(var attributes):
      attributes.activation = upper == .infinity ? .relu : activation
      return .convolution(attributes)
    case .fullyConnected(var attributes):
      attributes.activation = activation
      return .fullyConnected(attributes)
    case .add: return .add(activation)
    default: return self
    }
  }

  fileprivate func resizing(_ change: (inout ResizeAttributes) -> Void) -> Self {
    guard case .resize(var attributes) = self else { return self }
    change(&attributes)
    return .resize(attributes)
  }
}

extension Graph {
  mutating func change(
    _ name: String, _ body: (OctetModel.Operation) -> OctetModel.Operation
  ) throws {
    guard let index = nodes.firstIndex(where: { $0.name == name }) else { throw Missing() }
    nodes[index].operation = body(nodes[index].operation)
  }
}
