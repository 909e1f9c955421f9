import Foundation

// Normalizations, norms and blocks by their formulas, not by the operations that the importer
// makes of them.

extension ONNXCall {
  func normalization() throws(ImportFailure) -> [ONNXValue]? {
    switch view.operatorName {
    case "InstanceNormalization": return [try instanceNormalization()]
    case "GroupNormalization": return [try groupNormalization()]
    case "LayerNormalization": return try layerNormalization(subtractsMean: true)
    case "RMSNormalization": return try layerNormalization(subtractsMean: false)
    case "MeanVarianceNormalization": return [try meanVarianceNormalization()]
    case "LpNormalization": return [try normNormalization()]
    case "LpPool": return [try normPool()]
    case "GlobalLpPool": return [try globalNormPool()]
    case "Mean":
      let shape = try input(0).shape
      var (sum, whole) = ([Double](repeating: 0, count: try count(shape)), shape)
      for index in arguments.indices {
        let operand = try input(index)
        let wide = try broadcast(whole, operand.shape)
        let old = ONNXValue(shape: whole, reals: [])
        let values = operand.reals
        var next: [Double] = []
        _ = try count(wide)
        Self.forEachIndex(wide) {
          next.append(sum[old.broadcastOffset($0)] + Double(values[operand.broadcastOffset($0)]))
        }
        (sum, whole) = (next, wide)
      }
      return [ONNXValue(shape: whole, reals: sum.map { Float($0 / Double(arguments.count)) })]
    case "DepthToSpace", "SpaceToDepth": return [try blocks()]
    default: return nil
    }
  }

