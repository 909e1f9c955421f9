// The spaces of convolutions in which kernels are chosen: by channels, by columns, by windows.

import OctetRuntime

extension Sweep {
  /// What first layers are: few input channels, any number of outputs, a stride and a pool.
  static let firstLayers = Sweep(
    name: "first layers",
    axes: [
      Axis("inputs", few: [1, 2], all: 1...4), Axis("outputs", few: [1, 6, 7, 8, 9], all: 1...33),
      Axis("kernel", few: [1, 3], all: 1...5), Axis("stride", few: [1, 2], all: 1...3),
      Axis("pool", few: [1, 2, 3], all: 1...4), Axis("pool stride", few: [1, 2], all: 1...3),
      Axis("width", few: [3, 4, 9], all: [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 20, 33]),
      Axis("padding", few: [0, 1], all: 0...2),
    ]
  ) { c, random in
    var columns = SweptAxis(kernel: c[2], stride: c[3], padding: c[7], output: c[6])
    (columns.pool, columns.poolStride) = (c[4], c[5])
    var rows = SweptAxis(
      kernel: min(c[2], 3), stride: c[3], padding: min(c[7], 1), output: c[6] == 4 ? 2 : 1)
    (rows.pool, rows.poolStride) = (c[4] > 1 ? 2 : 1, c[5])
    return .convolution(rows, columns, inputs: c[0], outputs: c[1], .random, &random)
  }

  /// All numbers of channels, in a few windows each.
  static let channels = Sweep(
    name: "channels",
    axes: [
      Axis("inputs", few: [1, 2, 3, 4, 5, 8, 15, 16, 17, 33], all: 1...33),
      Axis(
        "outputs", few: [1, 2, 3, 5, 8, 9, 16, 17, 33], all: Array(1...33) + [47, 65, 96, 129]),
      Axis("window", few: [0, 1, 2, 3, 4, 5]), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[3]) ?? .random
    var (rows, columns) = (SweptAxis(output: 1), SweptAxis(output: 1))
    switch c[2] {
    case 0: break
    case 1: columns.output = 5
    case 2:
      rows = SweptAxis(kernel: 3, padding: 1, output: 2)
      columns = SweptAxis(kernel: 3, padding: 1, output: 6)
    case 3:
      rows = SweptAxis(kernel: 2, output: 1, pool: 2, poolStride: 2)
      columns = SweptAxis(kernel: 3, output: 3, pool: 2, poolStride: 2)
    case 4: columns = SweptAxis(kernel: 3, dilation: 2, padding: 2, output: 4)
    default: (rows.kernel, columns) = (2, SweptAxis(kernel: 5, stride: 2, padding: 2, output: 3))
    }
    return .convolution(rows, columns, inputs: c[0], outputs: c[1], values, &random)
  }

  /// Kernels, strides, dilations, padding, pools and groups.
  static let windows = Sweep(
    name: "windows",
    axes: [
      Axis("kernel", few: [1, 2, 5], all: 1...5), Axis("stride", few: [1, 2], all: 1...3),
      Axis("dilation", few: [1, 2], all: 1...3), Axis("padding", few: [0, 1, 2], all: 0...4),
      Axis("width", few: [1, 4, 9], all: 1...12), Axis("pool", few: [1, 2, 3], all: 1...4),
      Axis("pool stride", few: [2], all: 1...3), Axis("groups", few: [1, 2], all: [1, 2, 3]),
      Axis("channels", few: [2], all: [1, 2, 4, 5]), Axis("rows", few: [0, 1], all: [0, 1]),
    ]
  ) { c, random in
    // Along one axis, and with a little of the same along the other.
    var long = SweptAxis(kernel: c[0], stride: c[1], dilation: c[2], padding: c[3], output: c[4])
    (long.pool, long.poolStride) = (c[5], c[6])
    var short = SweptAxis(kernel: min(2, c[0]), padding: min(1, c[3]), output: 2)
    if c[5] > 1 { (short.pool, short.poolStride) = (2, 1) }
    let (rows, columns) = c[9] == 0 ? (short, long) : (long, short)
    return .convolution(
      rows, columns, inputs: c[7] * c[8], outputs: c[7] * (c[8] + 1), groups: c[7], .random,
      &random)
  }

