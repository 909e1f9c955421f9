import OctetRuntime
import Testing

struct SliceTests {
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
}
