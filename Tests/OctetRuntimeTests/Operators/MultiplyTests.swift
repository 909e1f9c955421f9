import OctetRuntime
import Testing

struct MultiplyTests {
  @Test(arguments: 0..<30)
  func matchesOracle(seed: Int) throws {
    try checkBinary(.multiply, seed: seed) { Oracle.multiply($0, $1, $2) }
  }

  @Test func allPairs() throws { try checkAllPairs(.multiply) { Oracle.multiply($0, $1, $2) } }
}