  /// Rows of all lengths, which are cut into blocks of columns.
  static let columns = Sweep(
    name: "columns",
    axes: [
      Axis("width", few: [1, 2, 6, 7, 12, 13, 16, 17, 31], all: 1...49),
      Axis("outputs", few: [1, 8, 9, 16, 17, 32, 33], all: 1...34),
      Axis("inputs", few: [2, 4], all: [1, 2, 3, 4, 8]), Axis("kernel", few: [1, 3], all: 1...4),
      Axis("pool", few: [1, 2], all: 1...3),
    ]
  ) { c, random in
    let columns = SweptAxis(
      kernel: c[3], padding: c[3] / 2, output: c[0], pool: c[4], poolStride: c[4])
    let rows = SweptAxis(kernel: min(c[3], 2), output: c[4] == 1 ? 2 : 1)
    return .convolution(rows, columns, inputs: c[2], outputs: c[1], .random, &random)
  }

  /// Depthwise: channels that fill vectors or share them, and what one input channel makes.
  static let depthwise = Sweep(
    name: "depthwise",
    axes: [
      Axis("channels", few: [1, 2, 4, 7, 8, 9, 15, 16, 17, 33], all: 1...35),
      Axis("multiplier", few: [1, 2], all: [1, 2, 3, 8, 9]),
      Axis("width", few: [1, 4, 9], all: 1...17),
      Axis("kernel", few: [1, 3], all: 1...5), Axis("stride", few: [1, 2], all: 1...3),
      Axis("dilation", few: [1, 2], all: [1, 2]), Axis("padding", few: [0, 1], all: 0...2),
      SweptValues.axis,
    ]
  ) { c, random in
    let columns = SweptAxis(
      kernel: c[3], stride: c[4], dilation: c[5], padding: c[6], output: c[2])
    let rows = SweptAxis(
      kernel: c[3], stride: c[4], dilation: c[2] % 2 == 0 ? 1 : c[5], padding: c[6], output: 2)
    return .depthwise(
      rows, columns, inputs: c[0], multiplier: c[1], SweptValues(rawValue: c[7]) ?? .random,
      &random)
  }

  /// Images of one column, which are taken as rows.
  static let upright = Sweep(
    name: "upright",
    axes: [
      Axis("channels", few: [1, 3, 16, 17, 40], all: 1...70),
      Axis("height", few: [1, 5, 20], all: 1...34), Axis("kernel", few: [1, 3, 5], all: 1...9),
      Axis("stride", few: [1, 2], all: 1...3), Axis("dilation", few: [1, 2], all: 1...3),
      Axis("kind", few: [0, 1, 2]), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[6]) ?? .random
    let columns = SweptAxis(output: 1)
    let rows = SweptAxis(
      kernel: c[2], stride: c[3], dilation: c[4], padding: c[2] / 2, output: c[1])
    return c[5] == 0
      ? .convolution(rows, columns, inputs: c[0], outputs: c[0] + 1, values, &random)
      : .depthwise(
        rows, columns, inputs: c[0], multiplier: c[5] == 1 ? 1 : 9, values, &random)
  }

  /// Scales that grow, where what is shifted left fits and where it wraps around.
  static let leftShifts = Sweep(
    name: "left shifts",
    axes: [
      Axis("inputs", few: [1, 4, 17], all: 1...20), Axis("outputs", few: [1, 17], all: 1...33),
      Axis("shift", few: [0, 1, 8, 14, 23, 30], all: 0...30), Axis("kind", few: [0, 1]),
    ]
  ) { c, random in
    let (rows, columns) = (SweptAxis(output: 2), SweptAxis(kernel: 3, padding: 1, output: 3))
    let shape = Shape(1, rows.input, columns.input, c[0])
    let outputs = c[3] == 0 ? c[1] : c[0]
    var p = ConvolutionParameters(
      shape, Shape(1, 2, 3, outputs), rows, columns, depth: c[3] == 0 ? 3 * c[0] : 3, .random,
      &random)
    (p.convolvedHeight, p.convolvedWidth) = (2, 3)
    p.weights = random.bytes(p.weights.count, -1...1)
    // One channel's is a right shift.
    p.multipliers = (0..<outputs).map {
      var multiplier = random.multiplier(near: 0.7)
      multiplier.shift = $0 == 1 ? -3 : Int32(c[2])
      return multiplier
    }
    let bytes = random.bytes(shape.count)
    return c[3] == 0
      ? WideCase(p.convolutionOperator, [bytes], Oracle.convolution(p, bytes))
      : WideCase(p.depthwiseOperator, [bytes], Oracle.depthwiseConvolution(p, bytes))
  }
}

