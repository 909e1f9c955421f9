/// The element types of a node's inputs, with what the definitions of operations ask of them.
struct ElementTypeRule {
  let node: Node
  /// Never empty.
  let types: [ElementType]

  func unsupported(_ reason: String) -> GraphError {
    .unsupported(node: node.name, operation: node.operation.name, reason: reason)
  }

  /// Fails unless all of `slice` are real, or all the same integers.
  func requireAlike(_ slice: ArraySlice<ElementType>) throws(GraphError) {
    guard let first = slice.first else { return }
    if let other = slice.first(where: { $0 != first && !($0.isReal && first.isReal) }) {
      throw unsupported("it mixes \(first) and \(other) elements; cast one of them")
    }
  }

  /// The type of the first input, when all are real or all the same integers.
  func alike() throws(GraphError) -> ElementType {
    try requireAlike(types[...])
    return types[0]
  }

  /// The type of the first input, when all are real.
  func reals() throws(GraphError) -> ElementType {
    let type = try alike()
    guard type.isReal else {
      throw unsupported(
        "it works on \(type) elements; Octet does this in floats only, so cast before it")
    }
    return type
  }
}

extension Graph {
  /// The element type that a node's results have: what reals and integers it takes, and what comes
  /// out. Throws when its inputs do not go together or the operation is not for integers.
  public func outputElementType(of node: Node) throws(GraphError) -> ElementType {
    let types = node.inputs.map { input -> ElementType in
      tensors[input].isInteger || tensors[input].quantization == nil
        ? tensors[input].elementType : .float32
    }
    if types.isEmpty { return .float32 }
    return try node.operation.definition.outputElementType(
      ElementTypeRule(node: node, types: types))
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

  /// The element type of what a node reads or makes that is neither float32 nor quantized, nil when
  /// there is none. Only the float interpreter runs such nodes.
  public func foreignElementType(of node: Node) -> ElementType? {
    for index in node.inputs + node.outputs where tensors[index].quantization == nil {
      if tensors[index].elementType != .float32 { return tensors[index].elementType }
    }
    return nil
  }
}
