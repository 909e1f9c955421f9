/// Kernel, stride, dilation and padding along each spatial axis, as the node gives them.
private struct Window {
  var kernel, stride, dilation, before, after: [Int]

  init(_ view: ONNXNodeView, kernel: [Int], image: [Int]) throws(ImportFailure) {
    let rank = image.count
    self.kernel = kernel
    stride = try view.integers("strides") ?? [Int](repeating: 1, count: rank)
    dilation = try view.integers("dilations") ?? [Int](repeating: 1, count: rank)
    let pads = try view.integers("pads") ?? [Int](repeating: 0, count: 2 * rank)
    guard kernel.count == rank, stride.count == rank, dilation.count == rank,
      pads.count == 2 * rank,
      (kernel + stride + dilation).allSatisfy({ (1...1 << 20).contains($0) }),
      pads.allSatisfy({ (0...1 << 20).contains($0) })
    else { throw .invalid("the window does not fit \(rank) dimensions") }
    guard kernel.reduce(1.0, { $0 * Double($1) }) < 0x1p40 else {
      throw .unsupported("its windows are too large to be computed here")
    }
    before = Array(pads.prefix(rank))
    after = Array(pads.suffix(rank))
    let mode = try view.string("auto_pad", "NOTSET")
    if mode == "NOTSET" { return }
    for axis in 0..<rank {
      (before[axis], after[axis]) = (0, 0)
      if mode == "VALID" { continue }
      // The output is the input over the stride, rounded up; what is missing is padding.
      let wanted = Int((Double(image[axis]) / Double(stride[axis])).rounded(.up))
      let reach = (wanted - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
      let missing = max(0, reach - image[axis])
      before[axis] = mode == "SAME_LOWER" ? (missing + 1) / 2 : missing / 2
      after[axis] = missing - before[axis]
    }
  }

  func outputs(_ image: [Int], ceiling: Bool = false) throws(ImportFailure) -> [Int] {
    var result: [Int] = []
    for axis in image.indices {
      let free =
        image[axis] + before[axis] + after[axis] - dilation[axis] * (kernel[axis] - 1) - 1
      guard free >= 0 else { throw .invalid("the window is larger than its input") }
      var count = Double(free) / Double(stride[axis])
      count.round(ceiling ? .up : .down)
      var whole = Int(count) + 1
      if ceiling && (whole - 1) * stride[axis] >= image[axis] + before[axis] { whole -= 1 }
      result.append(whole)
    }
    return result
  }

  /// Where tap `tap` of the window of output element `index` (`[n, c, …]`) falls.
  func place(_ index: [Int], _ tap: [Int], in image: [Int]) -> Place {
    var (offset, isPadding) = (0, false)
    for axis in image.indices {
      let position = index[axis + 2] * stride[axis] + tap[axis] * dilation[axis] - before[axis]
      if position >= image[axis] + after[axis] { return .beyond }
      isPadding = isPadding || position < 0 || position >= image[axis]
      offset = offset * image[axis] + position
    }
    return isPadding ? .padding : .image(offset)
  }

  enum Place {
    /// The offset in one channel.
    case image(Int)
    case padding
    /// Where only rounding up reaches.
    case beyond
  }

  /// All positions in the kernel, row-major.
  var taps: [[Int]] {
    var result: [[Int]] = []
    ONNXCall.forEachIndex(kernel) { result.append($0) }
    return result
  }
}

extension ONNXCall {
  func image() throws(ImportFailure) -> ONNXValue? {
    switch view.operatorName {
    case "Conv": return try convolution(try input(0), try input(1), optional(2))
    case "ConvTranspose": return try transposedConvolution()
    case "GlobalAveragePool", "GlobalMaxPool": return try globalPool()
    default: return nil
    }
  }

