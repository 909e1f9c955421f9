import OctetModel

/// SPLIT (axis, x) and SPLIT_V (x, counts, axis).
enum Split: TFLiteDefinition {
  private static let even = TFLiteBuiltin(49, inputs: 2...2, hasManyOutputs: true, options: 35)
  private static let uneven = TFLiteBuiltin(102, inputs: 3...3, hasManyOutputs: true, options: 79)
  static let builtins = [even, uneven]
  private static let count = FlatSlot<Int32>(0)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let position = call.kind == even ? 1 : 0
    let x = try call.shape(position)
    let axis = try call.axis(operand: call.kind == even ? 0 : 2, rank: x.count)
    let partCount = call.node.outputs.count
    var counts = [Int](repeating: x[axis] / partCount, count: partCount)
    if call.kind == uneven {
      counts = try call.integers(1, "its sizes are")
      guard counts.allSatisfy({ (-1...x[axis]).contains($0) }) else {
        throw call.broken("it has the sizes \(counts) of \(x[axis])")
      }
      if let open = counts.firstIndex(of: -1) {
        counts[open] = 0
        counts[open] = x[axis] - counts.reduce(0, +)
      }
    }
    try call.append(
      .split(axis: axis, counts: counts),
      inputs: [try call.operand(position)])
  }

  static func write(
    _ node: Node, _ axis: Int, _ counts: [Int], _ exporter: TFLiteExporter
  ) {
    exporter.append(
      uneven, node,
      inputs: [
        exporter.tensor(node.inputs[0]), exporter.integers(counts, node),
        exporter.integers([axis], shape: [], node),
      ], outputs: node.outputs.map { exporter.tensor($0) }, options: [Self.count(counts.count)])
  }
}
