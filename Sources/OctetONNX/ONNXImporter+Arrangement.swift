import OctetModel

extension ONNXImporter {
  mutating func concatenation(_ view: ONNXNodeView) throws(ImportFailure) {
    var operands: [ImportedValue] = []
    for index in view.inputs.indices { operands.append(try view.input(index)) }
    guard let first = operands.first else { throw .invalid("it has no inputs") }
    let axis = try view.axis(try view.integer("axis"), rank: first.rank)
    if let wrong = operands.first(where: { $0.rank != first.rank }) {
      throw .invalid("'\(wrong.name)' has \(wrong.rank) dimensions, the first \(first.rank)")
    }
    var layout = ONNXLayout.plain
    for operand in operands where operand.constant == nil {
      if operand.layout == .channelsLast || operand.layout == .line { layout = operand.layout }
    }
    var inputs: [TensorIndex] = []
    for operand in operands { inputs.append(try tensor(operand, layout)) }
    let result = try emit(
      .concatenation(axis: layout.tensorAxis(axis, rank: first.rank), activation: .none),
      name: view.name, inputs: inputs, output: view.node.outputs[0])
    let isOneGrid =
      Set(inputs.map { graph.tensors[$0].quantization?.scales }).count == 1
      && Set(inputs.map { graph.tensors[$0].quantization?.zeroPoints }).count == 1
    if !isOneGrid { for operand in operands { try requireOwnElements(operand) } }
    define(view, result, layout, movedFrom: first)
  }

  mutating func flatten(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let axis = try view.integer("axis", 1)
    guard (-x.rank...x.rank).contains(axis) else {
      throw .invalid("axis \(axis) does not exist in \(x.rank) dimensions")
    }
    let split = axis < 0 ? axis + x.rank : axis
    let shape = [x.shape[..<split].reduce(1, *), x.shape[split...].reduce(1, *)]
    try reshape(view, x, to: shape)
  }

  mutating func reshape(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard let wanted = try view.integersInput(1)?.map(\.ordinary) else {
      throw .invalid("the shape is missing")
    }
    let keepsZeros = try view.integer("allowzero") != 0
    var shape: [Int] = []
    for (axis, dimension) in wanted.enumerated() {
      if dimension == 0 && !keepsZeros {
        guard axis < x.rank else { throw .invalid("dimension \(axis) cannot be copied") }
        shape.append(x.shape[axis])
      } else {
        shape.append(dimension)
      }
    }
    let count = x.shape.reduce(1, *)
    if let open = shape.firstIndex(of: -1) {
      var known = 1
      for (axis, dimension) in shape.enumerated() where axis != open {
        let (product, overflow) = known.multipliedReportingOverflow(by: dimension)
        if dimension < 0 || overflow { throw .invalid("the shape \(wanted) is not possible") }
        known = product
      }
      guard known > 0, count % known == 0 else {
        throw .invalid("\(x.shape) cannot take the shape \(wanted)")
      }
      shape[open] = count / known
    }
    try reshape(view, x, to: shape)
  }

