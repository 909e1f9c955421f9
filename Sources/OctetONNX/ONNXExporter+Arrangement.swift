import OctetModel

extension ONNXExporter {
  /// The operand and the result in one layout.
  mutating func unary(_ node: Node, _ operatorName: String, _ attributes: Attributes = []) {
    let layout = layout(of: node.inputs[0])
    let source = value(node.inputs[0], layout)
    addNode(operatorName, node.name, [source], [make(node.outputs[0], layout)], attributes)
  }

  mutating func scalar(_ node: Node, _ function: ScalarFunction) throws(ImportFailure) {
    if let (operatorName, attributes) = function.onnxOperator {
      return unary(node, operatorName, attributes)
    }
    if exportComposed(node, function) { return }
    guard let bounds = function.bounds else {
      throw .unsupported("ONNX export does not write this function")
    }
    let layout = layout(of: node.inputs[0])
    let source = value(node.inputs[0], layout)
    addClip(node.name, bounds, source, make(node.outputs[0], layout))
  }

  mutating func logSoftmax(_ node: Node, _ axis: Int) {
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    addNode(
      "LogSoftmax", node.name, [source], [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }

  mutating func extremum(_ node: Node, _ attributes: ExtremumAttributes) {
    let source = value(node.inputs[0], .plain)
    addNode(
      attributes.isMinimum ? "ArgMin" : "ArgMax", node.name, [source],
      [make(node.outputs[0], .plain)],
      [
        ("axis", .integer(Int64(attributes.axis))),
        ("keepdims", .integer(attributes.keepsDimensions ? 1 : 0)),
        ("select_last_index", .integer(attributes.takesLast ? 1 : 0)),
      ])
  }

  /// An operator whose second operand is a list of sizes.
  mutating func sized(_ node: Node, _ operatorName: String, _ list: [Int]) {
    let source = value(node.inputs[0], .plain)
    let sizes = initializer(
      node.name + "/sizes", ONNXValue(shape: [list.count], integers: list.map { Int64($0) }))
    addNode(operatorName, node.name, [source, sizes], [make(node.outputs[0], .plain)])
  }

  /// ReduceSum takes its axes as an input, the others as an attribute.
  mutating func reduce(
    _ node: Node, _ reduction: Reduction, _ axes: [Int], _ keeps: Bool
  ) {
    var inputs = [value(node.inputs[0], .plain)]
    var attributes: Attributes = [("keepdims", .integer(keeps ? 1 : 0))]
    let list = axes.map { Int64($0) }
    if axes.isEmpty {
      // Every element by itself: what is reduced is an axis of 1 that is added and goes again.
      inputs = [reshaped(inputs[0], graph.tensors[node.inputs[0]].shape + [1])]
      attributes = [("keepdims", .integer(0))]
    }
    let fileAxes = axes.isEmpty ? [Int64(-1)] : list
    if reduction == .sum {
      inputs.append(
        initializer(
          node.name + "/axes", ONNXValue(shape: [fileAxes.count], integers: fileAxes)))
    } else {
      attributes.append(("axes", .integers(fileAxes)))
    }
    addNode(
      reduction.onnxOperator, node.name, inputs, [make(node.outputs[0], .plain)], attributes)
  }

  private func addressable(_ tensor: TensorIndex) -> ONNXLayout {
    layout(of: tensor) == .channelsLast ? .channelsLast : .plain
  }

  /// The axis in the file of an axis of the node's first input.
  private func fileAxis(_ axis: Int, _ node: Node, _ layout: ONNXLayout) -> Int {
    layout.permutation(rank: graph.tensors[node.inputs[0]].shape.count)[axis]
  }

  mutating func softmax(_ node: Node, _ axis: Int, _ beta: Float) throws(ImportFailure) {
    let layout = addressable(node.inputs[0])
    var source = value(node.inputs[0], layout)
    if beta != 1 {
      let factor = initializer(node.name + "/beta", ONNXValue(shape: [], reals: [beta]))
      let scaled = freshValue(node.name + "/scaled")
      addNode("Mul", freshNode(scaled), [source, factor], [scaled])
      source = scaled
    }
    addNode(
      "Softmax", node.name, [source], [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }

  mutating func mean(_ node: Node, _ axes: [Int], _ keeps: Bool) {
    var layout = addressable(node.inputs[0])
    let rank = graph.tensors[node.inputs[0]].shape.count
    if layout == .channelsLast && keeps && axes.sorted() == Array(1..<rank - 1) {
      let source = value(node.inputs[0], layout)
      return addNode(
        "GlobalAveragePool", node.name, [source], [make(node.outputs[0], layout)])
    }
    if !keeps {
      let left = (0..<rank).filter { !axes.contains($0) }.map { fileAxis($0, node, layout) }
      if left != left.sorted() { layout = .plain }
    }
    let source = value(node.inputs[0], layout)
    let fileAxes = axes.map { Int64(fileAxis($0, node, layout)) }.sorted()
    addNode(
      "ReduceMean", node.name, [source], [make(node.outputs[0], keeps ? layout : .plain)],
      [("axes", .integers(fileAxes)), ("keepdims", .integer(keeps ? 1 : 0))])
  }

  mutating func concatenation(
    _ node: Node, _ axis: Int, _ activation: Activation
  ) throws(ImportFailure) {
    guard activation == .none else { throw .unsupported("its fused activation is not written") }
    let isImage = node.inputs.contains { self.layout(of: $0) == .channelsLast }
    let layout: ONNXLayout = isImage ? .channelsLast : .plain
    var inputs: [String] = []
    for input in node.inputs { inputs.append(value(input, layout)) }
    addNode(
      "Concat", node.name, inputs, [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }

  mutating func reshape(_ node: Node, _ shape: [Int]) {
    let (source, target) = (node.inputs[0], node.outputs[0])
    let x = graph.tensors[source].shape
    let isFlattening = shape.count == 2 && x.count > 2 && shape[0] == x[0]
    if layout(of: source) == .channelsLast {
      let name = value(source, .channelsLast)
      let fileShape = ONNXLayout.channelsLast.valueShape(x)
      // Alone on its axis, the order of the channels does not matter.
      let keepsOrder = ONNXLayout.channelsLast.permutation(rank: x.count).keepsOrder(of: fileShape)
      if isFlattening {
        let form: ONNXLayout = keepsOrder ? .plain : .flattened(Array(fileShape[1...]))
        return addNode(
          "Flatten", node.name, [name], [make(target, form)], [("axis", .integer(1))])
      }
    }
    let plain = value(source, .plain)
    if isFlattening {
      return addNode(
        "Flatten", node.name, [plain], [make(target, .plain)], [("axis", .integer(1))])
    }
    let name = make(target, .plain)
    let isBatched = shape.first == 1 && shape.count > 1
    let sizes = shape.enumerated().map { Int64($0 == 0 && isBatched ? -1 : $1) }
    let list = initializer(name + "/shape", ONNXValue(shape: [sizes.count], integers: sizes))
    addNode("Reshape", node.name, [plain, list], [name])
  }

  mutating func resize(_ node: Node, _ values: ResizeAttributes) throws(ImportFailure) {
    let x = graph.tensors[node.inputs[0]].shape
    // Readers multiply in single or in double precision, and round down.
    let givesSizes = x.indices.allSatisfy {
      let (scale, wanted) = (values.scales[$0], values.outputShape[$0])
      return Int(Float(x[$0]) * scale) == wanted && Int(Double(x[$0]) * Double(scale)) == wanted
    }
    let isRatio = x.indices.allSatisfy {
      values.scales[$0] == Float(values.outputShape[$0]) / Float(x[$0])
    }
    guard givesSizes || isRatio else {
      throw .unsupported("its scales do not give its sizes in ONNX")
    }
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    var (scales, sizes) = (values.scales, values.outputShape.map { Int64($0) })
    for (k, axis) in layout.permutation(rank: x.count).enumerated() {
      (scales[axis], sizes[axis]) = (values.scales[k], Int64(values.outputShape[k]))
    }
    let target =
      givesSizes
      ? ["", initializer(node.name + "/scales", ONNXValue(shape: [x.count], reals: scales))]
      : ["", "", initializer(node.name + "/sizes", ONNXValue(shape: [x.count], integers: sizes))]
    let coordinates =
      switch values.coordinates {
      case .asymmetric: "asymmetric"
      case .halfPixel: "half_pixel"
      case .alignCorners: "align_corners"
      case .pytorchHalfPixel: "pytorch_half_pixel"
      }
    let rounding =
      switch values.rounding {
      case .floor: "floor"
      case .ceil: "ceil"
      case .roundPreferFloor: "round_prefer_floor"
      case .roundPreferCeil: "round_prefer_ceil"
      }
    addNode(
      "Resize", node.name, [source] + target, [make(node.outputs[0], layout)],
      [
        ("coordinate_transformation_mode", .string(coordinates)),
        ("mode", .string(values.method == .nearest ? "nearest" : "linear")),
        ("nearest_mode", .string(rounding)),
      ])
  }

  /// A list for the file's axes from one for the tensor's.
  private func fileOrder(_ values: [Int], _ layout: ONNXLayout) -> [Int] {
    var result = values
    for (k, axis) in layout.permutation(rank: values.count).enumerated() {
      result[axis] = values[k]
    }
    return result
  }

  private mutating func list(_ name: String, _ values: [Int]) -> String {
    initializer(name, ONNXValue(shape: [values.count], integers: values.map { Int64($0) }))
  }

  /// The operand, and the results, in the layout in which their axes can be told apart.
  private mutating func ends(
    of node: Node
  ) -> (layout: ONNXLayout, source: String, outputs: [String]) {
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    return (layout, source, node.outputs.map { make($0, layout) })
  }

  mutating func pad(
    _ node: Node, _ before: [Int], _ after: [Int], _ mode: PadMode
  ) throws(ImportFailure) {
    let (layout, source, outputs) = ends(of: node)
    let pads = list(node.name + "/pads", fileOrder(before, layout) + fileOrder(after, layout))
    var inputs = [source, pads]
    let text: String
    switch mode {
    case .constant(let value):
      let type = ONNXElementType(graph.tensors[node.inputs[0]].elementType)
      inputs.append(
        initializer(
          node.name + "/value",
          type.isReal
            ? ONNXValue(shape: [], reals: [value])
            : ONNXValue(shape: [], integers: [Int64(value)], elementType: type)))
      text = "constant"
    case .reflect: text = "reflect"
    case .edge: text = "edge"
    case .wrap: throw .unsupported("padding by repetition is not written")
    }
    addNode("Pad", node.name, inputs, outputs, [("mode", .string(text))])
  }

  mutating func slice(_ node: Node, _ begin: [Int], _ count: [Int], _ stride: [Int]) {
    let (layout, source, outputs) = ends(of: node)
    // An end before the first element is written as the most negative number.
    let ends = begin.indices.map { axis in
      let end = begin[axis] + (count[axis] - 1) * stride[axis] + (stride[axis] > 0 ? 1 : -1)
      return count[axis] == 0 ? begin[axis] : (end < 0 ? -(1 << 31) : end)
    }
    let inputs = [
      source, list(node.name + "/starts", fileOrder(begin, layout)),
      list(node.name + "/ends", fileOrder(ends, layout)),
      list(node.name + "/axes", Array(begin.indices)),
      list(node.name + "/steps", fileOrder(stride, layout)),
    ]
    addNode("Slice", node.name, inputs, outputs)
  }

  mutating func split(_ node: Node, _ axis: Int, _ counts: [Int]) {
    let (layout, source, outputs) = ends(of: node)
    let inputs = [source, list(node.name + "/split", counts)]
    addNode(
      "Split", node.name, inputs, outputs,
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }
}
