import OctetModel

/// CONCATENATION.
enum Concatenation: TFLiteDefinition {
  private static let builtin = TFLiteBuiltin(2, inputs: 1...Int.max, options: 10)
  static let builtins = [builtin]

  private enum Options {
    static let axis = FlatSlot<Int32>(0)
    static let activation = FlatSlot<Int8>(1)
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let axis = try call.axis(try call[Options.axis], rank: try call.shape(0).count)
    let output = try call.result()
    var inputs: [TensorIndex] = []
    for position in call.node.inputs.indices {
      let given = try call.operand(position)
      let tensor = call.tensor(given)
      let isOnGrid = tensor.quantization == call.tensor(output).quantization
      inputs.append(
        isOnGrid || tensor.elementType != .int8
          ? given : try call.step(.quantize, [given], "/grid\(position)", like: output))
    }
    let activation = try call.activation(Options.activation)
    try call.append(.concatenation(axis: axis, activation: activation), inputs: inputs)
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    operands.flatMap { $0 }
  }

  static func write(
    _ node: Node, _ axis: Int, _ activation: Activation, _ exporter: TFLiteExporter
  ) {
    // TFLM takes no activation here, so one that is there is written out.
    let target = exporter.graph.tensors[node.outputs[0]]
    let result =
      activation == .none
      ? exporter.tensor(node.outputs[0]) : exporter.between(target, shape: target.shape, node)
    exporter.append(
      builtin, node, inputs: node.inputs.map { exporter.tensor($0) }, outputs: [result],
      options: [Options.axis(axis), Options.activation(0)])
    if activation != .none { exporter.clip(result, to: activation.bounds, node) }
  }
}
