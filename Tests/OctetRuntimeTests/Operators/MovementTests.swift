import OctetRuntime
import Testing

struct MovementTests {
  @Test(arguments: 0..<30)
  func transposeMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    let permutation = [0, 1, 2, 3].shuffled(using: &random)
    let input = random.bytes(shape.count)
    try expectSame(
      .transpose(shape, permutation), inputs: [input],
      oracle: [Oracle.transpose(shape, permutation, input)], "seed \(seed)")
  }

  @Test(arguments: 0..<40)
  func sliceMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    var (begin, stride, count) = ([Int](), [Int](), [Int]())
    for extent in shape.dimensions {
      let step = random.int(0...3) == 0 ? -random.int(1...3) : random.int(1...3)
      let first = random.int(0...extent - 1)
      let room = step > 0 ? extent - 1 - first : first
      begin.append(first)
      stride.append(step)
      count.append(random.int(1...room / abs(step) + 1))
    }
    let input = random.bytes(shape.count)
    let operation = TestOperator(
      kind: .slice, inputs: [TestTensor(shape: shape)], outputs: [TestTensor(shape: Shape(count))],
      parameters: (begin + stride).map { .word($0) })
    try expectSame(
      operation, inputs: [input],
      oracle: [
        Oracle.slice(shape, begin: begin, stride: stride, count: Shape(count), input)
      ], "seed \(seed): \(begin) \(stride) \(count)")
  }

  @Test(arguments: 0..<40)
  func padMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    let before = (0..<4).map { _ in random.int(-2...2) }
    let output = Shape(
      (0..<4).map { max(1, shape.dimensions[$0] + before[$0] + random.int(-2...2)) })
    let input = random.bytes(shape.count)
    let value = random.int(-128...127)
    let operation = TestOperator(
      kind: .pad, inputs: [TestTensor(shape: shape)], outputs: [TestTensor(shape: output)],
      parameters: (before + [value]).map { .word($0) })
    let expected = Oracle.pad(shape, before: before, output: output, value: Int8(value), input)
    try expectSame(operation, inputs: [input], oracle: [expected], "seed \(seed): \(before)")
  }

  @Test(arguments: 0..<30)
  func concatenationMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let base = random.shape()
    let axis = random.int(0...3)
    let shapes = (0..<random.int(1...4)).map { _ in
      var dimensions = base.dimensions
      dimensions[axis] = random.int(1...4)
      return Shape(dimensions)
    }
    var output = base.dimensions
    output[axis] = shapes.reduce(0) { $0 + $1.dimensions[axis] }
    let inputs = shapes.map { random.bytes($0.count) }
    let operation = TestOperator(
      kind: .concatenation, inputs: shapes.map { TestTensor(shape: $0) },
      outputs: [TestTensor(shape: Shape(output))], parameters: [.word(axis)])
    try expectSame(
      operation, inputs: inputs, oracle: [Oracle.concatenation(shapes, axis: axis, inputs)],
      "seed \(seed): axis \(axis)")
  }

  @Test func reshapeKeepsTheElements() throws {
    let input = Array(Int8(-60)..<60)
    let operation = TestOperator(
      kind: .reshape, inputs: [TestTensor(shape: Shape(2, 3, 4, 5))],
      outputs: [TestTensor(shape: Shape(1, 1, 20, 6))], parameters: [])
    try expectSame(operation, inputs: [input], oracle: [input], "reshape")
  }

  @Test(arguments: 0..<30)
  func resizeNearestMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    let rows = (0..<random.int(1...9)).map { _ in random.int(0...shape.h - 1) }
    let columns = (0..<random.int(1...9)).map { _ in random.int(0...shape.w - 1) }
    let input = random.bytes(shape.count)
    let operation = TestOperator(
      kind: .resizeNearest, inputs: [TestTensor(shape: shape)],
      outputs: [TestTensor(shape: Shape(shape.n, rows.count, columns.count, shape.c))],
      parameters: [.words(rows.map { Int32($0) }), .words(columns.map { Int32($0) })])
    try expectSame(
      operation, inputs: [input],
      oracle: [Oracle.resizeNearest(shape, rows: rows, columns: columns, input)], "seed \(seed)")
  }

  @Test(arguments: 0..<30)
  func resizeBilinearMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    func axis(_ extent: Int) -> BilinearAxis {
      let indices = 0..<random.int(1...9)
      return BilinearAxis(
        lower: indices.map { _ in random.int(0...extent - 1) },
        upper: indices.map { _ in random.int(0...extent - 1) },
        weights: indices.map { _ in random.int(-512...1024) })
    }
    let rows = axis(shape.h)
    let columns = axis(shape.w)
    let input = random.bytes(shape.count)
    func table(_ axis: BilinearAxis) -> TestParameter {
      .words(
        axis.lower.indices.flatMap {
          [Int32(axis.lower[$0]), Int32(axis.upper[$0]), Int32(axis.weights[$0])]
        })
    }
    let output = Shape(shape.n, rows.lower.count, columns.lower.count, shape.c)
    let operation = TestOperator(
      kind: .resizeBilinear, inputs: [TestTensor(shape: shape)],
      outputs: [TestTensor(shape: output)], parameters: [table(rows), table(columns)])
    try expectSame(
      operation, inputs: [input],
      oracle: [Oracle.resizeBilinear(shape, rows: rows, columns: columns, input)],
      "seed \(seed)")
  }
}
