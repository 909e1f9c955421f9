/// A graph that cannot be used, with the node at fault and what to do.
public enum GraphError: Error, Equatable, CustomStringConvertible {
  case invalid(node: String, reason: String)
  case unsupported(node: String, operation: String, reason: String)

  /// A sentence with the node and what is wrong.
  public var description: String {
    switch self {
    case .invalid(let node, let reason): "node '\(node)': \(reason)"
    case .unsupported(let node, let operation, let reason):
      "node '\(node)' (\(operation)) is not supported: \(reason)"
    }
  }
}
