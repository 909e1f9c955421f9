import OctetModel

/// MIRROR_PAD: mirrored pieces before and after x, axis by axis.
enum MirrorPad: TFLiteDefinition {
  static let builtins = [TFLiteBuiltin(100, inputs: 2...2, options: 77)]
  /// 0 reflects, 1 is symmetric, which repeats the edge.
  private static let mode = FlatSlot<Int8>(0)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let amounts = try call.integers(1, "its amounts are")
    let mode = try call[mode]
    guard amounts.count == 2 * x.count, (0...1).contains(mode) else {
      throw call.broken("it has \(amounts.count) amounts for \(x.count) dimensions, mode \(mode)")
    }
    // The first that is repeated: reflection leaves the edge out.
    let first = mode == 0 ? 1 : 0
    var current = try call.operand(0)
    for axis in x.indices {
      let (before, after) = (amounts[2 * axis], amounts[2 * axis + 1])
      guard (0...x[axis] - first).contains(before), (0...x[axis] - first).contains(after) else {
        throw call.broken("it mirrors \(before) and \(after) elements of \(x[axis])")
      }
      var pieces = [current]
      if before > 0 {
        let run = EvenRun(begin: before - 1 + first, count: before, stride: -1)
        pieces.insert(
          try call.piece(current, along: axis, run, "/before\(axis)"), at: 0)
      }
      if after > 0 {
        let run = EvenRun(begin: x[axis] - 1 - first, count: after, stride: -1)
        pieces.append(try call.piece(current, along: axis, run, "/after\(axis)"))
      }
      current = try call.joined(pieces, along: axis, "/axis\(axis)")
    }
    try call.append(.reshape(call.tensor(current).shape), inputs: [current])
  }
}
