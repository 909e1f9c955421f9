import OctetModel

/// QUANTIZE and DEQUANTIZE.
enum Quantize: TFLiteDefinition {
  static let quantize = TFLiteBuiltin(114)
  static let dequantize = TFLiteBuiltin(6)
  static let builtins = [quantize, dequantize]

  /// A constant that is stored in fewer bits is taken as the reals that it stands for.
  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    if call.kind == quantize { return try call.append(.quantize) }
    let input = try call.operand(0)
    guard call.tensor(input).constant != nil else {
      return try call.append(.dequantize)
    }
    call.importer.place(call.node.outputs[0], at: call.importer.dequantized(input))
  }
}
