import OctetModel

/// ARG_MAX and ARG_MIN, which Octet does not write.
enum Extremum: TFLiteDefinition {
  private static let maximum = TFLiteBuiltin(56, inputs: 2...2)
  private static let minimum = TFLiteBuiltin(79, inputs: 2...2)
  static let builtins = [maximum, minimum]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    // At the end of a model whoever makes the blob may give its operand instead.
    let ends = call.file.outputs
    guard try call.isFloat(0) || call.node.outputs.allSatisfy({ ends.contains($0) }) else {
      throw .unsupported(
        "it gives positions, and a blob's tensors are int8; end the model with its input and take "
          + "the position of the extreme code")
    }
    try call.append(
      .extremum(
        ExtremumAttributes(
          axis: try call.axis(operand: 1, rank: try call.shape(0).count), keepsDimensions: false,
          isMinimum: call.kind == minimum, takesLast: false)))
  }
}