  func convolution(
    _ x: ONNXValue, _ weights: ONNXValue, _ bias: ONNXValue?
  ) throws(ImportFailure) -> ONNXValue {
    let groups = try view.integer("group", 1)
    guard x.shape.count >= 3, weights.shape.count == x.shape.count, (1...1 << 20).contains(groups),
      x.shape[1] == groups * weights.shape[1], weights.shape[0] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit \(x.shape)") }
    let image = Array(x.shape[2...])
    let kernel = Array(weights.shape[2...])
    let window = try Window(view, kernel: kernel, image: image)
    let shape = [x.shape[0], weights.shape[0]] + (try window.outputs(image))
    try limitWork(try count(shape), kernel.reduce(weights.shape[1], *))
    let (values, factors, offsets) = (x.reals, weights.reals, bias?.reals)
    guard offsets?.count ?? shape[1] == shape[1] else { throw .invalid("the bias does not fit") }
    let (perGroup, channels) = (max(shape[1] / groups, 1), weights.shape[1])
    let (taps, pixels) = (window.taps, image.reduce(1, *))
    return try real(shape) { index in
      var sum = Double(offsets?[index[1]] ?? 0)
      let channel = index[0] * x.shape[1] + index[1] / perGroup * channels
      for (k, tap) in taps.enumerated() {
        guard case .image(let pixel) = window.place(index, tap, in: image) else { continue }
        for c in 0..<channels {
          let factor = factors[(index[1] * channels + c) * taps.count + k]
          sum += Double(values[(channel + c) * pixels + pixel]) * Double(factor)
        }
      }
      return Float(sum)
    }
  }

  /// Output element o gets x[i] · w[k] wherever i · stride + k · dilation − pad = o.
  private func transposedConvolution() throws(ImportFailure) -> ONNXValue {
    let (x, weights) = (try input(0), try input(1))
    let groups = try view.integer("group", 1)
    guard x.shape.count >= 3, weights.shape.count == x.shape.count,
      (1...1 << 20).contains(groups),
      x.shape[1] == weights.shape[0], x.shape[1] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit \(x.shape)") }
    let image = Array(x.shape[2...])
    let kernel = Array(weights.shape[2...])
    var window = try Window(view, kernel: kernel, image: image)
    let extra = try view.integers("output_padding") ?? image.map { _ in 0 }
    let fixed = try view.integers("output_shape")
    guard extra.count == image.count, fixed?.count ?? image.count == image.count,
      optional(2)?.count ?? weights.shape[1] * groups == weights.shape[1] * groups
    else { throw .invalid("output_padding, output_shape or the bias does not fit") }
    let mode = try view.string("auto_pad", "NOTSET")
    var outputs: [Int] = []
    for axis in image.indices {
      let full =
        (image[axis] - 1) * window.stride[axis] + window.dilation[axis] * (kernel[axis] - 1) + 1
        + extra[axis]
      if mode.hasPrefix("SAME") || fixed != nil {
        let wanted = fixed?[axis] ?? image[axis] * window.stride[axis]
        let cropped = max(0, full - wanted)
        window.before[axis] = mode == "SAME_UPPER" ? cropped / 2 : (cropped + 1) / 2
        outputs.append(wanted)
      } else {
        outputs.append(full - window.before[axis] - window.after[axis])
      }
    }
    let perGroup = weights.shape[1]
    let shape = [x.shape[0], perGroup * groups] + outputs
    try limitWork(try count(shape), kernel.reduce(x.shape[1] / groups, *))
    let (values, factors, offsets) = (x.reals, weights.reals, optional(2)?.reals)
    let perInput = x.shape[1] / groups
    return try real(shape) { index in
      var sum = Double(offsets?[index[1]] ?? 0)
      let group = index[1] / perGroup
      Self.forEachIndex(kernel) { tap in
        var source: [Int] = []
        for axis in image.indices {
          let distance = index[axis + 2] + window.before[axis] - tap[axis] * window.dilation[axis]
          let (i, rest) = distance.quotientAndRemainder(dividingBy: window.stride[axis])
          if rest != 0 || !(0..<image[axis]).contains(i) { return }
          source.append(i)
        }
        for c in group * perInput..<(group + 1) * perInput {
          sum +=
            Double(values[x.offset([index[0], c] + source)])
            * Double(factors[weights.offset([c, index[1] % perGroup] + tap)])
        }
      }
      return Float(sum)
    }
  }

