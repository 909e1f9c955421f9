import OctetModel

// Operators that put a result together from pieces of their operands.

extension TFLiteImporter {
  /// More pieces than a blob's concatenation takes.
  private static let pieceLimit = 255

  /// Operands stand one after the other along a new axis.
  mutating func pack(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Pack
    let x = try call.shape(0)
    let axis = try call.axis(try call.option(Slot.type, Slot.axis), rank: x.count + 1)
    let count = call.node.inputs.count
    let (outer, inner) = (x[..<axis].reduce(1, *), x[axis...].reduce(1, *))
    var rows: [TensorIndex] = []
    for position in 0..<count {
      guard try call.shape(position) == x else {
        throw call.broken("input \(position) has another shape than the first")
      }
      let given = try tensor(try call.inputIndex(position))
      rows.append(
        step(
          call, .reshape([outer, inner]), [given], like: given, shape: [outer, inner],
          "/\(position)"))
    }
    let joined = step(
      call, .concatenation(axis: 1, activation: .none), rows, like: rows[0],
      shape: [outer, count * inner], "/joined")
    var result = x
    result.insert(count, at: axis)
    try append(call, .reshape(result), inputs: [joined])
  }

  /// The parts along an axis, which goes.
  mutating func unpack(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Pack
    let x = try call.shape(0)
    let axis = try call.axis(try call.option(Slot.unpackType, Slot.axis), rank: x.count)
    let count = call.node.outputs.count
    guard x[axis] == count else {
      throw call.broken("it has \(count) results for \(x[axis]) parts")
    }
    let (outer, inner) = (x[..<axis].reduce(1, *), x[(axis + 1)...].reduce(1, *))
    let given = try tensor(call.node.inputs[0])
    let flat = [outer, count * inner]
    let rows = step(call, .reshape(flat), [given], like: given, shape: flat, "/rows")
    var result = x
    result.remove(at: axis)
    for (position, index) in call.node.outputs.enumerated() {
      let part = step(
        call,
        .slice(begin: [0, position * inner], count: [outer, inner], stride: [1, 1]), [rows],
        like: rows, shape: [outer, inner], "/\(position)")
      var single = call.node
      single.outputs = [index]
      let name = position == 0 ? call.name : uniqueNodeName(file.tensors[index].name)
      try append(
        TFLiteCall(node: single, kind: call.kind, name: name, file: file, known: known),
        .reshape(result), inputs: [part])
    }
  }

  /// Rows at constant places: those in even steps are a slice, and slices are joined.
  mutating func gather(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Gather
    guard try call.option(Slot.type, Slot.batchDimensions) == 0 else {
      throw .unsupported("it takes other places for each element of the batch")
    }
    let x = try call.shape(0)
    let axis = try call.axis(try call.option(Slot.type, Slot.axis), rank: x.count)
    let places = try call.integers(1, "its places are")
    guard places.allSatisfy({ (0..<x[axis]).contains($0) }), !places.isEmpty else {
      throw call.broken("it takes places that do not exist among \(x[axis])")
    }
    let runs = Self.evenRuns(places)
    let given = try tensor(call.node.inputs[0])
    guard runs.count <= Self.pieceLimit else {
      throw .unsupported(
        "its \(places.count) places are \(runs.count) runs of even steps; \(Self.pieceLimit) are "
          + "supported")
    }
    var pieces: [TensorIndex] = []
    for (index, run) in runs.enumerated() {
      pieces.append(
        piece(
          given, axis: axis, begin: run.begin, count: run.count, stride: run.stride, call,
          "/run\(index)"))
    }
    let joined = self.joined(pieces, axis: axis, call, "/joined")
    let shape = try call.shape(1)
    try append(
      call, .reshape(Array(x[..<axis]) + shape + Array(x[(axis + 1)...])), inputs: [joined])
  }

  private static func evenRuns(_ places: [Int]) -> [(begin: Int, count: Int, stride: Int)] {
    var runs: [(begin: Int, count: Int, stride: Int)] = []
    for place in places {
      if var run = runs.last {
        let last = run.begin + (run.count - 1) * run.stride
        let step = place - last
        if step != 0, run.count == 1 || step == run.stride {
          run.count += 1
          run.stride = step
          runs[runs.count - 1] = run
          continue
        }
      }
      runs.append((place, 1, 1))
    }
    return runs
  }

  /// Mirrored pieces before and after x, axis by axis; a symmetric mirror repeats the edge.
  mutating func mirrorPad(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.MirrorPad
    let x = try call.shape(0)
    let amounts = try call.integers(1, "its amounts are")
    let mode = try call.byteOption(Slot.type, Slot.mode)
    guard amounts.count == 2 * x.count, (0...1).contains(mode) else {
      throw call.broken("it has \(amounts.count) amounts for \(x.count) dimensions, mode \(mode)")
    }
    // The first that is repeated: reflection leaves the edge out.
    let first = mode == 0 ? 1 : 0
    var current = try tensor(call.node.inputs[0])
    for axis in x.indices {
      let (before, after) = (amounts[2 * axis], amounts[2 * axis + 1])
      guard (0...x[axis] - first).contains(before), (0...x[axis] - first).contains(after) else {
        throw call.broken("it mirrors \(before) and \(after) elements of \(x[axis])")
      }
      var pieces = [current]
      if before > 0 {
        pieces.insert(
          piece(
            current, axis: axis, begin: before - 1 + first, count: before, stride: -1, call,
            "/before\(axis)"), at: 0)
      }
      if after > 0 {
        pieces.append(
          piece(
            current, axis: axis, begin: x[axis] - 1 - first, count: after, stride: -1, call,
            "/after\(axis)"))
      }
      current = joined(pieces, axis: axis, call, "/axis\(axis)")
    }
    try append(call, .reshape(graph.tensors[current].shape), inputs: [current])
  }

