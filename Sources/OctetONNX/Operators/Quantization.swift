import OctetModel

// A quantized tensor of the graph stands for real numbers on a grid. So a DequantizeLinear is
// only another view of its input, and a QuantizeLinear puts its input on a grid: the tensor that
// feeds it when nothing else reads that, else a tensor of its own. `QuantizationSettler` then
// decides, node by node, what runs in integers.

extension ONNXOperator {
  static let quantizeLinear = ONNXOperator(
    "QuantizeLinear", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.quantizeLinear(node) })

  static let dequantizeLinear = ONNXOperator(
    "DequantizeLinear", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.dequantizeLinear(node) })
}

extension ONNXImporter {
  mutating func quantizeLinear(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let (quantization, type) = try gridInputs(
      view, scale: 1, zeroPoint: 2, type: try view.outputType())
    let held = try tensor(x, x.layout)
    let output = view.node.outputs[0]
    let isAlone =
      graph.tensors[held].quantization == nil && !isInput(held)
      && isReadOnce(x, held)
    if isAlone {
      setGrid(held, quantization, type)
      rename(held, output)
      release(x, held)
      define(view, held, x.layout)
    } else {
      let result = try emit(.quantize, name: view.name, inputs: [held], output: output)
      setGrid(result, quantization, type)
      define(view, result, x.layout)
    }
    values[output]?.elementType = type
  }

  mutating func setGrid(
    _ tensor: TensorIndex, _ quantization: Quantization, _ type: ONNXElementType
  ) {
    graph.tensors[tensor].elementType = type.byteCount == 1 ? .int8 : .int16
    graph.tensors[tensor].quantization = quantization
  }

  /// The result is the real numbers that the quantized tensor stands for: the same tensor.
  mutating func dequantizeLinear(_ view: ONNXNodeView) throws(ImportFailure) {
    var value = try view.input(0)
    let (quantization, _) = try gridInputs(
      view, scale: 1, zeroPoint: 2, type: value.elementType)
    guard case .tensor(let held) = value.source,
      graph.tensors[held].quantization == quantization,
      try view.integer("output_dtype") <= 1
    else {
      throw .unsupported(
        "its scale or zero point is not that with which '\(value.name)' was quantized; use the "
          + "same for both")
    }
    value.elementType = .float
    hold(value, as: view.node.outputs[0])
  }

  /// Scale and zero point of an activation; what is unsigned moves down by half its range.
  func gridInputs(
    _ view: ONNXNodeView, scale: Int, zeroPoint: Int, type: ONNXElementType? = nil
  ) throws(ImportFailure) -> (Quantization, ONNXElementType) {
    guard let scales = try view.realsInput(scale) else { throw .invalid("the scale is missing") }
    let zeros = try view.integersInput(zeroPoint)
    let type = view.optionalInput(zeroPoint)?.elementType ?? type ?? .uint8
    guard [.int8, .uint8, .int16, .uint16].contains(type) else {
      throw .unsupported("it makes or takes \(type) elements; quantize activations to 8 bits")
    }
    guard scales.count == 1, zeros?.count ?? 1 == 1, let scale = scales.first,
      scale > 0, scale.isFinite
    else {
      throw .unsupported("activations have one positive scale a tensor; quantize them so")
    }
    let zeroPoint = Int32((zeros?.first ?? 0) - type.shift)
    return (Quantization(scale: scale, zeroPoint: zeroPoint), type)
  }

  /// An input of integers takes its grid from the node that reads it.
  func inputGrid(_ name: String, _ type: ONNXElementType) -> Quantization? {
    var name = name
    // Integers may be arranged before they are read.
    var steps = model.graph.nodes.count
    while let reader = firstReaders[name], steps > 0, model.graph.nodes[reader].onlyMovesElements,
      model.graph.nodes[reader].inputs.first == name,
      let output = model.graph.nodes[reader].outputs.first
    {
      name = output
      steps -= 1
    }
    guard let reader = firstReaders[name] else { return nil }
    let node = model.graph.nodes[reader]
    let view = ONNXNodeView(node: node, inputs: node.inputs.map { values[$0] }, data: data)
    guard node.operatorName == "DequantizeLinear", node.inputs.first == name,
      view.optionalInput(1)?.elementType == .float
    else { return nil }
    return (try? gridInputs(view, scale: 1, zeroPoint: 2, type: type))?.0
  }

  /// A constant that was dequantized lies on a grid; moving its elements changes nothing about it.
  mutating func passConstantGrid(_ node: ONNXNode, _ view: ONNXNodeView) {
    guard let output = node.outputs.first else { return }
    switch node.operatorName {
    case "DequantizeLinear":
      recordGrid(
        output, (try? view.realsInput(1)) ?? nil, (try? view.integersInput(2)) ?? nil,
        view.inputs.first??.elementType ?? .int8)
    case "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Identity":
      guard let source = node.inputs.first else { break }
      constantGrids[output] = constantGrids[source]
      if narrowConstants.contains(source) { narrowConstants.insert(output) }
    default: break
    }
  }

  /// Remembers that a constant lies on a grid.
  private mutating func recordGrid(
    _ name: String, _ scales: [Float]?, _ zeroPoints: [Int64]?, _ type: ONNXElementType
  ) {
    guard let scales, !scales.isEmpty else { return }
    var zeros = (zeroPoints ?? [0]).map { Int32(clamping: $0 &- type.shift) }
    if zeros.count == 1 { zeros = [Int32](repeating: zeros[0], count: scales.count) }
    guard zeros.count == scales.count else { return }
    constantGrids[name] = Quantization(scales: scales, zeroPoints: zeros)
    if type == .int4 || type == .uint4 { narrowConstants.insert(name) }
  }
}

extension ONNXNode {
  /// Whether it gives the elements of its first input as they are, in another shape or order.
  fileprivate var onlyMovesElements: Bool {
    domain.isEmpty
      && ["Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]
        .contains(operatorName)
  }
}