  mutating func squeeze(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let given =
      try view.version >= 13 ? view.integersInput(1)?.map(\.ordinary) : view.integers("axes")
    let axes =
      try given.map { (list) throws(ImportFailure) in try view.axes(list, rank: x.rank) }
      ?? x.shape.indices.filter { x.shape[$0] == 1 }
    if let wrong = axes.first(where: { x.shape[$0] != 1 }) {
      throw .invalid("axis \(wrong) of \(x.shape) is not 1")
    }
    try reshape(view, x, to: x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
  }

  mutating func unsqueeze(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let given =
      try view.version >= 13 ? view.integersInput(1)?.map(\.ordinary) : view.integers("axes")
    guard let given, given.count <= 16 else { throw .invalid("the axes are missing or too many") }
    let axes = try view.axes(given, rank: x.rank + given.count)
    var shape = x.shape
    for axis in axes.sorted() { shape.insert(1, at: axis) }
    try reshape(view, x, to: shape)
  }

  /// The same elements in ONNX's order under another shape. With the channels last that is free
  /// when the channels stay, or when a fully connected operation can reorder its weights.
  private mutating func reshape(
    _ view: ONNXNodeView, _ x: ImportedValue, to shape: [Int]
  ) throws(ImportFailure) {
    let count: Int
    do { count = try Graph.checkedElementCount(shape, node: view.name) } catch {
      throw .invalid("\(error)")
    }
    guard count == x.shape.reduce(1, *) else {
      throw .invalid("\(x.shape) cannot take the shape \(shape)")
    }
    let (source, layout) = try reshapeSource(x, to: shape)
    let result = try emit(
      .reshape(layout.tensorShape(shape)), name: view.name, inputs: [source],
      output: view.node.outputs[0])
    define(view, result, layout, movedFrom: x)
  }

  /// A tensor whose elements, in their order, are those of the result in the given layout.
  private mutating func reshapeSource(
    _ x: ImportedValue, to shape: [Int]
  ) throws(ImportFailure) -> (TensorIndex, ONNXLayout) {
    let held = try tensor(x, x.layout)
    switch x.layout {
    case .plain: return (held, .plain)
    case .channelsLast, .line:
      if x.layout.permutation(rank: x.rank).keepsOrder(of: x.shape) { return (held, .plain) }
      let keepsBatch = shape.first == x.shape[0]
      if keepsBatch && shape.count == 2 { return (held, .flattened(Array(x.shape[1...]))) }
      if keepsBatch && shape.count > 2 && shape[1] == x.shape[1] {
        return (held, shape.count == 3 ? .line : .channelsLast)
      }
    case .flattened(let dimensions):
      if shape == x.shape { return (held, x.layout) }
      if shape.count > 2 && Array(shape[1...]) == dimensions {
        return (held, shape.count == 3 ? .line : .channelsLast)
      }
    }
    return (try tensor(x, .plain), .plain)
  }

  /// No work when the result only sees the same tensor in another layout.
  mutating func transpose(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let permutation = try view.integers("perm") ?? Array((0..<x.rank).reversed())
    guard permutation.sorted() == Array(0..<x.rank) else {
      throw .invalid("perm \(permutation) is no order of \(x.rank) axes")
    }
    var isFlattened = false
    if case .flattened = x.layout { isFlattened = true }
    if !isFlattened, x.rank >= 3, case .tensor(var held) = x.source {
      let back = ONNXLayout.inverse(permutation)
      let seen = x.layout.permutation(rank: x.rank).map { back[$0] }
      for layout in [ONNXLayout.plain, .channelsLast]
      where seen == layout.permutation(rank: x.rank) {
        if x.layout == .line {
          held = try reshape(held, ONNXLayout.channelsLast.tensorShape(x.shape))
        }
        return define(view, held, layout, movedFrom: x)
      }
    }
    let source = try tensor(x, .plain)
    let result = try emit(
      .transpose(permutation), name: view.name, inputs: [source], output: view.node.outputs[0])
    define(view, result, .plain, movedFrom: x)
  }

  /// The layout in which axes can be addressed one by one.
  func addressable(_ value: ImportedValue) -> ONNXLayout {
    if case .flattened = value.layout { return .plain }
    return value.layout
  }

  /// A value for each axis of the tensor, from one for each axis of the value.
  func spread<Element>(
    _ values: [Element], _ layout: ONNXLayout, absent: Element
  ) -> [Element] {
    var result = layout.permutation(rank: values.count).map { values[$0] }
    if layout == .line { result.insert(absent, at: 1) }
    return result
  }

  mutating func pad(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let isOld = view.version < 11
    let given = try isOld ? view.integers("pads") : view.integersInput(1)?.map(\.ordinary)
    guard let given else { throw .invalid("the pads are missing") }
    var axes = Array(0..<x.rank)
    if let chosen = try isOld ? nil : view.integersInput(3)?.map(\.ordinary) {
      axes = try view.axes(chosen, rank: x.rank)
    }
    guard given.count == 2 * axes.count else { throw .invalid("\(given.count) pads do not fit") }
    var value =
      try isOld ? view.float("value") : view.realsInput(2)?.first ?? 0
    if !x.elementType.isReal, case .tensor(let held) = x.source,
      let grid = graph.tensors[held].quantization
    {
      // The integer stands for a real number.
      value -= Float(x.elementType.shift) + Float(grid.zeroPoints[0])
      value *= grid.scales[0]
    }
    let mode: PadMode
    switch try view.string("mode", "constant") {
    case "constant": mode = .constant(value)
    case "reflect": mode = .reflect
    case "edge": mode = .edge
    case "wrap": mode = .wrap
    case let other: throw .unsupported("the mode '\(other)' is not known; use constant padding")
    }
    var before = [Int](repeating: 0, count: x.rank)
    var after = before
    for (k, axis) in axes.enumerated() {
      before[axis] = given[k]
      after[axis] = given[k + axes.count]
    }
    let layout = addressable(x)
    let result = try emit(
      .pad(
        before: spread(before, layout, absent: 0), after: spread(after, layout, absent: 0),
        mode: mode),
      name: view.name, inputs: [try tensor(x, layout)], output: view.node.outputs[0])
    define(view, result, layout, movedFrom: x)
  }

  mutating func expand(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    guard let wanted = try view.integersInput(1)?.map(\.ordinary) else {
      throw .invalid("the shape is missing")
    }
    let rank = max(x.rank, wanted.count)
    guard rank <= Graph.maximumRank else { throw .invalid("the shape has too many dimensions") }
    let own = [Int](repeating: 1, count: rank - x.rank) + x.shape
    let asked = [Int](repeating: 1, count: rank - wanted.count) + wanted
    let shape = zip(own, asked).map { $1 == 1 ? $0 : $1 }
    let result = try emit(
      .expand(shape), name: view.name, inputs: [try tensor(x, .plain)],
      output: view.node.outputs[0])
    define(view, result, .plain)
  }

  mutating func tile(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    guard let counts = try view.repeats(rank: x.rank), counts.count == x.rank else {
      throw .invalid("the repeats are missing or do not fit \(x.shape)")
    }
    let layout = addressable(x)
    let result = try emit(
      .tile(spread(counts, layout, absent: 1)), name: view.name, inputs: [try tensor(x, layout)],
      output: view.node.outputs[0])
    define(view, result, layout)
  }

  mutating func gather(_ view: ONNXNodeView) throws(ImportFailure) {
    let (x, indices) = (try view.input(0), try view.input(1))
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    if let wrong = indices.constant?.integers?.first(where: {
      !(Int64(-x.shape[axis])..<Int64(x.shape[axis])).contains($0)
    }) {
      throw .invalid("index \(wrong) is outside axis \(axis) of \(x.shape)")
    }
    if let steps = indices.constant.flatMap({ $0.evenSteps(in: x.shape[axis]) }) {
      return try sliceForGather(view, x, axis: axis, steps, indices.shape)
    }
    try requireOwnElements(x)
    let result = try emit(
      .gather(axis: axis), name: view.name,
      inputs: [try tensor(x, .plain), try tensor(indices, .plain)], output: view.node.outputs[0])
    define(view, result, .plain)
  }

  /// Gather of elements in even steps, such as one of them, is a slice.
  private mutating func sliceForGather(
    _ view: ONNXNodeView, _ x: ImportedValue, axis: Int, _ steps: (first: Int, stride: Int),
    _ indexShape: [Int]
  ) throws(ImportFailure) {
    let layout = addressable(x)
    var (begin, count) = ([Int](repeating: 0, count: x.rank), x.shape)
    var stride = [Int](repeating: 1, count: x.rank)
    (begin[axis], count[axis], stride[axis]) =
      (steps.first, indexShape.reduce(1, *), steps.stride)
    let isWhole = indexShape.count == 1
    let name = isWhole ? view.node.outputs[0] : view.node.outputs[0] + "/slice"
    let result = try emit(
      .slice(
        begin: spread(begin, layout, absent: 0), count: spread(count, layout, absent: 1),
        stride: spread(stride, layout, absent: 1)),
      name: isWhole ? view.name : view.name + "/slice", inputs: [try tensor(x, layout)],
      output: name)
    if isWhole { return define(view, result, layout, movedFrom: x) }
    if !x.elementType.isReal, case .tensor(let source) = x.source,
      let grid = graph.tensors[source].quantization
    {
      setGrid(result, grid, x.elementType)
    }
    var sliced = heldValue(result, layout, named: name)
    sliced.elementType = x.elementType
    try reshape(view, sliced, to: x.shape[..<axis] + indexShape + x.shape[(axis + 1)...])
  }

  mutating func slice(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let range = try SliceRange(view, shape: x.shape)
    let layout = addressable(x)
    let result = try emit(
      .slice(
        begin: spread(range.begin, layout, absent: 0),
        count: spread(range.count, layout, absent: 1),
        stride: spread(range.stride, layout, absent: 1)),
      name: view.name, inputs: [try tensor(x, layout)], output: view.node.outputs[0])
    define(view, result, layout, movedFrom: x)
  }

  mutating func split(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    let outputs = view.node.outputs
    var counts = try view.splitCounts()
    if counts == nil {
      let parts = try view.integer("num_outputs", outputs.count)
      guard parts == outputs.count, parts > 0 else { throw .invalid("it has \(parts) parts") }
      let size = (x.shape[axis] + parts - 1) / parts
      counts = (0..<parts).map { max(0, min(size, x.shape[axis] - $0 * size)) }
    }
    guard let counts, counts.count == outputs.count else {
      throw .invalid("the parts do not fit its \(outputs.count) outputs")
    }
    let layout = addressable(x)
    let names = outputs.enumerated().map { $1.isEmpty ? "\(view.name)/unused\($0)" : $1 }
    let results = try emit(
      .split(axis: layout.tensorAxis(axis, rank: x.rank), counts: counts), name: view.name,
      inputs: [try tensor(x, layout)], outputs: names)
    for (index, tensor) in results.enumerated() where !outputs[index].isEmpty {
      define(view, at: index, tensor, layout, movedFrom: x)
    }
  }
}

/// What a Slice takes from each axis.
struct SliceRange {
  var begin, count, stride: [Int]