  private mutating func piece(
    _ source: TensorIndex, axis: Int, begin: Int, count: Int, stride: Int, _ call: TFLiteCall,
    _ suffix: String
  ) -> TensorIndex {
    let shape = graph.tensors[source].shape
    var (begins, counts) = ([Int](repeating: 0, count: shape.count), shape)
    var strides = [Int](repeating: 1, count: shape.count)
    (begins[axis], counts[axis], strides[axis]) = (begin, count, stride)
    return step(
      call, .slice(begin: begins, count: counts, stride: strides), [source], like: source,
      shape: counts, suffix)
  }

  private mutating func joined(
    _ pieces: [TensorIndex], axis: Int, _ call: TFLiteCall, _ suffix: String
  ) -> TensorIndex {
    guard pieces.count > 1 else { return pieces[0] }
    var shape = graph.tensors[pieces[0]].shape
    shape[axis] = pieces.reduce(0) { $0 + graph.tensors[$1].shape[axis] }
    return step(
      call, .concatenation(axis: axis, activation: .none), pieces, like: pieces[0], shape: shape,
      suffix)
  }

  /// Blocks of pixels and channels change places: rows of blocks are one transposition apart.
  mutating func moveBlocks(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Block
    let toSpace = call.kind == .depthToSpace
    let block = try call.option(toSpace ? Slot.toSpaceType : Slot.toDepthType, Slot.size)
    let x = try call.imageShape(0)
    guard (1...1 << 10).contains(block),
      toSpace ? x[3] % (block * block) == 0 : x[1] % block == 0 && x[2] % block == 0
    else { throw call.broken("blocks of \(block) do not fit \(x)") }
    let (height, width) = toSpace ? (x[1], x[2]) : (x[1] / block, x[2] / block)
    let depth = toSpace ? x[3] / block : x[3] * block
    let given = try tensor(call.node.inputs[0])
    let apart =
      toSpace ? [x[0] * height, width, block, depth] : [x[0] * height, block, width, depth]
    let swapped = [apart[0], apart[2], apart[1], apart[3]]
    let rows = step(call, .reshape(apart), [given], like: given, shape: apart, "/rows")
    let moved = step(
      call, .transpose([0, 2, 1, 3]), [rows], like: given, shape: swapped, "/moved")
    try append(
      call,
      .reshape(
        toSpace
          ? [x[0], height * block, width * block, depth / block]
          : [x[0], height, width, depth * block]), inputs: [moved])
  }

  /// With a constant condition, codes are chosen by a minimum with the greatest code or the least.
  mutating func select(_ call: TFLiteCall) throws(TFLiteRefusal) {
    var operands: [TensorIndex] = []
    for index in call.node.inputs { operands.append(try tensor(index)) }
    var condition = graph.tensors[operands[0]]
    let (a, b) = (graph.tensors[operands[1]], graph.tensors[operands[2]])
    if call.kind == .select, condition.shape.count == 1, a.shape.count > 1 {
      // The older operator chooses whole rows so.
      condition.shape += [Int](repeating: 1, count: a.shape.count - 1)
      guard condition.constant != nil else {
        throw .unsupported("its condition is computed for whole rows; give it all dimensions")
      }
      operands[0] = addTensor(condition)
    }
    guard condition.elementType == .bool else {
      throw call.broken("its condition is no truth value")
    }
    guard let grid = a.quantization else {
      return try append(call, .select, inputs: operands)
    }
    let output = graph.tensors[try tensor(call.node.outputs[0])]
    guard case .int64(let truths) = condition.constant else {
      throw .unsupported("its condition is computed by the model; in int8 only constants are")
    }
    guard grid == b.quantization, grid == output.quantization else {
      throw .unsupported("its operands have different scales; quantize it so that they share one")
    }
    func masked(
      _ importer: inout TFLiteImporter, _ operand: TensorIndex, where truth: Int64,
      _ suffix: String
    ) -> TensorIndex {
      let mask = importer.addTensor(
        Tensor(
          name: call.name + suffix + "/mask", shape: condition.shape, elementType: .int8,
          constant: .int8(truths.map { $0 == truth ? 127 : -128 }), quantization: grid))
      return importer.step(
        call, .minimum, [operand, mask], like: operand, shape: output.shape, suffix)
    }
    let parts = [
      masked(&self, operands[1], where: 1, "/chosen"),
      masked(&self, operands[2], where: 0, "/other"),
    ]
    try append(call, .maximum, inputs: parts)
  }
}