  func pool() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let kernel = try view.integers("kernel_shape") ?? []
    guard x.shape.count >= 3 else { throw .invalid("x has too few dimensions") }
    let image = Array(x.shape[2...])
    let window = try Window(view, kernel: kernel, image: image)
    let ceiling = try view.integer("ceil_mode") != 0
    let shape = Array(x.shape[..<2]) + (try window.outputs(image, ceiling: ceiling))
    try limitWork(try count(shape), kernel.reduce(1, *))
    let isMax = view.operatorName == "MaxPool"
    let countsPadding = try view.integer("count_include_pad") != 0
    let values = x.reals
    let (taps, pixels) = (window.taps, image.reduce(1, *))
    let result = try real(shape) { index in
      var (top, sum, number) = (-Float.infinity, 0.0, 0)
      let channel = index[0] * x.shape[1] + index[1]
      for tap in taps {
        switch window.place(index, tap, in: image) {
        case .image(let pixel):
          let value = values[channel * pixels + pixel]
          top = max(top, value)
          sum += Double(value)
          number += 1
        case .padding: number += countsPadding ? 1 : 0
        case .beyond: continue
        }
      }
      return isMax ? top : Float(sum / Double(max(number, 1)))
    }
    if x.integers == nil { return result }
    return ONNXValue(
      shape: shape, integers: result.reals.map { Int64(clamping: Double($0)) },
      elementType: x.elementType)
  }

  /// What of x lies in each window, for pools that take the padding as nothing.
  func windows(_ x: ONNXValue) throws(ImportFailure) -> (shape: [Int], values: [[Double]]) {
    guard x.shape.count >= 3 else { throw .invalid("x has too few dimensions") }
    let image = Array(x.shape[2...])
    let window = try Window(view, kernel: try view.integers("kernel_shape") ?? [], image: image)
    let ceiling = try view.integer("ceil_mode") != 0
    let shape = Array(x.shape[..<2]) + (try window.outputs(image, ceiling: ceiling))
    try limitWork(try count(shape), window.kernel.reduce(1, *))
    let (reals, taps, pixels) = (x.reals, window.taps, image.reduce(1, *))
    var result: [[Double]] = []
    Self.forEachIndex(shape) { index in
      let first = (index[0] * x.shape[1] + index[1]) * pixels
      var values: [Double] = []
      for tap in taps {
        guard case .image(let pixel) = window.place(index, tap, in: image) else { continue }
        values.append(Double(reals[first + pixel]))
      }
      result.append(values)
    }
    return (shape, result)
  }

  /// Where in x the first maximum of each window lies.
  func maximaIndices() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let image = Array(x.shape[2...])
    let window = try Window(view, kernel: try view.integers("kernel_shape") ?? [], image: image)
    let ceiling = try view.integer("ceil_mode") != 0
    let shape = Array(x.shape[..<2]) + (try window.outputs(image, ceiling: ceiling))
    let isColumnMajor = try view.integer("storage_order") != 0
    try limitWork(try count(shape), window.kernel.reduce(1, *))
    let (values, taps, pixels) = (x.reals, window.taps, image.reduce(1, *))
    var result: [Int64] = []
    Self.forEachIndex(shape) { index in
      let channel = index[0] * x.shape[1] + index[1]
      var (top, best) = (-Float.infinity, 0)
      for tap in taps {
        guard case .image(let pixel) = window.place(index, tap, in: image) else { continue }
        if values[channel * pixels + pixel] > top {
          (top, best) = (values[channel * pixels + pixel], pixel)
        }
      }
      // In column-major order the first spatial axis runs fastest.
      var (rest, place) = (best, 0)
      for axis in image.indices.reversed() where isColumnMajor {
        place += rest % image[axis] * image[..<axis].reduce(1, *)
        rest /= image[axis]
      }
      result.append(Int64(channel * pixels + (isColumnMajor ? place : best)))
    }
    return ONNXValue(shape: shape, integers: result)
  }

  private func globalPool() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    guard x.shape.count >= 3 else { throw .invalid("x has too few dimensions") }
    let count = x.shape[2...].reduce(1, *)
    try limitWork(x.count, 1)
    let values = x.reals
    let shape = Array(x.shape[..<2]) + x.shape[2...].map { _ in 1 }
    return try real(shape) { index in
      let first = (index[0] * x.shape[1] + index[1]) * count
      let plane = values[first..<first + count]
      if view.operatorName == "GlobalMaxPool" { return plane.max() ?? -.infinity }
      return Float(plane.reduce(0.0) { $0 + Double($1) } / Double(max(count, 1)))
    }
  }
}
