// The spaces of the other operators that have kernels of their own.

import OctetRuntime

extension Sweep {
  static let all = [
    firstLayers, channels, windows, columns, depthwise, upright, leftShifts, fullyConnected,
    products, additions, combinations, pools, narrowWeights, int16,
  ]

  static let fullyConnected = Sweep(
    name: "fully connected",
    axes: [
      Axis("inputs", few: [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 49], all: 1...70),
      Axis(
        "outputs", few: [1, 3, 4, 5, 8, 9, 17, 65], all: Array(1...40) + [64, 65, 127, 128, 129]),
      Axis("rows", few: [1, 3], all: 1...13),
      Axis("weight zero point", few: [0, -128], all: [0, 1, -128, 127]), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[4]) ?? .random
    var p = FullyConnectedParameters(
      rows: c[2], inputCount: c[0], outputCount: c[1], inputZeroPoint: values.zeroPoint(&random),
      weights: values.bytes(c[0] * c[1], &random), weightZeroPoint: c[3],
      bias: random.words(c[1], -999...999),
      multipliers: (0..<c[1]).map { _ in values.multiplier(c[0], &random) },
      outputZeroPoint: values.zeroPoint(&random))
    (p.lower, p.upper) = random.rectifiedBounds(p.outputZeroPoint)
    let bytes = values.bytes(c[0] * c[2], &random)
    return WideCase(p.testOperator, [bytes], Oracle.fullyConnected(p, bytes))
  }

  /// Products of two activations.
  static let products = Sweep(
    name: "products",
    axes: [
      Axis("depth", few: [1, 7, 8, 9, 16, 17, 33, 48], all: 1...70),
      Axis("columns", few: [1, 3, 4, 8, 9, 17], all: 1...25),
      Axis("rows", few: [1, 3], all: 1...5),
      Axis("transposed", few: [0, 1]), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[4]) ?? .random
    let p = MatrixMultiplyParameters(
      a: Shape(1, 1, c[2], c[0]), b: c[3] == 1 ? Shape(1, 1, c[1], c[0]) : Shape(1, 1, c[0], c[1]),
      isTransposed: c[3] == 1, zeroA: values.zeroPoint(&random), zeroB: values.zeroPoint(&random),
      zeroOutput: values.zeroPoint(&random), by: values.multiplier(c[0], &random))
    let (a, b) = (values.bytes(p.a.count, &random), values.bytes(p.b.count, &random))
    return WideCase(p.testOperator(), [a, b], Oracle.matrixMultiply(p, a, b))
  }

  /// Multipliers at and beside what vectors take: 1/2 for the input of larger scale.
  static let additions = Sweep(
    name: "additions",
    axes: [
      Axis("count", few: [1, 7, 8, 9, 15, 16, 17, 33, 64], all: 1...70),
      Axis("left shift", few: [1, 9, 20, 22], all: 0...22), Axis("larger", few: [0, 1, 2]),
      Axis("halvings of the other", few: [0, 3, 11, 12], all: 0...24), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[4]) ?? .random
    let shape = Shape(1, 1, 1, c[0])
    var p = BinaryParameters(
      a: shape, b: shape, output: shape, zeroA: values.zeroPoint(&random),
      zeroB: values.zeroPoint(&random), zeroOutput: values.zeroPoint(&random))
    let half = FixedPointMultiplier(0.5)
    var other = random.multiplier(near: 0.4)
    other.shift = -Int32(c[3])
    // Both of them halves, one, or neither.
    p.byA = c[2] == 1 ? other : half
    p.byB = c[2] == 0 ? other : c[2] == 1 ? half : FixedPointMultiplier(0.5)
    if c[2] == 2, c[3] > 0 { (p.byA, p.byB) = (other, other) }
    p.leftShift = c[1]
    p.by = random.multiplier(near: 0.6 / Double(1 << c[1]))
    (p.lower, p.upper) = random.rectifiedBounds(p.zeroOutput)
    let (a, b) = (values.bytes(c[0], &random), values.bytes(c[0], &random))
    return WideCase(p.testOperator(.add), [a, b], Oracle.add(p, a, b))
  }

