import OctetRuntime
import Testing

struct SubtractTests {
  @Test(arguments: 0..<30)
  func matchesOracle(seed: Int) throws {
    try checkBinary(.subtract, seed: seed) { Oracle.subtract($0, $1, $2) }
  }

  @Test func allPairs() throws { try checkAllPairs(.subtract) { Oracle.subtract($0, $1, $2) } }

  /// 0.5 · 3 − 0.25 · 10 = −1, in units of 0.5: −2.
  @Test func handChecked() throws {
    let one = Shape(1, 1, 1, 1)
    let parameters = BinaryParameters(
      a: one, b: one, output: one, byA: .init(0.5), byB: .init(0.25), by: .init(0x1p-19))
    #expect(try parameters.testOperator(.subtract).run([[3], [10]]) == [[-2]])
  }
}
