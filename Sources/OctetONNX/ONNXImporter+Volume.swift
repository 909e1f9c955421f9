import OctetModel

/// The window of a transposed convolution.
struct TransposedWindow {
  let kernel, stride, dilation, outputs: [Int]
  /// Before each axis, then after each.
  let pads: [Int]

  /// `x` is the input's spatial shape. The rules are those of ConvTranspose's documentation.
  init(_ view: ONNXNodeView, kernel: [Int], x: [Int]) throws(ImportFailure) {
    let ones = [Int](repeating: 1, count: x.count)
    let zeros = [Int](repeating: 0, count: x.count)
    let stride = try view.integers("strides") ?? ones
    let dilation = try view.integers("dilations") ?? ones
    let extra = try view.integers("output_padding") ?? zeros
    var pads = try view.integers("pads") ?? zeros + zeros
    let mode = try view.string("auto_pad", "NOTSET")
    let requested = try view.integers("output_shape")
    let lists = [kernel, stride, dilation, extra] + (requested.map { [$0] } ?? [])
    guard lists.allSatisfy({ $0.count == x.count }), pads.count == 2 * x.count else {
      throw .invalid("kernel, strides and pads do not fit \(x.count) dimensions")
    }
    guard (kernel + stride + dilation).allSatisfy({ (1...1 << 20).contains($0) }),
      (pads + extra).allSatisfy({ (0...1 << 20).contains($0) }),
      (requested ?? []).allSatisfy({ (1...1 << 28).contains($0) })
    else { throw .invalid("kernel, strides, dilations or pads are out of range") }
    var outputs: [Int] = []
    for axis in x.indices {
      let full =
        stride[axis] * (x[axis] - 1) + extra[axis] + (kernel[axis] - 1) * dilation[axis] + 1
      let wanted = requested?[axis] ?? (mode.hasPrefix("SAME") ? x[axis] * stride[axis] : nil)
      if let wanted {
        let total = max(full - wanted, 0)
        let isUpper = mode == "SAME_UPPER"
        pads[axis] = isUpper ? total / 2 : total - total / 2
        pads[axis + x.count] = total - pads[axis]
        outputs.append(wanted)
      } else {
        if mode == "VALID" { (pads[axis], pads[axis + x.count]) = (0, 0) }
        outputs.append(full - pads[axis] - pads[axis + x.count])
      }
      guard (outputs[axis]).magnitude < 1 << 28, outputs[axis] > 0 else {
        throw .invalid("the result has no elements or too many along axis \(axis + 2)")
      }
    }
    (self.kernel, self.stride, self.dilation, self.outputs) = (kernel, stride, dilation, outputs)
    self.pads = pads
  }

  /// One axis as the width of an image of height 1; of three the last two.
  private func extent(_ values: [Int], _ one: Int = 1) -> Extent {
    values.count == 1
      ? Extent(height: one, width: values[0])
      : Extent(height: values[values.count - 2], width: values[values.count - 1])
  }

  var attributes: TransposedConvolutionAttributes {
    var result = TransposedConvolutionAttributes(outputExtent: extent(outputs))
    result.stride = extent(stride)
    result.dilation = extent(dilation)
    let first = extent(Array(pads.prefix(outputs.count)), 0)
    let last = extent(Array(pads.suffix(outputs.count)), 0)
    result.padding = Padding(
      top: first.height, left: first.width, bottom: last.height, right: last.width)
    return result
  }
}

extension ONNXImporter {
  /// A pool over three spatial axes is a pool over the last two, then one over the first: maxima
  /// of maxima, and averages of averages over equal numbers of elements.
  mutating func pool3D(
    _ view: ONNXNodeView, _ x: ImportedValue, _ kernel: [Int]
  ) throws(ImportFailure) {
    let isMax = view.operatorName == "MaxPool"
    let spatial = Array(x.shape[2...])
    var window = try SpatialWindow(view, kernel: kernel, x: spatial)
    let extra = try view.integer("ceil_mode") != 0 ? window.roundUp(x: spatial) : [0, 0, 0]
    let includesPadding = try view.integer("count_include_pad") != 0
    let countsPadding = !isMax && includesPadding
    if !countsPadding { try window.requireContents(x: spatial) }
    let (batch, channels) = (x.shape[0], x.shape[1])
    var source = try tensor(x, .channelsLast)
    var sizes = spatial
    if countsPadding && extra.contains(where: { $0 > 0 }) {
      source = try emit(
        .pad(
          before: [0] + window.before + [0], after: [0] + window.after + [0], mode: .constant(0)),
        name: view.name + "/pad", inputs: [source], output: view.name + "/pad")
      for axis in 0..<3 {
        sizes[axis] += window.before[axis] + window.after[axis]
        (window.before[axis], window.after[axis]) = (0, 0)
      }
    }
    func attributes(_ axes: [Int]) -> PoolAttributes {
      func pick(_ values: [Int], _ absent: Int) -> Extent {
        Extent(
          height: values[axes[0]], width: axes.count > 1 ? values[axes[1]] : absent)
      }
      var result = PoolAttributes(kernel: pick(window.kernel, 1), stride: pick(window.stride, 1))
      result.dilation = pick(window.dilation, 1)
      let (first, last) = (
        pick(window.before, 0), pick(zip(window.after, extra).map { $0 + $1 }, 0)
      )
      result.padding = Padding(
        top: first.height, left: first.width, bottom: last.height, right: last.width)
      result.countsPadding = countsPadding && !extra.contains { $0 > 0 }
      return result
    }
    func operation(_ axes: [Int]) -> Operation {
      isMax ? .maxPool(attributes(axes)) : .averagePool(attributes(axes))
    }
    let slices = try reshape(source, [batch * sizes[0], sizes[1], sizes[2], channels])
    let planes = try emit(
      operation([1, 2]), name: view.name + "/planes", inputs: [slices],
      output: view.name + "/planes")
    let area = window.outputs[1] * window.outputs[2]
    let columns = try reshape(planes, [batch, sizes[0], area, channels])
    let pooled = try emit(
      operation([0]), name: view.name, inputs: [columns], output: view.name + "/columns")
    let result = try emit(
      .reshape([batch] + window.outputs + [channels]), name: view.name + "/reshape",
      inputs: [pooled], output: view.node.outputs[0])
    define(view, result, .channelsLast, movedFrom: x)
  }
}
