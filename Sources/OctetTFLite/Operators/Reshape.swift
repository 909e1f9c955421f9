import OctetModel

/// RESHAPE, SQUEEZE and EXPAND_DIMS: the output's declared shape says it all. An open one follows
/// from the operands.
enum Reshape: TFLiteDefinition {
  private static let reshape = TFLiteBuiltin(22, inputs: 1...2, int8Version: 1, int16Version: 1, options: 17)
  private static let squeeze = TFLiteBuiltin(43)
  private static let expandDims = TFLiteBuiltin(70, inputs: 2...2)
  static let builtins = [reshape, squeeze, expandDims]
  private static let shape = FlatSlot<[Int32]>(0)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let output = try call.output()
    var shape = output.shape
    let isOpen = shape.isEmpty && x.elementCount != 1 || !output.openAxes.isEmpty
    if isOpen, call.kind == reshape, call.node.inputs.count > 1 {
      shape = try call.integers(1, "its shape is")
      if let open = shape.firstIndex(of: -1) {
        shape[open] = 1
        let known = ShapeArithmetic.joined([1] + shape) { $0.multipliedReportingOverflow(by: $1) }
        guard let known, known > 0 else { throw call.broken("its shape is \(shape)") }
        shape[open] = x.elementCount / known
      }
    } else if !output.openAxes.isEmpty, shape.elementCount != x.elementCount {
      guard call.kind == expandDims else {
        throw .unsupported(
          "the shape of its result is open; convert the model with fixed shapes")
      }
      shape = x
      shape.insert(1, at: try call.axis(operand: 1, rank: x.count + 1))
    }
    try call.append(.reshape(shape))
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    operands.first
  }

  static func write(_ node: Node, _ exporter: TFLiteExporter) {
    let shape = exporter.graph.tensors[node.outputs[0]].shape
    exporter.append(reshape, node, [shape], options: [Self.shape(shape)])
  }
}
