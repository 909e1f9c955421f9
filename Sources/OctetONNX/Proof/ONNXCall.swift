import Foundation
import OctetModel

/// A node with all its inputs known: what folds constants, and what `ONNXProof` holds the imported
/// graph against.
///
/// What has windows, or adds up products, is computed here as ONNX defines it: naive, in doubles,
/// in ONNX's own layout and in any number of dimensions, sharing no geometry with the importer. All
/// else is the node by itself: taken over with its inputs in the file's order, where nothing before
/// or after it can have part in the result, and run in floats.
struct ONNXCall {
  let view: ONNXNodeView
  let version: Int64
  let arguments: [ONNXValue?]
  let meter: ONNXMeter

  /// `inputs` has nil where an optional input is absent.
  init(
    node: ONNXNode, version: Int64, inputs: [ONNXValue?], data: ONNXData, meter: ONNXMeter
  ) {
    self.meter = meter
    self.version = version
    arguments = inputs
    view = ONNXNodeView(
      node: node,
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
    guard let definition = ONNXOperator.byName[view.operatorName] else { throw .unknownOperator() }
    guard let evaluate = definition.evaluate else { return try alone(definition) }
    return try evaluate(self).map { typed($0) }
  }

  /// Real results are of the first input's type.
  private func typed(_ result: ONNXValue) -> ONNXValue {
    guard result.elementType == .float, let type = arguments.first??.elementType, type.isReal
    else { return result }
    return result.narrowed(to: type)
  }

  /// The outputs of the node by itself.
  private func alone(_ definition: ONNXOperator) throws(ImportFailure) -> [ONNXValue] {
    var importer = ONNXImporter(alone: self)
    try importer.take(view, definition)
    var values: [ImportedValue?] = []
    for output in view.node.outputs {
      if output.isEmpty {
        values.append(nil)
      } else if let value = importer.values[output] {
        values.append(value)
        if case .tensor(let tensor) = value.source { importer.graph.outputs.append(tensor) }
      }
    }
    let graph = importer.graph
    var elementCount = 0
    for value in values.compactMap({ $0 }) { elementCount += try count(value.shape) }
    for argument in arguments { elementCount += argument?.count ?? 0 }
    let heldCount = graph.tensors.reduce(0) { $0 + $1.elementCount }
    let work = graph.nodes.reduce(0.0) { $0 + graph.work(of: $1) }
    guard heldCount <= 1 << 20 + 16 * elementCount, work < 0x1p60, meter.spend(work: Int(work))
    else { throw .unsupported("it takes too long to be computed here") }
    do {
      let interpreter = try FloatInterpreter(graph)
      interpreter.run()
      return values.map { $0?.value(interpreter) ?? ONNXValue(shape: [0], reals: []) }
    } catch {
      throw ImportFailure(error)
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
    forEachIndex(in: shape) { values.append(body($0)) }
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
    forEachIndex(in: shape) { offsets.append(source($0).map { x.offset($0) }) }
    switch x.elements {
    case .real(let values):
      result.elements = .real(offsets.map { $0.map { values[$0] } ?? Float(filler) })
    case .integer(let values):
      result.elements = .integer(offsets.map { $0.map { values[$0] } ?? Int64(filler) })
    }
    return result
  }
}

/// How much naive computation may still make and do.
final class ONNXMeter {
  var elementCount, work: Int

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

extension ImportedValue {
  /// The value after a run of the graph that holds it, in the file's order.
  fileprivate func value(_ interpreter: FloatInterpreter) -> ONNXValue {
    switch source {
    case .constant(let value): return value.retyped(elementType)
    case .tensor(let tensor):
      let held = interpreter.graph.tensors[tensor].shape
      let value =
        interpreter.integers(of: tensor)
        .map { ONNXValue(shape: held, integers: $0, elementType: elementType) }
        ?? ONNXValue(shape: held, reals: interpreter.value(of: tensor)).retyped(elementType)
      return layout.valueElements(value).reshaped(shape)
    }
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

extension Int64 {
  /// Truncates towards zero, the nearest representable value when out of range, 0 for NaN.
  init(clamping value: Double) {
    if value.isNaN {
      self = 0
    } else {
      self = value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int64(value)
    }
  }
}
