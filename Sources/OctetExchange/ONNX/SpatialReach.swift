/// Which values flow into an operation that wants the channels last, by way of operations that
/// leave the choice open. Such graph inputs are taken channels last from the start.
struct SpatialReach {
  private var names = Set<String>()

  init(_ graph: ONNXGraph) {
    for node in graph.nodes.reversed() {
      if Self.spatial.contains(node.operatorName) {
        if let first = node.inputs.first { names.insert(first) }
      } else if Self.indifferent.contains(node.operatorName),
        node.outputs.contains(where: { names.contains($0) })
      {
        names.formUnion(node.inputs)
      }
    }
  }

  private static let spatial: Set<String> = [
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
    "BatchNormalization", "InstanceNormalization", "LRN", "Resize", "Upsample", "QLinearConv",
    "GroupNormalization", "DepthToSpace", "SpaceToDepth", "LpPool", "GlobalLpPool",
  ]
  private static let indifferent: Set<String> = [
    "Relu", "LeakyRelu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "PRelu", "Elu",
    "Selu", "Add", "Sub", "Mul", "Div", "Concat", "Pad", "Dropout", "Identity", "Cast", "Min",
    "Max", "Slice", "Split", "QuantizeLinear", "DequantizeLinear", "CastLike", "Sum", "Where",
    "Abs", "Mean", "MeanVarianceNormalization", "Neg", "Exp", "Log", "Sqrt", "Erf", "Gelu", "Mish",
    "Softplus", "Softsign", "Swish", "Celu",
    "ThresholdedRelu",
  ]

  func reaches(from name: String) -> Bool { names.contains(name) }
}
