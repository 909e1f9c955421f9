// Operators on integers: QLinearConv and QLinearMatMul of the standard set, and those that ONNX
// Runtime contributes (domain com.microsoft), all of its QOperator format. Each is a standard
// operator between DequantizeLinear and QuantizeLinear, and becomes those nodes.

extension ONNXModel {
  func withContributedOperatorsExpanded() -> ONNXModel {
    var result = self
    result.graph.nodes = graph.nodes.flatMap { node -> [ONNXNode] in
      if node.domain.isEmpty, ONNXExpansion.standard.contains(node.operatorName) {
        return ONNXExpansion(node).nodes() ?? [node]
      }
      guard node.domain == "com.microsoft" else { return [node] }
      if ONNXExpansion.operators[node.operatorName] != nil {
        return ONNXExpansion(node).nodes() ?? [node]
      }
      // The same operators under the same names, there for types that ONNX did not have then.
      guard ["QuantizeLinear", "DequantizeLinear", "Gelu"].contains(node.operatorName) else {
        return [node]
      }
      var standard = node
      standard.domain = ""
      return [standard]
    }
    return result
  }
}

private struct ONNXExpansion {
  /// How an operator's inputs are ordered; each operand is followed by scale and zero point.
  enum Form {
    /// Operands, then the result's scale and zero point.
    case operands(Int)
    /// The result's scale and zero point, then the operands.
    case list
    /// a, b, the bias, then the result's scale and zero point, which may be absent.
    case product
    /// x, weights, the result's scale and zero point, then the bias; the axis of the weights that
    /// has a scale each, and that of x.
    case weighted(axis: Int64, inputAxis: Int64)
  }

  /// Those of the standard set.
  static let standard: Set<String> = ["QLinearConv", "QLinearMatMul"]

  static let operators: [String: (name: String, form: Form)] = [
    "QLinearAdd": ("Add", .operands(2)), "QLinearMul": ("Mul", .operands(2)),
    "QLinearSigmoid": ("Sigmoid", .operands(1)),
    "QLinearLeakyRelu": ("LeakyRelu", .operands(1)),
    "QLinearSoftmax": ("Softmax", .operands(1)),
    "QLinearAveragePool": ("AveragePool", .operands(1)),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", .operands(1)),
    "QLinearConcat": ("Concat", .list), "QGemm": ("Gemm", .product),
    "QLinearConv": ("Conv", .weighted(axis: 0, inputAxis: 0)),
    "QLinearMatMul": ("MatMul", .weighted(axis: -1, inputAxis: -2)),
  ]

  let node: ONNXNode
  let name: String
  var made: [ONNXNode] = []

  init(_ node: ONNXNode) {
    self.node = node
    name = node.name.isEmpty ? node.outputs.first ?? "" : node.name
  }

  /// nil when the node is not as its operator should be; it is then refused like any other.
  func nodes() -> [ONNXNode]? {
    var expansion = self
    return expansion.expand() ? expansion.made : nil
  }

  func input(_ index: Int) -> String {
    node.inputs.indices.contains(index) ? node.inputs[index] : ""
  }

  private func isSet(_ attribute: String) -> Bool {
    if case .integer(let value) = node.attributes[attribute] { return value != 0 }
    return false
  }

  mutating func expand() -> Bool {
    // Pools may have their channels last here; no exporter writes that.
    guard let (operatorName, form) = Self.operators[node.operatorName],
      node.outputs.count == 1, !isSet("channels_last")
    else { return false }
    var operands: [String] = []
    var result = (scale: "", zeroPoint: "")
    switch form {
    case .operands(let count):
      for index in 0..<count { operands.append(dequantized(3 * index)) }
      result = (input(3 * count), input(3 * count + 1))
    case .list:
      guard node.inputs.count >= 5, node.inputs.count % 3 == 2 else { return false }
      for index in stride(from: 2, to: node.inputs.count, by: 3) {
        operands.append(dequantized(index))
      }
      result = (input(0), input(1))
    case .product:
      operands = [dequantized(0), dequantized(3, axis: isSet("transB") ? 0 : 1)]
      if !input(6).isEmpty { operands.append(bias(6)) }
      result = (input(7), input(8))
    case .weighted(let axis, let inputAxis):
      operands = [dequantized(0, axis: inputAxis), dequantized(3, axis: axis)]
      if !input(8).isEmpty { operands.append(bias(8)) }
      result = (input(6), input(7))
    }
    guard !operands.contains(""), !result.scale.isEmpty || operatorName == "Gemm" else {
      return false
    }
    let isLast = result.scale.isEmpty
    let real = isLast ? node.outputs[0] : name + "/result"
    let isStandard = Self.standard.contains(node.operatorName)
    made.append(
      ONNXNode(
        name: isLast || isStandard ? name : real, operatorName: operatorName, inputs: operands,
        outputs: [real], attributes: node.attributes))
    if isLast { return true }
    made.append(
      ONNXNode(
        name: isStandard ? name + "/grid" : name, operatorName: "QuantizeLinear",
        inputs: [real, result.scale] + (result.zeroPoint.isEmpty ? [] : [result.zeroPoint]),
        outputs: node.outputs))
    return true
  }

  /// The operand at `index`, its scale and zero point behind it, as reals; "" when absent.
  mutating func dequantized(_ index: Int, axis: Int64 = 0) -> String {
    guard !input(index).isEmpty, !input(index + 1).isEmpty else { return "" }
    let real = "\(name)/real\(index)"
    made.append(
      ONNXNode(
        name: real, operatorName: "DequantizeLinear",
        inputs: [input(index), input(index + 1)]
          + (input(index + 2).isEmpty ? [] : [input(index + 2)]),
        outputs: [real], attributes: ["axis": .integer(axis)]))
    return real
  }

  /// int32 at the product of the operands' scales.
  private mutating func bias(_ index: Int) -> String {
    let (scale, real) = (name + "/bias/scale", name + "/bias")
    made.append(
      ONNXNode(
        name: scale, operatorName: "Mul", inputs: [input(1), input(4)], outputs: [scale]))
    made.append(
      ONNXNode(
        name: real, operatorName: "DequantizeLinear", inputs: [input(index), scale],
        outputs: [real], attributes: ["axis": .integer(0)]))
    return real
  }
}
