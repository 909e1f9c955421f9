import OctetModel

// Nodes of operator sets 1 to 17 whose attributes have since got other names or forms, or become
// inputs, as nodes of today's form. What depends on shapes is rewritten where they are known, in
// `ONNXImporter.bringUpToDate`.

extension ONNXModel {
  func withOldFormsRewritten() -> ONNXModel {
    let version = operatorSets[""] ?? 1
    guard version < 18 || graph.nodes.contains(where: { $0.operatorName == "Upsample" }) else {
      return self
    }
    var result = self
    result.graph.nodes = []
    for node in graph.nodes {
      guard node.domain.isEmpty else {
        result.graph.nodes.append(node)
        continue
      }
      for part in OldForm(node, version: version).nodes() {
        var form = OldForm(part, version: version)
        result.graph.initializers += form.moveAttributesToInputs()
        result.graph.nodes.append(form.node)
      }
    }
    return result
  }
}

private struct OldForm {
  var node: ONNXNode
  let version: Int64

  init(_ node: ONNXNode, version: Int64) {
    self.node = node
    self.version = version
  }

  /// The nodes that take the node's place; the node itself where nothing has changed.
  func nodes() -> [ONNXNode] {
    var form = self
    switch node.operatorName {
    case "Pad" where version < 2: form.rename("paddings", to: "pads")
    case "Concat" where version < 4: form.setDefault("axis", .integer(1))
    case "Selu" where version < 6:
      form.setDefault("alpha", .float(1.6732))
      form.setDefault("gamma", .float(1.0507))
    case "Cast" where version < 6: form.nameTypeByCode()
    case "Upsample" where version < 7: form.joinScales()
    case "BatchNormalization" where version < 14: form.node.outputs = [node.outputs.first ?? ""]
    case "ImageScaler": return form.imageScaler()
    case "Affine": return form.product(factor: "alpha", addend: "beta")
    case "Scale": return form.product(factor: "scale", addend: nil)
    default: break
    }
    return [form.node]
  }

  mutating func rename(_ old: String, to new: String) {
    guard node.attributes[new] == nil else { return }
    node.attributes[new] = node.attributes.removeValue(forKey: old)
  }

  private mutating func setDefault(_ attribute: String, _ value: ONNXAttribute) {
    if node.attributes[attribute] == nil { node.attributes[attribute] = value }
  }

  /// Cast's type was the name of a TensorProto.DataType.
  private mutating func nameTypeByCode() {
    guard case .string(let name) = node.attributes["to"] else { return }
    let names = [
      "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING", "BOOL", "FLOAT16",
      "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128",
    ]
    guard let index = names.firstIndex(of: name.uppercased()) else { return }
    node.attributes["to"] = .integer(Int64(index + 1))
  }

  /// One attribute for the scale of height and one for that of width, of images only.
  private mutating func joinScales() {
    guard case .float(let height) = node.attributes["height_scale"],
      case .float(let width) = node.attributes["width_scale"]
    else { return }
    node.attributes["scales"] = .floats([1, 1, height, width])
  }

  /// Attributes that have become inputs: before which operator set they were some, and which
  /// inputs they are.
  private static let moved: [String: (version: Int64, attributes: [(String, Int)])] = {
    var result: [String: (version: Int64, attributes: [(String, Int)])] = [
      "Clip": (11, [("min", 1), ("max", 2)]),
      "Pad": (11, [("pads", 1), ("value", 2)]),
      "Reshape": (5, [("shape", 1)]),
      "Slice": (10, [("starts", 1), ("ends", 2), ("axes", 3)]),
      "Split": (13, [("split", 1)]),
      "Squeeze": (13, [("axes", 1)]), "Unsqueeze": (13, [("axes", 1)]),
      "ReduceSum": (13, [("axes", 1)]), "ReduceMean": (18, [("axes", 1)]),
      "Upsample": (9, [("scales", 1)]),
    ]
    for reduction in Reduction.allCases where reduction != .sum {
      result[reduction.onnxOperator] = (18, [("axes", 1)])
    }
    return result
  }()

