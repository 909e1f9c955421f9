import OctetRuntime
import Testing

struct MaximumTests {
  @Test(arguments: 0..<30)
  func matchesOracle(seed: Int) throws {
    try checkBinary(.maximum, seed: seed) { Oracle.maximum($0, $1, $2) }
  }

  @Test func allPairs() throws { try checkAllPairs(.maximum) { Oracle.maximum($0, $1, $2) } }
}
