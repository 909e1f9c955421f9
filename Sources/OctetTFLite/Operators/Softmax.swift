import OctetModel

/// SOFTMAX and LOG_SOFTMAX, over the last axis.
enum Softmax: TFLiteDefinition {
  private static let softmax = TFLiteBuiltin(25, options: 9)
  private static let logSoftmax = TFLiteBuiltin(50)
  static let builtins = [softmax, logSoftmax]
  private static let beta = FlatSlot<Float>(0)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let isLog = call.kind == logSoftmax
    let beta = isLog ? 1 : try call[beta]
    let rank = try call.shape(0).count
    guard beta.isFinite, beta > 0, rank > 0 else {
      throw call.broken(
        isLog ? "it is over 0 dimensions" : "beta is \(beta) over \(rank) dimensions")
    }
    try call.append(isLog ? .logSoftmax(axis: rank - 1) : .softmax(axis: rank - 1, beta: beta))
  }

  /// - Parameter beta: nil for LOG_SOFTMAX.
  static func write(
    _ node: Node, _ axis: Int, beta: Float?, _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    guard axis == exporter.graph.tensors[node.inputs[0]].shape.count - 1 else {
      throw .unsupported("TFLite's softmax is over the last axis")
    }
    exporter.append(
      beta == nil ? logSoftmax : softmax, node, options: beta.map { [Self.beta($0)] } ?? [])
  }
}
