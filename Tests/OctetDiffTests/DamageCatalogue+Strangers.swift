import OctetModel
import OctetReport
import TestComparisons
import TestNetworks

extension CatalogueKind {
  private static let pictured: [CatalogueNetwork: [String]] = [
    .mobile: ["stem"], .resnet: ["stem"], .branches: ["stem"],
  ]

  /// What people meet who convert other people's models.
  static let strangers: [Self] = [
    Self(
      name: "two layers at once", kinds: [.weightsWrong],
      causes: [.signFlipped, .channelsPermuted],
      layers: only([
        .lenet: ["conv1"], .mobile: ["stem"], .resnet: ["stem"], .keywords: ["point1"],
        .branches: ["stem"],
      ]),
      blamed: [
        "conv1": ["conv1", "fc2"], "stem": ["stem", "scores"], "point1": ["point1", "scores"],
      ], namesAll: true
    ) { graph, layer in
      try DiffDamage.mapCodes(of: layer, in: &graph) { -$1 }
      try DiffDamage.rotateChannels(of: layer == "conv1" ? "fc2" : "scores", in: &graph)
    },
    Self(
      name: "weights of one layer, biases of another", kinds: [.weightsWrong, .biasWrong],
      causes: [.weightsScaled, .biasDropped],
      layers: only([.lenet: ["conv2"], .mobile: ["deep"], .resnet: ["conv1a"]]),
      blamed: [
        "conv2": ["conv2", "fc1"], "deep": ["deep", "hidden"], "conv1a": ["conv1a", "conv2b"],
      ], namesAll: true
    ) { graph, layer in
      try DiffDamage.scaleWeights(of: layer, by: 2, in: &graph)
      let other = ["conv2": "fc1", "deep": "hidden"][layer] ?? "conv2b"
      try DiffDamage.dropBiases(of: other, in: &graph)
    },
    Self(
      name: "means of RGB taken off BGR", kinds: [.inputNormalization],
      causes: [.inputChannelOrder],
      layers: only([.mobile: ["input"], .resnet: ["input"], .branches: ["input"]]),
      beside: Beside(float: { graph, _ in graph.metadata.normalization = imageNet })
    ) { graph, _ in
      graph.metadata.normalization = Normalization(
        mean: imageNet.mean.reversed(), standardDeviation: imageNet.standardDeviation.reversed())
    },
    before(
      "mean and variance exchanged", [.batchNormalizationOther],
      [.resnet: ["conv1a", "stem"], .keywords: ["point1", "deep1"]], kinds: [.weightsWrong]
    ) { graph, layer in
      let bn = try graph.node(layer + "/bn")
      let (mean, variance) = (bn.inputs[3], bn.inputs[4])
      guard case .float(let means) = graph.tensors[mean].constant else { return }
      graph.tensors[mean].constant = graph.tensors[variance].constant
      graph.tensors[variance].constant = .float(means.map { max(abs($0), 0.01) })
    },
    before(
      "softmax along another axis", [.softmaxOther], [.branches: ["softmax"]],
      // A softmax along another axis is turned before and after it.
      blamed: ["softmax": ["softmax", "softmax/back"]]
    ) { try $0.change($1) { _ in .softmax(axis: 0, beta: 1) } },
    before("image transposed", [.axisOrder], pictured) { graph, layer in
      try graph.put(.transpose([0, 2, 1, 3]), before: layer)
    },
    before("image mirrored", [.imageFlipped], pictured) { graph, layer in
      let shape = graph.tensors[try graph.node(layer).inputs[0]].shape
      try graph.put(
        .slice(begin: [0, 0, shape[2] - 1, 0], count: shape, stride: [1, 1, -1, 1]), before: layer)
    },
    before(
      "residual left out", [.branchMissing], [.resnet: ["add1", "add2"]],
      // The layer that reads the sum, whichever that is called.
      blamed: ["add1": ["add1", "conv1b", "conv2a"], "add2": ["add2", "conv2b", "mean"]]
    ) { graph, layer in
      let kept = try graph.node(layer == "add1" ? "conv1b/bn" : "conv2b/bn").outputs[0]
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer }) else { return }
      graph.nodes[index].inputs = [kept]
      graph.nodes[index].operation = .scalar(.relu)
    },
    before(
      "an operand read twice", [.operandOther], [.resnet: ["add1", "add2"]]
    ) { graph, layer in
      guard let index = graph.nodes.firstIndex(where: { $0.name == layer }) else { return }
      graph.nodes[index].inputs[1] = graph.nodes[index].inputs[0]
    },
    before(
      "softmax left out", [.softmaxOther, .layerMissing, .activationMissing],
      [.branches: ["softmax"]],
      blamed: ["softmax": ["softmax", "scores"]]
    ) { graph, layer in
      let source = try graph.node(layer).inputs[0]
      graph.nodes.removeAll { $0.name == layer }
      graph.outputs = [source]
    },
  ]

  private static let imageNet = Normalization(
    mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
}

extension Graph {
  /// Puts an operation that keeps the shape between a layer and what it reads.
  fileprivate mutating func put(_ operation: OctetModel.Operation, before layer: String) throws {
    guard let index = nodes.firstIndex(where: { $0.name == layer }) else { throw Missing() }
    let source = nodes[index].inputs[0]
    let result = add(Tensor(name: layer + "/turned", shape: tensors[source].shape))
    nodes[index].inputs[0] = result
    nodes.insert(
      Node(name: layer + "/turn", operation: operation, inputs: [source], outputs: [result]),
      at: index)
  }
}
