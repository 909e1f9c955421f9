import OctetModel

/// L2_NORMALIZATION.
enum L2Normalization: TFLiteDefinition {
  static let builtin = TFLiteBuiltin(11, options: 12)
  static let builtins = [builtin]
  private static let activation = FlatSlot<Int8>(0)

  /// TFLM ignores an activation that is fused into it; no converter writes one.
  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    guard try call.activation(activation) == .none else {
      throw .unsupported("an activation is fused into it; apply it in a node of its own")
    }
    try call.append(.l2Normalization())
  }

  static func write(
    _ node: Node, _ attributes: L2NormalizationAttributes, _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    guard attributes.isTensorFlowLites else {
      throw .unsupported("TFLite's rows have length 1, without an epsilon")
    }
    exporter.append(builtin, node)
  }
}
