import OctetModel

/// The window of a convolution or pool along each spatial axis, as a node gives it.
struct SpatialWindow {
  var kernel, stride, dilation, before, after: [Int]
  /// How many windows there are.
  var outputs: [Int] = []

  /// `x` is the input's spatial shape.
  init(_ view: ONNXNodeView, kernel: [Int], x: [Int]) throws(ImportFailure) {
    let ones = [Int](repeating: 1, count: x.count)
    self.kernel = kernel
    stride = try view.integers("strides") ?? ones
    dilation = try view.integers("dilations") ?? ones
    var pads = try view.integers("pads") ?? [Int](repeating: 0, count: 2 * x.count)
    let mode = try view.string("auto_pad", "NOTSET")
    guard kernel.count == x.count, stride.count == x.count, dilation.count == x.count,
      pads.count == 2 * x.count
    else { throw .invalid("kernel, strides, dilations and pads do not fit \(x.count) dimensions") }
    for values in [kernel, stride, dilation]
    where !values.allSatisfy({ (1...1 << 20).contains($0) }) {
      throw .invalid("kernel, strides or dilations \(values) are out of range")
    }
    let known = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]
    guard known.contains(mode) else { throw .invalid("auto_pad '\(mode)' is unknown") }
    if mode != "NOTSET" {
      pads = [Int](repeating: 0, count: 2 * x.count)
      for axis in x.indices where mode != "VALID" {
        let outputs = (x[axis] + stride[axis] - 1) / stride[axis]
        let total = max(
          (outputs - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - x[axis], 0)
        let smaller = total / 2
        pads[axis] = mode == "SAME_UPPER" ? smaller : total - smaller
        pads[axis + x.count] = total - pads[axis]
      }
    }
    guard pads.allSatisfy({ (0...1 << 20).contains($0) }) else {
      throw .unsupported("the pads \(pads) are negative or out of range; crop with Slice instead")
    }
    before = Array(pads[..<x.count])
    after = Array(pads[x.count...])
    for axis in x.indices {
      let free = x[axis] + before[axis] + after[axis] - span(axis)
      guard free >= 0 else { throw .invalid("the window is larger than its padded input \(x)") }
      outputs.append(free / stride[axis] + 1)
    }
  }

  /// Elements from the first to the last of a window.
  func span(_ axis: Int) -> Int { (kernel[axis] - 1) * dilation[axis] + 1 }

  /// Rounds the number of windows up, as `ceil_mode` says; a window must begin inside the image or
  /// the padding before it. Returns the padding that the extra windows need at the end.
  mutating func roundUp(x: [Int]) -> [Int] {
    var extra = [Int](repeating: 0, count: x.count)
    for axis in x.indices {
      let free = x[axis] + before[axis] + after[axis] - span(axis)
      var count = (free + stride[axis] - 1) / stride[axis] + 1
      if (count - 1) * stride[axis] >= x[axis] + before[axis] { count -= 1 }
      outputs[axis] = count
      let reach = (count - 1) * stride[axis] + span(axis) - x[axis] - before[axis]
      if reach < after[axis] { after[axis] = max(reach, 0) }
      extra[axis] = max(reach - after[axis], 0)
    }
    return extra
  }

  /// Fails when a window lies in the padding alone: there is nothing to pool.
  func requireContents(x: [Int]) throws(ImportFailure) {
    for axis in x.indices {
      // Others begin inside.
      let early = min((before[axis] + stride[axis] - 1) / stride[axis], outputs[axis])
      for index in Array(0..<early) + [outputs[axis] - 1] {
        let first = index * stride[axis] - before[axis]
        // The taps that lie before the image.
        let skipped = first < 0 ? (-first + dilation[axis] - 1) / dilation[axis] : 0
        guard skipped < kernel[axis], first + skipped * dilation[axis] < x[axis] else {
          throw .unsupported(
            "its window \(index) along axis \(axis + 2) lies wholly in the padding, where there is "
              + "nothing to pool; use pads smaller than the kernel")
        }
      }
    }
  }

  /// One axis as the width of an image of height 1.
  func extent(_ values: [Int], _ one: Int = 1) -> Extent {
    values.count == 1
      ? Extent(height: one, width: values[0]) : Extent(height: values[0], width: values[1])
  }

  var kernelExtent: Extent { extent(kernel) }
  var strideExtent: Extent { extent(stride) }
  var dilationExtent: Extent { extent(dilation) }
  var outputExtent: Extent { extent(outputs) }

  func padding(extra: [Int]? = nil) -> Padding {
    let first = extent(before, 0)
    let last = extent(extra.map { zip(after, $0).map { $0 + $1 } } ?? after, 0)
    return Padding(top: first.height, left: first.width, bottom: last.height, right: last.width)
  }
}

extension ONNXImporter {
  /// Fails unless the value has one or two spatial axes.
  func requireImage(_ value: ImportedValue) throws(ImportFailure) {
    if value.rank < 3 { throw .invalid("x needs at least three dimensions, has \(value.shape)") }
    if value.rank > 4 {
      throw .unsupported(
        "it works on \(value.rank - 2) spatial dimensions; Octet has one and two")
    }
  }
}
