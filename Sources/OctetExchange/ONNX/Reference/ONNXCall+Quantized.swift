/// A scale and a zero point, for the whole tensor or along one axis.
private struct Grid {
  let scales: [Float]
  let zeroPoints: [Int64]
  let type: ONNXElementType
  let axis: Int

  func channel(_ index: [Int]) -> Int { scales.count == 1 ? 0 : index[axis] }

  func real(_ q: Int64, _ index: [Int]) -> Float {
    let c = channel(index)
    return Float(q &- zeroPoints[c % zeroPoints.count]) * scales[c]
  }

  func integer(_ real: Float, _ index: [Int]) -> Int64 {
    let c = channel(index)
    let rounded = Int64(clamping: Double((real / scales[c]).rounded(.toNearestOrEven)))
    let bounded = max(-(1 << 40), min(1 << 40, rounded)) + zeroPoints[c % zeroPoints.count]
    return max(type.range.lowerBound, min(type.range.upperBound, bounded))
  }
}

extension ONNXCall {
  func quantized() throws(ImportFailure) -> ONNXValue? {
    switch view.operatorName {
    case "QuantizeLinear":
      let x = try input(0)
      return try quantize(x, try grid(1, 2, rank: x.shape.count))
    case "DequantizeLinear":
      let x = try input(0)
      return try dequantize(x, try grid(1, 2, rank: x.shape.count, type: x.elementType))
    case "QLinearConv":
      let (x, weights) = (try input(0), try input(3))
      let realX = try dequantize(x, try grid(1, 2, rank: x.shape.count))
      let rank = weights.shape.count
      let weightGrid = try grid(4, 5, rank: rank, axis: 0)
      var bias: ONNXValue?
      if let offsets = optional(8), let xScale = try input(1).reals.first {
        // Bias: int32 at the input's scale times the weights'.
        let scales = weightGrid.scales
        let values = offsets.reals.enumerated().map {
          $1 * xScale * scales[scales.count == 1 ? 0 : $0]
        }
        bias = ONNXValue(shape: offsets.shape, reals: values)
      }
      let result = try convolution(realX, try dequantize(weights, weightGrid), bias)
      return try quantize(result, try grid(6, 7, rank: result.shape.count))
    case "QLinearMatMul":
      let (a, b) = (try input(0), try input(3))
      let x = try dequantize(a, try grid(1, 2, rank: a.shape.count))
      let y = try dequantize(b, try grid(4, 5, rank: b.shape.count))
      let result = try product(x, y)
      return try quantize(result, try grid(6, 7, rank: result.shape.count))
    default: return nil
    }
  }

  private func grid(
    _ scale: Int, _ zeroPoint: Int, rank: Int, axis: Int? = nil, type: ONNXElementType? = nil
  ) throws(ImportFailure) -> Grid {
    let scales = try input(scale)
    let zeros = optional(zeroPoint)
    guard scales.shape.count <= 1, !scales.reals.isEmpty else {
      throw .unsupported("its scales come in blocks; use one scale a tensor or a channel")
    }
    if let zeros, zeros.count == 0 { throw .invalid("the zero point has no elements") }
    let given = try view.axis(try view.integer("axis", 1), rank: max(rank, 2))
    let along = axis ?? given
    return Grid(
      scales: scales.reals, zeroPoints: zeros?.integers ?? [0],
      type: zeros?.elementType ?? type ?? .uint8, axis: along)
  }

  private func quantize(_ x: ONNXValue, _ grid: Grid) throws(ImportFailure) -> ONNXValue {
    try requireFit(grid, x)
    _ = try count(x.shape)
    let values = x.reals
    var integers: [Int64] = []
    Self.forEachIndex(x.shape) { integers.append(grid.integer(values[x.offset($0)], $0)) }
    return ONNXValue(shape: x.shape, integers: integers, elementType: grid.type)
  }

  private func requireFit(_ grid: Grid, _ x: ONNXValue) throws(ImportFailure) {
    if grid.scales.count > 1,
      !(x.shape.indices.contains(grid.axis) && x.shape[grid.axis] == grid.scales.count)
    {
      throw .invalid("\(grid.scales.count) scales do not fit \(x.shape)")
    }
  }

  private func dequantize(_ x: ONNXValue, _ grid: Grid) throws(ImportFailure) -> ONNXValue {
    guard let integers = x.integers else { throw .invalid("it dequantizes reals") }
    try requireFit(grid, x)
    return try real(x.shape) { grid.real(integers[x.offset($0)], $0) }
  }
}