  init(_ view: ONNXNodeView, shape: [Int]) throws(ImportFailure) {
    let isOld = view.version < 10
    let starts = try isOld ? view.integers("starts") : view.integersInput(1)?.map(\.ordinary)
    let ends = try isOld ? view.integers("ends") : view.integersInput(2)?.map(\.ordinary)
    guard let starts, let ends, starts.count == ends.count else {
      throw .invalid("starts and ends are missing or do not fit each other")
    }
    let chosen = try isOld ? view.integers("axes") : view.integersInput(3)?.map(\.ordinary)
    guard chosen?.count ?? starts.count == starts.count else { throw .invalid("axes do not fit") }
    let axes = try view.axes(chosen ?? Array(0..<starts.count), rank: shape.count)
    let steps = try isOld ? nil : view.integersInput(4)?.map(\.ordinary)
    guard steps?.count ?? starts.count == starts.count else { throw .invalid("steps do not fit") }

    begin = [Int](repeating: 0, count: shape.count)
    count = shape
    stride = [Int](repeating: 1, count: shape.count)
    for (k, axis) in axes.enumerated() {
      let (length, step) = (shape[axis], steps?[k] ?? 1)
      guard step != 0 else { throw .invalid("a step is 0") }
      func bound(_ value: Int, _ range: ClosedRange<Int>) -> Int {
        max(range.lowerBound, min(range.upperBound, value < 0 ? value + length : value))
      }
      let isForward = step > 0
      let first = bound(starts[k], isForward ? 0...length : 0...max(length - 1, 0))
      let last =
        isForward
        ? bound(ends[k], 0...length)
        : (ends[k] < -length ? -1 : bound(ends[k], -1...max(length - 1, -1)))
      let span = isForward ? last - first : first - last
      count[axis] = length == 0 || span <= 0 ? 0 : (span - 1) / abs(step) + 1
      begin[axis] = count[axis] == 0 ? 0 : first
      // A single element needs no step, however long.
      stride[axis] = count[axis] <= 1 ? 1 : step
    }
  }
}

extension ONNXValue {
  /// The first of the indices into `count` elements, and the step from each to the next, where
  /// that is always the same.
  fileprivate func evenSteps(in count: Int) -> (first: Int, stride: Int)? {
    guard let integers, !integers.isEmpty else { return nil }
    let places = integers.map { Int($0 < 0 ? $0 + Int64(count) : $0) }
    let stride = places.count > 1 ? places[1] - places[0] : 1
    let isEven = zip(places, places.dropFirst()).allSatisfy { $1 - $0 == stride }
    return isEven && stride != 0 ? (places[0], stride) : nil
  }
}
