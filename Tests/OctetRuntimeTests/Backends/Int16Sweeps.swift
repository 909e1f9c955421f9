// Activations of int16: one block and several, sums of 32 and of 64 bits, and so many products that
// they are added up in runs.

import OctetRuntime

extension Sweep {
  static let int16 = Sweep(
    name: "int16",
    axes: [
      Axis("kind", few: [0, 1, 2]),
      Axis("inputs", few: [1, 3, 8, 17, 150], all: Array(1...40) + [64, 150]),
      Axis("outputs", few: [1, 7, 16, 17, 33, 70], all: Array(1...40) + [64, 70, 130]),
      Axis("window", few: [0, 1, 2, 3, 4]), Axis("has narrow sums", few: [0, 1]),
      Axis("values", few: [0, 1]),
    ]
  ) { c, random in
    let values = SweptValues(rawValue: c[5]) ?? .random
    var (rows, columns) = (SweptAxis(output: 2), SweptAxis(output: 5))
    switch c[3] {
    case 0: break
    case 1:
      rows = SweptAxis(kernel: 3, padding: 1, output: 4)
      columns = SweptAxis(kernel: 3, padding: 1, output: 14)
    case 2: (rows, columns) = (SweptAxis(output: 1), SweptAxis(kernel: 3, dilation: 2, output: 3))
    case 3: (rows.kernel, columns) = (2, SweptAxis(kernel: 3, stride: 2, padding: 1, output: 3))
    default: (rows, columns) = (SweptAxis(kernel: 5, output: 6), SweptAxis(output: 1))
    }
    if c[0] == 2 { (rows, columns) = (SweptAxis(output: 1), SweptAxis(output: 1)) }
    let multiplier = c[2] > 7 ? 1 : c[2]
    let inputs = c[0] == 2 ? c[1] * [1, 4, 9, 16, 20][c[3]] : c[1]
    let depth = rows.kernel * columns.kernel * (c[0] == 1 ? 1 : inputs)
    // Whatever the values, 32 bits hold narrow sums.
    if c[4] == 1, depth > 500 { return nil }
    let input = Shape(random.int(0...5) == 0 ? 2 : 1, rows.input, columns.input, inputs)
    let output = Shape(input.n, rows.output, columns.output, c[0] == 1 ? inputs * multiplier : c[2])
    var p = Weighted16Parameters(
      geometry: .init(input, output, rows, columns, depth: depth, values, &random), bias: [],
      isNarrow: c[4] == 1)
    let reach = p.isNarrow ? 1 << 20 : 1 << 30
    p.bias = (0..<output.c).map { _ in Int64(random.int(-reach...reach)) }
    let largest = values == .random ? 0x1p21 * Double(depth).squareRoot() : 0x1p22 * Double(depth)
    p.geometry.multipliers = (0..<output.c).map { _ in
      var by = random.multiplier(near: 0x1p15 / (largest + Double(reach)))
      if !p.isNarrow { by.multiplier &= ~0xFFFF }
      return by
    }
    let codes =
      values == .random
      ? random.int16s(input.count) : [Int16](repeating: .min, count: input.count)
    switch c[0] {
    case 0:
      return WideCase(p.convolutionOperator, [codes.bytes], Oracle.convolution16(p, codes).bytes)
    case 1:
      return WideCase(
        p.depthwiseOperator, [codes.bytes], Oracle.depthwiseConvolution16(p, codes).bytes)
    default:
      return WideCase(p.connectedOperator, [codes.bytes], Oracle.fullyConnected16(p, codes).bytes)
    }
  }
}
