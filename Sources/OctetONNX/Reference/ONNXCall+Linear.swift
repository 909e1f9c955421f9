import Foundation

extension ONNXCall {
  func gemm() throws(ImportFailure) -> ONNXValue {
    var (a, b) = (try input(0), try input(1))
    guard a.shape.count == 2, b.shape.count == 2 else { throw .invalid("A and B are matrices") }
    if try view.integer("transA") != 0 { a = a.transposed([1, 0]) }
    if try view.integer("transB") != 0 { b = b.transposed([1, 0]) }
    let result = try product(a, b)
    let (alpha, beta) = (try view.float("alpha", 1), try view.float("beta", 1))
    let values = result.reals
    guard let c = optional(2) else {
      return try real(result.shape) { alpha * values[result.offset($0)] }
    }
    guard try broadcast(result.shape, c.shape) == result.shape else {
      throw .invalid("C of shape \(c.shape) does not fit")
    }
    let addends = c.reals
    return try real(result.shape) {
      alpha * values[result.offset($0)] + beta * addends[c.broadcastOffset($0)]
    }
  }

  func product(_ first: ONNXValue, _ second: ONNXValue) throws(ImportFailure) -> ONNXValue {
    var (a, b) = (first, second)
    guard !a.shape.isEmpty, !b.shape.isEmpty else { throw .invalid("it takes no scalars") }
    if first.shape.count == 1 { a.shape.insert(1, at: 0) }
    if second.shape.count == 1 { b.shape.append(1) }
    let depth = a.shape[a.shape.count - 1]
    guard b.shape[b.shape.count - 2] == depth else {
      throw .invalid("\(first.shape) and \(second.shape) do not fit")
    }
    let batch = try broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    let shape = batch + [a.shape[a.shape.count - 2], b.shape[b.shape.count - 1]]
    try limitWork(try count(shape), depth)
    let (x, y) = (a.reals, b.reals)
    var result = try real(shape) { index in
      var sum = 0.0
      var (left, right) = (index, index)
      for k in 0..<depth {
        left[index.count - 1] = k
        right[index.count - 2] = k
        sum += Double(x[a.broadcastOffset(left)]) * Double(y[b.broadcastOffset(right)])
      }
      return Float(sum)
    }
    if second.shape.count == 1 { result.shape.removeLast() }
    if first.shape.count == 1 { result.shape.remove(at: batch.count) }
    return result
  }

  func softmax() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let isOld = view.version < 13
    let axis = try view.axis(try view.integer("axis", isOld ? 1 : -1), rank: x.shape.count)
    _ = try count(x.shape)
    let values = x.reals
    var result = values
    let length = isOld ? x.shape[axis...].reduce(1, *) : x.shape[axis]
    let inner = isOld ? 1 : x.shape[(axis + 1)...].reduce(1, *)
    for start in values.indices where start / inner % max(length, 1) == 0 {
      let line = (0..<length).map { start + $0 * inner }
      let top = Double(line.map { values[$0] }.max() ?? 0)
      let sum = line.reduce(0.0) { $0 + exp(Double(values[$1]) - top) }
      for offset in line {
        let difference = Double(values[offset]) - top
        result[offset] = Float(
          view.operatorName == "Softmax" ? exp(difference) / sum : difference - log(sum))
      }
    }
    return ONNXValue(shape: x.shape, reals: result)
  }

  func reduce() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let rank = x.shape.count
    // The axes became an input in operator set 18, of ReduceSum in 13.
    let isInput = view.version >= (view.operatorName == "ReduceSum" ? 13 : 18)
    let given =
      try isInput ? view.integersInput(1)?.map(\.ordinary) : view.integers("axes")
    var axes = Set(try view.axes(given ?? [], rank: rank))
    if axes.isEmpty, try view.integer("noop_with_empty_axes") == 0 { axes = Set(0..<rank) }
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    let keeps = try view.integer("keepdims", 1) != 0
    let shape = keeps ? kept : x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] }
    let holder = ONNXValue(shape: kept, reals: [])
    try limitWork(x.count, 1)
    let values = x.reals
    var lists = [[Float]](repeating: [], count: try count(kept))
    Self.forEachIndex(x.shape) { lists[holder.broadcastOffset($0)].append(values[x.offset($0)]) }
    let results = lists.map { combined($0.map { Double($0) }) }
    if x.integers != nil {
      return ONNXValue(
        shape: shape, integers: results.map { integer($0, x.elementType) },
        elementType: x.elementType)
    }
    return ONNXValue(shape: shape, reals: results.map { Float($0) })
  }

  /// A result in the input's type; the extreme of no elements is the end of the type's range.
  private func integer(_ result: Double, _ type: ONNXElementType) -> Int64 {
    if result == -.infinity { return type.range.lowerBound }
    if result == .infinity { return type == .uint64 ? -1 : type.range.upperBound }
    return type.wrapped(Int64(clamping: result))
  }

  private func combined(_ values: [Double]) -> Double {
    let sum = values.reduce(0, +)
    switch view.operatorName {
    case "ReduceMax": return values.max() ?? -.infinity
    case "ReduceMin": return values.min() ?? .infinity
    case "ReduceProd": return values.reduce(1, *)
    case "ReduceL1": return values.reduce(0) { $0 + abs($1) }
    case "ReduceL2": return values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case "ReduceSumSquare": return values.reduce(0) { $0 + $1 * $1 }
    case "ReduceLogSum": return log(sum)
    case "ReduceLogSumExp":
      let top = values.max() ?? 0
      return top.isFinite ? top + log(values.reduce(0) { $0 + exp($1 - top) }) : top
    case "ReduceMean": return sum / Double(max(values.count, 1))
    default: return sum
    }
  }

  /// ArgMax and ArgMin.
  func extremum() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.shape.count)
    let sign: Float = view.operatorName == "ArgMin" ? -1 : 1
    let takesLast = try view.integer("select_last_index") != 0
    var shape = x.shape
    shape[axis] = 1
    try limitWork(x.count, 1)
    _ = try count(shape)
    let values = x.reals
    var result: [Int64] = []
    Self.forEachIndex(shape) { index in
      var position = index
      let line = (0..<x.shape[axis]).map { k -> Float in
        position[axis] = k
        return sign * values[x.offset(position)]
      }
      let top = line.max()
      let best = takesLast ? line.lastIndex { $0 == top } : line.firstIndex { $0 == top }
      result.append(Int64(best ?? 0))
    }
    if try view.integer("keepdims", 1) == 0 { shape.remove(at: axis) }
    return ONNXValue(shape: shape, integers: result)
  }
}
