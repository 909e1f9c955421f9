import OctetModel

/// Kernel, stride, dilation and padding along each spatial axis, as the node gives them.
struct Window {
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
    forEachIndex(in: kernel) { result.append($0) }
    return result
  }
}
