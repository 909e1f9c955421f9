import OctetRuntime
import Testing

struct TransposeTests {
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
}
