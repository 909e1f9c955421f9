import OctetModel

/// Functions of one number: the rows of `ScalarFunction.table` that have a number in TFLite, and
/// operators that are such a function with certain parameters.
enum Scalar: TFLiteDefinition {
  private struct Row {
    let builtin: TFLiteBuiltin
    let function: ScalarFunction
  }

  private static let relu6 = ScalarFunction.relu6

  private static let rows: [Row] =
    ScalarFunction.all.compactMap { function in
      function.row.tflite.map { (code, int8Version) in
        Row(
          builtin: TFLiteBuiltin(
            code, int8Version: int8Version, options: Options.types[function.kind] ?? 0),
          function: function)
      }
    } + [
      Row(builtin: TFLiteBuiltin(20), function: .clip(lower: -1, upper: 1)),
      Row(builtin: TFLiteBuiltin(152), function: .clip(lower: 0, upper: 1)),
      Row(builtin: TFLiteBuiltin(76), function: .power(exponent: -0.5)),
      Row(builtin: TFLiteBuiltin(92, int8Version: nil), function: .power(exponent: 2)),
    ]

  /// Two functions may share an operator, whose options choose between them.
  static let builtins: [TFLiteBuiltin] = rows.map(\.builtin).reduce(into: []) { result, builtin in
    if !result.contains(builtin) { result.append(builtin) }
  }

  private enum Options {
    static let types: [ScalarFunction.Kind: Int] = [.leakyRelu: 75, .gelu: 116, .geluByTanh: 116]
    static let slope = FlatSlot<Float>(0)
    static let isApproximate = FlatSlot<Bool>(0)
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let functions = rows.filter { $0.builtin == call.kind }.map(\.function)
    switch functions[0].kind {
    case .relu6: try readRelu6(call)
    case .leakyRelu:
      let slope = try call[Options.slope]
      guard slope.isFinite else { throw call.broken("its slope is \(slope)") }
      try call.append(.scalar(.leakyRelu(alpha: slope)))
    case .gelu, .geluByTanh:
      try call.append(.scalar(try call[Options.isApproximate] ? .geluByTanh : .gelu))
    default: try call.append(.scalar(functions[0]))
    }
  }

  /// TFLM's RELU6 clamps the codes at the input's 0 and 6 and copies them, whatever the scale of the
  /// output. Converters write such a node after operators that cannot hold it, such as MINIMUM.
  private static func readRelu6(
    _ call: TFLiteCall
  ) throws(TFLiteRefusal) {
    let x = try call.operand(0)
    let result = try call.result()
    let input = call.tensor(x)
    guard let grid = input.quantization, let own = call.tensor(result).quantization,
      grid != own, input.elementType == .int8, grid.axis == nil, own.axis == nil
    else { return try call.append(.scalar(relu6)) }
    let codes = try call.step(.reshape(input.shape), [x], "/codes", like: result)
    let zero = Int(grid.zeroPoints[0])
    // The reference divides in float32.
    let six = min(127, (6 / grid.scales[0]).rounded() + Float(zero))
    let (scale, offset) = (own.scales[0], Int(own.zeroPoints[0]))
    try call.append(
      .scalar(
        .clip(lower: scale * Float(zero - offset), upper: scale * Float(Int(six) - offset))),
      inputs: [codes])
  }

  static func write(
    _ node: Node, _ function: ScalarFunction, _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    if let clamp = node.operation.asActivation { return writeClamp(node, clamp, exporter) }
    let isInt8 = exporter.isInt8(node)
    guard
      let row = rows.first(where: {
        $0.function == function || function.kind == .leakyRelu && $0.function.kind == .leakyRelu
      }), !isInt8 || row.builtin.int8Version != nil
    else { throw .unsupported("TFLite has no such function" + (isInt8 ? " of int8" : "")) }
    let options: [FlatField] =
      switch function.kind {
      case .leakyRelu: [Options.slope(function.parameters[0])]
      case .gelu, .geluByTanh: [Options.isApproximate(function == .geluByTanh)]
      default: []
      }
    exporter.append(row.builtin, node, options: options)
  }

  /// ReLU and its like as a node of its own. In int8 only RELU changes the scale as well.
  private static func writeClamp(
    _ node: Node, _ activation: Activation, _ exporter: TFLiteExporter
  ) {
    let graph = exporter.graph
    let (input, output) = (graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]])
    let keepsScale = input.quantization == output.quantization
    if activation == .relu || activation == .relu6 && keepsScale,
      let row = rows.first(where: { $0.function == (activation == .relu ? .relu : relu6) })
    {
      return exporter.append(row.builtin, node)
    }
    var source = exporter.tensor(node.inputs[0])
    if !keepsScale {
      let requantized = exporter.between(output, shape: output.shape, node)
      exporter.append(Quantize.quantize, node, inputs: [source], outputs: [requantized])
      source = requantized
    }
    exporter.clip(source, to: activation.bounds, node)
  }
}
