import OctetModel

extension ONNXExporter {
  mutating func exportUnaryOrArrangement(_ node: Node) throws(ImportFailure) {
    if let (operatorName, attributes) = unaryOperator(node.operation) {
      let layout = layout(of: node.inputs[0])
      let source = value(node.inputs[0], layout)
      return addNode(
        operatorName, node.name, [source], [make(node.outputs[0], layout)], attributes)
    }
    if case .scalar(let function) = node.operation, exportComposed(node, function) { return }
    switch node.operation {
    case .scalar(let function):
      guard let bounds = function.bounds else {
        throw .unsupported("ONNX export does not write this function")
      }
      let layout = layout(of: node.inputs[0])
      let source = value(node.inputs[0], layout)
      addClip(node.name, bounds, source, make(node.outputs[0], layout))
    case .softmax(let axis, let beta): try softmax(node, axis, beta)
    case .logSoftmax(let axis):
      let layout = addressable(node.inputs[0])
      let source = value(node.inputs[0], layout)
      addNode(
        "LogSoftmax", node.name, [source], [make(node.outputs[0], layout)],
        [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
    case .mean(let axes, let keeps): mean(node, axes, keeps)
    case .reduce(let reduction, let axes, let keeps): reduce(node, reduction, axes, keeps)
    case .cast(let cast):
      let layout = layout(of: node.inputs[0])
      let source = value(node.inputs[0], layout)
      addNode(
        "Cast", node.name, [source], [make(node.outputs[0], layout)],
        [("to", .integer(Int64(ONNXElementType(cast.target).rawValue)))])
    case .gather(let axis):
      let inputs = [value(node.inputs[0], .plain), value(node.inputs[1], .plain)]
      addNode(
        "Gather", node.name, inputs, [make(node.outputs[0], .plain)],
        [("axis", .integer(Int64(axis)))])
    case .extremum(let attributes):
      let source = value(node.inputs[0], .plain)
      addNode(
        attributes.isMinimum ? "ArgMin" : "ArgMax", node.name, [source],
        [make(node.outputs[0], .plain)],
        [
          ("axis", .integer(Int64(attributes.axis))),
          ("keepdims", .integer(attributes.keepsDimensions ? 1 : 0)),
          ("select_last_index", .integer(attributes.takesLast ? 1 : 0)),
        ])
    case .expand(let list), .tile(let list):
      let source = value(node.inputs[0], .plain)
      let sizes = initializer(
        node.name + "/sizes", ONNXValue(shape: [list.count], integers: list.map { Int64($0) }))
      let operatorName = node.operation == .expand(list) ? "Expand" : "Tile"
      addNode(operatorName, node.name, [source, sizes], [make(node.outputs[0], .plain)])
    case .concatenation(let axis, let activation):
      guard activation == .none else { throw .unsupported("its fused activation is not written") }
      concatenation(node, axis)
    case .reshape(let shape): reshape(node, shape)
    case .transpose(let permutation):
      let source = value(node.inputs[0], .plain)
      addNode(
        "Transpose", node.name, [source], [make(node.outputs[0], .plain)],
        [("perm", .integers(permutation.map { Int64($0) }))])
    case .pad, .slice, .split: try window(node)
    case .resize(let attributes): try resize(node, attributes)
    default: throw .unsupported("ONNX export does not write this operation")
    }
  }

  private func unaryOperator(
    _ operation: Operation
  ) -> (String, [(name: String, value: ONNXAttribute)])? {
    switch operation {
    case .identity: ("Identity", [])
    case .scalar(let function): function.onnxOperator
    default: nil
    }
  }

  /// ReduceSum takes its axes as an input, the others as an attribute.
  private mutating func reduce(
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

  private mutating func softmax(_ node: Node, _ axis: Int, _ beta: Float) throws(ImportFailure) {
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

  private mutating func mean(_ node: Node, _ axes: [Int], _ keeps: Bool) {
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

  private mutating func concatenation(_ node: Node, _ axis: Int) {
    let isImage = node.inputs.contains { self.layout(of: $0) == .channelsLast }
    let layout: ONNXLayout = isImage ? .channelsLast : .plain
    var inputs: [String] = []
    for input in node.inputs { inputs.append(value(input, layout)) }
    addNode(
      "Concat", node.name, inputs, [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }

  private mutating func reshape(_ node: Node, _ shape: [Int]) {
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

  private mutating func resize(_ node: Node, _ values: ResizeAttributes) throws(ImportFailure) {
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

  private mutating func window(_ node: Node) throws(ImportFailure) {
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    var outputs: [String] = []
    for output in node.outputs { outputs.append(make(output, layout)) }
    switch node.operation {
    case .pad(let before, let after, let mode):
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
    case .slice(let begin, let count, let stride):
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
    case .split(let axis, let counts):
      let inputs = [source, list(node.name + "/split", counts)]
      addNode(
        "Split", node.name, inputs, outputs,
        [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
    default: throw .unsupported("ONNX export does not write this operation")
    }
  }
}
