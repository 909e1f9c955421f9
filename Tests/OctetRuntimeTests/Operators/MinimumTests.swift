import OctetRuntime
import Testing

struct MinimumTests {
  @Test(arguments: 0..<30)
  func matchesOracle(seed: Int) throws {
    try checkBinary(.minimum, seed: seed) { Oracle.minimum($0, $1, $2) }
  }

  @Test func allPairs() throws { try checkAllPairs(.minimum) { Oracle.minimum($0, $1, $2) } }
}
