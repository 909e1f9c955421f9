extension DiffReport {
  /// The operators of both models and the tensors between them, for drawings.
  public struct Network: Codable, Sendable, Equatable {
    /// The operators: the candidate's in the order in which they run, then those of the reference
    /// that the candidate has not.
    public var nodes: [Node]
    /// The tensors between them, each from its maker to one of its readers; never twice the same.
    public var edges: [Edge]

    package init(nodes: [Node], edges: [Edge]) {
      self.nodes = nodes
      self.edges = edges
    }

    /// Where an operator or a connection is found.
    public enum Side: String, Codable, Sendable {
      case both, reference, candidate
    }

    /// One operator, or the input.
    public struct Node: Codable, Sendable, Equatable {
      /// The operator's name in its model; `input` of the input.
      public var name: String
      /// The operation, such as `convolution`.
      public var `operator`: String
      /// The models that have it.
      public var side: Side
      /// The entry of `layers` that has its figures; nil where the other model has no counterpart.
      public var layer: Int?
      /// The reference's operators that the candidate computes within this one, such as a pool.
      public var contains: [String]

      package init(
        name: String, operator: String, side: Side, layer: Int? = nil, contains: [String] = []
      ) {
        self.name = name
        self.operator = `operator`
        self.side = side
        self.layer = layer
        self.contains = contains
      }
    }

    /// A tensor's way from one operator to another.
    public struct Edge: Codable, Sendable, Hashable {
      /// The maker, as an index into `nodes`.
      public var from: Int
      /// The reader, as an index into `nodes`.
      public var to: Int
      /// The models that have it.
      public var side: Side

      package init(from: Int, to: Int, side: Side) {
        self.from = from
        self.to = to
        self.side = side
      }
    }
  }
}
