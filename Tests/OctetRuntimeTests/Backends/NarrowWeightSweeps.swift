// Weights of four bits: one block and several, channels that start in a byte's middle.

import OctetRuntime

extension Sweep {
  static let narrowWeights = Sweep(
    name: "narrow weights",
    axes: [
      Axis("kind", few: [0, 1, 2]),
      Axis("inputs", few: [1, 3, 8, 17, 64, 150], all: Array(1...40) + [64, 65, 150]),
      Axis("outputs", few: [1, 4, 7, 16, 17, 33], all: 1...40),
      Axis("window", few: [0, 1, 2, 3]), Axis("groups", few: [1, 2], all: 1...3),
      Axis("values", few: [0, 1]),
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[5]) ?? .random
    var (rows, columns) = (SweptAxis(output: 2), SweptAxis(output: 5))
    switch c[3] {
    case 0: break
    case 1:
      rows = SweptAxis(kernel: 3, padding: 1, output: 4)
      columns = SweptAxis(kernel: 3, padding: 1, output: 5)
    case 2:
      rows = SweptAxis(kernel: 2, output: 1, pool: 2, poolStride: 2)
      columns = SweptAxis(kernel: 3, output: 3, pool: 2, poolStride: 2)
    default: (rows.kernel, columns) = (2, SweptAxis(kernel: 3, stride: 2, padding: 1, output: 3))
    }
    switch c[0] {
    case 0:
      return .convolution(
        rows, columns, inputs: c[1] * c[4], outputs: c[2] * c[4], groups: c[4], isNarrow: true,
        values, &random)
    case 1:
      (rows.pool, rows.poolStride, columns.pool, columns.poolStride) = (1, 1, 1, 1)
      return .depthwise(
        rows, columns, inputs: c[1], multiplier: c[4], isNarrow: true, values, &random)
    default:
      let count = c[1] * (c[3] + 1)
      var p = FullyConnectedParameters(
        rows: c[4], inputCount: count, outputCount: c[2], inputZeroPoint: values.zeroPoint(&random),
        weights: values.bytes(count * c[2], &random), weightZeroPoint: c[3] == 3 ? -128 : 0,
        bias: random.words(c[2], -999...999),
        multipliers: (0..<c[2]).map { _ in values.multiplier(count, &random) },
        outputZeroPoint: values.zeroPoint(&random))
      (p.lower, p.upper) = random.rectifiedBounds(p.outputZeroPoint)
      p = p.narrowed
      let bytes = values.bytes(count * c[4], &random)
      return WideCase(p.operator4, [bytes], Oracle.fullyConnected(p, bytes))
    }
  }
}