  /// Mean and mean of squared distances from it.
  private func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let count = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / count
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count)
  }

  /// Each channel of each image is normalized by its own mean and variance.
  private func instanceNormalization() throws(ImportFailure) -> ONNXValue {
    let (x, scale, bias) = (try input(0), try input(1).reals, try input(2).reals)
    guard x.shape.count >= 3, scale.count == x.shape[1], bias.count == x.shape[1] else {
      throw .invalid("scale or bias does not fit x of shape \(x.shape)")
    }
    return try normalizedRuns(x, length: x.shape[2...].reduce(1, *)) { value, index in
      value * Double(scale[index[1]]) + Double(bias[index[1]])
    }
  }

  /// The channels of a group lie side by side.
  private func groupNormalization() throws(ImportFailure) -> ONNXValue {
    let (x, scale, bias) = (try input(0), try input(1).reals, try input(2).reals)
    let groups = try view.integer("num_groups")
    guard x.shape.count >= 2, (1...1 << 20).contains(groups), x.shape[1] % groups == 0,
      x.shape[1] > 0
    else { throw .invalid("the groups do not fit x of shape \(x.shape)") }
    let channels = x.shape[1] / groups
    // Before operator set 21 gain and offset are those of the group.
    let wanted = view.version < 21 ? groups : x.shape[1]
    guard scale.count == wanted, bias.count == wanted else { throw .invalid("wrong parameters") }
    let divisor = view.version < 21 ? channels : 1
    let length = x.shape[2...].reduce(channels, *)
    return try normalizedRuns(x, length: length) { value, index in
      let place = index[1] / divisor
      return value * Double(scale[place]) + Double(bias[place])
    }
  }

  /// Runs of `length` elements are normalized each by itself.
  private func normalizedRuns(
    _ x: ONNXValue, length: Int, _ finish: (Double, [Int]) -> Double
  ) throws(ImportFailure) -> ONNXValue {
    let epsilon = Double(try view.float("epsilon", 1e-5))
    try limitWork(x.count, 3)
    let values = x.reals.map { Double($0) }
    let runs = stride(from: 0, to: values.count, by: max(length, 1)).map {
      moments(Array(values[$0..<$0 + length]))
    }
    return try real(x.shape) { index in
      let offset = x.offset(index)
      let run = runs[offset / length]
      let normal = (values[offset] - run.mean) / (run.variance + epsilon).squareRoot()
      return Float(finish(normal, index))
    }
  }

  /// The axes from `axis` on; RMSNormalization takes the mean as 0.
  private func layerNormalization(subtractsMean: Bool) throws(ImportFailure) -> [ONNXValue] {
    let (x, scale) = (try input(0), try input(1))
    let axis = try view.axis(try view.integer("axis", -1), rank: x.shape.count)
    let length = x.shape[axis...].reduce(1, *)
    let epsilon = Double(try view.float("epsilon", 1e-5))
    let offset = subtractsMean ? optional(2) : nil
    for parameter in [scale, offset].compactMap({ $0 })
    where try broadcast(x.shape, parameter.shape) != x.shape {
      throw .invalid("a parameter of shape \(parameter.shape) does not fit \(x.shape)")
    }
    try limitWork(x.count, 3)
    let values = x.reals.map { Double($0) }
    var (means, factors) = ([Double](), [Double]())
    for first in stride(from: 0, to: values.count, by: max(length, 1)) {
      let run = Array(values[first..<first + length])
      let mean = subtractsMean ? moments(run).mean : 0
      let variance = run.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      means.append(mean)
      factors.append(1 / (variance + epsilon).squareRoot())
    }
    let (gains, offsets) = (scale.reals, offset?.reals)
    let result = try real(x.shape) { index in
      let place = x.offset(index)
      let normal = (values[place] - means[place / length]) * factors[place / length]
      let gain = Double(gains[scale.broadcastOffset(index)])
      let addend = offset.flatMap { value in offsets?[value.broadcastOffset(index)] } ?? 0
      return Float(normal * gain + Double(addend))
    }.narrowed(to: x.elementType)
    let shape = Array(x.shape[..<axis]) + x.shape[axis...].map { _ in 1 }
    return [
      result, ONNXValue(shape: shape, reals: means.map { Float($0) }),
      ONNXValue(shape: shape, reals: factors.map { Float($0) }),
    ]
  }

  /// The elements that share all indices but those of `axes`, as lists in a tensor of `kept`.
  private func lists(
    _ x: ONNXValue, over axes: [Int]
  ) throws(ImportFailure) -> (holder: ONNXValue, values: [[Double]]) {
    let kept = x.shape.indices.map { axes.contains($0) ? 1 : x.shape[$0] }
    try limitWork(x.count, 2)
    let (values, holder) = (x.reals, ONNXValue(shape: kept, reals: []))
    var lists = [[Double]](repeating: [], count: try count(kept))
    Self.forEachIndex(x.shape) {
      lists[holder.broadcastOffset($0)].append(Double(values[x.offset($0)]))
    }
    return (holder, lists)
  }

  private func meanVarianceNormalization() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let axes = try view.axes(try view.integers("axes") ?? [0, 2, 3], rank: x.shape.count)
    let (holder, lists) = try lists(x, over: axes)
    let (all, values) = (lists.map { moments($0) }, x.reals)
    return try real(x.shape) { index in
      let own = all[holder.broadcastOffset(index)]
      return Float(
        (Double(values[x.offset(index)]) - own.mean) / (own.variance.squareRoot() + 1e-9))
    }
  }

  private func norm(_ values: [Double]) throws(ImportFailure) -> Double {
    let p: Double
    if case .float(let value) = view.node.attributes["p"] {
      p = Double(value)
    } else {
      p = Double(try view.integer("p", 2))
    }
    return pow(values.reduce(0) { $0 + pow(abs($1), p) }, 1 / p)
  }

  private func normNormalization() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let axis = try view.axis(try view.integer("axis", -1), rank: x.shape.count)
    let (holder, lists) = try lists(x, over: [axis])
    var norms: [Double] = []
    for list in lists { norms.append(try norm(list)) }
    let values = x.reals
    return try real(x.shape) { index in
      let own = norms[holder.broadcastOffset(index)]
      return own == 0 ? 0 : Float(Double(values[x.offset(index)]) / own)
    }
  }

  private func globalNormPool() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    guard x.shape.count >= 3 else { throw .invalid("x has too few dimensions") }
    let (holder, lists) = try lists(x, over: Array(2..<x.shape.count))
    var norms: [Float] = []
    for list in lists { norms.append(Float(try norm(list))) }
    return ONNXValue(shape: holder.shape, reals: norms)
  }

  private func normPool() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let (shape, windows) = try windows(x)
    var norms: [Float] = []
    for window in windows { norms.append(Float(try norm(window))) }
    return ONNXValue(shape: shape, reals: norms)
  }

  /// Pixel `[h · b + i, w · b + j]` of channel c is channel `[i, j, c]` or `[c, i, j]` of pixel
  /// `[h, w]`.
  private func blocks() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let b = try view.integer("blocksize")
    let isDepthFirst = try view.string("mode", "DCR") == "DCR"
    guard x.shape.count == 4, (1...1 << 16).contains(b) else { throw .invalid("wrong blocks") }
    let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    if view.operatorName == "SpaceToDepth" {
      guard h % b == 0, w % b == 0 else { throw .invalid("wrong blocks") }
      return try pick(x, [n, c * b * b, h / b, w / b]) { index in
        let channel = isDepthFirst ? index[1] % c : index[1] / (b * b)
        let place = isDepthFirst ? index[1] / c : index[1] % (b * b)
        return [index[0], channel, index[2] * b + place / b, index[3] * b + place % b]
      }
    }
    guard c % (b * b) == 0 else { throw .invalid("wrong blocks") }
    let depth = c / (b * b)
    return try pick(x, [n, depth, h * b, w * b]) { index in
      let place = index[2] % b * b + index[3] % b
      let channel = isDepthFirst ? place * depth + index[1] : index[1] * b * b + place
      return [index[0], channel, index[2] / b, index[3] / b]
    }
  }
}
