/// Applied to the real result of the operation it is fused into.
public enum Activation: Sendable, Equatable {
  case none
  case relu
  case relu6
  /// −1…1
  case reluN1To1
  case clip(lower: Float, upper: Float)

  /// The real range that the activation clamps to.
  public var bounds: (lower: Float, upper: Float) {
    switch self {
    case .none: (-.infinity, .infinity)
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    case .reluN1To1: (-1, 1)
    case .clip(let lower, let upper): (lower, upper)
    }
  }

  /// The activation with these bounds.
  init(lower: Float, upper: Float) {
    let named: [Activation] = [.relu, .relu6, .reluN1To1]
    self = named.first { $0.bounds == (lower, upper) } ?? .clip(lower: lower, upper: upper)
  }

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
  /// The activation that this node is, when another node can take it in.
  package var asActivation: Activation? {
    guard case .scalar(let function) = self, let bounds = function.bounds else { return nil }
    return Activation(lower: bounds.lower, upper: bounds.upper)
  }
}
