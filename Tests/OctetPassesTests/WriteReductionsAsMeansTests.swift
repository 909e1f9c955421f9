import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteReductionsAsMeansTests {
  @Test(arguments: [true, false])
  func eachReduction(keeps: Bool) throws {
    let cases: [(Reduction, [Int], [String])] = [
      (.maximum, [1, 2], keeps ? ["maxPool"] : ["maxPool", "reshape"]),
      (.maximum, [3], ["transpose", "reshape", "maxPool", "reshape"]),
      (
        .minimum, [1, 2],
        ["negate"] + (keeps ? ["maxPool"] : ["maxPool", "reshape"]) + ["negate"]
      ),
      (.minimum, [2], ["negate", "transpose", "reshape", "maxPool", "reshape", "negate"]),
      (.sum, [1, 3], ["mean", "multiply"]),
      (.norm1, [2], ["absolute", "mean", "multiply"]),
      (.norm2, [3], ["multiply", "mean", "squareRoot", "multiply"]),
      (.sumOfSquares, [1, 2, 3], ["multiply", "mean", "multiply"]),
      (.product, [3], ["reduce"]),
    ]
    for (reduction, axes, expected) in cases {
      var builder = NetworkBuilder(seed: 11)
      try builder.append("result", .reduce(reduction, axes: axes, keepsDimensions: keeps))
      try check(builder.finished(), expected) { $0.writeReductionsAsMeans() }
    }
  }
}
