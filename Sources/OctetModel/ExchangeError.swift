/// Why a model file cannot be read or written. Each case prints a sentence that says what is
/// wrong, where, and what to do.
public enum ExchangeError: Error, Equatable, CustomStringConvertible {
  /// The bytes are not what the format says.
  case malformed(format: String, offset: Int, reason: String)
  /// The file is well formed, but its model contradicts itself.
  case invalidModel(place: String, reason: String)
  /// Every part of the model that Octet does not take over, all at once.
  case unsupported([UnsupportedNode])
  /// A file, or a file that it refers to, cannot be read.
  case unreadable(path: String, reason: String)
  /// A node of the imported graph differs from the same node of the file.
  case differs(node: String, reason: String)

  /// A sentence: what is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .malformed(let format, let offset, let reason):
      return "not a sound \(format) file: \(reason) at byte \(offset)"
    case .invalidModel(let place, let reason):
      return "the model contradicts itself at \(place): \(reason)"
    case .unsupported(let nodes):
      let lines = UnsupportedNode.lines(nodes).map { "\n  \($0)" }.joined()
      return "\(nodes.count) \(nodes.count == 1 ? "node is" : "nodes are") not supported:\(lines)"
    case .unreadable(let path, let reason): return "cannot read '\(path)': \(reason)"
    case .differs(let node, let reason):
      return "the import of node '\(node)' is wrong (\(reason)); please report this model"
    }
  }
}

extension ExchangeError {
  /// What is wrong with the graph that a file became, as a fault of the file.
  package init(_ error: GraphError) {
    switch error {
    case .invalid(let node, let reason), .unsupported(let node, _, let reason):
      self = .invalidModel(place: node, reason: reason)
    }
  }
}

/// A node that Octet refuses, with the reason and a way out.
public struct UnsupportedNode: Sendable, Hashable, CustomStringConvertible {
  /// The node's name in the file; made from its place where it has none.
  public var name: String
  /// The operator, as the file's format calls it.
  public var operatorName: String
  /// What is not supported and what to do.
  public var reason: String

  /// A refusal with its reason.
  public init(name: String, operatorName: String, reason: String) {
    self.name = name
    self.operatorName = operatorName
    self.reason = reason
  }

  /// Name, operator and reason in one line.
  public var description: String { "'\(name.shortened)' (\(operatorName)): \(reason)" }

  /// A line for every operator and reason, with the nodes that share them.
  static func lines(_ nodes: [UnsupportedNode]) -> [String] {
    var order: [UnsupportedNode] = []
    var names: [UnsupportedNode: [String]] = [:]
    for node in nodes {
      let kind = UnsupportedNode(name: "", operatorName: node.operatorName, reason: node.reason)
      if names[kind] == nil { order.append(kind) }
      names[kind, default: []].append(node.name)
    }
    let lines = order.prefix(lineLimit).map {
      "\(names[$0, default: []].nameList) (\($0.operatorName)): \($0.reason)"
    }
    return order.count > lineLimit
      ? lines + ["and \(order.count - lineLimit) more operators or reasons"] : lines
  }

  private static let lineLimit = 40
}
