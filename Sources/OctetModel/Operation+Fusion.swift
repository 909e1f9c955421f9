extension Operation {
  /// The activation that this node is, when another node can take it in.
  package var asActivation: Activation? {
    switch self {
    case .relu: .relu
    case .relu6: .relu6
    case .clip(0, 6): .relu6
    case .clip(let lower, .infinity) where lower == 0: .relu
    case .clip(-1, 1): .reluN1To1
    case .clip(let lower, let upper): .clip(lower: lower, upper: upper)
    default: nil
    }
  }

  /// The same operation with `activation` applied to its result; nil when it has one already or
  /// cannot have one.
  package func fusing(_ activation: Activation) -> Operation? {
    switch self {
    case .convolution(var attributes) where attributes.activation == .none:
      attributes.activation = activation
      return .convolution(attributes)
    case .depthwiseConvolution(var attributes) where attributes.activation == .none:
      attributes.activation = activation
      return .depthwiseConvolution(attributes)
    case .transposedConvolution(var attributes) where attributes.activation == .none:
      attributes.activation = activation
      return .transposedConvolution(attributes)
    case .fullyConnected(var attributes) where attributes.activation == .none:
      attributes.activation = activation
      return .fullyConnected(attributes)
    case .averagePool(var attributes) where attributes.activation == .none:
      attributes.activation = activation
      return .averagePool(attributes)
    case .maxPool(var attributes) where attributes.activation == .none:
      attributes.activation = activation
      return .maxPool(attributes)
    case .add(.none): return .add(activation)
    case .subtract(.none): return .subtract(activation)
    case .multiply(.none): return .multiply(activation)
    default: return nil
    }
  }
}

extension Operation {
  /// The output's scale and zero point where the operation prescribes them, as in TensorFlow Lite.
  package var fixedOutputQuantization: Quantization? {
    switch self {
    case .softmax, .logistic: Quantization(scale: 1 / 256, zeroPoint: -128)
    case .tanh: Quantization(scale: 1 / 128, zeroPoint: 0)
    case .logSoftmax: Quantization(scale: 1 / 16, zeroPoint: 127)
    default: nil
    }
  }
}
