extension ONNXCall {
  /// The scale and the new size of each axis.
  private func resizeTarget(
    _ x: ONNXValue, isOld: Bool
  ) throws(ImportFailure) -> (scales: [Double], shape: [Int]) {
    let rank = x.shape.count
    let axes = try view.axes(try view.integers("axes") ?? Array(0..<rank), rank: rank)
    var scales = [Double](repeating: 1, count: rank)
    var shape = x.shape
    let given =
      try isOld
      ? (view.version < 9 ? view.floats("scales") : view.realsInput(1)) : view.realsInput(2)
    if let given, given.count == axes.count {
      guard given.allSatisfy({ $0 > 0 && $0 < 0x1p20 }) else { throw .invalid("wrong scales") }
      for (k, axis) in axes.enumerated() {
        scales[axis] = Double(given[k])
        shape[axis] = Int(clampingScaled: Double(x.shape[axis]) * scales[axis])
      }
    } else if let sizes = try view.integersInput(3)?.map(\.ordinary), sizes.count == axes.count,
      sizes.allSatisfy({ (1...1 << 28).contains($0) }), !x.shape.contains(0)
    {
      let ratios = zip(axes, sizes).map { Double($1) / Double(max(x.shape[$0], 1)) }
      let policy = try view.string("keep_aspect_ratio_policy", "stretch")
      let common = policy == "not_larger" ? ratios.min() : ratios.max()
      for (k, axis) in axes.enumerated() {
        scales[axis] = policy == "stretch" ? ratios[k] : common ?? 1
        shape[axis] =
          policy == "stretch"
          ? sizes[k] : Int(clampingScaled: (scales[axis] * Double(x.shape[axis])).rounded())
      }
    } else {
      throw .invalid("neither scales nor sizes fit")
    }
    return (scales, shape)
  }

  /// Along each axis by the formulas of Resize's documentation; an output element is the sum of
  /// products of the taps of all axes.
  func resize() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let isOld = view.version < 11 || view.operatorName == "Upsample"
    let (scales, shape) = try resizeTarget(x, isOld: isOld)
    if x.shape.contains(0) { throw .invalid("x has no elements") }
    let rule = try ResizeRule(self, isOld: isOld)
    var taps: [[[(Int, Double)]?]] = []
    for axis in shape.indices {
      _ = try count([shape[axis]])
      try limitWork(shape[axis], min(4 * x.shape[axis], 1 << 30))
      let isSame = scales[axis] == 1 && shape[axis] == x.shape[axis] && rule.region == nil
      taps.append(
        (0..<shape[axis]).map { index in
          isSame
            ? [(index, 1)]
            : rule.taps(
              axis, index, length: x.shape[axis], target: shape[axis], scale: scales[axis])
        })
    }
    let each = taps.reduce(1) { $0 * ($1.compactMap { $0?.count }.max() ?? 1) }
    try limitWork(shape.reduce(1, *), each)
    let values = x.reals
    let result = try real(shape) { index in
      var terms = [(offset: 0, weight: 1.0)]
      for axis in index.indices {
        guard let own = taps[axis][index[axis]] else { return rule.outside }
        terms = terms.flatMap { term in
          own.map { (term.offset * x.shape[axis] + $0.0, term.weight * $0.1) }
        }
      }
      return Float(terms.reduce(0.0) { $0 + Double(values[$1.offset]) * $1.weight })
    }
    if x.integers == nil { return result }
    return ONNXValue(
      shape: shape, integers: result.reals.map { Int64(clamping: Double($0)) },
      elementType: x.elementType)
  }
}

/// How a Resize finds what an output element is made of.
private struct ResizeRule {
  var coordinates = "asymmetric"
  var rounding = "floor"
  var mode = "nearest"
  var cubicCoefficient = -0.75
  var excludesOutside = false
  var antialiases = false
  /// Starts, then ends, one for each axis, when the coordinates are those of a region.
  var region: [Double]?
  var outside: Float = 0

