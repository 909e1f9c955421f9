import OctetModel

// What old operator sets leave to the shapes, so that it can be rewritten only when they are known.

extension ONNXImporter {
  /// Gives the node the inputs that it has today.
  mutating func bringUpToDate(_ node: inout ONNXNodeView) throws(ImportFailure) {
    switch node.operatorName {
    case "Add", "Sub", "Mul", "Div", "Pow", "PRelu", "Equal", "Less", "Greater", "And", "Or", "Xor":
      if version < 7 { node.inputs = try binaryOperands(node) }
    case "Tile" where version < 6:
      // One axis and its count, as numbers of x's own type.
      guard let count = try node.wholeNumber(1), let axis = try node.wholeNumber(2) else {
        throw .invalid("the repeats are missing")
      }
      let x = try node.input(0)
      var repeats = [Int](repeating: 1, count: x.rank)
      repeats[try node.axis(axis, rank: x.rank)] = count
      node.inputs = [x, constantOperand(node.name + "/repeats", repeats)]
    case "Split" where version == 1:
      guard let lengths = try node.realsInput(1) else { return }
      var counts: [Int] = []
      for length in lengths { counts.append(try ONNXNodeView.whole(length)) }
      node.inputs = [try node.input(0), constantOperand(node.name + "/split", counts)]
    case "GroupNormalization": try spreadGroups(&node)
    default: break
    }
  }

  private func constantOperand(_ name: String, _ numbers: [Int]) -> ImportedValue {
    operand(name, ONNXValue(shape: [numbers.count], integers: numbers.map { Int64($0) }))
  }

  /// A and B, B in a shape that broadcasts as today. Before operator set 7 B's axes are those of A
  /// from `axis` on, its last ones without that, and only where `broadcast` is set; the slopes of
  /// a PRelu are those of the channels.
  private mutating func binaryOperands(
    _ view: ONNXNodeView
  ) throws(ImportFailure) -> [ImportedValue] {
    let (a, b) = (try view.input(0), try view.input(1))
    if a.shape == b.shape { return [a, b] }
    var axis = a.rank - b.rank
    if view.operatorName == "PRelu" {
      if b.rank == 1 && b.shape[0] != 1 { axis = 1 }
    } else {
      guard try view.integer("broadcast") != 0 else {
        throw .invalid(
          "it has operands of the shapes \(a.shape) and \(b.shape), and broadcast is not set")
      }
      let given = try view.integer("axis", -1)
      // −1 stands for the last axes, too.
      if given != -1 { axis = given < 0 ? given + a.rank : given }
    }
    guard axis >= 0, axis + b.rank <= a.rank else {
      throw .invalid("B of shape \(b.shape) does not fit A of shape \(a.shape) from axis \(axis)")
    }
    let ones = [Int](repeating: 1, count: a.rank - axis - b.rank)
    if ones.isEmpty { return [a, b] }
    return [a, try reshaped(b, b.shape + ones)]
  }

  /// Gain and offset are one for each group before operator set 21, one for each channel since.
  private mutating func spreadGroups(_ node: inout ONNXNodeView) throws(ImportFailure) {
    let x = try node.input(0)
    let groups = try node.integer("num_groups")
    guard x.rank >= 2, groups > 0, x.shape[1] > 0, x.shape[1] % groups == 0 else { return }
    for index in 1...2 {
      let value = try node.input(index)
      guard value.shape == [groups] else {
        throw .invalid("input \(index) of shape \(value.shape) should have \(groups) elements")
      }
      node.inputs[index] = try perChannel(node, value, channels: x.shape[1], "/spread\(index)")
    }
  }

  /// A value for each group, as often as the group has channels.
  private mutating func perChannel(
    _ view: ONNXNodeView, _ value: ImportedValue, channels: Int, _ suffix: String
  ) throws(ImportFailure) -> ImportedValue {
    let groups = value.shape[0]
    if groups == channels { return value }
    if let constant = value.constant {
      let reals = constant.reals
      let spread = (0..<channels).map { reals[$0 / (channels / groups)] }
      let result = ONNXValue(shape: [channels], reals: spread).retyped(constant.elementType)
      return operand(value.name + "/groups", result)
    }
    let column = try reshape(try tensor(value, .plain), [groups, 1])
    let wide = try step(view, .expand([groups, channels / groups]), [column], suffix)
    let flat = try reshape(wide, [channels])
    return heldValue(flat, .plain, named: value.name + "/groups")
  }

  /// Softmax and LogSoftmax before operator set 13: all axes from `axis` on count as one. Returns
  /// whether that is more than one.
  mutating func softmaxOfRows(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    let x = try view.input(0)
    let axis = try view.axis(try view.integer("axis", 1), rank: x.rank)
    if x.shape[(axis + 1)...].allSatisfy({ $0 == 1 }) {
      try softmax(view, axis: axis)
      return true
    }
    // Within one row the order does not matter; rows of a batch are the same in all layouts.
    let layout = axis > 1 ? .plain : x.layout
    let source = try tensor(x, layout)
    let rows = x.shape[..<axis].reduce(1, *)
    let flat = try reshape(source, [rows, x.shape[axis...].reduce(1, *)])
    let soft = try emit(
      softmaxOperation(view, axis: 1), name: view.name, inputs: [flat],
      output: view.name + "/rows")
    let result = try emit(
      .reshape(graph.tensors[source].shape), name: view.name + "/reshape", inputs: [soft],
      output: view.node.outputs[0])
    define(view, result, layout)
    return true
  }
}

extension ONNXNodeView {
  fileprivate func wholeNumber(_ index: Int) throws(ImportFailure) -> Int? {
    guard let values = try realsInput(index) else { return nil }
    guard values.count == 1 else { throw .invalid("input \(index) should be one number") }
    return try Self.whole(values[0])
  }

  fileprivate static func whole(_ value: Float) throws(ImportFailure) -> Int {
    guard let number = Int(exactly: value), number.magnitude < 1 << 40 else {
      throw .invalid("\(value) should be a whole number")
    }
    return number
  }
}
