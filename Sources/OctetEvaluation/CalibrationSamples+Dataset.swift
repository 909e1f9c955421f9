import OctetData
import OctetModel
import OctetQuantization
import OctetReport

extension CalibrationSamples {
  /// `count` images, drawn without replacement by `seed`, as the model's input.
  ///
  /// - Parameter normalization: the graph's own where nil.
  public init(
    _ data: Dataset, count: Int, seed: UInt64, graph: Graph, normalization: Normalization?
  ) throws(EvaluationError) {
    try self.init(
      data, Array(Dataset.shuffledIndices(count: data.count, seed: seed).prefix(count)), graph,
      normalization)
  }

  /// All images, in their order, as the model's input.
  package init(_ data: Dataset, graph: Graph) throws(EvaluationError) {
    try self.init(data, Array(0..<data.count), graph, nil)
  }

  private init(
    _ data: Dataset, _ indices: [Int], _ graph: Graph, _ normalization: Normalization?
  ) throws(EvaluationError) {
    try requireImages(data, fit: try graph.onlyInputShape())
    let encoder = PixelEncoder(
      channelCount: data.channelCount, normalization: normalization ?? graph.metadata.normalization)
    unsafe self.init(count: indices.count) { index, _, target in
      unsafe encoder.encode(data.pixelSlice(indices[index]), into: target)
    }
  }
}
