import OctetModel

// Activations: fused, alone, and what TFLite cannot fuse.

extension TFLiteExporter {
  /// Where an operator puts its result, and what then remains to be clipped.
  struct ClippedOutput {
    var tensor: Int
    /// The bounds that MAXIMUM and MINIMUM have to bring about.
    var bounds: (lower: Float, upper: Float)?
  }

  /// The schema's number of a fused activation, or 0 and the bounds that remain.
  mutating func clipped(
    _ node: Node, _ activation: Activation
  ) -> (output: ClippedOutput, activation: Int8) {
    let output = graph.tensors[node.outputs[0]]
    switch activation {
    case .none: return (ClippedOutput(tensor: tensor(node.outputs[0])), 0)
    case .relu: return (ClippedOutput(tensor: tensor(node.outputs[0])), 1)
    case .reluN1To1: return (ClippedOutput(tensor: tensor(node.outputs[0])), 2)
    case .relu6: return (ClippedOutput(tensor: tensor(node.outputs[0])), 3)
    case .clip(let lower, let upper):
      let middle = between(output, shape: output.shape, node)
      return (ClippedOutput(tensor: middle, bounds: (lower, upper)), 0)
    }
  }

  /// Writes what `clipped` left to do.
  mutating func finish(_ output: ClippedOutput, _ node: Node) {
    guard let bounds = output.bounds else { return }
    let target = graph.tensors[node.outputs[0]]
    var source = output.tensor
    // An infinite bound clips nothing, but the last operator must write the node's output.
    let steps: [(TFLiteOperator, Float)] = [(.maximum, bounds.lower), (.minimum, bounds.upper)]
    for (index, (kind, bound)) in steps.enumerated() {
      let isLast = index == steps.count - 1
      let value = max(-Float.greatestFiniteMagnitude, min(.greatestFiniteMagnitude, bound))
      let constant = tensor(
        Tensor(
          name: helperName(node), shape: [1], elementType: target.elementType,
          constant: target.quantization.map { .int8([$0.code(value)]) } ?? .float([value]),
          quantization: target.quantization))
      let result =
        isLast ? tensor(node.outputs[0]) : between(target, shape: target.shape, node)
      append(
        kind, version: target.isInt8 ? 2 : 1, inputs: [source, constant], outputs: [result],
        optionsType: TFLiteOptions.MaximumMinimum.type)
      source = result
    }
  }

  /// ReLU and its like as a node of its own. In int8 only RELU changes the scale as well.
  mutating func activation(_ node: Node, _ activation: Activation) {
    let (input, output) = (graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]])
    let keepsScale = input.quantization == output.quantization
    let version: Int32 = output.isInt8 ? 2 : 1
    switch activation {
    case .relu:
      append(
        .relu, version: version, inputs: [tensor(node.inputs[0])],
        outputs: [tensor(node.outputs[0])])
    case .relu6 where keepsScale:
      append(
        .relu6, version: version, inputs: [tensor(node.inputs[0])],
        outputs: [tensor(node.outputs[0])])
    default:
      let (lower, upper) = activation.bounds
      var source = tensor(node.inputs[0])
      if !keepsScale {
        let requantized = between(output, shape: output.shape, node)
        append(.quantize, version: 2, inputs: [source], outputs: [requantized])
        source = requantized
      }
      finish(ClippedOutput(tensor: source, bounds: (lower, upper)), node)
    }
  }
}

extension Quantization {
  /// The int8 code of a real value.
  func code(_ value: Float) -> Int8 {
    let code = (value / scales[0]).rounded() + Float(zeroPoints[0])
    return Int8(max(-128, min(127, code)))
  }
}
