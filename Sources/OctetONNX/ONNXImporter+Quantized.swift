import OctetModel

// A quantized tensor of the graph stands for real numbers on a grid. So a DequantizeLinear is
// only another view of its input, and a QuantizeLinear puts its input on a grid: the tensor that
// feeds it when nothing else reads that, else a tensor of its own. `settleQuantization` then
// decides, node by node, what runs in integers. Grids that int8 kernels do not have (other types,
// several scales, blocks) are computed by ordinary operations instead.

extension ONNXImporter {
  mutating func quantizeLinear(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let declared: ONNXElementType? =
      try view.integer("output_dtype") == 0 ? nil : try view.castTarget("output_dtype")
    guard x.elementType == .float, x.constant == nil,
      try view.input(1).elementType == .float,
      let (quantization, type) = try? gridInputs(view, scale: 1, zeroPoint: 2, type: declared)
    else { return try quantizeStepwise(view, x, declared) }
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

  /// Clip of a grid's integers, with which exporters narrow a range: of the reals for which they
  /// stand. Returns whether the node was one.
  mutating func clipCodes(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) -> Bool {
    guard !x.elementType.isReal, case .tensor(let source) = x.source,
      let grid = graph.tensors[source].quantization, grid.scales.count == 1
    else { return false }
    let step = grid.scales[0]
    let zeroPoint = Float(grid.zeroPoints[0]) + Float(x.elementType.shift)
    var bounds = (lower: -Float.infinity, upper: Float.infinity)
    if let lowest = try view.integersInput(1) {
      guard lowest.count == 1 else { throw .invalid("min should be one number") }
      bounds.lower = (Float(lowest[0]) - zeroPoint) * step
    }
    if let highest = try view.integersInput(2) {
      guard highest.count == 1 else { throw .invalid("max should be one number") }
      bounds.upper = (Float(highest[0]) - zeroPoint) * step
    }
    let result = try emit(
      .scalar(.clip(lower: bounds.lower, upper: bounds.upper)), name: view.name,
      inputs: [try tensor(x, x.layout)], output: view.node.outputs[0])
    define(view, result, x.layout, movedFrom: x)
    return true
  }

  /// The result is the real numbers that the quantized tensor stands for: the same tensor.
  mutating func dequantizeLinear(_ view: ONNXNodeView) throws(ImportFailure) {
    var value = try view.input(0)
    guard case .tensor(let held) = value.source, graph.tensors[held].quantization != nil else {
      return try dequantizeStepwise(view, value)
    }
    let (quantization, _) = try gridInputs(
      view, scale: 1, zeroPoint: 2, type: value.elementType)
    guard graph.tensors[held].quantization == quantization,
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
    let isGridReader = ["DequantizeLinear", "QLinearConv", "QLinearMatMul"]
    var name = name
    // Integers may be arranged before they are read.
    var steps = model.graph.nodes.count
    while let reader = firstReaders[name], steps > 0, model.graph.nodes[reader].isArrangement,
      model.graph.nodes[reader].inputs.first == name,
      let output = model.graph.nodes[reader].outputs.first
    {
      name = output
      steps -= 1
    }
    guard let reader = firstReaders[name] else { return nil }
    let node = model.graph.nodes[reader]
    guard isGridReader.contains(node.operatorName),
      let position = node.inputs.firstIndex(of: name), position == 0 || position == 3
    else { return nil }
    let view = ONNXNodeView(
      node: node, version: version, inputs: node.inputs.map { values[$0] }, data: data)
    if node.operatorName == "DequantizeLinear", view.optionalInput(1)?.elementType != .float {
      return nil
    }
    return (try? gridInputs(view, scale: position + 1, zeroPoint: position + 2, type: type))?.0
  }

  // MARK: Operators on integers

  mutating func quantizedConvolution(_ view: ONNXNodeView) throws(ImportFailure) {
    guard hasKnownGrids(view) else { return try convolutionStepwise(view) }
    let x = try gridOperand(view, 0)
    let weights = try gridOperand(view, 3)
    var operands: [ImportedValue?] = [x, weights]
    if let bias = view.optionalInput(8) {
      guard let xScale = try view.realsInput(1)?.first, let scales = try view.realsInput(4),
        let integers = bias.constant?.integers, scales.count == 1 || scales.count == integers.count
      else { throw .unsupported("its bias is no constant of integers; fold it into the model") }
      let values = integers.indices.map {
        Float(integers[$0]) * (xScale * scales[scales.count == 1 ? 0 : $0])
      }
      operands.append(
        ImportedValue(
          name: bias.name, shape: bias.shape, elementType: .float,
          source: .constant(ONNXValue(shape: bias.shape, reals: values)), layout: .plain))
    }
    try convolution(
      ONNXNodeView(node: view.node, version: version, inputs: operands, data: data))
    try setResultGrid(view)
  }

  mutating func quantizedMatrixMultiply(_ view: ONNXNodeView) throws(ImportFailure) {
    guard hasKnownGrids(view) else { return try matrixMultiplyStepwise(view) }
    let operands = [try gridOperand(view, 0), try gridOperand(view, 3)]
    try matrixMultiply(
      ONNXNodeView(node: view.node, version: version, inputs: operands, data: data))
    try setResultGrid(view)
  }

  /// Whether the operator's scales are constants and its activations are held on their grids.
  private func hasKnownGrids(_ view: ONNXNodeView) -> Bool {
    for index in [1, 2, 4, 5, 6, 7] {
      if let value = view.optionalInput(index), value.constant == nil { return false }
    }
    return [0, 3].allSatisfy { index in
      guard case .tensor(let tensor) = view.optionalInput(index)?.source else { return true }
      return graph.tensors[tensor].quantization != nil
    }
  }

  private mutating func setResultGrid(_ view: ONNXNodeView) throws(ImportFailure) {
    let (quantization, type) = try gridInputs(view, scale: 6, zeroPoint: 7)
    let output = view.node.outputs[0]
    guard case .tensor(let tensor) = values[output]?.source else { throw .invalid("no tensor") }
    setGrid(tensor, quantization, type)
    values[output]?.elementType = type
  }

  /// Input `index`, its scale and zero point behind it, as a real value.
  private mutating func gridOperand(
    _ view: ONNXNodeView, _ index: Int
  ) throws(ImportFailure) -> ImportedValue {
    var value = try view.input(index)
    value.elementType = .float
    guard let constant = value.constant else {
      let grid = try gridInputs(view, scale: index + 1, zeroPoint: index + 2).0
      guard case .tensor(let held) = value.source, graph.tensors[held].quantization == grid else {
        throw .unsupported("'\(value.name)' was quantized with another scale")
      }
      return value
    }
    // Weights: the output channels are the first axis of a convolution's, the last of a matrix.
    let axis = view.operatorName == "QLinearConv" ? 0 : max(constant.shape.count - 1, 0)
    let node = ONNXNode(
      name: view.name, operatorName: "DequantizeLinear",
      inputs: [value.name, "scale", "zero point"], outputs: [value.name],
      attributes: ["axis": .integer(Int64(axis))])
    let call = ONNXCall(
      node: node, version: 13,
      inputs: [
        constant, try view.input(index + 1).constant, view.optionalInput(index + 2)?.constant,
      ],
      data: data, meter: meter)
    guard let reals = try call.evaluate().first else { throw .invalid("no weights") }
    value.source = .constant(reals)
    recordGrid(
      value.name, try view.realsInput(index + 1), try view.integersInput(index + 2),
      constant.elementType)
    return value
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
      if let source = node.inputs.first { constantGrids[output] = constantGrids[source] }
    default: break
    }
  }

  /// Remembers that a constant lies on a grid.
  mutating func recordGrid(
    _ name: String, _ scales: [Float]?, _ zeroPoints: [Int64]?, _ type: ONNXElementType
  ) {
    guard let scales, !scales.isEmpty else { return }
    var zeros = (zeroPoints ?? [0]).map { Int32(clamping: $0 &- type.shift) }
    if zeros.count == 1 { zeros = [Int32](repeating: zeros[0], count: scales.count) }
    guard zeros.count == scales.count else { return }
    constantGrids[name] = Quantization(scales: scales, zeroPoints: zeros)
  }
}

extension ONNXNode {
  /// Whether it gives the elements of its first input as they are, in another shape or order.
  fileprivate var isArrangement: Bool {
    domain.isEmpty
      && ["Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"]
        .contains(operatorName)
  }
}
