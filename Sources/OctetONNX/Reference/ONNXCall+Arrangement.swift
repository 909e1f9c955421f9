extension ONNXCall {
  func arrangement() throws(ImportFailure) -> [ONNXValue]? {
    switch view.operatorName {
    case "Shape":
      let shape = try input(0).shape
      return [ONNXValue(shape: [shape.count], integers: shape.map { Int64($0) })]
    case "Size": return [ONNXValue(shape: [], integers: [Int64(try input(0).count)])]
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze": return [try reshape()]
    case "Transpose":
      let x = try input(0)
      let order = try view.integers("perm") ?? Array((0..<x.shape.count).reversed())
      guard order.sorted() == Array(0..<x.shape.count) else { throw .invalid("perm does not fit") }
      return [x.transposed(order)]
    case "Concat": return [try concatenation()]
    case "Gather": return [try gather()]
    case "Slice": return [try slice()]
    case "Split": return try split()
    case "Pad": return [try pad()]
    case "Expand": return [try expand()]
    case "Tile": return [try tile()]
    case "ConstantOfShape": return [try constantOfShape()]
    case "Range": return [try range()]
    case "Trilu": return [try triangle()]
    case "CumSum": return [try runningSum()]
    case "Resize", "Upsample": return [try resize()]
    default: return nil
    }
  }

  private func reshape() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    var shape: [Int]
    switch view.operatorName {
    case "Flatten":
      let axis = try view.integer("axis", 1)
      let split = axis < 0 ? axis + x.shape.count : axis
      guard (0...x.shape.count).contains(split) else { throw .invalid("axis does not exist") }
      shape = [x.shape[..<split].reduce(1, *), x.shape[split...].reduce(1, *)]
    case "Reshape":
      let wanted = try view.integersInput(1)?.map(\.ordinary) ?? []
      let copies = try view.integer("allowzero") == 0
      shape = wanted.enumerated().map {
        $1 == 0 && copies && $0 < x.shape.count ? x.shape[$0] : $1
      }
      if let open = shape.firstIndex(of: -1) {
        shape[open] = 1
        let known = try count(shape)
        shape[open] = known == 0 ? 0 : x.count / known
      }
    default:
      let given =
        try view.version >= 13 ? view.integersInput(1)?.map(\.ordinary) : view.integers("axes")
      let isSqueeze = view.operatorName == "Squeeze"
      let rank = x.shape.count + (isSqueeze ? 0 : given?.count ?? 0)
      let axes = try given.map { (list) throws(ImportFailure) in try view.axes(list, rank: rank) }
      if isSqueeze {
        let dropped = axes ?? x.shape.indices.filter { x.shape[$0] == 1 }
        shape = x.shape.indices.filter { !dropped.contains($0) }.map { x.shape[$0] }
      } else {
        shape = x.shape
        for axis in (axes ?? []).sorted() { shape.insert(1, at: axis) }
      }
    }
    guard try count(shape) == x.count else { throw .invalid("\(x.shape) cannot become \(shape)") }
    return x.reshaped(shape)
  }

  private func concatenation() throws(ImportFailure) -> ONNXValue {
    var result = try input(0)
    let axis = try view.axis(try view.integer("axis"), rank: result.shape.count)
    for index in arguments.indices.dropFirst() {
      let (first, second) = (result, try input(index))
      guard second.shape.count == first.shape.count else { throw .invalid("ranks differ") }
      var shape = first.shape
      shape[axis] += second.shape[axis]
      for other in shape.indices where other != axis && second.shape[other] != shape[other] {
        throw .invalid("\(first.shape) and \(second.shape) do not join")
      }
      let split = first.shape[axis]
      _ = try count(shape)
      func source<Element>(_ a: [Element], _ b: [Element]) -> [Element] {
        var values: [Element] = []
        Self.forEachIndex(shape) { index in
          var moved = index
          moved[axis] -= split
          values.append(index[axis] < split ? a[first.offset(index)] : b[second.offset(moved)])
        }
        return values
      }
      if let a = first.integers, let b = second.integers {
        result = ONNXValue(
          shape: shape, integers: source(a, b), elementType: first.elementType)
      } else {
        result = ONNXValue(shape: shape, reals: source(first.reals, second.reals))
      }
    }
    return result
  }

  private func gather() throws(ImportFailure) -> ONNXValue {
    let (x, indices) = (try input(0), try input(1))
    let axis = try view.axis(try view.integer("axis"), rank: x.shape.count)
    guard let positions = indices.integers else { throw .invalid("the indices are no integers") }
    let length = x.shape[axis]
    for position in positions where !(Int64(-length)..<Int64(length)).contains(position) {
      throw .invalid("index \(position) is outside axis \(axis)")
    }
    let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
    let rank = indices.shape.count
    return try pick(x, shape) { index in
      let position = Int(positions[indices.offset(Array(index[axis..<axis + rank]))])
      return Array(index[..<axis]) + [position < 0 ? position + length : position]
        + Array(index[(axis + rank)...])
    }
  }

  /// Walks each axis from start to end by the step, as NumPy's slices do.
  private func slice() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let isOld = view.version < 10
    let starts = try isOld ? view.integers("starts") : view.integersInput(1)?.map(\.ordinary)
    let ends = try isOld ? view.integers("ends") : view.integersInput(2)?.map(\.ordinary)
    let chosen = try isOld ? view.integers("axes") : view.integersInput(3)?.map(\.ordinary)
    let steps = try isOld ? nil : view.integersInput(4)?.map(\.ordinary)
    guard let starts, let ends, starts.count == ends.count else { throw .invalid("no range") }
    let axes = try view.axes(chosen ?? Array(0..<starts.count), rank: x.shape.count)
    if x.count == 0 { throw .unsupported("it slices a tensor without elements") }
    var taken = x.shape.map { Array(0..<$0) }
    for (k, axis) in axes.enumerated() where k < starts.count {
      let (length, step) = (x.shape[axis], steps?[k] ?? 1)
      guard step != 0 else { throw .invalid("a step is 0") }
      // Going back, a slice begins inside and may end before the first element.
      let upper = step > 0 ? length : length - 1
      func clamp(_ value: Int, _ lower: Int) -> Int {
        min(max(value < 0 ? value + length : value, lower), upper)
      }
      let (first, end) = (clamp(starts[k], 0), clamp(ends[k], step > 0 ? 0 : -1))
      taken[axis] = Array(stride(from: first, to: end, by: step))
        .filter { (0..<length).contains($0) }
    }
    return try pick(x, taken.map(\.count)) { index in
      index.indices.map { taken[$0][index[$0]] }
    }
  }

  private func split() throws(ImportFailure) -> [ONNXValue] {
    let x = try input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.shape.count)
    let parts = view.node.outputs.count
    var counts = try view.splitCounts()
    if counts == nil {
      let size = Int((Double(x.shape[axis]) / Double(max(parts, 1))).rounded(.up))
      counts = (0..<parts).map { max(0, min(size, x.shape[axis] - $0 * size)) }
    }
    var (first, results) = (0, [ONNXValue]())
    for length in counts ?? [] {
      guard length >= 0, first + length <= x.shape[axis] else { throw .invalid("wrong parts") }
      var shape = x.shape
      shape[axis] = length
      let begin = first
      results.append(
        try pick(x, shape) { index in
          var source = index
          source[axis] += begin
          return source
        })
      first += length
    }
    return results
  }

  private func pad() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let isOld = view.version < 11
    let pads = try isOld ? view.integers("pads") : view.integersInput(1)?.map(\.ordinary)
    let chosen = try isOld ? nil : view.integersInput(3)?.map(\.ordinary)
    let axes = try view.axes(chosen ?? Array(x.shape.indices), rank: x.shape.count)
    guard let pads, pads.count == 2 * axes.count else { throw .invalid("the pads do not fit") }
    let value = isOld ? try view.float("value") : optional(2)?.reals.first ?? 0
    let mode = try view.string("mode", "constant")
    var before = x.shape.map { _ in 0 }
    var shape = x.shape
    for (k, axis) in axes.enumerated() {
      before[axis] = pads[k]
      shape[axis] += pads[k] + pads[k + axes.count]
    }
    return try pick(x, shape, filler: Double(value)) { index in
      var source: [Int] = []
      for axis in index.indices {
        let (position, length) = (index[axis] - before[axis], x.shape[axis])
        if (0..<length).contains(position) {
          source.append(position)
        } else if mode == "edge" {
          source.append(position < 0 ? 0 : length - 1)
        } else if mode == "wrap" && length > 0 {
          let rest = position % length
          source.append(rest < 0 ? rest + length : rest)
        } else if mode == "reflect" {
          source.append(position < 0 ? -position : 2 * (length - 1) - position)
        } else {
          return nil
        }
      }
      return zip(source, x.shape).allSatisfy { (0..<$1).contains($0) } ? source : nil
    }
  }

  private func expand() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let wanted = try view.integersInput(1)?.map(\.ordinary) ?? []
    let shape = try broadcast(x.shape, wanted)
    let skipped = shape.count - x.shape.count
    return try pick(x, shape) { index in
      x.shape.indices.map { x.shape[$0] == 1 ? 0 : index[$0 + skipped] }
    }
  }

  private func tile() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let counts = try view.repeats(rank: x.shape.count) ?? []
    guard counts.count == x.shape.count, counts.allSatisfy({ (0...1 << 28).contains($0) }) else {
      throw .invalid("the repeats \(counts) do not fit \(x.shape)")
    }
    return try pick(x, zip(x.shape, counts).map { $0 * $1 }) { index in
      zip(index, x.shape).map { $0 % $1 }
    }
  }

  private func constantOfShape() throws(ImportFailure) -> ONNXValue {
    let shape = try view.integersInput(0)?.map(\.ordinary) ?? []
    var value = ONNXValue(shape: [1], reals: [0])
    if case .tensor(let tensor) = view.node.attributes["value"] {
      do { value = try tensor.value(view.data) } catch { throw .invalid("\(error)") }
    }
    guard value.count == 1 else { throw .invalid("the value should be one element") }
    return try pick(value, shape) { _ in [0] }
  }

  private func range() throws(ImportFailure) -> ONNXValue {
    let (start, limit, delta) = (try input(0), try input(1), try input(2))
    guard let first = start.integers?.first, let end = limit.integers?.first,
      let step = delta.integers?.first, step != 0, abs(first.clamped) < 1 << 40,
      abs(end.clamped) < 1 << 40, abs(step.clamped) < 1 << 40
    else { throw .unsupported("a range of this kind is not computed") }
    let length = max(0, Int((Double(end - first) / Double(step)).rounded(.up)))
    _ = try count([length])
    return ONNXValue(
      shape: [length], integers: (0..<length).map { first + Int64($0) * step },
      elementType: start.elementType)
  }
}
