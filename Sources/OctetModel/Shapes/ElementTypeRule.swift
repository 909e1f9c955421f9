extension Graph {
  /// The element type that a node's results have: what reals and integers it takes, and what comes
  /// out. Throws when its inputs do not go together or the operation is not for integers.
  public func outputElementType(of node: Node) throws(GraphError) -> ElementType {
    let types = node.inputs.map { input -> ElementType in
      tensors[input].isInteger || tensors[input].quantization == nil
        ? tensors[input].elementType : .float32
    }
    guard let first = types.first else { return .float32 }
    func fail(_ reason: String) -> GraphError {
      .unsupported(node: node.name, operation: node.operation.name, reason: reason)
    }
    /// All of `slice` are real, or all the same integers.
    func requireAlike(_ slice: ArraySlice<ElementType>) throws(GraphError) {
      if let other = slice.first(where: { $0 != slice.first && !($0.isReal && first.isReal) }) {
        throw fail("it mixes \(slice.first ?? first) and \(other) elements; cast one of them")
      }
    }
    switch node.operation {
    case .cast(let attributes): return attributes.target
    case .select:
      if types.count == 3 { try requireAlike(types[1...]) }
      guard !first.isReal, types.count == 3 else { throw fail("its condition is no truth value") }
      return types[1]
    case .gather:
      guard types.count == 2, !types[1].isReal else { throw fail("its indices are no integers") }
      return first
    case .compare:
      try requireAlike(types[...])
      return .bool
    case .logic:
      guard types.allSatisfy({ $0 == .bool }) else { throw fail("it needs truth values") }
      return .bool
    case .extremum: return .int64
    case .maxPoolIndices where first.isReal: return .int64
    default: break
    }
    try requireAlike(types[...])
    guard first.isReal || node.operation.takesIntegers else {
      throw fail("it works on \(first) elements; Octet does this in floats only, so cast before it")
    }
    return first
  }

  /// Checks that results which are integers are declared so, and no others.
  func validateElementTypes(of node: Node) throws(GraphError) {
    let isInteger = !(try outputElementType(of: node)).isReal
    for output in node.outputs where tensors[output].isInteger != isInteger {
      throw .invalid(
        node: node.name,
        reason: "output '\(tensors[output].name)' is declared \(tensors[output].elementType), but "
          + (isInteger ? "integers" : "real numbers") + " are made")
    }
  }
}

extension Operation {
  /// Whether the operation, with reals in and out otherwise, also works on integers.
  var takesIntegers: Bool {
    switch self {
    case .add(.none), .subtract(.none), .multiply(.none), .divide, .minimum, .maximum, .power,
      .relu, .identity, .reduce, .concatenation(_, .none), .pad, .reshape, .transpose,
      .slice, .expand, .tile, .split:
      true
    case .maxPool(let attributes): attributes.activation == .none
    case .function(let function): [.absolute, .negate, .sign].contains(function)
    case .resize(let attributes): attributes.method == .nearest
    default: false
    }
  }
}

extension Graph {
  /// The element type of what a node reads or makes that is neither float32 nor quantized, nil when
  /// there is none. Only the float interpreter runs such nodes.
  public func foreignElementType(of node: Node) -> ElementType? {
    for index in node.inputs + node.outputs where tensors[index].quantization == nil {
      if tensors[index].elementType != .float32 { return tensors[index].elementType }
    }
    return nil
  }
}
