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

  /// Nearest or linear along each axis, from the formulas of Resize's documentation.
  func resize() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let isOld = view.version < 11 || view.operatorName == "Upsample"
    let (scales, shape) = try resizeTarget(x, isOld: isOld)
    let mode =
      isOld ? "asymmetric" : try view.string("coordinate_transformation_mode", "half_pixel")
    let rounding = isOld ? "floor" : try view.string("nearest_mode", "round_prefer_floor")
    let isNearest = try view.string("mode", "nearest") == "nearest"
    if x.shape.contains(0) { throw .invalid("x has no elements") }

    func position(_ axis: Int, _ index: Int) -> Double {
      let (length, target) = (Double(x.shape[axis]), Double(shape[axis]))
      switch mode {
      case "asymmetric": return Double(index) / scales[axis]
      case "align_corners":
        return target == 1 ? 0 : Double(index) * (length - 1) / (target - 1)
      case "pytorch_half_pixel" where target <= 1: return 0
      default: return (Double(index) + 0.5) / scales[axis] - 0.5
      }
    }
    func clamp(_ value: Double, _ axis: Int) -> Int {
      Int(max(0, min(Double(x.shape[axis] - 1), value)))
    }
    func nearest(_ axis: Int, _ index: Int) -> Int {
      if scales[axis] == 1 && shape[axis] == x.shape[axis] { return index }
      // Single precision decides ties as the file's exporter meant them.
      let exact = Double(Float(position(axis, index)))
      switch rounding {
      case "floor": return clamp(exact.rounded(.down), axis)
      case "ceil": return clamp(exact.rounded(.up), axis)
      case "round_prefer_ceil": return clamp((exact + 0.5).rounded(.down), axis)
      default: return clamp((exact - 0.5).rounded(.up), axis)
      }
    }
    if isNearest {
      return try pick(x, shape) { index in index.indices.map { nearest($0, index[$0]) } }
    }
    let values = x.reals
    return try real(shape) { index in
      var terms = [(offset: 0, weight: 1.0)]
      for axis in index.indices {
        let exact = max(0, min(Double(x.shape[axis] - 1), position(axis, index[axis])))
        let lower = Int(exact)
        let upper = min(lower + 1, x.shape[axis] - 1)
        let fraction = exact - Double(lower)
        terms = terms.flatMap { term in
          let base = term.offset * x.shape[axis]
          return fraction == 0
            ? [(base + lower, term.weight)]
            : [
              (base + lower, term.weight * (1 - fraction)), (base + upper, term.weight * fraction),
            ]
        }
      }
      return Float(terms.reduce(0.0) { $0 + Double(values[$1.offset]) * $1.weight })
    }
  }
}

extension Int {
  /// Rounded down; the largest size that a shape may have when out of range.
  fileprivate init(clampingScaled value: Double) {
    self = value.isNaN || value < 0 ? 0 : Int(Swift.min(value.rounded(.down), 0x1p40))
  }
}
