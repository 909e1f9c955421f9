import OctetModel

// Operators that move values without changing them.

extension TFLiteImporter {
  mutating func concatenation(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Concatenation
    let axis = try call.axis(
      try call.option(Slot.type, Slot.axis), rank: try call.shape(0).count)
    let output = try tensor(call.node.outputs[0])
    var inputs: [TensorIndex] = []
    for (position, index) in call.node.inputs.enumerated() {
      let given = try tensor(index)
      let isOnGrid = graph.tensors[given].quantization == graph.tensors[output].quantization
      inputs.append(
        isOnGrid || graph.tensors[given].elementType != .int8
          ? given
          : step(
            call, .quantize, [given], like: output, shape: graph.tensors[given].shape,
            "/grid\(position)"))
    }
    try append(
      call,
      .concatenation(axis: axis, activation: try call.activation(Slot.type, Slot.activation)),
      inputs: inputs)
  }

  /// PAD adds real zeros, PADV2 a scalar constant.
  mutating func pad(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let rank = try call.shape(0).count
    let amounts = try call.integers(1, "its amounts are")
    guard amounts.count == 2 * rank else {
      throw call.broken("it has \(amounts.count) amounts for \(rank) dimensions")
    }
    let before = (0..<rank).map { amounts[2 * $0] }
    let after = (0..<rank).map { amounts[2 * $0 + 1] }
    guard amounts.allSatisfy({ (0...Graph.maximumElementCount).contains($0) }) else {
      throw call.broken("it has the amounts \(amounts)")
    }
    var value: Float = 0
    if call.kind == .padV2 {
      let index = dequantized(try tensor(try call.inputIndex(2)))
      guard case .float(let values) = graph.tensors[index].constant, values.count == 1 else {
        throw .unsupported("its value is no constant; only constants are supported")
      }
      value = values[0]
    }
    try append(call, .pad(before: before, after: after, mode: .constant(value)))
  }

  /// RESHAPE, SQUEEZE and EXPAND_DIMS: the output's declared shape says it all. An open one follows
  /// from the operands.
  mutating func reshape(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let output = try call.output()
    var shape = output.shape
    let isOpen = shape.isEmpty && x.elementCount != 1 || !output.openAxes.isEmpty
    if isOpen, call.kind == .reshape, call.node.inputs.count > 1 {
      shape = try call.integers(1, "its shape is")
      if let open = shape.firstIndex(of: -1) {
        shape[open] = 1
        let (known, overflow) = shape.reduce((1, false)) { product, dimension in
          let (value, overflow) = product.0.multipliedReportingOverflow(by: dimension)
          return (value, overflow || product.1)
        }
        guard !overflow, known > 0 else { throw call.broken("its shape is \(shape)") }
        shape[open] = x.elementCount / known
      }
    } else if !output.openAxes.isEmpty, shape.elementCount != x.elementCount {
      shape = try reshaped(call, x)
    }
    try append(call, .reshape(shape))
  }

  /// The result of SQUEEZE and EXPAND_DIMS on x, for files that leave it open.
  private func reshaped(_ call: TFLiteCall, _ x: [Int]) throws(TFLiteRefusal) -> [Int] {
    switch call.kind {
    case .expandDims:
      let axes = try call.integers(1, "its axis is")
      guard axes.count == 1 else { throw call.broken("it has \(axes.count) axes") }
      var shape = x
      shape.insert(1, at: try call.axis(axes[0], rank: x.count + 1))
      return shape
    default:
      throw .unsupported("the shape of its result is open; convert the model with fixed shapes")
    }
  }

  mutating func transpose(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let rank = try call.shape(0).count
    var permutation: [Int] = []
    for axis in try call.integers(1, "its permutation is") {
      permutation.append(try call.axis(axis, rank: rank))
    }
    try append(call, .transpose(permutation))
  }

  mutating func slice(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let begin = try call.integers(1, "its start is")
    var count = try call.integers(2, "its size is")
    guard begin.count == x.count, count.count == x.count else {
      throw call.broken("it has \(begin.count) starts for \(x.count) dimensions")
    }
    for axis in x.indices {
      guard (0...x[axis]).contains(begin[axis]), (-1...x[axis]).contains(count[axis]) else {
        throw call.broken("it takes \(count) from \(begin) in \(x)")
      }
      if count[axis] == -1 { count[axis] = x[axis] - begin[axis] }
    }
    try append(
      call, .slice(begin: begin, count: count, stride: [Int](repeating: 1, count: x.count)))
  }

  /// Axes that go or come become a reshape after the slice.
  mutating func stridedSlice(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let slice = try StridedSlice(call, shape: try call.shape(0))
    let operation = Operation.slice(
      begin: slice.begin, count: slice.count, stride: slice.stride)
    guard slice.result != slice.count else {
      try append(call, operation)
      return
    }
    let x = try tensor(call.node.inputs[0])
    var whole = graph.tensors[x]
    whole.name = "\(call.name)/slice"
    whole.shape = slice.count
    whole.constant = nil
    let middle = addTensor(whole)
    graph.nodes.append(
      Node(
        name: uniqueNodeName("\(call.name)/slice"), operation: operation, inputs: [x],
        outputs: [middle]))
    try append(call, .reshape(slice.result), inputs: [middle])
  }

  /// SPLIT: axis, x. SPLIT_V: x, counts, axis.
  mutating func split(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let position = call.kind == .split ? 1 : 0
    let x = try call.shape(position)
    let axes = try call.integers(call.kind == .split ? 0 : 2, "its axis is")
    guard axes.count == 1 else { throw call.broken("it has \(axes.count) axes") }
    let axis = try call.axis(axes[0], rank: x.count)
    let partCount = call.node.outputs.count
    var counts = [Int](repeating: x[axis] / partCount, count: partCount)
    if call.kind == .splitV {
      counts = try call.integers(1, "its sizes are")
      guard counts.allSatisfy({ (-1...x[axis]).contains($0) }) else {
        throw call.broken("it has the sizes \(counts) of \(x[axis])")
      }
      if let open = counts.firstIndex(of: -1) {
        counts[open] = 0
        counts[open] = x[axis] - counts.reduce(0, +)
      }
    }
    try append(
      call, .split(axis: axis, counts: counts),
      inputs: [try tensor(try call.inputIndex(position))])
  }
}

extension TFLiteCall {
  /// The file's index of a tensor that must be there.
  func inputIndex(_ position: Int) throws(TFLiteRefusal) -> Int {
    _ = try input(position)
    return node.inputs[position]
  }
}
