/// Which values flow into an operation that wants the channels last, by way of operations that
/// leave the choice open. Such graph inputs are taken channels last from the start.
struct SpatialReach {
  private let consumers: [String: [ONNXNode]]

  init(_ graph: ONNXGraph) {
    var consumers: [String: [ONNXNode]] = [:]
    for node in graph.nodes {
      for name in Set(node.inputs) { consumers[name, default: []].append(node) }
    }
    self.consumers = consumers
  }

  private static let spatial: Set<String> = [
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
    "BatchNormalization", "LRN", "Resize", "Upsample", "QLinearConv",
  ]
  private static let indifferent: Set<String> = [
    "Relu", "LeakyRelu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "PRelu", "Elu",
    "Selu", "Add", "Sub", "Mul", "Div", "Concat", "Pad", "Dropout", "Identity", "Cast", "Min",
    "Max", "Slice", "Split", "QuantizeLinear", "DequantizeLinear",
  ]

  func reaches(from name: String) -> Bool {
    var seen: Set<String> = [name]
    var waiting = [name]
    while let current = waiting.popLast() {
      for node in consumers[current] ?? [] {
        if Self.spatial.contains(node.operatorName), node.inputs.first == current { return true }
        guard Self.indifferent.contains(node.operatorName) else { continue }
        for output in node.outputs where seen.insert(output).inserted { waiting.append(output) }
      }
    }
    return false
  }
}
