import OctetModel

// Operators that move values without changing them.

extension TFLiteImporter {
  mutating func concatenation(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Concatenation
    let axis = try call.axis(
      try call.option(Slot.type, Slot.axis), rank: try call.shape(0).count)
    try append(
      call,
      .concatenation(axis: axis, activation: try call.activation(Slot.type, Slot.activation)),
      inputCount: call.node.inputs.count)
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
  /// from the operand.
  mutating func reshape(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    var shape = try call.output().shape
    if shape.isEmpty, x.elementCount != 1, call.kind == .reshape, call.node.inputs.count > 1 {
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
    }
    try append(call, .reshape(shape))
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

  /// Axes to drop become a reshape after the slice.
  mutating func stridedSlice(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let slice = try StridedSlice(call)
    let sliced = slice.count
    let kept = sliced.indices.filter { slice.shrunk & (1 << $0) == 0 }.map { sliced[$0] }
    let operation = Operation.slice(
      begin: slice.begin, count: slice.count, stride: slice.stride)
    guard slice.shrunk != 0 else {
      try append(call, operation)
      return
    }
    let x = try tensor(call.node.inputs[0])
    var whole = graph.tensors[x]
    whole.name = "\(call.name)/slice"
    whole.shape = sliced
    whole.constant = nil
    let middle = addTensor(whole)
    graph.nodes.append(
      Node(
        name: uniqueNodeName("\(call.name)/slice"), operation: operation, inputs: [x],
        outputs: [middle]))
    try append(call, .reshape(kept), inputs: [middle])
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

/// A strided slice with its masks resolved.
private struct StridedSlice {
  var begin: [Int] = []
  var count: [Int] = []
  var stride: [Int] = []
  /// A bit for each axis that the result drops.
  var shrunk: Int

  init(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.StridedSlice
    let x = try call.shape(0)
    let begins = try call.integers(1, "its start is")
    let ends = try call.integers(2, "its end is")
    let strides = try call.integers(3, "its stride is")
    let beginMask = try call.option(Slot.type, Slot.beginMask)
    let endMask = try call.option(Slot.type, Slot.endMask)
    shrunk = try call.option(Slot.type, Slot.shrinkAxisMask)
    let ellipsis = try call.option(Slot.type, Slot.ellipsisMask)
    let newAxis = try call.option(Slot.type, Slot.newAxisMask)
    guard ellipsis == 0, newAxis == 0 else {
      throw .unsupported("its ellipsis or new axes are not supported; use RESHAPE before it")
    }
    let endIsOffset = try call.flagOption(Slot.type, Slot.endIsOffset)
    // Fewer bounds than dimensions leave the last ones whole.
    guard begins.count <= x.count, ends.count == begins.count, strides.count == begins.count else {
      throw call.broken("it has \(begins.count) starts for \(x.count) dimensions")
    }
    for axis in x.indices {
      guard axis < begins.count else {
        append(begin: 0, count: x[axis], stride: 1)
        continue
      }
      let stride = strides[axis]
      let limit = Int(Int32.max)
      guard stride != 0, (-limit...limit).contains(stride) else {
        throw call.broken("its stride is \(stride)")
      }
      // Where a walk may start and must end, for both directions.
      let (lowest, highest) = stride > 0 ? (0, x[axis]) : (-1, x[axis] - 1)
      func resolve(_ index: Int) -> Int {
        min(max(index < 0 ? index + x[axis] : index, lowest), highest)
      }
      let isBeginOpen = beginMask & (1 << axis) != 0
      let first = isBeginOpen ? (stride > 0 ? lowest : highest) : resolve(begins[axis])
      if shrunk & (1 << axis) != 0 {
        guard (0..<x[axis]).contains(first) else { throw call.broken("it reads outside \(x)") }
        append(begin: first, count: 1, stride: 1)
        continue
      }
      let (end, overflow) =
        endIsOffset ? first.addingReportingOverflow(ends[axis]) : (ends[axis], false)
      guard !overflow else { throw call.broken("its end is \(ends[axis])") }
      let isEndOpen = endMask & (1 << axis) != 0
      let stop = isEndOpen ? (stride > 0 ? highest : lowest) : resolve(end)
      let distance = stride > 0 ? stop - first : first - stop
      let count = max(0, (distance + abs(stride) - 1) / abs(stride))
      append(begin: count == 0 ? 0 : first, count: count, stride: stride)
    }
  }

  private mutating func append(begin: Int, count: Int, stride: Int) {
    self.begin.append(begin)
    self.count.append(count)
    self.stride.append(stride)
  }
}
