import OctetModel
import OctetRuntime

extension Lowering {
  /// A function of one element: a table of its 256 results.
  mutating func lowerLookup(_ node: Node) throws(CompilerError) {
    let (input, output) = (node.inputs[0], node.outputs[0])
    // |q − zero point| ≤ 255 < 2⁸ must stay below 2³¹ when it is scaled.
    guard scale(input) / scale(output) < 4_194_304 else {
      throw .invalid(node: node.name, reason: "its scales are too far apart")
    }
    let table = LookupTable(input: code(of: input), output: code(of: output), in: graph.arithmetic)
    if case .prelu = node.operation { return try lowerPReLU(node, table) }
    guard let values = table.values(of: node.operation) else {
      throw .invalid(
        node: node.name, reason: "\(node.operation.name) has no operator in the runtime")
    }
    try appendTables(node, input, output, values, of: Origin(node.operation))
  }

  /// A table for each channel, or one when all slopes are one.
  private mutating func lowerPReLU(_ node: Node, _ table: LookupTable) throws(CompilerError) {
    let slope = graph.tensors[node.inputs[1]]
    let channels = graph.tensors[node.inputs[0]].shape.last ?? 1
    let count = slope.elementCount
    guard slope.constant != nil, count == 1 || count == channels && slope.shape.last == channels
    else {
      throw .invalid(
        node: node.name,
        reason: "the slopes of a parametric ReLU must be constants, one for each channel")
    }
    let values: [Int8]
    var origin: Origin?
    switch slope.constant {
    case .int8(let codes):
      let code = code(of: node.inputs[1])
      values = table.preluValues(slopes: codes, of: code)
      origin = .prelu(slopes: codes, scale: code.scale, zeroPoint: Int32(code.zeroPoint))
    case .float(let slopes):
      values = table.preluValues(slopes: slopes)
      // TensorFlow Lite has real slopes only as one for all.
      let leaky = ScalarFunction.leakyRelu(alpha: slopes[0])
      if count == 1, values == table.values(of: .scalar(leaky)) { origin = .function(leaky) }
    default:
      throw .invalid(node: node.name, reason: "its slopes are neither int8 nor float")
    }
    try appendTables(node, node.inputs[0], node.outputs[0], values, of: origin)
  }

  mutating func appendTables(
    _ node: Node, _ input: TensorIndex, _ output: TensorIndex, _ tables: [Int8], of origin: Origin?
  ) throws(CompilerError) {
    typealias Word = Lookup.Word
    try append(
      .lookup, node, inputs: [input], output: output, origin: origin,
      [Word.tableCount: .value(tables.count / 256), .tables: .bytes(tables)])
  }

  /// The grid of a tensor.
  func code(of tensor: TensorIndex) -> LookupTable.Code {
    .init(scale: scale(tensor), zeroPoint: zeroPoint(tensor))
  }
}

extension BlobReader {
  /// The operation that the blob says the table was made of.
  mutating func readLookup(_ view: OperatorView) throws(CompilerError) {
    switch try origin(view) {
    case .function(let function): append(view, .scalar(function))
    case .changeOfScale: append(view, .quantize)
    case .prelu(let slopes, let scale, let zeroPoint):
      let constant = add(
        Tensor(
          name: "\(name(view))/slopes", shape: [slopes.count], elementType: .int8,
          constant: .int8(slopes), quantization: Quantization(scale: scale, zeroPoint: zeroPoint)))
      append(
        view, .prelu, inputs: [view.inputTensorIndex(0), constant],
        outputs: [view.outputTensorIndex(0)])
    case .resize: throw contradiction(view)
    }
  }

  /// Reads tables as functions of real numbers: straight lines from one result to the next,
  /// constant beyond the ends.
  mutating func readTables(_ view: OperatorView) {
    let (x, y) = (input(view), output(view))
    guard let from = x.quantization, let to = y.quantization else { return }
    let count = word(view, Lookup.Word.tableCount)
    let values = int8s(view, Lookup.Word.tables, count: 256 * count).map {
      Float(Int32($0) - to.zeroPoints[0]) * to.scales[0]
    }
    let rises = values.indices.map { $0 % 256 == 255 ? 0 : values[$0 + 1] - values[$0] }
    let name = name(view)
    func scalar(_ value: Float) -> Tensor {
      Tensor(name: "\(name)/constant", shape: [1], constant: .float([value]))
    }
    let (step, zero) = (
      add(scalar(1 / from.scales[0])), add(scalar(Float(from.zeroPoints[0] + 128)))
    )
    let (table, slopes) = (
      add(Tensor(name: "\(name)/table", shape: [values.count], constant: .float(values))),
      add(Tensor(name: "\(name)/slopes", shape: [values.count], constant: .float(rises)))
    )
    var steps = RealSteps(view, x.shape)
    let scaled = steps.append(.multiply(.none), [view.inputTensorIndex(0), step], to: &self)
    let shifted = steps.append(.add(.none), [scaled, zero], to: &self)
    let position = steps.append(.scalar(.clip(lower: 0, upper: 255)), [shifted], to: &self)
    let whole = steps.append(.scalar(.floor), [position], to: &self)
    let part = steps.append(.subtract(.none), [position, whole], to: &self)
    var index = steps.append(.cast(CastAttributes(.int64)), [whole], type: .int64, to: &self)
    if count > 1 {
      let starts = add(
        Tensor(
          name: "\(name)/starts", shape: [count], elementType: .int64,
          constant: .int64((0..<count).map { Int64(256 * $0) })))
      index = steps.append(.add(.none), [index, starts], type: .int64, to: &self)
    }
    let value = steps.append(.gather(axis: 0), [table, index], to: &self)
    let slope = steps.append(.gather(axis: 0), [slopes, index], to: &self)
    let rise = steps.append(.multiply(.none), [part, slope], to: &self)
    append(view, .add(.none), inputs: [value, rise], outputs: [view.outputTensorIndex(0)])
  }
}

/// The real-valued nodes between an operator's input and its last node, all of one shape.
struct RealSteps {
  let view: OperatorView
  let shape: [Int]

  init(_ view: OperatorView, _ shape: [Int]) { (self.view, self.shape) = (view, shape) }

  mutating func append(
    _ operation: Operation, _ inputs: [TensorIndex], type: ElementType = .float32,
    to reader: inout BlobReader
  ) -> TensorIndex {
    let name = "\(reader.name(view))/\(operation.name)"
    let result = reader.add(Tensor(name: name, shape: shape, elementType: type))
    reader.append(
      view, operation, suffix: "/\(operation.name)", inputs: inputs, outputs: [result])
    return result
  }
}
