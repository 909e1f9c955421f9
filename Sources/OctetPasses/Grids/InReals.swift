import OctetModel

extension Graph {
  /// The same graph in real numbers: constants become the values that they stand for, and no
  /// tensor has a grid.
  ///
  /// Values are no longer rounded; what is within a grid's range is off by that rounding at most.
  package func inReals() -> Graph {
    var graph = self
    for index in tensors.indices {
      graph.tensors[index].quantization = nil
      if let values = tensors[index].reals {
        graph.tensors[index].constant = .float(values)
        graph.tensors[index].elementType = .float32
      } else if [.int8, .int16].contains(tensors[index].elementType) {
        graph.tensors[index].elementType = .float32
      }
    }
    return graph
  }
}