  init(_ call: ONNXCall, isOld: Bool) throws(ImportFailure) {
    let view = call.view
    mode = try view.string("mode", "nearest")
    if isOld { return }
    coordinates = try view.string("coordinate_transformation_mode", "half_pixel")
    rounding = try view.string("nearest_mode", "round_prefer_floor")
    cubicCoefficient = Double(try view.float("cubic_coeff_a", -0.75))
    excludesOutside = try view.integer("exclude_outside") != 0
    antialiases = try view.integer("antialias") != 0
    outside = try view.float("extrapolation_value")
    if coordinates == "tf_crop_and_resize" {
      let rank = try call.input(0).shape.count
      let axes = try view.axes(try view.integers("axes") ?? Array(0..<rank), rank: rank)
      guard let given = try view.realsInput(1), given.count == 2 * axes.count else {
        throw .invalid("the region of interest does not fit")
      }
      var whole = [Double](repeating: 0, count: rank) + [Double](repeating: 1, count: rank)
      for (k, axis) in axes.enumerated() {
        whole[axis] = Double(given[k])
        whole[axis + rank] = Double(given[k + axes.count])
      }
      region = whole
    }
  }

  private func position(
    _ axis: Int, _ index: Int, _ length: Int, _ target: Int, _ scale: Double
  ) -> Double {
    let (i, last, wide) = (Double(index), Double(length - 1), scale * Double(length))
    switch coordinates {
    case "asymmetric": return i / scale
    case "align_corners": return target == 1 ? 0 : i * last / (wide - 1)
    case "pytorch_half_pixel" where target <= 1: return 0
    case "half_pixel_symmetric":
      let centre = Double(length) / 2
      return centre * (1 - Double(target) / wide) + (i + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let all = region ?? []
      let (start, end) = (all[axis], all[axis + all.count / 2])
      if target == 1 { return 0.5 * (start + end) * last }
      return start * last + i * (end - start) * last / (wide - 1)
    default: return (i + 0.5) / scale - 0.5
    }
  }

  /// Offsets along an axis and their weights; nil where the position lies outside the region.
  func taps(
    _ axis: Int, _ index: Int, length: Int, target: Int, scale: Double
  ) -> [(Int, Double)]? {
    let exact = position(axis, index, length, target, scale)
    guard exact.isFinite, exact.magnitude < 0x1p40 else { return nil }
    if region != nil, exact < 0 || exact > Double(length - 1) { return nil }
    func clamp(_ place: Double) -> Int { Int(max(0, min(Double(length - 1), place))) }
    if mode == "nearest" {
      // Single precision decides ties as the file's exporter meant them.
      let single = Double(Float(exact))
      switch rounding {
      case "floor": return [(clamp(single.rounded(.down)), 1)]
      case "ceil": return [(clamp(single.rounded(.up)), 1)]
      case "round_prefer_ceil": return [(clamp((single + 0.5).rounded(.down)), 1)]
      default: return [(clamp((single - 0.5).rounded(.up)), 1)]
      }
    }
    let shrink = antialiases ? min(scale, 1) : 1
    let radius = (mode == "cubic" ? 2 : 1) / shrink
    let first = Int((exact - radius).rounded(.up))
    var result: [(Int, Double)] = []
    for place in first...max(first, Int((exact + radius).rounded(.down))) {
      let isOutside = !(0..<length).contains(place)
      if excludesOutside && isOutside { continue }
      let weight = kernel((Double(place) - exact).magnitude * shrink)
      if weight != 0 { result.append((clamp(Double(place)), weight)) }
    }
    let sum = result.reduce(0.0) { $0 + $1.1 }
    return result.map { ($0.0, $0.1 / sum) }
  }

  private func kernel(_ distance: Double) -> Double {
    if mode != "cubic" { return max(0, 1 - distance) }
    let (a, d) = (cubicCoefficient, distance)
    if d <= 1 { return ((a + 2) * d - (a + 3)) * d * d + 1 }
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0
  }
}

extension Int {
  /// Rounded down; the largest size that a shape may have when out of range.
  fileprivate init(clampingScaled value: Double) {
    self = value.isNaN || value < 0 ? 0 : Int(Swift.min(value.rounded(.down), 0x1p40))
  }
}
