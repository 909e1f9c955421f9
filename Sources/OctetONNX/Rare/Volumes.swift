import OctetModel

// Convolutions and pools over three spatial axes. A convolution is a sum, over the kernel's slices
// along the first of them, of convolutions over the other two; the slices of the image become
// images of a batch.

extension ONNXImporter {
  /// Takes a convolution or a pool over that has three spatial axes. Returns whether it has.
  mutating func takeOverVolume(_ view: ONNXNodeView) throws(ImportFailure) -> Bool {
    let x = try view.input(0)
    guard x.rank == 5 else { return false }
    switch view.operatorName {
    case "Conv": try convolution3D(view, x, try view.input(1))
    case "ConvTranspose": try transposedConvolution3D(view, x, try view.input(1))
    default: try pool3D(view, x)
    }
    return true
  }

  private mutating func convolution3D(
    _ view: ONNXNodeView, _ x: ImportedValue, _ weights: ImportedValue
  ) throws(ImportFailure) {
    let groups = try view.integer("group", 1)
    guard weights.rank == 5, groups > 0, x.shape[1] == groups * weights.shape[1],
      weights.shape[0] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit x of shape \(x.shape)") }
    let kernel = Array(weights.shape[2...])
    let window = try SpatialWindow(view, kernel: kernel, x: Array(x.shape[2...]))
    let (batch, channels) = (x.shape[0], x.shape[1])
    var attributes = ConvolutionAttributes()
    attributes.stride = Extent(height: window.stride[1], width: window.stride[2])
    attributes.dilation = Extent(height: window.dilation[1], width: window.dilation[2])
    attributes.padding = Padding(
      top: window.before[1], left: window.before[2], bottom: window.after[1],
      right: window.after[2])
    attributes.groups = groups
    let padded = try emit(
      .pad(
        before: [0, window.before[0], 0, 0, 0], after: [0, window.after[0], 0, 0, 0],
        mode: .constant(0)),
      name: view.name + "/pad", inputs: [try tensor(x, .channelsLast)],
      output: view.name + "/pad")
    let depth = window.outputs[0]
    var parts: [TensorIndex] = []
    for k in 0..<kernel[0] {
      let name = view.name + "/slice\(k)"
      let slices = try emit(
        .slice(
          begin: [0, k * window.dilation[0], 0, 0, 0],
          count: [batch, depth, x.shape[3], x.shape[4], channels],
          stride: [1, depth == 1 ? 1 : window.stride[0], 1, 1, 1]),
        name: name, inputs: [padded], output: name)
      let images = try reshape(slices, [batch * depth, x.shape[3], x.shape[4], channels])
      let plane = try tensor(try weightPlane(weights, k), .channelsLast)
      parts.append(
        try emit(
          .convolution(attributes), name: view.name + "/plane\(k)", inputs: [images, plane],
          output: view.name + "/plane\(k)"))
    }
    let shape = [batch] + window.outputs + [weights.shape[0]]
    try defineSum(view, parts, shape, bias: view.optionalInput(2))
  }

  private mutating func transposedConvolution3D(
    _ view: ONNXNodeView, _ x: ImportedValue, _ weights: ImportedValue
  ) throws(ImportFailure) {
    let groups = try view.integer("group", 1)
    guard weights.rank == 5, groups > 0, weights.shape[0] == x.shape[1],
      x.shape[1] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit x of shape \(x.shape)") }
    let kernel = Array(weights.shape[2...])
    let window = try TransposedWindow(view, kernel: kernel, x: Array(x.shape[2...]))
    var attributes = window.attributes
    attributes.groups = groups
    let (batch, depth, stride) = (x.shape[0], x.shape[2], window.stride[0])
    let channels = weights.shape[1] * groups
    let rows = window.outputs[1] * window.outputs[2] * channels
    let images = try reshape(
      try tensor(x, .channelsLast), [batch * depth, x.shape[3], x.shape[4], x.shape[1]])
    var parts: [TensorIndex] = []
    for k in 0..<kernel[0] {
      let name = view.name + "/plane\(k)"
      let planes = try emit(
        .transposedConvolution(attributes), name: name,
        inputs: [images, try transposedWeights(try weightPlane(weights, k), groups: groups)],
        output: name)
      // Zeros between the slices, then each slice moves to where the kernel's slice puts it.
      let apart = try emit(
        .pad(before: [0, 0, 0, 0], after: [0, 0, stride - 1, 0], mode: .constant(0)),
        name: name + "/apart", inputs: [try reshape(planes, [batch, depth, 1, rows])],
        output: name + "/apart")
      let first = k * window.dilation[0] - window.pads[0]
      let column = try reshape(apart, [batch, depth * stride, rows])
      parts.append(
        try emit(
          .pad(
            before: [0, first, 0], after: [0, window.outputs[0] - first - depth * stride, 0],
            mode: .constant(0)),
          name: name + "/placed", inputs: [column], output: name + "/placed"))
    }
    try defineSum(
      view, parts, [batch] + window.outputs + [channels], bias: view.optionalInput(2))
  }

  /// The sum of `parts` and a bias, channels last, as the node's result.
  private mutating func defineSum(
    _ view: ONNXNodeView, _ parts: [TensorIndex], _ shape: [Int], bias: ImportedValue?
  ) throws(ImportFailure) {
    var sum = parts[0]
    for (index, part) in parts.enumerated().dropFirst() {
      let name = view.name + "/sum\(index)"
      sum = try emit(.add(.none), name: name, inputs: [sum, part], output: name)
    }
    var result = try emit(
      .reshape(shape), name: view.name + "/volume", inputs: [sum],
      output: bias == nil ? view.node.outputs[0] : view.name + "/volume")
    if let bias {
      result = try emit(
        .add(.none), name: view.name, inputs: [result, try tensor(bias, .plain)],
        output: view.node.outputs[0])
    }
    define(view, result, .channelsLast)
  }

  /// Weights `[O, I, KD, KH, KW]` at one position along the third axis: `[O, I, KH, KW]`.
  private mutating func weightPlane(
    _ weights: ImportedValue, _ position: Int
  ) throws(ImportFailure) -> ImportedValue {
    let shape = weights.shape
    var plane = weights
    plane.name = weights.name + "/plane\(position)"
    plane.shape.remove(at: 2)
    if let constant = weights.constant {
      let (area, values) = (shape[3] * shape[4], constant.reals)
      let starts = (0..<shape[0] * shape[1]).map { ($0 * shape[2] + position) * area }
      let elements = starts.flatMap { values[$0..<$0 + area] }
      plane.source = .constant(ONNXValue(shape: plane.shape, reals: elements))
      return plane
    }
    let slice = try emit(
      .slice(
        begin: [0, 0, position, 0, 0], count: [shape[0], shape[1], 1, shape[3], shape[4]],
        stride: [1, 1, 1, 1, 1]),
      name: plane.name, inputs: [try tensor(weights, .plain)], output: plane.name)
    plane.source = .tensor(try reshape(slice, plane.shape))
    plane.layout = .plain
    return plane
  }

  /// A pool over three spatial axes is a pool over the last two, then one over the first: maxima
  /// of maxima, and averages of averages over equal numbers of elements.
  private mutating func pool3D(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) {
    guard let kernel = try view.integers("kernel_shape") else {
      throw .invalid("kernel_shape is missing")
    }
    try view.requireOutputs(
      1, "the indices of maxima in three dimensions are not available; use the first output")
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
