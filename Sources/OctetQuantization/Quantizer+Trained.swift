import OctetModel
import OctetPasses

extension Quantizer.Result {
  /// The same with other weights and grids, as training in int8 leaves them: its outputs are
  /// compared with the float graph's anew.
  ///
  /// - Parameter float: what was quantized.
  /// - Throws: the first output channel that some input could overflow.
  public func replacing(
    _ graph: Graph, from float: Graph, samples: CalibrationSamples, threadCount: Int
  ) throws(QuantizationError) -> Quantizer.Result {
    try graph.proveAccumulators()
    var result = self
    result.graph = graph
    result.outputs = try OutputError.measure(
      float.simplified(), graph, samples, threadCount: threadCount)
    return result
  }
}
