import OctetRuntime
import Testing

struct SquaredDifferenceTests {
  @Test(arguments: 0..<30)
  func matchesOracle(seed: Int) throws {
    try checkBinary(.squaredDifference, seed: seed) { Oracle.squaredDifference($0, $1, $2) }
  }

  @Test func allPairs() throws {
    try checkAllPairs(.squaredDifference) { Oracle.squaredDifference($0, $1, $2) }
  }

  /// (0.5 · 6 − 0.25 · 4)² = 4, in units of 0.5: 8. Twice the larger scale is 1.
  @Test func handChecked() throws {
    let one = Shape(1, 1, 1, 1)
    let parameters = BinaryParameters(
      a: one, b: one, output: one, byA: .init(0.5), byB: .init(0.25), by: .init(0x1p-13))
    #expect(try parameters.testOperator(.squaredDifference).run([[6], [4]]) == [[8]])
  }

  /// A factor above 1/2 could overflow the square.
  @Test func largerFactorsAreRefused() throws {
    let one = Shape(1, 1, 1, 1)
    let parameters = BinaryParameters(a: one, b: one, output: one, byB: .init(0.6))
    #expect(throws: ModelError.self) {
      try parameters.testOperator(.squaredDifference).run([[6], [4]])
    }
  }
}
