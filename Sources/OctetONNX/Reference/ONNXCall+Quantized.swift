import OctetModel

/// A scale and a zero point for the whole tensor, for each index along an axis, or for each block
/// along it.
private struct Grid {
  let scales: ONNXValue
  let zeroPoints: [Float]
  let type: ONNXElementType
  let axis: Int
  /// Elements along the axis that share a scale; 0 when there are no blocks.
  let blockLength: Int

  /// Which scale holds for the element at `index`.
  func channel(_ index: [Int]) -> Int {
    if blockLength > 0 {
      var block = index
      block[axis] /= blockLength
      return scales.offset(block)
    }
    return scales.count == 1 ? 0 : index[axis]
  }

  func zeroPoint(_ channel: Int) -> Float { zeroPoints[channel % zeroPoints.count] }
}

extension ONNXCall {
  func quantized() throws(ImportFailure) -> ONNXValue? {
    switch view.operatorName {
    case "QuantizeLinear":
      let x = try input(0)
      let declared: ONNXElementType? =
        try view.integer("output_dtype") == 0 ? nil : try view.castTarget("output_dtype")
      return try quantize(x, try grid(1, 2, rank: x.shape.count, type: declared))
    case "DequantizeLinear":
      let x = try input(0)
      let grid = try grid(1, 2, rank: x.shape.count, type: x.elementType)
      let type =
        try view.integer("output_dtype") == 0
        ? grid.scales.elementType : try view.castTarget("output_dtype")
      return try dequantize(x, grid).narrowed(to: type)
    case "QLinearConv":
      let (x, weights) = (try input(0), try input(3))
      let realX = try dequantize(x, try grid(1, 2, rank: x.shape.count))
      let rank = weights.shape.count
      let weightGrid = try grid(4, 5, rank: rank, axis: 0)
      var bias: ONNXValue?
      if let offsets = optional(8), let xScale = try input(1).reals.first {
        // Bias: int32 at the input's scale times the weights'.
        let scales = weightGrid.scales.reals
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
    if scales.count == 0 || zeros?.count == 0 { throw .invalid("scale or zero point is empty") }
    let given = try view.axis(try view.integer("axis", 1), rank: max(rank, 2))
    let blockLength = scales.shape.count > 1 ? try view.integer("block_size") : 0
    guard blockLength > 0 || scales.shape.count <= 1 else {
      throw .invalid("scales of shape \(scales.shape) need a block size")
    }
    return Grid(
      scales: scales, zeroPoints: zeros?.reals ?? [0], type: zeros?.elementType ?? type ?? .uint8,
      axis: axis ?? given, blockLength: blockLength)
  }

  private func quantize(_ x: ONNXValue, _ grid: Grid) throws(ImportFailure) -> ONNXValue {
    try requireFit(grid, x)
    _ = try count(x.shape)
    let (values, scales, range) = (x.reals, grid.scales.reals, grid.type.range)
    let isHalf = grid.scales.elementType.elementType.floatFormat
    var reals: [Float] = []
    var integers: [Int64] = []
    Self.forEachIndex(x.shape) { index in
      let c = grid.channel(index)
      var quotient = values[x.offset(index)] / scales[c]
      if let isHalf { quotient = isHalf.rounded(quotient) }
      if grid.type.isReal {
        reals.append(quotient + grid.zeroPoint(c))
      } else {
        let rounded = Int64(clamping: Double(quotient.rounded(.toNearestOrEven)))
        let bounded = max(-(1 << 40), min(1 << 40, rounded)) + Int64(grid.zeroPoint(c))
        integers.append(max(range.lowerBound, min(range.upperBound, bounded)))
      }
    }
    if grid.type.isReal {
      return ONNXValue(shape: x.shape, reals: reals).narrowed(
        to: grid.type, saturates: try view.integer("saturate", 1) != 0)
    }
    return ONNXValue(shape: x.shape, integers: integers, elementType: grid.type)
  }

  private func requireFit(_ grid: Grid, _ x: ONNXValue) throws(ImportFailure) {
    let scales = grid.scales.shape
    if grid.scales.count == 1 && grid.blockLength == 0 { return }
    guard x.shape.indices.contains(grid.axis) else {
      throw .invalid("scales of shape \(scales) run along an axis that \(x.shape) does not have")
    }
    var wanted = grid.blockLength == 0 ? [x.shape[grid.axis]] : x.shape
    if grid.blockLength > 0 {
      wanted[grid.axis] = (x.shape[grid.axis] + grid.blockLength - 1) / grid.blockLength
    }
    if scales != wanted {
      throw .invalid("scales of shape \(scales) do not fit \(x.shape)")
    }
  }

  private func dequantize(_ x: ONNXValue, _ grid: Grid) throws(ImportFailure) -> ONNXValue {
    try requireFit(grid, x)
    let (values, scales) = (x.reals, grid.scales.reals)
    return try real(x.shape) { index in
      let c = grid.channel(index)
      return (values[x.offset(index)] - grid.zeroPoint(c)) * scales[c]
    }
  }
}