  /// Sums, differences and products of images, and of an image with one value for each channel; of
  /// sums also those that are all ties.
  static let combinations = Sweep(
    name: "combinations",
    axes: [
      Axis("channels", few: [1, 7, 8, 15, 16, 17, 40], all: 1...70),
      Axis("row", few: [0, 1, 2], all: [0, 1, 2, 3]), Axis("kind", few: [0, 1, 2]),
      Axis("ties", few: [0, 1]), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[4]) ?? .random
    let (image, row) = (Shape(1, 3, 2, c[0]), Shape(1, 1, 1, c[0]))
    var p = BinaryParameters(
      a: c[1] == 1 ? row : image, b: c[1] == 2 ? row : c[1] == 3 ? Shape(1, 1, 1, 1) : image,
      output: image, zeroA: values.zeroPoint(&random), zeroB: values.zeroPoint(&random),
      zeroOutput: values.zeroPoint(&random))
    let half = FixedPointMultiplier(0.5)
    var other = random.multiplier(near: 0.4)
    other.shift = -Int32(random.int(0...6))
    let isFirst = random.int(0...1) == 0
    (p.byA, p.byB) = c[3] == 1 ? (half, half) : isFirst ? (half, other) : (other, half)
    p.leftShift = 20
    p.by = random.multiplier(near: c[2] == 2 ? 0.01 : 0x1p-20)
    if c[3] == 1 { p.by = FixedPointMultiplier(c[2] == 2 ? 0x1p-6 : 0x1p-20) }
    (p.lower, p.upper) = random.rectifiedBounds(p.zeroOutput)
    let (a, b) = (values.bytes(p.a.count, &random), values.bytes(p.b.count, &random))
    switch c[2] {
    case 0: return WideCase(p.testOperator(.add), [a, b], Oracle.add(p, a, b))
    case 1: return WideCase(p.testOperator(.subtract), [a, b], Oracle.subtract(p, a, b))
    default: return WideCase(p.testOperator(.multiply), [a, b], Oracle.multiply(p, a, b))
    }
  }

  static let pools = Sweep(
    name: "pools",
    axes: [
      Axis("channels", few: [1, 7, 8, 9, 16, 17, 33], all: 1...35),
      Axis("kernel", few: [1, 2, 3], all: [1, 2, 3, 4, 5, 16, 17]),
      Axis("stride", few: [1, 2], all: 1...3),
      Axis("padding", few: [0, 1, 3], all: 0...5), Axis("width", few: [1, 4], all: 1...9),
      Axis("kind", few: [0, 1, 2]), SweptValues.axis,
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[6]) ?? .random
    let (kernel, stride, padding) = (c[1], c[2], c[3])
    let output = (c[4] + 2 * padding - kernel) / stride + 1
    guard output > 0, (output - 1) * stride - padding < c[4] else { return nil }
    let input = Shape(1, c[4], c[4], c[0])
    var p = PoolParameters(
      input: input, zeroPoint: values.zeroPoint(&random), output: Shape(1, output, output, c[0]),
      window: WindowParameters(
        kernelHeight: kernel, kernelWidth: kernel, strideHeight: stride, strideWidth: stride,
        top: padding, left: padding))
    p.roundsToEven = c[5] == 2
    (p.lower, p.upper) = random.rectifiedBounds(p.zeroPoint)
    let bytes = values.bytes(input.count, &random)
    return c[5] == 0
      ? WideCase(p.testOperator(.maxPool), [bytes], Oracle.maxPool(p, bytes))
      : WideCase(p.testOperator(.averagePool), [bytes], Oracle.averagePool(p, bytes))
  }
}
