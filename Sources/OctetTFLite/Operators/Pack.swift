import OctetModel

/// PACK and UNPACK, which Octet does not write: its operations have no such axis.
enum Pack: TFLiteDefinition {
  private static let pack = TFLiteBuiltin(83, inputs: 1...Int.max, options: 59)
  private static let unpack = TFLiteBuiltin(88, hasManyOutputs: true, options: 64)
  static let builtins = [pack, unpack]
  private static let axis = FlatSlot<Int32>(1)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    if call.kind == pack {
      let axis = try call.axis(try call[axis], rank: x.count + 1)
      try join(call, x, axis)
    } else {
      let axis = try call.axis(try call[axis], rank: x.count)
      try separate(call, x, axis)
    }
  }

  /// Operands stand one after the other along a new axis.
  private static func join(
    _ call: TFLiteCall, _ x: [Int], _ axis: Int
  ) throws(TFLiteRefusal) {
    let row = [x[..<axis].reduce(1, *), x[axis...].reduce(1, *)]
    var rows: [TensorIndex] = []
    for position in call.node.inputs.indices {
      guard try call.shape(position) == x else {
        throw call.broken("input \(position) has another shape than the first")
      }
      let given = try call.operand(position)
      rows.append(try call.step(.reshape(row), [given], "/\(position)"))
    }
    let joined = try call.step(.concatenation(axis: 1, activation: .none), rows, "/joined")
    var result = x
    result.insert(rows.count, at: axis)
    try call.append(.reshape(result), inputs: [joined])
  }

  /// The parts along an axis, which goes.
  private static func separate(
    _ call: TFLiteCall, _ x: [Int], _ axis: Int
  ) throws(TFLiteRefusal) {
    let count = call.node.outputs.count
    guard x[axis] == count else {
      throw call.broken("it has \(count) results for \(x[axis]) parts")
    }
    let (outer, inner) = (x[..<axis].reduce(1, *), x[(axis + 1)...].reduce(1, *))
    let given = try call.operand(0)
    let rows = try call.step(.reshape([outer, count * inner]), [given], "/rows")
    var result = x
    result.remove(at: axis)
    for (position, index) in call.node.outputs.enumerated() {
      let slice = Operation.slice(
        begin: [0, position * inner], count: [outer, inner], stride: [1, 1])
      let part = try call.step(slice, [rows], "/\(position)")
      var single = call.node
      single.outputs = [index]
      let name =
        position == 0 ? call.name : call.importer.uniqueNodeName(call.file.tensors[index].name)
      try TFLiteCall(node: single, kind: call.kind, name: name, importer: call.importer)
        .append(.reshape(result), inputs: [part])
    }
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    call.kind == pack && operands.allSatisfy { $0.count == 1 } ? operands.flatMap { $0 } : nil
  }
}
