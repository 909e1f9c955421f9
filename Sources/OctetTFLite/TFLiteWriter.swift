import OctetModel

/// Writes a float or int8 `Graph` as a TFLite file (schema version 3) that TensorFlow Lite for
/// Microcontrollers and LiteRT run.
///
/// Padding that is neither `SAME` nor `VALID` becomes a PAD before the node, and clipping that no
/// fused activation does becomes MAXIMUM and MINIMUM after it; in int8 both leave every byte as it
/// was. Names are kept.
public enum TFLiteWriter {
  /// - Throws: `unsupported` with all nodes that TFLite has no operator for.
  public static func write(_ graph: Graph) throws(ExchangeError) -> [UInt8] {
    if graph.metadata.roundsOnce {
      throw .unsupported([
        UnsupportedNode(
          name: graph.name, operatorName: "requantization",
          reason:
            "a quantized ONNX model rounds once, TensorFlow Lite twice, so it would not compute "
            + "the same bytes; export the float model and quantize it with 'octet quantize'")
      ])
    }
    do {
      try graph.validate()
    } catch {
      throw ExchangeError(error)
    }
    let exporter = TFLiteExporter(graph)
    for node in graph.nodes { exporter.add(node) }
    guard exporter.refusals.isEmpty else { throw .unsupported(exporter.refusals) }
    return exporter.file()
  }
}
