import OctetPasses

extension DiffModel {
  /// A float model with its channels equalized across layers, where `other` is a blob that was made
  /// so; otherwise the model itself.
  ///
  /// Both compute the same values at their outputs, and equalization follows from the weights
  /// alone, so the layers can be compared one by one.
  func equalized(like other: DiffModel) -> DiffModel {
    guard case .float(var graph) = form, other.isEqualized, !isEqualized else { return self }
    graph.equalizeLayers()
    return DiffModel(graph, file: file, statistics: statistics)
  }

  private var isEqualized: Bool { places.contains { $0.tensorName.hasSuffix("/equalized") } }
}
