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

  /// The same operation with `activation` applied to its result; nil when it cannot have one.
  package func fusing(_ activation: Activation) -> Operation? {
    switch self {
    case .convolution(var attributes):
      attributes.activation = attributes.activation.followed(by: activation)
      return .convolution(attributes)
    case .depthwiseConvolution(var attributes):
      attributes.activation = attributes.activation.followed(by: activation)
      return .depthwiseConvolution(attributes)
    case .transposedConvolution(var attributes):
      attributes.activation = attributes.activation.followed(by: activation)
      return .transposedConvolution(attributes)
    case .fullyConnected(var attributes):
      attributes.activation = attributes.activation.followed(by: activation)
      return .fullyConnected(attributes)
    case .averagePool(var attributes):
      attributes.activation = attributes.activation.followed(by: activation)
      return .averagePool(attributes)
    case .maxPool(var attributes):
      attributes.activation = attributes.activation.followed(by: activation)
      return .maxPool(attributes)
    case .add(let own): return .add(own.followed(by: activation))
    case .subtract(let own): return .subtract(own.followed(by: activation))
    case .multiply(let own): return .multiply(own.followed(by: activation))
    default: return nil
    }
  }
}

extension Activation {
  /// One activation that does what this one and then `next` do.
  package func followed(by next: Activation) -> Activation {
    if self == .none { return next }
    let lower = min(max(bounds.lower, next.bounds.lower), next.bounds.upper)
    let upper = max(min(bounds.upper, next.bounds.upper), next.bounds.lower)
    if (lower, upper) == bounds { return self }
    return (lower, upper) == next.bounds ? next : .clip(lower: lower, upper: upper)
  }
}

extension Operation {
  /// The output's scale and zero point where the operation prescribes them, as in TensorFlow Lite.
  package var fixedOutputQuantization: Quantization? {
    switch self {
    case .softmax, .logistic: Quantization(scale: 1 / 256, zeroPoint: -128)
    case .tanh, .l2Normalization: Quantization(scale: 1 / 128, zeroPoint: 0)
    case .logSoftmax: Quantization(scale: 1 / 16, zeroPoint: 127)
    default: nil
    }
  }
}
