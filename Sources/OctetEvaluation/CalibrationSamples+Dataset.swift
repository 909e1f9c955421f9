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
    try requireImages(data, fit: try graph.onlyInputShape())
    let indices = Array(
      Dataset.shuffledIndices(count: data.count, seed: seed).prefix(count))
    let encoder = PixelEncoder(
      channelCount: data.channelCount, normalization: normalization ?? graph.metadata.normalization)
    unsafe self.init(count: indices.count) { index, _, target in
      unsafe encoder.encode(data.pixelSlice(indices[index]), into: target)
    }
  }
}
