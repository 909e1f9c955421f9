import OctetModel

/// A node with all its inputs known, computed as ONNX defines it: naive, in ONNX's own layout and
/// in any number of dimensions. It folds constants, and it is the independent reference that
/// `ONNXProof` holds the imported graph against; so it shares no geometry with the importer.
struct ONNXCall {
  let view: ONNXNodeView
  let arguments: [ONNXValue?]
  let meter: ONNXMeter

  /// `inputs` has nil where an optional input is absent.
  init(
    node: ONNXNode, version: Int64, inputs: [ONNXValue?], data: ONNXData, meter: ONNXMeter
  ) {
    self.meter = meter
    arguments = inputs
    view = ONNXNodeView(
      node: node, version: version,
      inputs: zip(node.inputs, inputs).map { name, value in
        value.map {
          ImportedValue(
            name: name, shape: $0.shape, elementType: $0.elementType, source: .constant($0),
            layout: .plain)
        }
      }, data: data)
  }

  /// The outputs in order; outputs that inference does not need may be left out at the end.
  func evaluate() throws(ImportFailure) -> [ONNXValue] {
    try compute().map { typed($0) }
  }

  /// Real results are of the first input's type, unless the operator has said otherwise.
  private func typed(_ result: ONNXValue) -> ONNXValue {
    let position = view.operatorName == "Where" ? 1 : 0
    let isFree = [
      "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear", "LayerNormalization",
    ].contains(view.operatorName)
    guard result.elementType == .float, !isFree, arguments.indices.contains(position),
      let type = arguments[position]?.elementType, type.isReal
    else { return result }
    return result.narrowed(to: type)
  }

  private func compute() throws(ImportFailure) -> [ONNXValue] {
    if let result = try elementwise() { return [result] }
    if let result = try image() { return [result] }
    if let results = try arrangement() { return results }
    if let results = try normalization() { return results }
    if let result = try quantized() { return [result] }
    switch view.operatorName {
    case "Constant": return [try constant()]
    case "Gemm": return [try gemm()]
    case "MatMul": return [try product(try input(0), try input(1))]
    case "Softmax", "LogSoftmax": return [try softmax()]
    case "MaxPool" where view.node.outputs.count > 1 && !view.node.outputs[1].isEmpty:
      return [try pool(), try maximaIndices()]
    case "MaxPool", "AveragePool": return [try pool()]
    case "ArgMax", "ArgMin": return [try extremum()]
    case let name where name.hasPrefix("Reduce"): return [try reduce()]
    default: throw .unknownOperator()
    }
  }

  func input(_ index: Int) throws(ImportFailure) -> ONNXValue {
    guard arguments.indices.contains(index), let value = arguments[index] else {
      throw .invalid("input \(index) is missing")
    }
    return value
  }

  func optional(_ index: Int) -> ONNXValue? {
    arguments.indices.contains(index) ? arguments[index] : nil
  }

  /// The number of elements of a result, or a refusal when it is too large.
  func count(_ shape: [Int]) throws(ImportFailure) -> Int {
    guard let count = try? Graph.checkedElementCount(shape, node: view.name),
      meter.spend(elementCount: count)
    else {
      throw .unsupported(
        "with its result, the constants computed here are much larger than the file; fold them in "
          + "the exporter")
    }
    return count
  }

  /// Refuses work that takes too long: `each` steps for each of `outputs` elements.
  func limitWork(_ outputs: Int, _ each: Int) throws(ImportFailure) {
    let (work, overflow) = outputs.multipliedReportingOverflow(by: max(each, 1))
    if overflow || !meter.spend(work: work) {
      throw .unsupported("it takes too long to be computed here")
    }
  }

  /// A result of reals, each computed from its index.
  func real(
    _ shape: [Int], _ body: ([Int]) -> Float
  ) throws(ImportFailure) -> ONNXValue {
    var values: [Float] = []
    values.reserveCapacity(try count(shape))
    Self.forEachIndex(shape) { values.append(body($0)) }
    return ONNXValue(shape: shape, reals: values)
  }

  /// A result that picks an element of `x`, or `filler`, for each index.
  func pick(
    _ x: ONNXValue, _ shape: [Int], filler: Double = 0, _ source: ([Int]) -> [Int]?
  ) throws(ImportFailure) -> ONNXValue {
    var result = x
    result.shape = shape
    var offsets: [Int?] = []
    offsets.reserveCapacity(try count(shape))
    Self.forEachIndex(shape) { offsets.append(source($0).map { x.offset($0) }) }
    switch x.elements {
    case .real(let values):
      result.elements = .real(offsets.map { $0.map { values[$0] } ?? Float(filler) })
    case .integer(let values):
      result.elements = .integer(offsets.map { $0.map { values[$0] } ?? Int64(filler) })
    }
    return result
  }

  static func forEachIndex(_ shape: [Int], _ body: ([Int]) -> Void) {
    if shape.contains(0) { return }
    var index = [Int](repeating: 0, count: shape.count)
    while true {
      body(index)
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }

  private func constant() throws(ImportFailure) -> ONNXValue {
    for (name, attribute) in view.node.attributes {
      switch (name, attribute) {
      case ("value", .tensor(let tensor)):
        do {
          return try tensor.value(view.data)
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
}

/// How much naive computation may still make and do.
final class ONNXMeter {
  private var elementCount, work: Int

  init(elementCount: Int, work: Int) {
    self.elementCount = elementCount
    self.work = work
  }

  func spend(elementCount count: Int) -> Bool {
    if count > elementCount { return false }
    elementCount -= count
    return spend(work: count)
  }

  func spend(work steps: Int) -> Bool {
    if steps > work { return false }
    work -= steps
    return true
  }
}

extension ONNXValue {
  /// Where the element of a multi-index lies.
  func offset(_ index: [Int]) -> Int {
    var result = 0
    for (position, dimension) in zip(index, shape) { result = result * dimension + position }
    return result
  }

  /// The element that a broadcast to more or larger dimensions has at `index`.
  func broadcastOffset(_ index: [Int]) -> Int {
    let skipped = index.count - shape.count
    var result = 0
    for axis in shape.indices {
      result = result * shape[axis] + (shape[axis] == 1 ? 0 : index[axis + skipped])
    }
    return result
  }
}