/// One axis of a convolution whose result, after its pool, has `output` positions.
struct SweptAxis {
  var kernel = 1
  var stride = 1
  var dilation = 1
  var padding = 0
  var output: Int
  var pool = 1
  var poolStride = 1

  var convolved: Int { (output - 1) * poolStride + pool }
  var reach: Int { (kernel - 1) * dilation + 1 }
  /// With as much padding at the far end.
  var input: Int { (convolved - 1) * stride + reach - 2 * padding }
  /// Not when there is more padding than image, or a window in padding alone.
  var fits: Bool { input > 0 && padding < reach }
}

extension WideCase {
  static func convolution(
    _ rows: SweptAxis, _ columns: SweptAxis, inputs: Int, outputs: Int, groups: Int = 1,
    isNarrow: Bool = false, _ values: SweptValues, _ random: inout RandomSource
  ) -> WideCase? {
    guard rows.fits, columns.fits else { return nil }
    let input = Shape(random.int(0...5) == 0 ? 2 : 1, rows.input, columns.input, inputs)
    let output = Shape(input.n, rows.output, columns.output, outputs)
    var p = ConvolutionParameters(
      input, output, rows, columns, depth: rows.kernel * columns.kernel * inputs / groups, values,
      &random)
    p.groups = groups
    (p.convolvedHeight, p.convolvedWidth) = (rows.convolved, columns.convolved)
    p.pool = WindowParameters(
      kernelHeight: rows.pool, kernelWidth: columns.pool, strideHeight: rows.poolStride,
      strideWidth: columns.poolStride)
    let bytes = values.bytes(input.count, &random)
    if isNarrow {
      p = p.narrowed
      return WideCase(p.convolution4, [bytes], Oracle.convolution(p, bytes))
    }
    return WideCase(p.convolutionOperator, [bytes], Oracle.convolution(p, bytes))
  }

  static func depthwise(
    _ rows: SweptAxis, _ columns: SweptAxis, inputs: Int, multiplier: Int, isNarrow: Bool = false,
    _ values: SweptValues, _ random: inout RandomSource
  ) -> WideCase? {
    guard rows.fits, columns.fits else { return nil }
    let input = Shape(random.int(0...5) == 0 ? 2 : 1, rows.input, columns.input, inputs)
    let output = Shape(input.n, rows.output, columns.output, inputs * multiplier)
    var p = ConvolutionParameters(
      input, output, rows, columns, depth: rows.kernel * columns.kernel, values, &random)
    let bytes = values.bytes(input.count, &random)
    if isNarrow {
      p = p.narrowed
      return WideCase(p.depthwise4, [bytes], Oracle.depthwiseConvolution(p, bytes))
    }
    return WideCase(p.depthwiseOperator, [bytes], Oracle.depthwiseConvolution(p, bytes))
  }
}

extension ConvolutionParameters {
  init(
    _ input: Shape, _ output: Shape, _ rows: SweptAxis, _ columns: SweptAxis, depth: Int,
    _ values: SweptValues, _ random: inout RandomSource
  ) {
    self.init(
      input: input, inputZeroPoint: values.zeroPoint(&random),
      weights: values.bytes(depth * output.c, &random), bias: random.words(output.c, -999...999),
      multipliers: (0..<output.c).map { _ in values.multiplier(depth, &random) }, output: output,
      outputZeroPoint: values.zeroPoint(&random),
      window: WindowParameters(
        kernelHeight: rows.kernel, kernelWidth: columns.kernel, strideHeight: rows.stride,
        strideWidth: columns.stride, dilationHeight: rows.dilation,
        dilationWidth: columns.dilation, top: rows.padding, left: columns.padding))
    (lower, upper) = random.rectifiedBounds(outputZeroPoint)
  }
}