  /// Makes such attributes inputs and an Upsample a Resize; returns the constants of those inputs.
  mutating func moveAttributesToInputs() -> [ONNXTensor] {
    var constants: [ONNXTensor] = []
    let place = node.outputs.first ?? ""
    if let (before, attributes) = Self.moved[node.operatorName], version < before {
      for (attribute, position) in attributes {
        guard let value = node.attributes.removeValue(forKey: attribute) else { continue }
        let missing = max(0, position + 1 - node.inputs.count)
        node.inputs += [String](repeating: "", count: missing)
        node.inputs[position] = "\(place)'s \(attribute)"
        constants.append(value.tensor(named: node.inputs[position]))
      }
    }
    let isUpsample = node.operatorName == "Upsample"
    if isUpsample || node.operatorName == "Resize" && version < 11 {
      node.operatorName = "Resize"
      if node.inputs.count > 1 { node.inputs.insert("", at: 1) }
      node.attributes["coordinate_transformation_mode"] = .string("asymmetric")
      node.attributes["nearest_mode"] = .string("floor")
    }
    return constants
  }

  // The experimental operators that exporters of their time have written (Core ML's ImageScaler).

  /// `scale · x + bias[channel]`
  private func imageScaler() -> [ONNXNode] {
    let factor: Float
    switch node.attributes["scale"] {
    case .float(let value): factor = value
    case nil: factor = 1
    default: return [node]
    }
    guard case .floats(let bias) = node.attributes["bias"], let name = node.outputs.first,
      !name.isEmpty
    else { return [node] }
    let scaled = name + "'s scaled"
    return [
      constant(name + "'s scale", ["value_float": .float(factor)]),
      constant(name + "'s bias", ["value_floats": .floats(bias)]),
      binary("Mul", [node.inputs.first ?? "", name + "'s scale"], scaled, axis: nil),
    ]
      + (version < 7
        ? [binary("Add", [scaled, name + "'s bias"], name, axis: 1)]
        : [
          ONNXNode(
            name: name + "'s columns", operatorName: "Unsqueeze", inputs: [name + "'s bias"],
            outputs: [name + "'s columns"], attributes: ["axes": .integers([1, 2])]),
          binary("Add", [scaled, name + "'s columns"], name, axis: nil),
        ])
  }

  /// `factor · x + addend`
  func product(factor: String, addend: String?) -> [ONNXNode] {
    guard let name = node.outputs.first, !name.isEmpty else { return [node] }
    func value(_ attribute: String, _ standard: Float) -> Float? {
      guard let given = node.attributes[attribute] else { return standard }
      if case .float(let value) = given { return value }
      return nil
    }
    guard let scale = value(factor, 1) else { return [node] }
    let scaled = addend == nil ? name : name + "'s scaled"
    var result = [
      constant(name + "'s scale", ["value_float": .float(scale)]),
      binary("Mul", [node.inputs.first ?? "", name + "'s scale"], scaled, axis: nil),
    ]
    if let addend {
      guard let offset = value(addend, 0) else { return [node] }
      result += [
        constant(name + "'s offset", ["value_float": .float(offset)]),
        binary("Add", [scaled, name + "'s offset"], name, axis: nil),
      ]
    }
    return result
  }

  func constant(_ name: String, _ attributes: [String: ONNXAttribute]) -> ONNXNode {
    ONNXNode(name: name, operatorName: "Constant", outputs: [name], attributes: attributes)
  }

  func binary(
    _ operatorName: String, _ inputs: [String], _ output: String, axis: Int64?
  ) -> ONNXNode {
    var attributes: [String: ONNXAttribute] = ["broadcast": .integer(1)]
    attributes["axis"] = axis.map { .integer($0) }
    let name = output == node.outputs.first && !node.name.isEmpty ? node.name : output
    return ONNXNode(
      name: name, operatorName: operatorName, inputs: inputs, outputs: [output],
      attributes: attributes)
  }
}

extension ONNXAttribute {
  /// The attribute's numbers as a tensor; one of texts, which no reader takes, when it has none.
  fileprivate func tensor(named name: String) -> ONNXTensor {
    var result = ONNXTensor(name: name, elementType: ONNXElementType.float.rawValue)
    switch self {
    case .float(let value): result.floats = [value]
    case .floats(let values): (result.shape, result.floats) = ([Int64(values.count)], values)
    case .integer(let value):
      (result.elementType, result.integers) = (ONNXElementType.int64.rawValue, [value])
    case .integers(let values):
      (result.elementType, result.integers) = (ONNXElementType.int64.rawValue, values)
      result.shape = [Int64(values.count)]
    case .string, .tensor, .graph, .other: result.elementType = ONNXElementType.stringCode
    }
    return result
  }
}
