/// A node with all its inputs known, computed as ONNX defines it.
struct ONNXCall {
  let node: ONNXNode
  let version: Int64
  /// nil where an optional input is absent.
  let inputs: [ONNXValue?]
  let data: ONNXData

  func evaluate() throws(ImportFailure) -> [ONNXValue] {
    switch node.operatorName {
    case "Constant": return [try constant()]
    case "Identity": return [try input(0)]
    case "Reshape": return [try reshape()]
    default: throw .unsupported("Octet cannot fold it")
    }
  }

  func input(_ index: Int) throws(ImportFailure) -> ONNXValue {
    guard inputs.indices.contains(index), let value = inputs[index] else {
      throw .invalid("input \(index) is missing")
    }
    return value
  }

  private func constant() throws(ImportFailure) -> ONNXValue {
    for (name, attribute) in node.attributes {
      switch (name, attribute) {
      case ("value", .tensor(let tensor)):
        do {
          return try tensor.value(data)
        } catch {
          throw .invalid("\(error)")
        }
      case ("value_float", .float(let value)): return ONNXValue(shape: [], reals: [value])
      case ("value_floats", .floats(let values)):
        return ONNXValue(shape: [values.count], reals: values)
      case ("value_int", .integer(let value)): return ONNXValue(shape: [], integers: [value])
      case ("value_ints", .integers(let values)):
        return ONNXValue(shape: [values.count], integers: values)
      default: continue
      }
    }
    throw .unsupported("a constant of this kind is not read; store it as a tensor")
  }

  private func reshape() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    var shape = try input(1).integers?.map(\.ordinary) ?? []
    for axis in shape.indices where shape[axis] == 0 && axis < x.shape.count {
      shape[axis] = x.shape[axis]
    }
    let known = shape.filter { $0 >= 0 }.reduce(1) { $0 &* $1 }
    if let open = shape.firstIndex(of: -1), known > 0 { shape[open] = x.count / known }
    guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, { $0 &* $1 }) == x.count else {
      throw .invalid("\(x.shape) cannot take the shape \(shape)")
    }
    return x.reshaped(shape)
  }
}
