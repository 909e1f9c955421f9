/// A rule by which gradients change weights. The definitions are PyTorch's, whose names of numbers
/// stand in brackets.
public enum Optimizer: Sendable, Equatable {
  /// w − rate · g.
  case sgd
  /// Velocity v = momentum · v + g; w − rate · v.
  case momentum(Float = 0.9)
  /// The gradient as it will be after the velocity's step: w − rate · (g + momentum · v).
  case nesterov(Float = 0.9)
  /// Duchi, Hazan, Singer 2011: s = s + g²; w − rate · g / (√s + ε).
  case adaGrad(epsilon: Float = 1e-10)
  /// Hinton 2012: s = smoothing · s + (1 − smoothing) · g² [alpha]; w − rate · g / (√s + ε).
  case rmsProp(smoothing: Float = 0.99, epsilon: Float = 1e-8)
  /// Kingma and Ba, 2015. `TrainingOptions.weightDecay` is decoupled from the gradient, as in
  /// AdamW; `TrainingOptions.l2` is not.
  case adam(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)
}

/// What the weights are to make small, over the images of a step.
public enum Loss: String, Sendable, CaseIterable {
  /// −Σ t · log softmax(y), in nats.
  case crossEntropy = "cross-entropy"
  /// The mean over the classes of (y − t)², where y are the outputs as they are (before a softmax
  /// that ends the network).
  case squaredError = "squared-error"
}
